"""The tool: review of a large plan, and the start of the console."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sluice_cli.project import FILE, Project
from sluice_cli.target import local_aws_of

from .measure import Program, in_turn, rounds_after_warming_up, say
from .places import PYTHON, ROOT
from .table import Comparison, compare

SMALL, LARGE = 1_000, 10_000  # resources
PARSED = "json.load of the plan"
FEWER = f"{SMALL:,} resources"
PLAIN_SERVER = "python -m http.server"


def review(folder: Path, runs: int) -> Iterator[Comparison]:
    """Review of a saved plan with its pages, beside reading the file, and beside a tenth of it."""
    large, small = plan(folder / "large", LARGE), plan(folder / "small", SMALL)

    def reviewed(file: Path) -> Program:
        command = [PYTHON, "-m", "sluice_cli", "review", "--plan", str(file)]
        return Program(command, file.parent, {"PYTHONPATH": str(ROOT)})

    parsed = Program([PYTHON, "-c", f"import json; json.load(open({str(large)!r}))"], folder)
    measured = in_turn({"ours": reviewed(large), FEWER: reviewed(small), PARSED: parsed}, runs)
    for peer, most in {FEWER: 12.0, PARSED: None}.items():
        ours, theirs = ([one.cpu_seconds for one in measured[name]] for name in ("ours", peer))
        yield compare("review", f"review of {LARGE:,} resources, processor time", peer, "s", ours, theirs, most)


def plan(folder: Path, resources: int) -> Path:
    """A plan in the format of `terraform show -json`: a tenth is new, a tenth changes, the rest stays."""
    folder.mkdir()
    file = folder / "plan.json"
    whole = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": [_change(number) for number in range(resources)],
        "configuration": {},
        "complete": True,
        "errored": False,
    }
    file.write_text(json.dumps(whole))
    return file


def _change(number: int) -> dict[str, Any]:
    values = {"name": f"queue-{number}", "visibility_timeout_seconds": 30, "sqs_managed_sse_enabled": True}
    changed = {**values, "visibility_timeout_seconds": 60}
    actions: dict[int, tuple[str, Any, Any]] = {0: ("create", None, values), 1: ("update", values, changed)}
    action, before, after = actions.get(number % 10, ("no-op", values, values))
    sides = {"before": before, "after": after, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}}
    return {
        "address": f"aws_sqs_queue.q{number}",
        "mode": "managed",
        "type": "aws_sqs_queue",
        "name": f"q{number}",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": [action], **sides},
    }


def console_start(folder: Path, runs: int) -> Iterator[Comparison]:
    """From the command to the printed address, beside Python's own server of files."""
    (folder / FILE).write_text(json.dumps({"language": "python", "app": "true"}))
    local = local_aws_of(Project.read(folder))
    local.start()
    commands = {
        "ours": [PYTHON, "-m", "sluice_cli", "console", "--no-browser"],
        PLAIN_SERVER: [PYTHON, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
    }
    took: dict[str, list[float]] = {name: [] for name in commands}
    try:
        for number in rounds_after_warming_up(runs):
            say(f"round {number} of {runs}")
            for name, command in commands.items():
                seconds = seconds_until_output(command, folder)
                if number:
                    took[name].append(seconds)
    finally:
        local.stop()
    ours, theirs = (took[name] for name in ("ours", PLAIN_SERVER))
    yield compare("console", "start of the console", PLAIN_SERVER, "s", ours, theirs)


def seconds_until_output(command: Sequence[str], folder: Path) -> float:
    """From the start of a server to its first line, after which it is ended."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=sys.stderr
    ) as server:
        line = server.stdout.readline() if server.stdout else b""
        took = time.perf_counter() - begun
        server.send_signal(signal.SIGINT)
        server.communicate()
    if not line:
        raise RuntimeError(f"{' '.join(command)} printed nothing")
    return took
