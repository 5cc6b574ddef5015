"""Demo: each system at work on sample input."""

import argparse
import textwrap
from pathlib import Path

from rich.table import Table

from checks import ROOT
from checks.arguments import add_system_arguments
from checks.demo.result import Result
from checks.deployed import repository
from checks.systems import SYSTEMS
from sluice_cli.console.background import start_console
from sluice_cli.console.browser import has_browser, open_browser
from sluice_cli.deployment.local import up
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    project = repository()
    local = local_aws_of(project)
    target = up(project, local, arguments.systems)
    results = []
    for system in arguments.systems or SYSTEMS:
        console.rule(f"[bold]{system}", align="left")
        results.append(SYSTEMS[system].tour(local, target))
    _summarize(results)
    address = start_console(project, local)
    _say_what_next(local, results)
    console.print(f"\n[bold]Watch it in the browser:[/bold]\n\n  {address}")
    if has_browser():
        open_browser(local, address)
    return 0


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
