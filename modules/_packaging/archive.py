"""Function archives with the same bytes on every machine.

Names are sorted, times are fixed, modes are two (executable or not), and compiled leftovers stay out, so that
a rebuild from the same sources is the same archive and `terraform plan` is empty. An archive is kept in the cache
folder of the user under the hash of what goes into it: unchanged sources are read, never packed again.
"""

import atexit
import functools
import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from .._limits import UNZIPPED_BYTES, ZIPPED_BYTES
from .._synth import cache
from ..errors import ConfigurationError
from .installed import Installed
from .packed import Packed, append, pack
from .record import record_sources
from .sources import SourceFile, library_files, own_files, unreadable

FORMAT = "2"  # part of the cache key: increment it when the same files should give other archives

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FILE = 0o100644 << 16
EXECUTABLE = 0o100755 << 16
UNIX = 3
MB = 1024 * 1024


def build_archive(
    packages: Sequence[Path],
    libraries: Path | None = None,
    *,
    exclude: Sequence[str] = (),
    installed: Installed | None = None,
) -> Path:
    """Write a function archive and return its path, which is good at least until this process ends.

    `packages` are folders that keep their own name at the archive's root (`lambda/object_tracker` is imported as
    `object_tracker`), without what `exclude` names; `libraries` is a folder whose content goes to the root, and
    `installed` are packages of this environment. Raises `ConfigurationError` when a folder is missing, two of them
    bring the same file, or Lambda would refuse the size.
    """
    resolved = tuple(path.resolve() for path in packages)
    own = libraries.resolve() if libraries else None
    archive = _build(resolved, own, tuple(exclude), installed)
    record_sources(archive, sha256(archive), resolved, own, exclude, installed)
    return archive


def packed_files(package: Path, exclude: Sequence[str] = ()) -> frozenset[str]:
    """The names of a package's files in the archive, relative to the package."""
    return frozenset(name for name, _ in own_files(_folder(package.resolve()), tuple(exclude)))


@functools.cache
def _build(
    packages: tuple[Path, ...], libraries: Path | None, exclude: tuple[str, ...], installed: Installed | None
) -> Path:
    files = archive_files(packages, libraries, exclude, installed)
    archive = f"{packages[0].name}.zip"
    _check_size(archive, "unzipped", sum(source.path.stat().st_size for source in files.values()), UNZIPPED_BYTES)

    def write(folder: Path) -> None:
        with (folder / archive).open("wb") as out:
            write_archive(out, files)

    made = _keep(_digest(archive, files), write) / archive
    _check_size(archive, "zipped", made.stat().st_size, ZIPPED_BYTES)
    return made


def archive_files(
    packages: Sequence[Path],
    libraries: Path | None = None,
    exclude: Sequence[str] = (),
    installed: Installed | None = None,
) -> dict[str, SourceFile]:
    """The files of an archive by their names in it. Raises `ConfigurationError` as `build_archive` does."""
    files: dict[str, SourceFile] = {}
    for package in packages:
        _collect(files, own_files(_folder(package), tuple(exclude)), f"{package.name}/")
    if libraries is not None:
        _collect(files, library_files(_folder(libraries)), "")
    if installed is not None:
        _collect(files, installed.files(libraries), "")
    return files


def write_archive(out: IO[bytes], files: Mapping[str, SourceFile], packed: dict[str, Packed] | None = None) -> None:
    """Write an archive. `packed` keeps what was compressed, from one writing to the next: an unchanged file is not
    compressed again."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            entry.create_system = UNIX
            entry.external_attr = EXECUTABLE if files[name].executable else FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            if packed is None:
                archive.writestr(entry, files[name].path.read_bytes())
            else:
                packed[name] = pack(files[name].path, packed.get(name))
                append(archive, entry, packed[name])


def _keep(digest: str, write: Callable[[Path], None]) -> Path:
    try:
        return cache.once(cache.folder("functions") / digest, write)
    except (OSError, RuntimeError):  # the cache folder cannot be used
        folder = Path(tempfile.mkdtemp(prefix="function-archive-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        write(folder)
        return folder


def _check_size(archive: str, state: str, size: int, most: int) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    if size > most:
        raise ConfigurationError(
            f"function code: {archive} has {size / MB:.0f} MB {state}, Lambda takes {most // MB} MB; leave files out "
            "(`exclude`), or move libraries to a layer (`layers`)"
        )


def _digest(archive: str, files: Mapping[str, SourceFile]) -> str:
    digest = hashlib.sha256(f"{FORMAT}\n{archive}\n".encode())
    for name in sorted(files):
        digest.update(f"{name}\n{files[name].executable}\n".encode() + _sha256(files[name].path))
    return digest.hexdigest()


@functools.cache  # functions of an app often share their libraries
def _sha256(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        raise unreadable(path, error) from error


@functools.cache  # copies of a function share their archive
def sha256(archive: Path) -> bytes:
    return hashlib.sha256(archive.read_bytes()).digest()


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ConfigurationError(f"function code: {path} is not a folder")
    return path


def _collect(files: dict[str, SourceFile], found: Iterable[tuple[str, SourceFile]], prefix: str) -> None:
    for inside, source in found:
        name = prefix + inside
        if name in files:
            raise ConfigurationError(f"function code: {name} comes from both {files[name].path} and {source.path}")
        files[name] = source
