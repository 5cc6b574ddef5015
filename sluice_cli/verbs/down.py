"""Destroy the stacks on the local AWS and stop it."""

import argparse

from sluice_cli.arguments import add_project, add_stacks, project_of
from sluice_cli.deployment.local import down, take_down
from sluice_cli.deployment.snapshots import discard_kept, stop_and_keep
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="stop the local AWS and keep its state for the next `sluice up`",
    )


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    local = local_aws_of(project)
    with project.locked("`sluice down`"):
        if arguments.keep and arguments.stacks:
            raise InputError("--keep keeps the whole local AWS: name no stacks with it")
        if arguments.keep:
            stop_and_keep(project)
            console.print("Local AWS: stopped; `sluice up` continues from its state")
        elif arguments.stacks:
            take_down(project, local, arguments.stacks)
        else:
            down(project, local)
            if kept := discard_kept(project):
                console.print(f"Local AWS: its state of {kept.made}, kept by --keep, is discarded", markup=False)
    return ExitCode.DONE
