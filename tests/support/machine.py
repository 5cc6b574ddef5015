"""The machine that tests run on."""

import os
from pathlib import Path


def memory() -> int:
    """The bytes that this process and others may use."""
    machine, limit = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (given := limit.read_text().strip()) != "max":
        return min(machine, int(given))
    return machine
