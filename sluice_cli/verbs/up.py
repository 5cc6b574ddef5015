"""Bring up the local AWS with the project's stacks on it."""

import argparse

from sluice_cli.arguments import add_project, add_stacks, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.local_deployment import up
from sluice_cli.target import local_aws_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    parser.add_argument(
        "--plan-all", action="store_true", help="plan every stack, also those that are unchanged since their deployment"
    )


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with project.locked("`sluice up`"):
        up(project, local_aws_of(project), arguments.stacks, plan_all=arguments.plan_all)
    return ExitCode.DONE
