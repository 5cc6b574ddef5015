"""A cache of reproducible files in the user's cache folder.

Entries are named by a hash of their inputs, so they are never out of date. Entries unused for a month are removed.
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
    """A folder in the user's cache. Raises `OSError` or `RuntimeError` if it cannot be used."""
    if not is_on():
        raise OSError(f"{SWITCH}={ORDINARY} keeps nothing in the cache folder")
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").joinpath("sluice", *names)
    # Nobody else may write here: the cache holds code that runs as the user.
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def once(entry: Path, write: Callable[[Path], None]) -> Path:
    """A folder that `write` fills on first use. It is complete whenever it exists.

    It is written under another name and renamed, so that no other process sees it half written. Raises `OSError` if it
    cannot be written.
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
            if not entry.is_dir():  # another process was first, with the same content
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return entry


def _remove_unused(folder: Path) -> None:
    for entry in folder.iterdir():
        with contextlib.suppress(OSError):
            if entry.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(entry)
