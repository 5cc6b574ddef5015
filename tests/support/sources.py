"""The files of this project as a checkout has them, without what tools put there. Git is not needed."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

# What .gitignore names, and Git's own folder.
INSTALLED = (".venv", ".tools", "node_modules")
WRITTEN = (
    *(".git", ".sluice", ".hypothesis", ".*_cache", "__pycache__"),
    *("cdktf.out", "cdktf.log", "review.out", "dist", "_build", "reference"),
)
OF_PLAIN_MODULES = ("*.zip", ".terraform*")


def sources(folder: Path, *ignored: str) -> Iterator[str]:
    """The paths of files below a folder, relative to it, without names that match an ignored pattern."""

    def kept(names: list[str]) -> list[str]:
        return [name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)]

    for parent, folders, names in os.walk(folder):
        folders[:] = kept(folders)
        for name in kept(names):
            if Path(parent, name).is_file():
                yield Path(parent, name).relative_to(folder).as_posix()
