import sys

from sluice_cli import command_line

NAMES = (
    "up",
    "down",
    "synth",
    "state",
    "deploy",
    "destroy",
    "review",
    "apply-reviewed",
    "diagram",
    "scan",
    "failures",
    "recover",
)
VERBS = {name: f"sluice_cli.verbs.{name.replace('-', '_')}" for name in NAMES}


def main() -> int:
    return command_line.run("sluice", "Operate CDKTF stacks on AWS, or on a local AWS.", VERBS)


if __name__ == "__main__":
    sys.exit(main())
