"""Files that can be made again, kept in the user's cache folder from one run to the next.

An entry is named by what it was made from, so that it is never out of date. Entries unused for a month are removed.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .switch import ORDINARY, SWITCH, is_on

KEPT_SECONDS = 30 * 24 * 60 * 60


def folder(*names: str) -> Path:
    """A folder of the user's cache. Raises `OSError` or `RuntimeError` where there can be none."""
    if not is_on():
        raise OSError(f"{SWITCH}={ORDINARY} keeps nothing in the cache folder")
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").joinpath("sluice", *names)
    # Others must not be able to put code here that is run as the user.
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def once(entry: Path, write: Callable[[Path], None]) -> Path:
    """A folder filled by `write` unless it is there, and complete whenever it is.

    It is written beside its place and renamed, so that no other process sees half of it. Raises `OSError` where it is
    not there and cannot be written.
    """
    with contextlib.suppress(OSError):
        os.utime(entry)
    if not entry.is_dir():
        _remove_unused(entry.parent)
        draft = Path(tempfile.mkdtemp(dir=entry.parent, prefix="draft-"))
        try:
            write(draft)
            draft.rename(entry)
        except OSError:
            if not entry.is_dir():  # else another process was first, with the same content
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return entry


def _remove_unused(folder: Path) -> None:
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            if entry.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(entry)
