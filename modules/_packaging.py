"""Function archives with the same bytes on every machine.

Names are sorted, times and modes are fixed, and compiled leftovers stay out, so that a rebuild from the same sources
is the same archive and `terraform plan` is empty. An archive is kept in the user's cache folder under the hash of what
goes into it: unchanged sources are read, never packed again.
"""

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ._synth import cache
from .errors import ConfigurationError

FORMAT = "1"  # to be raised when the same files shall become other archives

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16
UNIX = 3

# What Python and pip leave behind and a function does not need; RECORD and the like differ from one pip to the next.
LEFTOVER_FOLDERS = {"__pycache__", "bin"}
LEFTOVER_FILES = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", ".installed", ".DS_Store"}
LEFTOVER_SUFFIXES = {".pyc", ".pyo", ".pyi"}


def build_archive(packages: Sequence[Path], libraries: Path | None = None) -> Path:
    """Write a function archive and return its path, which is good at least until this process ends.

    `packages` are folders that keep their own name at the archive's root (`lambda/object_tracker` is imported as
    `object_tracker`); `libraries` is a folder whose content goes to the root. Raises `ConfigurationError` when a
    folder is missing or two of them bring the same file.
    """
    return _build(tuple(path.resolve() for path in packages), libraries.resolve() if libraries else None)


@functools.cache
def _build(packages: tuple[Path, ...], libraries: Path | None) -> Path:
    files: dict[str, Path] = {}
    for package in packages:
        _collect(files, package, package.name)
    if libraries is not None:
        _collect(files, libraries, "")
    archive = f"{packages[0].name}.zip"

    def write(folder: Path) -> None:
        with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
                entry.create_system = UNIX
                entry.external_attr = READABLE_FILE
                entry.compress_type = zipfile.ZIP_DEFLATED
                out.writestr(entry, files[name].read_bytes())

    try:
        return cache.once(cache.folder("functions") / _digest(archive, files), write) / archive
    except (OSError, RuntimeError):  # there can be no cache
        folder = Path(tempfile.mkdtemp(prefix="function-archive-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        write(folder)
        return folder / archive


def _digest(archive: str, files: dict[str, Path]) -> str:
    digest = hashlib.sha256(f"{FORMAT}\n{archive}\n".encode())
    for name in sorted(files):
        digest.update(f"{name}\n".encode() + _sha256(files[name]))
    return digest.hexdigest()


@functools.cache  # the functions of an app have their libraries in common
def _sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@functools.cache  # copies of a function have their archive in common
def sha256(archive: Path) -> bytes:
    return hashlib.sha256(archive.read_bytes()).digest()


def _collect(files: dict[str, Path], folder: Path, prefix: str) -> None:
    if not folder.is_dir():
        raise ConfigurationError(
            f"function code: {folder} is not a folder; run `make setup` if it should hold the vendored libraries"
        )
    for inside, path in _files(folder):
        name = "/".join(filter(None, [prefix, inside]))
        if name in files:
            raise ConfigurationError(f"function code: {name} comes from both {files[name]} and {path}")
        files[name] = path


@functools.cache
def _files(folder: Path) -> tuple[tuple[str, Path], ...]:
    """What goes into an archive, by its name below the folder."""
    return tuple(_walk(folder))


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFTOVER_FOLDERS]
        for name in names:
            path = Path(parent, name)
            if name not in LEFTOVER_FILES and path.suffix not in LEFTOVER_SUFFIXES and path.is_file():
                yield path.relative_to(folder).as_posix(), path
