"""Show what happens on the project's local AWS, in a page of the browser."""

import argparse
import os
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sluice_cli.arguments import add_project, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.target import local_aws_of
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--allow-writes",
        action="store_true",
        help="let the page upload objects, send messages and events, call APIs, and replay or discard failures",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="a port of 127.0.0.1 (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(arguments: argparse.Namespace) -> int:
    from sluice_cli.console.console import Console
    from sluice_cli.console.local import forget_account
    from sluice_cli.console.server import Server

    project = project_of(arguments)
    local = local_aws_of(project)
    forget_account(local)
    page = Console(project, local, writes=arguments.allow_writes)
    with Server(page, arguments.port) as server:
        page.follow()
        console.print(f"Console: {server.address}", markup=False)
        reads = "" if arguments.allow_writes else " It only reads: --allow-writes lets it upload, send and replay."
        console.print(f"It shows this project's local AWS, and ends with Ctrl-C.{reads}")
        sys.stdout.flush()
        with ExitStack() as opened:
            opened.callback(page.close)
            if not arguments.no_browser and has_browser():
                opened.enter_context(browser_at(server.address))
            with suppress(KeyboardInterrupt):  # the way to end it
                server.serve_forever()
    return ExitCode.DONE


@contextmanager
def browser_at(address: str) -> Iterator[None]:
    """Open an address in the browser. It has a token, which everybody would see among a program's arguments: the
    browser is given a file of this user's that leads there."""
    with tempfile.NamedTemporaryFile("w", prefix="sluice-console-", suffix=".html", encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Console</title>')
        file.flush()
        webbrowser.open(Path(file.name).as_uri())
        yield


def has_browser() -> bool:
    """Whether a person at a terminal with a display started the command."""
    display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(display) and sys.stdout.isatty()
