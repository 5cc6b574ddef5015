"""Deploy to the account of the caller's credentials."""

import argparse

from sluice_cli.arguments import add_project, add_stacks, add_yes, project_of
from sluice_cli.deployment.account import deploy
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import account_of_caller


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    add_yes(parser)


def run(arguments: argparse.Namespace) -> int:
    deploy(account_of_caller(project_of(arguments)), arguments.stacks, yes=arguments.yes)
    return ExitCode.DONE
