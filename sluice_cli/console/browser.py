"""Opens the console's page in a browser if a person is at the terminal."""

import os
import sys
import webbrowser

from sluice_cli.local_aws.server import LocalAws

FILE = "console.html"


def has_browser() -> bool:
    """Whether a person at a terminal with a display started the command."""
    display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(display) and sys.stdout.isatty()


def open_browser(local: LocalAws, address: str) -> None:
    """Open an address in the browser. It has a token, which everybody would see among a program's arguments: the
    browser is given a file of this user's that leads there."""
    file = local.folder / FILE
    file.touch(0o600)
    file.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Console</title>')
    webbrowser.open(file.as_uri())
