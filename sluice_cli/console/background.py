"""A console that runs beside the local AWS, for commands that end: it ends when the local AWS stops."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project

from .server import SERVER

RECORD, LOG = "console.json", "console.log"
# -P: modules in the caller's folder must not shadow Python's. It also hides a checkout, whose folder is added.
START = """
import sys
place = sys.argv.pop(1)
if place not in sys.path:
    sys.path.insert(0, place)
from sluice_cli.__main__ import main
sys.exit(main())
"""
START_SECONDS = 30
LOOK_EVERY_SECONDS = 1.0
GONE_AFTER = 3  # looks: a restored snapshot starts the local AWS anew in its folder


def start_console(project: Project, local: LocalAws) -> str:
    """The address of the console that runs beside the local AWS; it is started where none does, with writing allowed.
    Raises `LocalAwsError` with its log where it does not start."""
    record = local.folder / RECORD
    running = _recorded(record)
    if running:
        return running
    record.unlink(missing_ok=True)
    log = local.folder / LOG
    options = ["--project", str(project.folder), "--allow-writes", "--no-browser", "--beside-local-aws"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", START, str(Path(__file__).parents[2]), "console", *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = _recorded(record)
        if running:
            return running
        time.sleep(0.05)
    process.kill()
    raise LocalAwsError(f"the console did not start; its log is {log}:\n{log.read_text(errors='replace')[-2_000:]}")


def keep_address(local: LocalAws, address: str) -> None:
    """Record the address of this process's console, for its user only: it has the token."""
    record = local.folder / RECORD
    part = record.with_suffix(".part")
    part.touch(0o600)
    part.write_text(json.dumps({"address": address}))
    part.replace(record)


def call_when_gone(local: LocalAws, end: Callable[[], object]) -> None:
    """Call a function once the local AWS has stopped."""
    missed = 0
    while missed < GONE_AFTER:
        time.sleep(LOOK_EVERY_SECONDS)
        missed = 0 if local.running() else missed + 1
    end()


def _recorded(record: Path) -> str | None:
    """The recorded address, if a console answers there."""
    try:
        address = str(json.loads(record.read_text())["address"])
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(address.partition("#")[0], timeout=5) as answer:
            return address if answer.headers.get("Server", "").strip() == SERVER else None
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
        return None
