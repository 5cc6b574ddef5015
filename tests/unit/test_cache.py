import os
import time
from pathlib import Path

import pytest

from modules._packaging import build_archive
from modules._synth import cache


def test_the_users_cache_folder_is_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder("things") == tmp_path / "sluice" / "things"
    assert (tmp_path / "sluice" / "things").stat().st_mode & 0o777 == 0o700


def test_a_cache_entry_is_written_once_and_invisible_until_it_is_complete(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    writes = []

    def write(folder: Path) -> None:
        writes.append(entry.exists())
        (folder / "file").write_text("content")

    assert cache.once(entry, write) == cache.once(entry, write) == entry
    assert writes == [False]
    assert (entry / "file").read_text() == "content"
    assert list(tmp_path.iterdir()) == [entry]


def test_the_first_of_two_writers_wins(tmp_path: Path) -> None:
    def write(folder: Path, by: str = "first") -> None:
        if by == "second":
            cache.once(tmp_path / "entry", write)  # another process, in between
        (folder / "by").write_text(by)

    cache.once(tmp_path / "entry", lambda folder: write(folder, "second"))
    assert [(path.name, (path / "by").read_text()) for path in tmp_path.iterdir()] == [("entry", "first")]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cache.once(tmp_path / "entry", fail)
    assert list(tmp_path.iterdir()) == []


def test_adding_an_entry_removes_entries_unused_for_a_month(tmp_path: Path) -> None:
    for name, days in {"forgotten": 31, "used": 31, "recent": 29}.items():
        (tmp_path / name).mkdir()
        then = time.time() - days * 24 * 60 * 60
        os.utime(tmp_path / name, (then, then))
    cache.once(tmp_path / "used", lambda folder: None)
    cache.once(tmp_path / "new", lambda folder: None)
    assert {path.name for path in tmp_path.iterdir()} == {"used", "recent", "new"}


def test_unchanged_sources_reuse_the_cached_archive_and_any_change_builds_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def built(folder: str, **files: str) -> tuple[Path, int]:
        package = tmp_path / folder / "worker"
        package.mkdir(parents=True)
        for name, text in files.items():
            (package / f"{name}.py").write_text(text)
        archive = build_archive([package])
        return archive, archive.stat().st_mtime_ns

    one = built("one", handler="a", other="b")
    assert built("two", handler="a", other="b") == one
    others = [
        built("changed", handler="a", other="c"),
        built("swapped", handler="b", other="a"),
        built("renamed", handler="a", another="b"),
        built("fewer", handler="a"),
    ]
    assert len({archive for archive, _ in [one, *others]}) == 5


def test_an_archive_is_built_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "handler.py").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert build_archive([tmp_path / "worker"]).read_bytes().startswith(b"PK")
