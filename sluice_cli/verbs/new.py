"""Make a new project."""

import argparse
from pathlib import Path

from sluice_cli.new_project.creating import create


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="name of the new folder and of its stack, such as invoice-inbox")
    parser.add_argument(
        "--functions",
        action="store_true",
        help="write the function with the handler toolkit (sluice-functions) instead of boto3 alone",
    )


def run(arguments: argparse.Namespace) -> int:
    folder = create(arguments.name, Path.cwd(), functions=arguments.functions)
    print(
        f"Created {folder.name}. Next:\n\n"
        f"  cd {folder.name}\n"
        "  pytest       # unit tests, and the stack deployed on a local AWS of the tests' own\n"
        "  sluice up    # the stack on a local AWS that stays, until `sluice down`\n"
    )
    return 0
