"""Start the local AWS and deploy the project's stacks to it."""

import argparse

from sluice_cli.arguments import add_project, add_stacks, project_of
from sluice_cli.deployment.local import up
from sluice_cli.deployment.snapshots import resume
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    parser.add_argument(
        "--plan-all", action="store_true", help="plan every stack, also those that are unchanged since their deployment"
    )


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    local = local_aws_of(project)
    with project.locked("`sluice up`"):
        if kept := resume(project):
            console.print(f"Local AWS: continues from its state of {kept.made}", markup=False)
        up(project, local, arguments.stacks, plan_all=arguments.plan_all)
    return ExitCode.DONE
