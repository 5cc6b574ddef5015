"""Move what is deployed from a CDKTF stack to the plain module made from it, or back."""

import argparse
import sys
from pathlib import Path

from sluice_cli.arguments import add_local, add_project, add_yes, project_of
from sluice_cli.errors import UndecidedError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.moving.moving import planned_move
from sluice_cli.moving.roots import Folder
from sluice_cli.stack import synthesize
from sluice_cli.target import target_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", metavar="STACK", help="name of the stack")
    parser.add_argument("root", metavar="DIR", type=Path, help="folder of the root that calls the plain module")
    parser.add_argument("--back", action="store_true", help="from the plain module to the stack")
    parser.add_argument(
        "--module", metavar="ADDRESS", help="module.NAME in DIR, where the module is called more than once"
    )
    add_project(parser)
    add_local(parser)
    add_yes(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    with project.locked("`sluice move`"):
        target = target_of(project, local=arguments.local)
        (stack,) = synthesize(target, [arguments.stack], quiet=True)
        root = Folder(arguments.root.resolve(), target)
        with planned_move(stack, root, back=arguments.back, module=arguments.module) as move:
            for line in move.summary():
                console.print(line, markup=False)
            move.check()
            _ask(stack.name, yes=arguments.yes)
            move.apply()
    where = "the stack" if arguments.back else str(root.path)
    console.print(f"{stack.name}: {move.moved} addresses moved. From now on apply {where} only.", markup=False)
    return ExitCode.DONE


def _ask(name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UndecidedError("the plan needs approval, and standard input is not a terminal: give --yes")
    if console.input(f"Apply this move of {name}? Only `yes` does: ").strip() != "yes":
        raise UndecidedError(f"{name}: not approved, nothing was applied")
