"""Runs a command line of this repository in a process of its own, forked from one that has imported its libraries.

Starting Python and importing boto3 and rich takes longer than most commands, and tests run hundreds of commands. The
repository's own modules are imported by the command's process, with the command's environment.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = ("boto3", "botocore.endpoint", "botocore.client", "jinja2", "rich.console", "rich.progress", "rich.table")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", *LIBRARIES])


def run(
    program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """The result of `python -m PROGRAM ARGUMENTS` in a folder, without standard input."""
    with tempfile.TemporaryDirectory() as outputs:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        process = _context.Process(target=_run, args=(program, arguments, folder, dict(environment), out, err))
        process.start()
        try:
            process.join(timeout)
            if process.exitcode is None:
                raise subprocess.TimeoutExpired(arguments, timeout, out.read_bytes(), err.read_bytes())
        finally:
            process.kill()
            process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _run(
    program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: Path, err: Path
) -> None:
    for number, path, mode in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        opened = os.open(path, mode | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, str(folder))
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)
