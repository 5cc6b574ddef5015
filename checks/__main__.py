import sys

from sluice_cli import command_line

NAMES = ("demo", "simulate", "rejects", "soak", "prove-iam", "fuzz")
VERBS = {name: f"checks.verbs.{name.replace('-', '_')}" for name in NAMES}


def main() -> int:
    return command_line.run("python -m checks", "Show and prove the five systems at work.", VERBS)


if __name__ == "__main__":
    sys.exit(main())
