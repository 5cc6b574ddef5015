"""Bring the local AWS back to a snapshot."""

import argparse

from sluice_cli.arguments import add_project, project_of
from sluice_cli.deployment.snapshots import restore_snapshot
from sluice_cli.exit_codes import ExitCode
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a snapshot from `sluice snapshot`")
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with project.locked("`sluice restore`"):
        snapshot = restore_snapshot(project, arguments.name)
    console.print(f"Local AWS: restored to snapshot {snapshot.name} of {snapshot.made}", markup=False)
    return ExitCode.DONE
