"""File locks that keep two commands from working on the same resource."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STEP_SECONDS = 0.2


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file; if another process holds it, say which command, and wait. The lock is released when its process
    ends.
    """
    with path.open("a+") as file:
        said = False
        while not _taken(file.fileno()):
            file.seek(0)
            if not said and (holder := file.read().strip()):  # it is written just after the lock is taken
                print(f"Waiting for {holder}", file=sys.stderr)
                said = True
            time.sleep(STEP_SECONDS)
        try:
            file.truncate(0)
            file.write(f"{what} (process {os.getpid()})")
            file.flush()
            yield
        finally:
            file.truncate(0)


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
