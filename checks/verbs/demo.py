"""Demo: each system at work on sample input, as soon as it is deployed."""

import argparse
import queue
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from checks import ROOT
from checks.arguments import add_system_arguments
from checks.demo.result import Result
from checks.deployed import repository
from checks.systems import SYSTEMS
from sluice_cli.console.background import start_console
from sluice_cli.console.browser import forwarding_of, has_browser, open_browser
from sluice_cli.deployment.local import up
from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project
from sluice_cli.stack import Stack
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    project = repository()
    local = local_aws_of(project)
    tours = Tours(local)
    up(project, local, arguments.systems, deployed=tours.begin)
    results = tours.results(arguments.systems or list(SYSTEMS))
    _summarize(results)
    _say_what_next(local, results)
    _open_console(project, local)
    return 0


def _open_console(project: Project, local: LocalAws) -> None:
    try:
        address = start_console(project, local)
    except LocalAwsError as error:  # the demo itself is done
        console.print(f"\n{error}", markup=False)
        return
    console.print(f"\n[bold]Watch it in the browser:[/bold]\n\n  {address}")
    if forwarding := forwarding_of(address):
        console.print(f"\n{forwarding}", markup=False)
    if has_browser():
        open_browser(local, address)


class Tours:
    """The tours of the systems, in the order in which they are deployed, while others are still being deployed."""

    def __init__(self, local: LocalAws) -> None:
        self._local = local
        self._begun: set[str] = set()
        self._deployed: queue.Queue[Stack] = queue.Queue()
        self._outcomes: queue.Queue[Result | BaseException] = queue.Queue()
        # A daemon, so that Ctrl-C does not wait for a tour.
        threading.Thread(target=self._run, daemon=True).start()

    def begin(self, stack: Stack) -> None:
        """Begin the tour of a system that is deployed; once, if its stack is planned again. Other stacks have none."""
        if stack.name in SYSTEMS and stack.name not in self._begun:
            self._begun.add(stack.name)
            self._deployed.put(stack)

    def results(self, systems: Sequence[str]) -> list[Result]:
        """The results of the systems' tours, in this order. Raises what a tour raised."""
        found = {}
        for _ in systems:
            outcome = self._outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            found[outcome.system] = outcome
        return [found[name] for name in systems]

    def _run(self) -> None:
        while True:
            stack = self._deployed.get()
            try:
                console.rule(f"[bold]{stack.name}", align="left")
                self._outcomes.put(SYSTEMS[stack.name].tour(self._local, stack.target))
            except BaseException as error:  # noqa: BLE001 - raised in the main thread
                self._outcomes.put(error)


def _summarize(results: list[Result]) -> None:
    table = Table(title="What went in and what came out", title_justify="left")
    table.add_column("system")
    for heading in ("sent", "rows", "notifications", "failures kept"):
        table.add_column(heading, justify="right")
    for one in results:
        notifications = "-" if one.notifications is None else str(one.notifications)
        table.add_row(one.system, str(one.sent), str(one.rows), notifications, str(one.failures))
    console.print()
    console.print(table, soft_wrap=False)


def _say_what_next(local: LocalAws, results: list[Result]) -> None:
    console.print(
        f"\n[bold]Everything is still running. Try next, pasted as it is:[/bold]\n\n  . {_shown(local.folder / 'env')}"
    )
    for one in results:
        console.print(f"\n  # {one.system}\n{textwrap.indent(one.try_next, '  ')}", markup=False)
    console.print("\n  make demo     again: what is in place stays as it is")
    console.print("  make down     destroys it all and stops the local AWS")


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
