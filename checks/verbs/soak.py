"""Run the soak test, and print its ledgers."""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks.arguments import add_system_arguments
from checks.deployed import repository
from checks.soak.ledger import Book, Discrepancy, fault_table, table
from checks.soak.plan import FAULTS
from checks.soak.run import Options, soak
from checks.systems import SYSTEMS
from sluice_cli.deployment.local import up
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terminal import console
from sluice_cli.text import short

SHOWN = 20  # discrepancies of a kind listed in a terminal; a pipe gets all, one a line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)
    parser.add_argument("--count", type=_whole(100_000), default=500, metavar="N", help="inputs a system; default: 500")
    parser.add_argument(
        "--faults", nargs="+", choices=(*FAULTS, "none"), default=list(FAULTS), metavar="FAULT", help=_of_faults()
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed plans the same inputs and faults")
    parser.add_argument(
        "--seconds", type=_whole(86_400), default=600, metavar="S", help="to send for at the most; default: 600"
    )
    parser.add_argument(
        "--notifications",
        choices=("each", "episodes"),
        help="how the sensor pipeline notifies, as SENSOR_NOTIFICATIONS, which is the default",
    )


def run(arguments: argparse.Namespace) -> int:
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311 - not a secret
    options = Options(arguments.count, set(arguments.faults) - {"none"}, seed, arguments.seconds)
    systems = list(dict.fromkeys(arguments.systems)) or list(SYSTEMS)
    if arguments.notifications:
        os.environ["SENSOR_NOTIFICATIONS"] = arguments.notifications  # the deployment below reads its settings there
    console.print(f"Seed {seed}: {options.count} inputs for each of {', '.join(systems)}")
    with tempfile.TemporaryDirectory(prefix="sluice-soak-") as folder:
        local = LocalAws(Path(folder) / "local-aws")
        try:
            target = up(repository(), local, systems)
            began = time.monotonic()
            with progress_bars() as progress:
                books = soak(local, target, {name: SYSTEMS[name].inputs for name in systems}, options, progress)
            return report(books, seed, time.monotonic() - began)
        finally:
            local.stop()


def progress_bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def report(books: list[Book], seed: int, seconds: float) -> int:
    """Print the ledgers and their discrepancies. Returns the exit code."""
    console.print(table(books), soft_wrap=False)
    console.print(fault_table(books, FAULTS), soft_wrap=False)
    problems = [problem for book in books for problem in book.problems()]
    for problem in problems[: SHOWN if console.is_terminal else None]:
        console.print(_line(problem), markup=False)
    if len(problems) > SHOWN and console.is_terminal:
        console.print(f"and {len(problems) - SHOWN} more: piped, all are listed")
    inputs = sum(book.valid.total() + len(book.poison) for book in books)
    struck = sum(book.faults.total() for book in books)
    console.print(
        f"{inputs} inputs, {struck} faults, {seconds:.0f} s: "
        + ("the books balance" if not problems else f"{len(problems)} do not balance")
        + f". The same again: --seed {seed}"
    )
    return 1 if problems else 0


def _line(problem: Discrepancy) -> str:
    return f"{problem.system}: {problem.kind}: {short(problem.input)}: {short(problem.text)}"


def _of_faults() -> str:
    kinds = "; ".join(f"{name} ({meaning})" for name, meaning in FAULTS.items())
    return f"the kinds to strike with, or none; default: all of {kinds}"


def _whole(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return parse
