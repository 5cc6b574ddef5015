"""Opens the console's page in a browser if a person is at the terminal."""

import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

from sluice_cli.local_aws.server import LocalAws

FILE = "console.html"


def has_browser() -> bool:
    """Whether a person at a terminal with a display started the command. CI may have both, a virtual display too."""
    environment = os.environ
    has_display = (
        not environment.get("SSH_CONNECTION")
        if sys.platform == "darwin"
        else bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    )
    return has_display and sys.stdout.isatty() and not environment.get("CI")


def open_browser(local: LocalAws, address: str) -> None:
    """Open an address in the browser, without waiting for it.

    The address has a token, which everybody would see among a program's arguments: the browser is given a file of this
    user's that leads there. A program of its own opens it, without the terminal: what `webbrowser` starts where there
    is no graphical browser (lynx, w3m) or as `BROWSER` says, can neither take over the terminal nor keep the command.
    """
    file = local.folder / FILE
    file.touch(0o600)
    file.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Console</title>')
    # -P: modules in the caller's folder must not shadow Python's.
    command = [sys.executable, "-P", "-m", "webbrowser", file.as_uri()]
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def forwarding_of(address: str) -> str | None:
    """How a browser of the machine that somebody works at reaches an address of this one, if they came by SSH."""
    if not os.environ.get("SSH_CONNECTION"):
        return None
    port = urlsplit(address).port
    return f"From your own machine, it opens after: ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}"
