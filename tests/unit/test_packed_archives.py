"""Archives written again by `sluice watch` have the bytes that synth gives them."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest

from modules._packaging import archive_files, build_archive, forget_files, write_archive
from modules._packaging.packed import Packed
from modules._packaging.record import VARIABLE


def rewritten(package: Path, libraries: Path, packed: dict[str, Packed]) -> bytes:
    forget_files()
    out = io.BytesIO()
    write_archive(out, archive_files([package], libraries), packed)
    return out.getvalue()


def built(folder: Path, package: Path, libraries: Path) -> bytes:
    """As a synth of its own would: nothing is remembered of earlier ones."""
    shutil.copytree(package, folder / package.name)
    shutil.copytree(libraries, folder / "libraries")
    return build_archive([folder / package.name], folder / "libraries").read_bytes()


def test_what_is_packed_again_has_the_same_bytes_and_compresses_changed_files_only(tmp_path: Path) -> None:
    package, libraries = tmp_path / "function", tmp_path / "libraries"
    package.mkdir()
    libraries.mkdir()
    (package / "handler.py").write_text("def handle(event, context):\n    return 1\n" * 50)
    (package / "empty.py").write_text("")
    (package / "größe.txt").write_bytes(bytes(range(256)) * 10)
    script = package / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (libraries / "library.py").write_text("LIBRARY = True\n")
    packed: dict[str, Packed] = {}
    assert rewritten(package, libraries, packed) == built(tmp_path / "first", package, libraries)
    before = dict(packed)

    (package / "handler.py").write_text("def handle(event, context):\n    return 2\n")
    (package / "empty.py").unlink()
    (package / "new.py").write_text("NEW = 1\n")
    assert rewritten(package, libraries, packed) == built(tmp_path / "second", package, libraries)
    changed = {name for name in packed if packed[name] is not before.get(name)}
    assert changed == {"function/handler.py", "function/new.py"}


def test_sources_of_archives_are_recorded_where_a_file_is_named_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "function"
    package.mkdir()
    (package / "handler.py").write_text("VALUE = 1\n")
    build_archive([package])
    monkeypatch.setenv(VARIABLE, str(tmp_path / "sources"))
    archive = build_archive([package], exclude=["*.md"])
    assert [json.loads(line) for line in (tmp_path / "sources").read_text().splitlines()] == [
        {
            "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
            "name": "function.zip",
            "packages": [str(package)],
            "libraries": None,
            "exclude": ["*.md"],
            "installed": None,
            "builder": "modules._packaging",
        }
    ]
