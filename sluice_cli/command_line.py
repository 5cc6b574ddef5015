"""A command line of verbs, each a module with HELP, `add_arguments` and `run`, loaded when it is called."""

import argparse
import importlib
import signal
import sys
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from settings import SettingsError
from sluice_cli.local_aws.server import LocalAwsError
from sluice_cli.terraform.deployment import DeploymentError
from sluice_cli.terraform.mirror import MirrorError


def run(program: str, description: str, verbs: Mapping[str, str]) -> int:
    """Run the verb that the command line names, `verbs` being their modules by name; gives the exit code."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module in verbs.items():
        command = importlib.import_module(module)
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
