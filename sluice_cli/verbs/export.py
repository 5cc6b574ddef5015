"""Write a stack as a plain Terraform module."""

import argparse
import os
from pathlib import Path

from sluice_cli.arguments import add_project, project_of
from sluice_cli.errors import InputError
from sluice_cli.exit_codes import ExitCode
from sluice_cli.export.stacks import export
from sluice_cli.terminal import console
from sluice_cli.terraform.program import check_program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to write the module; new, or an earlier export")
    parser.add_argument("stack", metavar="STACK", nargs="?", help="name of the stack (default: the only one)")
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    check_program(os.environ)
    synthesized = project.synthesize(os.environ, project.output, quiet=True)
    names = synthesized.ordered([arguments.stack] if arguments.stack else [])
    if len(names) != 1:
        raise InputError(f"which stack? Name one of: {', '.join(names) or 'none'}")
    (name,) = names
    generated = project.private_folder / "terraform.rc"
    module = export(name, synthesized.folders[name], arguments.folder, dict(os.environ), generated)
    console.print(
        f"{name}: {len(module.of_kind('resource'))} resources, {len(module.variables)} variables, "
        f"{len(module.outputs)} outputs in {arguments.folder}",
        markup=False,
    )
    return ExitCode.DONE
