"""Folders that are made once for all processes of a test run, and again only when something but tests has changed.

They are in pytest's cache folder; `pytest --cache-clear` removes them.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from checks import ROOT
from sluice_cli.locking import locked
from tests.support.proven import inputs_of_all_tests

CACHE = ROOT / ".pytest_cache" / "d"
FOLDER, DRAFT = "made", "draft"
SECONDS_KEPT = 24 * 3600
# Of this process when it began; tests change theirs for a while.
ENVIRONMENT: dict[str, str] = {}


@contextmanager
def kept_folder(name: str) -> Iterator[tuple[Path, bool]]:
    """A folder, and whether it is there already; otherwise the caller makes it, while other processes wait."""
    kept = CACHE / name / inputs_of_all_tests(ROOT, ENVIRONMENT)
    kept.mkdir(parents=True, exist_ok=True)
    with locked(kept / "lock", f"the {name} of another test"):
        yield kept / FOLDER, (kept / FOLDER).is_dir()


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills. Nobody may change it."""
    with kept_folder(name) as (folder, is_made):
        if not is_made:
            with tempfile.TemporaryDirectory() as made:
                make(Path(made))
                keep(Path(made), folder)
    return folder


def keep(made: Path, folder: Path) -> None:
    """Keep a copy of what was made, and forget what was made of other inputs long ago."""
    for other in folder.parent.parent.iterdir():
        if time.time() - other.stat().st_mtime > SECONDS_KEPT:
            shutil.rmtree(other, ignore_errors=True)
    draft = folder.with_name(DRAFT)
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(made, draft, symlinks=True)
    draft.rename(folder)
