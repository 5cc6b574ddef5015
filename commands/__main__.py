import argparse
import signal
import sys

from botocore.exceptions import BotoCoreError, ClientError

from settings import SettingsError

from . import (
    apply_reviewed,
    audit,
    demo,
    deploy,
    destroy,
    diagram,
    down,
    failures,
    fuzz,
    prove_iam,
    recover,
    rejects,
    review,
    scan,
    simulate,
    soak,
    state,
    synth,
    up,
)
from .deployment import DeploymentError
from .local_aws import LocalAwsError
from .terraform_mirror import MirrorError

COMMANDS = {
    "demo": demo,
    "up": up,
    "down": down,
    "failures": failures,
    "scan": scan,
    "fuzz": fuzz,
    "audit": audit,
    "prove-iam": prove_iam,
    "simulate": simulate,
    "soak": soak,
    "rejects": rejects,
    "synth": synth,
    "state": state,
    "review": review,
    "apply-reviewed": apply_reviewed,
    "diagram": diagram,
    "deploy": deploy,
    "destroy": destroy,
    "recover": recover,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m commands", description="Operate the systems.")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.HELP)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    arguments = parser.parse_args()
    # Told to end, a command ends as if interrupted: what it started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return int(arguments.run(arguments))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (DeploymentError, LocalAwsError, MirrorError, BotoCoreError, ClientError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
