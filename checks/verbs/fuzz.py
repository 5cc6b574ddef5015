"""Send generated hostile and malformed requests to the REST APIs."""

import argparse
import random
import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from checks.deployed import reach
from checks.fuzzing.requests import drawn
from checks.fuzzing.run import FuzzResult, fuzz
from checks.systems import APIS, stored_objects
from sluice_cli.arguments import add_project, project_of
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console
from sluice_cli.text import short

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=_count, default=1000, metavar="N", help="requests; default: 1000")
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed sends the same requests; default: any")
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311 - not a secret
    project = project_of(arguments)
    local = local_aws_of(project)
    outputs = {system: reach(project, system, local=True)[0] for system in APIS}
    requests = drawn(arguments.count, seed, APIS)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Sending", total=len(requests))
        outcome = fuzz(local, outputs, requests, stored_objects(outputs), lambda: progress.advance(task))
    _summarize(outcome, len(requests))
    console.print(f"The same requests again: --count {arguments.count} --seed {seed}")
    return 1 if outcome.problems else 0


def _summarize(outcome: FuzzResult, sent: int) -> None:
    table = Table("API", "Status", "Answers")
    for (system, status), answers in sorted(outcome.answers.items()):
        table.add_row(system, str(status), str(answers))
    console.print(table)
    for problem in outcome.problems[:SHOWN]:
        print(f"{problem.what}: {short(problem.shown)}", file=sys.stderr)
        if problem.request:
            print(f"  after {short(repr(problem.request))}", file=sys.stderr)
    failures = sum(answers for (_, status), answers in outcome.answers.items() if status >= 500)
    console.print(
        f"{sent} requests, {failures} answers of 5xx, {outcome.log_lines} log lines read, "
        f"{len(outcome.problems)} problems"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; give a whole number from 1 to 100000")
    return int(text)
