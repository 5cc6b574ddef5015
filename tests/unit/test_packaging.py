import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from modules import ConfigurationError
from modules._packaging import build_archive, sha256

ROOT = Path(__file__).parents[2]

# Only packaging.py is read: the rest of `modules` starts Node, which no build of an archive needs.
BUILD = f"""
import hashlib, os, sys, types
from pathlib import Path
modules = types.ModuleType("modules")
modules.__path__ = [{str(ROOT / "modules")!r}]
sys.modules["modules"] = modules
from modules._packaging import build_archive
os.umask(int(sys.argv[1], 8))
archive = build_archive([Path("worker"), Path("shared")], Path("libraries"))
print(hashlib.sha256(archive.read_bytes()).hexdigest())
"""

SOURCES = {
    "worker/handler.py": "def handle(event, context): ...\n",
    "worker/data/schema.json": "{}",
    "shared/aws.py": "REGION = 'us-east-1'\n",
    "libraries/library/__init__.py": "",
    "libraries/library-1.0.dist-info/METADATA": "Name: library\n",
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_an_archive_has_the_same_bytes_in_any_folder_time_zone_umask_time_and_mode(tmp_path: Path) -> None:
    def built(folder: Path, *, zone: str, umask: str, time: int, mode: int) -> str:
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(mode)
                os.utime(path, (time, time))
        return subprocess.run(
            [sys.executable, "-c", BUILD, umask],
            cwd=folder,
            env={"TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    one = write(tmp_path / "one", SOURCES)
    # The same files, made in another order.
    two = write(tmp_path / "deeper" / "two", dict(reversed(SOURCES.items())))
    here = built(one, zone="UTC", umask="022", time=1_000_000_000, mode=0o644)
    there = built(two, zone="FAR-14", umask="077", time=1_700_000_001, mode=0o755)
    assert here == there
    assert len(here.strip()) == 64


def test_packages_keep_their_name_and_libraries_go_to_the_root(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    archive = build_archive([tmp_path / "worker", tmp_path / "shared"], tmp_path / "libraries")
    assert archive.name == "worker.zip"
    assert names(archive) == [
        "library-1.0.dist-info/METADATA",
        "library/__init__.py",
        "shared/aws.py",
        "worker/data/schema.json",
        "worker/handler.py",
    ]


def test_every_entry_is_a_readable_file_of_one_time(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    with zipfile.ZipFile(build_archive([tmp_path / "worker"])) as opened:
        assert {(one.date_time, one.external_attr >> 16, one.create_system) for one in opened.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
        }
        assert opened.read("worker/handler.py") == SOURCES["worker/handler.py"].encode()


@pytest.mark.parametrize(
    "leftover",
    [
        "__pycache__/handler.cpython-313.pyc",
        "__pycache__/notes.txt",
        "deep/__pycache__/handler.cpython-313.pyc",
        "handler.pyc",
        "handler.pyo",
        "handler.pyi",
        "bin/jp.py",
        "library-1.0.dist-info/RECORD",
        "library-1.0.dist-info/INSTALLER",
        "library-1.0.dist-info/REQUESTED",
        "library-1.0.dist-info/WHEEL",
        "library-1.0.dist-info/direct_url.json",
        ".DS_Store",
    ],
)
def test_what_python_and_pip_leave_behind_stays_out(tmp_path: Path, leftover: str) -> None:
    write(tmp_path, {"worker/handler.py": "", f"worker/{leftover}": "left behind"})
    assert names(build_archive([tmp_path / "worker"])) == ["worker/handler.py"]


def test_a_file_that_only_sounds_like_a_leftover_stays(tmp_path: Path) -> None:
    write(tmp_path, {"worker/bin.py": "", "worker/record.py": "", "worker/pycache/a.py": ""})
    assert names(build_archive([tmp_path / "worker"])) == ["worker/bin.py", "worker/pycache/a.py", "worker/record.py"]


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^function code: .*/missing is not a folder; run `make setup` if it should hold the vendored libraries$",
    ):
        build_archive([tmp_path / "missing"])


def test_missing_libraries_are_named(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    with pytest.raises(ConfigurationError, match=r"^function code: .*/none is not a folder; run `make setup`"):
        build_archive([tmp_path / "worker"], tmp_path / "none")


def test_a_file_that_comes_twice_is_named_with_both_its_sources(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": "1", "libraries/worker/handler.py": "2"})
    with pytest.raises(
        ConfigurationError,
        match=r"^function code: worker/handler\.py comes from both "
        r".*/worker/handler\.py and .*/libraries/worker/handler\.py$",
    ):
        build_archive([tmp_path / "worker"], tmp_path / "libraries")


def test_the_hash_is_sha256_of_the_archive(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    archive = build_archive([tmp_path / "worker"])
    assert sha256(archive) == hashlib.sha256(archive.read_bytes()).digest()
