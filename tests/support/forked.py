"""Runs a command line of this repository in a process of its own, forked from one that has imported its libraries.

Starting Python and importing boto3 and rich takes longer than most commands, and tests run hundreds of commands. The
repository's own modules are imported by the command's process, with the command's environment and the path that a new
Python has there.
"""

import json
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

LIBRARIES = ("boto3", "botocore.endpoint", "botocore.client", "jinja2", "rich.console", "rich.progress", "rich.table")

PATH_VARIABLES = ("PYTHONPATH", "PYTHONSAFEPATH")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", *LIBRARIES, "tests.support.parsed_models"])


def run(
    program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """The result of `python -m PROGRAM ARGUMENTS` in a folder, without standard input. Raises `ValueError` for
    variables that only a new Python would read.
    """
    given, own = ({k: v for k, v in one.items() if k.startswith("PYTHON")} for one in (environment, os.environ))
    different = sorted({name for name, _ in given.items() ^ own.items()} - set(PATH_VARIABLES))
    if different:
        raise ValueError(f"Python reads {', '.join(different)} when it starts: run the command with subprocess")
    path = path_of_a_new_python(folder, environment)
    with tempfile.TemporaryDirectory() as outputs:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        for output in (out, err):
            output.touch()
        process = _context.Process(target=_run, args=(program, arguments, folder, dict(environment), path, out, err))
        process.start()
        try:
            process.join(timeout)
            if process.exitcode is None:
                raise subprocess.TimeoutExpired(arguments, timeout, out.read_bytes(), err.read_bytes())
        finally:
            process.kill()
            process.join()
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def path_of_a_new_python(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """`sys.path` of `python -m` in a folder. https://docs.python.org/3/library/sys_path_init.html"""
    first = [] if environment.get("PYTHONSAFEPATH") else [str(folder)]
    variable = environment.get("PYTHONPATH")
    added = [str(Path(folder, one).absolute()) for one in variable.split(os.pathsep)] if variable else []
    return [*first, *dict.fromkeys([*added, *_own_path()])]


@cache
def _own_path() -> list[str]:
    """The interpreter's, without what this process, its variables or pytest have added."""
    variables = {name: value for name, value in os.environ.items() if name not in PATH_VARIABLES}
    command = [sys.executable, "-P", "-c", "import json, sys; print(json.dumps(sys.path))"]
    said = subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True).stdout
    return list(json.loads(said))


def _run(
    program: str,
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    path: list[str],
    out: Path,
    err: Path,
) -> None:
    for number, file, mode in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        opened = os.open(file, mode)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)
