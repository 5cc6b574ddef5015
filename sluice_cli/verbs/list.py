"""List the app's stacks, and what is deployed of them."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sluice_cli.arguments import add_json, add_local, add_project, add_stacks, project_of
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.project import Project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stacks(parser)
    add_project(parser)
    where = parser.add_mutually_exclusive_group()
    add_local(where)
    where.add_argument(
        "--deployed", action="store_true", help="what is deployed to the account of your credentials, not only names"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    if arguments.local or arguments.deployed:
        return _list_deployed(project, arguments)
    with tempfile.TemporaryDirectory(prefix="sluice-list-") as folder:
        synthesized = project.synthesize(os.environ, Path(folder) / "cdktf.out", quiet=True)
        names = synthesized.ordered(arguments.stacks)
    if arguments.json:
        stacks = [{"name": name, "dependencies": sorted(synthesized.dependencies[name])} for name in names]
        print(json.dumps({"project": str(project.folder), "stacks": stacks}, indent=2))
        return ExitCode.DONE
    if not names:
        print(f"the app of {project.folder} synthesizes no stack", file=sys.stderr)
    for name in names:
        after = ", ".join(sorted(synthesized.dependencies[name]))
        print(f"{name} (after {after})" if after else name)
    return ExitCode.DONE


def _list_deployed(project: Project, arguments: argparse.Namespace) -> int:
    from sluice_cli.deployed.choosing import answering
    from sluice_cli.deployed.inventory import inventory
    from sluice_cli.deployed.readable import UnreadableStacks
    from sluice_cli.deployed.resources import resources_of
    from sluice_cli.stack import deployed_stacks
    from sluice_cli.target import target_of

    target = target_of(project, local=arguments.local, quiet=arguments.json)
    stacks, unreadable = deployed_stacks(target, arguments.stacks), UnreadableStacks()
    with answering(target):
        running = target.local.running() if target.local else None
        found = inventory(resources_of(stacks, unreadable), target.client, running.url if running else None)
    if arguments.json:
        names = [{"name": one.name} for one in stacks]
        print(json.dumps({"project": str(project.folder), "stacks": names, **found.as_json()}, indent=2))
        return unreadable.exit_code
    if not found.resources and not unreadable.exit_code:
        raise InputError(f"nothing is deployed of {', '.join(one.name for one in stacks) or 'this project'}")
    for name in dict.fromkeys(one.stack for one in found.resources):
        print(name)
        _print("endpoints", ((one.address, one.url) for one in found.endpoints if one.stack == name))
        _print(
            "queues",
            (
                (one.name, one.problem or f"{one.waiting} waiting, {one.in_flight} in flight, {one.delayed} delayed")
                for one in found.queues
                if one.stack == name
            ),
        )
        _print("alarms", ((one.state, one.name) for one in found.alarms if one.stack == name))
        _print("resources", ((one.address, one.id) for one in found.resources if one.stack == name))
    return unreadable.exit_code


def _print(title: str, rows: Iterable[tuple[str, str]]) -> None:
    from sluice_cli.text import clean

    written = [(clean(left), clean(right)) for left, right in rows]
    if written:
        width = max(len(left) for left, _ in written)
        print(f"  {title}")
        for left, right in written:
            print(f"    {left:<{width}}  {right}")
