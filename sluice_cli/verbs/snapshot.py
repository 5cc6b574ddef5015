"""Keep the state of the local AWS under a name."""

import argparse
import json

from sluice_cli.arguments import add_json, add_project, project_of
from sluice_cli.deployment.snapshots import list_snapshots, take_snapshot
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="without it, the snapshots are listed")
    parser.add_argument("--replace", action="store_true", help="replace the snapshot that has this name")
    add_project(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    if arguments.replace and not arguments.name:
        raise InputError("--replace replaces the snapshot of a name: give the name")
    if arguments.name:
        with project.locked("`sluice snapshot`"):
            snapshot = take_snapshot(project, arguments.name, replace=arguments.replace)
        console.print(f"Snapshot {snapshot.name}: saved in {snapshot.folder}", markup=False)
        return ExitCode.DONE
    snapshots = list_snapshots(project)
    if arguments.json:
        print(json.dumps([{"name": one.name, **one.description} for one in snapshots], indent=2))
        return ExitCode.DONE
    for one in snapshots:
        console.print(f"{one.name}  made {one.made}", markup=False)
    if not snapshots:
        console.print("No snapshots: `sluice snapshot NAME` takes one")
    return ExitCode.DONE
