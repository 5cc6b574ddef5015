"""The command lines of the tool and of the checks, on the tests' local AWS."""

import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from socketserver import BaseServer
from typing import Any
from unittest.mock import patch

from checks import ROOT
from checks.__main__ import VERBS as CHECKS
from checks.__main__ import main as checks
from sluice_cli.__main__ import main as tool
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, PRIVATE_FOLDER, Project
from tests.support import forked

HANDLE_ERROR = BaseServer.handle_error


def project_with_local_aws(folder: Path) -> tuple[Project, LocalAws]:
    """A project of the tests' own whose app is this repository's, and its local AWS, which is not started."""
    local = LocalAws(folder / PRIVATE_FOLDER / "local")
    return project_of(local), local


def project_without_stacks(folder: Path) -> Project:
    (folder / FILE).write_text(json.dumps({"language": "any", "app": "true"}))
    return Project.read(folder)


def project_of(local: LocalAws) -> Project:
    """The project of the tests' own that a local AWS belongs to."""
    folder = local.folder.parent.parent
    if not (folder / FILE).exists():
        app = json.loads((ROOT / FILE).read_text())
        (folder / FILE).write_text(json.dumps({**app, "app": once(f"'{sys.executable}' '{ROOT / 'main.py'}'")}))
    return Project.read(folder)


def once(app: str) -> str:
    """The command of an app that is run once for equal settings; it runs in the project's folder."""
    return f"'{sys.executable}' '{ROOT / 'tests/support/synth_once.py'}' {app}"


def command(local: LocalAws, verb: str, *arguments: str) -> list[str]:
    program = "checks" if verb in CHECKS else "sluice_cli"
    return [sys.executable, "-m", program, verb, *arguments, "--project", str(project_of(local).folder)]


def run_command(
    local: LocalAws,
    verb: str,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    timeout: float = 240,
) -> tuple[int, str, str]:
    """Exit code, output and error output of a command on the project that the local AWS belongs to."""
    _, _, program, *given = command(local, verb, *arguments)
    done = forked.run(program, given, ROOT, {**os.environ, **(variables or {})}, timeout)
    return done.returncode, done.stdout, done.stderr


def run_command_here(
    local: LocalAws, verb: str, *arguments: str, variables: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """As `run_command`, in this process."""
    _, _, program, *given = command(local, verb, *arguments)
    return _run_here(checks if program == "checks" else tool, ROOT, given, variables=variables)


def sluice(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, timeout: float = 240
) -> tuple[int, str, str]:
    """Exit code, output and error output of the tool in a folder, as somebody there types it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
    done = forked.run("sluice_cli", arguments, folder, environment, timeout)
    return done.returncode, done.stdout, done.stderr


def sluice_here(
    folder: Path, *arguments: str, given: str = "", variables: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """As `sluice`, in this process: a process of its own takes most of a second to start. `given` is its input."""
    return _run_here(tool, folder, arguments, given, variables)


def _handle_error(server: BaseServer, request: Any, client: Any) -> None:
    """What a server of another test in this process says when its client is gone is no output of a command."""
    if not isinstance(sys.exception(), ConnectionError):
        HANDLE_ERROR(server, request, client)


def _run_here(
    main: Callable[[], int],
    folder: Path,
    arguments: Sequence[str],
    given: str = "",
    variables: Mapping[str, str] | None = None,
) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with (
        # For programs that it starts. Afterwards the environment is also without what the command sets.
        patch.dict(os.environ, {"PYTHONPATH": str(ROOT), **(variables or {})}),
        patch.object(sys, "argv", ["", *arguments]),
        patch.object(sys, "stdin", io.StringIO(given)),
        patch.object(BaseServer, "handle_error", _handle_error),
        chdir(folder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = main()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()
