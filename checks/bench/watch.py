"""The time of `sluice watch` from a saved file to the first answer of the new code."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, Project
from sluice_cli.target import local_aws_of

from .measure import say
from .places import PYTHON, ROOT
from .table import Comparison, compare

PROJECT = ROOT / "checks" / "bench" / "watched"
FUNCTION = "watched"
SAVES_OF_A_RUN = 4
LONGEST_SECONDS = 120.0
BY_HAND = "UpdateFunctionCode"


def save_to_answer(folder: Path, runs: int) -> Iterator[Comparison]:
    """Saves of a function's handler, beside a program that does nothing but update the code."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    (project / FILE).write_text(json.dumps({"language": "python", "app": f"'{PYTHON}' app.py"}))
    local = local_aws_of(Project.read(project))
    watched, by_hand = [], []
    try:
        with _watching(project):
            functions = local.client("lambda")
            for number in range(1, runs * SAVES_OF_A_RUN + 1):
                say(f"save {number} of {runs * SAVES_OF_A_RUN}")
                watched.append(_seconds_after_save(project, functions, number))
        for number in range(1, runs * SAVES_OF_A_RUN + 1):
            by_hand.append(_seconds_after_update(project, functions, -number))
    finally:
        _end(local, project)
    what = f"`sluice watch`: from save to answer, {len(watched)} saves"
    yield compare("watch", what, BY_HAND, "s", watched, by_hand)


@contextlib.contextmanager
def _watching(project: Path) -> Iterator[None]:
    """While `sluice watch` runs, from its first look at the files."""
    with subprocess.Popen(
        [PYTHON, "-m", "sluice_cli", "watch"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        lines = watcher.stdout or io.StringIO()
        try:
            if not any("Watching " in line for line in lines):
                raise RuntimeError(f"sluice watch ended with {watcher.wait()}")
            yield
        finally:
            watcher.send_signal(signal.SIGINT)
            lines.read()


def _seconds_after_save(project: Path, functions: Any, number: int) -> float:
    handler = project / "function" / "handler.py"
    text = _with_number(handler, number)
    began = time.perf_counter()
    handler.write_text(text)
    return _seconds_until(functions, number, began)


def _seconds_after_update(project: Path, functions: Any, number: int) -> float:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function/handler.py", _with_number(project / "function" / "handler.py", number))
    began = time.perf_counter()
    functions.update_function_code(FunctionName=FUNCTION, ZipFile=code.getvalue())
    return _seconds_until(functions, number, began)


def _with_number(handler: Path, number: int) -> str:
    lines = [f"NUMBER = {number}" if one.startswith("NUMBER") else one for one in handler.read_text().splitlines()]
    return "\n".join([*lines, ""])


def _seconds_until(functions: Any, number: int, began: float) -> float:
    """Until the function answers with the number. Raises `TimeoutError`."""
    while time.perf_counter() - began < LONGEST_SECONDS:
        if functions.invoke(FunctionName=FUNCTION)["Payload"].read() == str(number).encode():
            return time.perf_counter() - began
    raise TimeoutError(f"{FUNCTION} does not answer {number}")


def _end(local: LocalAws, project: Path) -> None:
    subprocess.run(
        [PYTHON, "-m", "sluice_cli", "down"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=sys.stderr,
        check=False,
    )
    local.stop()
