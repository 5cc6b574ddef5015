"""Waits until saved files are complete.

Most editors and tools write a file in place: they empty it and then write it, in one or several steps. Its content in
between is often valid code (an empty module), and would be uploaded.
"""

import contextlib
import queue
import time
from collections.abc import Iterable
from pathlib import Path

STEP_SECONDS = 0.02  # between two checks
QUIET_SECONDS = 0.05  # without a change of size or time
EMPTY_SECONDS = 0.5  # for an empty file, which is probably still being written
LONGEST_SECONDS = 2.0  # for files that change continuously


def written_whole(saved: set[Path], events: "queue.Queue[set[Path]]") -> set[Path]:
    """Wait until the saved files no longer change. Returns them, with files saved meanwhile (from `events`)."""
    began = changed = time.monotonic()
    known = _states(saved)
    while True:
        with contextlib.suppress(queue.Empty):
            saved = saved | events.get(timeout=STEP_SECONDS)
        found, now = _states(saved), time.monotonic()
        if found != known:
            known, changed = found, now
        needed = EMPTY_SECONDS if any(one and one[0] == 0 for one in found.values()) else QUIET_SECONDS
        if now - changed >= needed or now - began >= LONGEST_SECONDS:
            return saved


def _states(files: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """Size and time of the last change; None for a file that was removed."""
    states: dict[Path, tuple[int, int] | None] = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            states[file] = None
        else:
            states[file] = status.st_size, status.st_mtime_ns
    return states
