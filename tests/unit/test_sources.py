"""Tests that copy or compare this project's files find them without Git, as in a downloaded archive."""

from fnmatch import fnmatch
from pathlib import Path

from tests.support.sources import INSTALLED, OF_PLAIN_MODULES, WRITTEN, sources

ROOT = Path(__file__).parents[2]


def test_the_files_below_a_folder_are_listed_without_git_and_without_what_is_ignored(tmp_path: Path) -> None:
    for name in ("a.py", "b/c.py", "b/.git/config", "b/x_cache/d", "b/code.zip"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert sorted(sources(tmp_path, ".git", "*_cache", "*.zip")) == ["a.py", "b/c.py"]


def test_what_git_ignores_is_no_source() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    names = [Path(line).name for line in lines]
    ignored = (*INSTALLED, *WRITTEN, *OF_PLAIN_MODULES)
    assert [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)] == []
