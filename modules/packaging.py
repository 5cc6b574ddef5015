"""Function archives with the same bytes on every machine.

Names are sorted, times and modes are fixed, and compiled leftovers stay out, so that a rebuild from the same sources
is the same archive and `terraform plan` is empty.
"""

import atexit
import functools
import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import ConfigurationError

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16
UNIX = 3

# What Python and pip leave behind and a function does not need; RECORD and the like differ from one pip to the next.
LEFTOVER_FOLDERS = {"__pycache__", "bin"}
LEFTOVER_FILES = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", ".installed", ".DS_Store"}
LEFTOVER_SUFFIXES = {".pyc", ".pyo", ".pyi"}


def build_archive(packages: Sequence[Path], libraries: Path | None = None) -> Path:
    """Write a function archive and return its path, valid until this process ends.

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
    folder = Path(tempfile.mkdtemp(prefix="function-archive-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    archive = folder / f"{packages[0].name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            entry.create_system = UNIX
            entry.external_attr = READABLE_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name].read_bytes())
    return archive


def sha256(archive: Path) -> bytes:
    return hashlib.sha256(archive.read_bytes()).digest()


def _collect(files: dict[str, Path], folder: Path, prefix: str) -> None:
    if not folder.is_dir():
        raise ConfigurationError(
            f"function code: {folder} is not a folder; run `make setup` if it should hold the vendored libraries"
        )
    for path in _files(folder):
        name = "/".join(filter(None, [prefix, path.relative_to(folder).as_posix()]))
        if name in files:
            raise ConfigurationError(f"function code: {name} comes from both {files[name]} and {path}")
        files[name] = path


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if (
            path.is_file()
            and not LEFTOVER_FOLDERS & set(inside.parts[:-1])
            and path.name not in LEFTOVER_FILES
            and path.suffix not in LEFTOVER_SUFFIXES
        ):
            yield path
