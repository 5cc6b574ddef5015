"""Finds the sources of a function's archive, and builds the archive again.

The module classes record the sources of their archives at synth (`SLUICE_ARCHIVE_SOURCES`); these archives are rebuilt
with the same bytes as at synth. For any other archive, the source is the project folder that contains exactly the
archive's files, or a file equal to the archive (made by the project's own build).
"""

import importlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

VARIABLE = "SLUICE_ARCHIVE_SOURCES"  # modules/_packaging/record.py

# Folders that hold no sources.
IGNORED = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", ".sluice", ".tools", "__pycache__", ".terraform"),
        *(
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            ".tox",
            ".nox",
            ".idea",
            ".vscode",
            "cdktf.out",
        ),
    }
)


class Source(Protocol):
    """The files from which an archive is built."""

    def holds(self, path: Path) -> bool:
        """Whether a file is part of the source."""

    def folders(self) -> list[Path]:
        """The folders to watch for changes."""

    def inputs(self) -> object:
        """A value that is equal for equal sources."""

    def build(self) -> bytes:
        """The archive of the current files. Raises `ValueError` and `OSError` if it cannot be built."""


@dataclass
class RecordedSource:
    """The packages and libraries that a module class builds an archive from."""

    record: Mapping[str, Any]
    _packed: dict[str, Any] = field(default_factory=dict)

    def holds(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self.folders())

    def folders(self) -> list[Path]:
        given = [Path(one) for one in (*self.record["packages"], *filter(None, [self.record["libraries"]]))]
        return [*given, *self._editable]

    def inputs(self) -> object:
        return {name: self.record.get(name) for name in ("packages", "libraries", "exclude", "installed", "builder")}

    def build(self) -> bytes:
        packaging = importlib.import_module(str(self.record["builder"]))
        packaging.forget_files()
        installed = self._installed()
        files = packaging.archive_files(
            [Path(one) for one in self.record["packages"]],
            self._libraries,
            self.record["exclude"],
            **({"installed": installed} if installed else {}),
        )
        out = io.BytesIO()
        packaging.write_archive(out, files, self._packed)
        return out.getvalue()

    @property
    def _libraries(self) -> Path | None:
        return Path(self.record["libraries"]) if self.record["libraries"] else None

    @cached_property
    def _editable(self) -> list[Path]:
        installed = self._installed()
        return list(installed.editable_folders()) if installed else []

    def _installed(self) -> Any:
        given = self.record.get("installed")
        if not given:
            return None
        names, runtime, architecture = given
        return importlib.import_module(str(self.record["builder"])).Installed(tuple(names), runtime, architecture)


@dataclass
class FolderSource:
    """A folder whose files are the archive's files."""

    folder: Path

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)

    def folders(self) -> list[Path]:
        return [self.folder]

    def inputs(self) -> object:
        return self.folder

    def build(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in sorted(_files(self.folder)):
                archive.write(self.folder / name, name)
        return out.getvalue()


@dataclass
class FileSource:
    """An archive that the project builds itself."""

    file: Path

    def holds(self, path: Path) -> bool:
        return path == self.file

    def folders(self) -> list[Path]:
        return [self.file.parent]

    def inputs(self) -> object:
        return self.file

    def build(self) -> bytes:
        content = self.file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:  # fails while the file is incomplete
            archive.namelist()
        return content


class SourceFinder:
    """Finds the sources of a project's archives."""

    def __init__(self, project: Path, records: Path) -> None:
        self._project, self._records = project, records
        self._index: dict[str, list[Path]] | None = None

    def find(self, archive: Path, digest: str) -> Source | None:
        """The source of an archive; None if no folder or file of the project has exactly its content."""
        for record in self._recorded():
            if record["sha256"] == digest and _is_there(record["builder"]):
                return RecordedSource(record)
        try:
            with zipfile.ZipFile(archive) as opened:
                entries = {one.filename: (one.CRC, one.file_size) for one in opened.infolist() if not one.is_dir()}
        except (OSError, zipfile.BadZipFile):
            return None
        return self._built_file(archive) or self._folder(entries)

    def _recorded(self) -> list[dict[str, Any]]:
        try:
            lines = self._records.read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return [json.loads(line) for line in reversed(lines) if line.strip()]

    def _built_file(self, archive: Path) -> FileSource | None:
        content = archive.read_bytes()
        for path in self._named(archive.name):
            if path.stat().st_size == len(content) and path.read_bytes() == content:
                return FileSource(path)
        return None

    def _folder(self, entries: Mapping[str, tuple[int, int]]) -> FolderSource | None:
        if not entries:
            return None
        # Search for the file name that is rarest in the project.
        rarest = min(entries, key=lambda name: (len(self._named(Path(name).name)), name))
        depth = len(Path(rarest).parts)
        for path in self._named(Path(rarest).name):
            if len(path.parts) <= depth or path.parts[-depth:] != Path(rarest).parts:
                continue
            folder = path.parents[depth - 1]
            if set(_files(folder)) == set(entries) and all(
                (zlib.crc32(content := (folder / name).read_bytes()), len(content)) == known
                for name, known in entries.items()
            ):
                return FolderSource(folder)
        return None

    def _named(self, name: str) -> list[Path]:
        if self._index is None:
            self._index = {}
            for parent, folders, names in os.walk(self._project):
                folders[:] = [one for one in folders if one not in IGNORED]
                for one in names:
                    self._index.setdefault(one, []).append(Path(parent, one))
        return self._index.get(name, [])


def _files(folder: Path) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name).relative_to(folder).as_posix()


def _is_there(builder: str) -> bool:
    """Whether this process can import the module that built the archive; the app may run in another environment."""
    try:
        return all(hasattr(importlib.import_module(builder), one) for one in ("archive_files", "forget_files"))
    except ImportError:
        return False
