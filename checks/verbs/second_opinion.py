"""Apply the systems to another emulator, and plan again."""

import argparse
import tempfile
from pathlib import Path

from checks.arguments import add_system_arguments
from checks.second_opinion import differences
from checks.systems import SYSTEMS
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    systems = sorted(arguments.systems or SYSTEMS)
    with tempfile.TemporaryDirectory(prefix="second-opinion-") as folder:
        found = differences(systems, Path(folder) / "moto")
    if found:
        console.print(f"moto differs:\n{found}", markup=False)
    else:
        console.print(f"{len(systems)} systems are on moto as they are on the local AWS")
    return 1 if found else 0
