"""A saved file counts once it is written whole."""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sluice_cli.watching import saving
from sluice_cli.watching.saving import written_whole

CODE = "WORD = 'whole'\n"
LONG = 300.0  # seconds: not reached


@contextmanager
def writer(*steps: tuple[Path, str]) -> Iterator[None]:
    """Appends to files, a moment after each other, while the block runs."""

    def write() -> None:
        for file, text in steps:
            time.sleep(0.05)
            with file.open("a") as out:
                out.write(text)

    thread = threading.Thread(target=write)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "handler.py"
    file.write_text("")
    return file


def test_a_file_that_was_emptied_is_awaited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "EMPTY_SECONDS", LONG)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    with writer((file, CODE)):
        assert written_whole({file}, queue.Queue()) == {file}
        assert file.read_text() == CODE


def test_a_file_that_grows_is_awaited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    with writer(*[(file, CODE)] * 8):
        assert written_whole({file}, queue.Queue()) == {file}
        assert file.read_text() == CODE * 8


def test_a_file_that_stays_empty_is_saved_empty(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "EMPTY_SECONDS", 0.2)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    began = time.monotonic()
    assert written_whole({file}, queue.Queue()) == {file}
    assert 0.2 <= time.monotonic() - began < LONG


def test_a_file_that_never_rests_is_not_awaited_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "QUIET_SECONDS", LONG)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", 0.1)
    began = time.monotonic()
    with writer(*[(file, CODE)] * 8):
        assert written_whole({file}, queue.Queue()) == {file}
    assert time.monotonic() - began < LONG


def test_what_is_saved_meanwhile_is_taken_along_and_what_is_gone_is_not_awaited(file: Path, tmp_path: Path) -> None:
    file.write_text(CODE)
    gone, other = tmp_path / "gone.py", tmp_path / "other.py"
    other.write_text(CODE)
    events: queue.Queue[set[Path]] = queue.Queue()
    events.put({other})
    assert written_whole({file, gone}, events) == {file, gone, other}
    assert events.empty()
