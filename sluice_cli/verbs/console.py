"""Show what happens on the project's local AWS, in a page of the browser."""

import argparse
import sys
import threading
from contextlib import suppress

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
    parser.add_argument("--beside-local-aws", action="store_true", help="end when the local AWS stops")


def run(arguments: argparse.Namespace) -> int:
    from sluice_cli.console.background import call_when_gone, keep_address
    from sluice_cli.console.browser import forwarding_of, has_browser, open_browser
    from sluice_cli.console.console import Console
    from sluice_cli.console.local import forget_account
    from sluice_cli.console.server import Server

    project = project_of(arguments)
    local = local_aws_of(project)
    forget_account(local)
    page = Console(project, local, writes=arguments.allow_writes)
    with Server(page, arguments.port) as server:
        page.follow()
        reads = "" if arguments.allow_writes else " It only reads: --allow-writes lets it upload, send and replay."
        shown = f"It shows this project's local AWS, and ends with Ctrl-C.{reads}"
        lines = [f"Console: {server.address}", shown, forwarding_of(server.address)]
        console.print("\n".join(filter(None, lines)), markup=False)
        sys.stdout.flush()
        if arguments.beside_local_aws:
            keep_address(local, server.address)
            threading.Thread(target=call_when_gone, args=(local, server.shutdown), daemon=True).start()
        if not arguments.no_browser and has_browser():
            open_browser(local, server.address)
        with suppress(KeyboardInterrupt):  # the way to end it
            server.serve_forever()
        page.close()
    return ExitCode.DONE
