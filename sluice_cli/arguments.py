"""Arguments that several commands share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from sluice_cli.errors import InputError
from sluice_cli.project import Project, Synthesized
from sluice_cli.stack import Stack


def add_project(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--project",
        type=Path,
        metavar="DIR",
        help="the folder with cdktf.json (default: the nearest one from here upwards)",
    )


def add_stacks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stacks", nargs="*", metavar="STACK", help="names of stacks (default: all)")


def add_local(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--local", action="store_true", help="on the local AWS that `sluice up` started")


def add_json(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON on standard output, for scripts")


def project_of(arguments: argparse.Namespace) -> Project:
    """The project that a command works on. Raises `InputError`."""
    given: Path | None = arguments.project
    return Project.read(given) if given else Project.find()


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="approve every plan without being asked")


def one_stack(stacks: Sequence[Stack], name: str | None) -> Stack:
    """The stack of that name, or the only one. Raises `InputError` with the names to choose from."""
    if name:
        if stacks:
            Synthesized.read(stacks[0].target.output).check([name])
        return next(stack for stack in stacks if stack.name == name)
    if len(stacks) != 1:
        names = ", ".join(stack.name for stack in stacks) or "none"
        raise InputError(f"which stack? Name one of: {names}")
    return stacks[0]
