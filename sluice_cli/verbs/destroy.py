"""Destroy in the account of the caller's credentials."""

import argparse

from sluice_cli.systems import add_system_arguments
from sluice_cli.target import account_of_caller
from sluice_cli.terraform import deployment

HELP = "destroy what deploy made, once you approve; protected environments refuse"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    account = account_of_caller()
    deployment.console.print(f"Account {account.account_id}, state in {account.state_bucket}")
    return deployment.interactive("destroy", arguments.systems, account)
