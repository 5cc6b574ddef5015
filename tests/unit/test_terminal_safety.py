"""Texts of apps, functions and AWS reach the terminal without control characters."""

import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.command_line import Verb, run
from sluice_cli.errors import SynthError
from sluice_cli.project import FILE, Project
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.text import clean_lines
from sluice_cli.watching.functions import WatchedFunction
from sluice_cli.watching.watcher import Watcher

HOSTILE = "first\x1b]0;title\x07\r\n\x1b[31msecond\x1b[0m \x1b[2J\n\tthird\u202e\x9b2J"
SAFE = ["first\\x1b]0;title\\x07", "second \\x1b[2J", "    third\\u202e\\x9b2J"]


class BrokenSource:
    """Cannot be built."""

    def holds(self, path: Path) -> bool:
        return True

    def folders(self) -> list[Path]:
        return []

    def inputs(self) -> object:
        return None

    def build(self) -> bytes:
        raise ValueError(HOSTILE)


def test_lines_are_kept_and_control_characters_are_made_visible() -> None:
    assert clean_lines(HOSTILE).split("\n") == SAFE
    assert clean_lines("") == ""


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (SynthError(HOSTILE, 1), ""),
        (
            ClientError({"Error": {"Code": "Refused", "Message": HOSTILE}}, "PutItem"),
            "AWS refused PutItem: Refused: ",
        ),
    ],
)
def test_a_commands_error_is_made_safe(
    error: Exception, begins: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: Any) -> int:
        raise error

    monkeypatch.setitem(sys.modules, "failing", SimpleNamespace(add_arguments=lambda parser: None, run=fail))
    run("sluice", "", {"fail": Verb("failing", "")}, ["fail"])
    assert capsys.readouterr().err.splitlines() == [begins + SAFE[0], *SAFE[1:]]


def test_what_a_watcher_says_is_made_safe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_text('{"app": "true"}')
    project = Project.read(tmp_path)
    target = Target({}, tmp_path, project)
    function = WatchedFunction(Stack("shop", target), "f", "worker", "eu-west-1", tmp_path, BrokenSource())
    Watcher(project, target, [])._push(function, time.monotonic())
    said = capsys.readouterr().out.splitlines()
    assert [said[0].partition(" ")[2], *said[1:]] == [f"worker: not updated: {SAFE[0]}", *SAFE[1:]]


@pytest.mark.parametrize(("stream", "quiet"), [("stdout", False), ("stdout", True), ("stderr", False)])
def test_an_apps_output_is_made_safe(
    stream: str, quiet: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text(f"import sys\nprint({HOSTILE!r}, file=sys.{stream})\n")
    (tmp_path / FILE).write_text(json.dumps({"app": f"{shlex.quote(sys.executable)} app.py"}))
    project = Project.read(tmp_path)
    with pytest.raises(SynthError, match="wrote no"):
        project.synthesize(dict(os.environ), project.output, quiet=quiet)
    out, err = capfd.readouterr()
    on_output = stream == "stdout" and not quiet
    assert ((out if on_output else err).splitlines(), err if on_output else out) == (SAFE, "")


@pytest.mark.parametrize("left_running", ["sleep 300", "while true; do echo; sleep 0.01; done"])
def test_a_process_that_an_app_leaves_running_is_not_waited_for(
    left_running: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text(json.dumps({"app": f"({left_running}) & echo $! > left; echo done"}))
    project = Project.read(tmp_path)
    began = time.monotonic()
    try:
        with pytest.raises(SynthError, match="wrote no"):
            project.synthesize(dict(os.environ), project.output)
    finally:
        os.kill(int((tmp_path / "left").read_text()), signal.SIGTERM)
    assert time.monotonic() - began < 200
    assert capfd.readouterr().out.split() == ["done"]
