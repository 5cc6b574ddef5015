"""A saved file counts once it is written whole."""

import queue
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from sluice_cli.watching import saving
from sluice_cli.watching.saving import written_whole

CODE = "WORD = 'whole'\n"
LONG = 600.0  # seconds: not reached


class Writer(queue.Queue[set[Path]]):
    """Events of saved files that never come; each time they are asked for, the next text is appended to a file."""

    def __init__(self, file: Path, texts: Iterable[str]) -> None:
        super().__init__()
        self.file, self.texts = file, iter(texts)

    def get(self, block: bool = True, timeout: float | None = None) -> set[Path]:
        with self.file.open("a") as out:
            out.write(next(self.texts, ""))
        return super().get(block, timeout)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "handler.py"
    file.write_text("")
    return file


def test_a_file_that_was_emptied_is_awaited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "EMPTY_SECONDS", LONG)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    assert written_whole({file}, Writer(file, ["", "", CODE])) == {file}
    assert file.read_text() == CODE


def test_a_file_that_grows_is_awaited(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    assert written_whole({file}, Writer(file, [CODE] * 8)) == {file}
    assert file.read_text() == CODE * 8


def test_a_file_that_stays_empty_is_saved_empty(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "EMPTY_SECONDS", 0.2)
    monkeypatch.setattr(saving, "LONGEST_SECONDS", LONG)
    began = time.monotonic()
    assert written_whole({file}, queue.Queue()) == {file}
    assert 0.2 <= time.monotonic() - began < LONG


def test_a_file_that_never_rests_is_not_awaited_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LONGEST_SECONDS", 0.1)
    assert written_whole({file}, Writer(file, iter(lambda: CODE, ""))) == {file}


def test_what_is_saved_meanwhile_is_taken_along_and_what_is_gone_is_not_awaited(file: Path, tmp_path: Path) -> None:
    file.write_text(CODE)
    gone, other = tmp_path / "gone.py", tmp_path / "other.py"
    other.write_text(CODE)
    events: queue.Queue[set[Path]] = queue.Queue()
    events.put({other})
    assert written_whole({file, gone}, events) == {file, gone, other}
    assert events.empty()
