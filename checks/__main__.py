import sys

from settings import SettingsError
from sluice_cli.command_line import Verb, run
from sluice_cli.exit_codes import ExitCode

HELP = {
    "demo": "start the local AWS, deploy, and show every system at work on real input; leaves everything running",
    "simulate": "let simulated devices send readings to the sensor pipeline; exit code 0 when all came out right",
    "rejects": "list the readings that the sensor pipeline refused, and why; --replay sends their objects through it "
    "again, under its present thresholds, and removes what it accepts",
    "soak": "send inputs through the systems on a local AWS of its own while faults strike; exit code 0 when every one "
    "is accounted for, 1 when one is lost or doubled, and which",
    "prove-iam": "deploy to a local AWS of its own, and prove that every policy statement is needed and none is wider "
    "than it must be. Exit code 0: all proven; 4: something is not; 1: it could not be tried",
    "second-opinion": "apply the systems to another emulator, moto, and plan again; exit code 1: it refuses something "
    "or sees it otherwise, and what",
    "fuzz": "send invented requests to the APIs on the local AWS that `make up` started; exit code 0: all went well",
}
VERBS = {name: Verb(f"checks.verbs.{name.replace('-', '_')}", help_) for name, help_ in HELP.items()}


def main() -> int:
    try:
        return run("python -m checks", "Show and prove the five systems at work.", VERBS)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return ExitCode.WRONG_INPUT


if __name__ == "__main__":
    sys.exit(main())
