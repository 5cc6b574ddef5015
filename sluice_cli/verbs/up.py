"""Bring up the local AWS with the systems on it."""

import argparse

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_deployment import up
from sluice_cli.systems import add_system_arguments
from sluice_cli.target import LOCAL

HELP = "start the local AWS and deploy the systems to it; what is in place stays as it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    up(LocalAws(LOCAL), arguments.systems)
    return 0
