"""The systems that a command is about."""

import argparse

from checks.systems import SYSTEMS


def system_name(text: str) -> str:
    if text not in SYSTEMS:
        raise argparse.ArgumentTypeError(f"there is no system {text!r}; there are {', '.join(SYSTEMS)}")
    return text


def add_system_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "systems", nargs="*", type=system_name, metavar="SYSTEM", help=f"{', '.join(SYSTEMS)} (default: all)"
    )
