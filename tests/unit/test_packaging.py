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

# Loads packaging.py alone: the rest of `modules` starts Node, which is not needed here.
BUILD = f"""
import hashlib, os, sys, types
from pathlib import Path
modules = types.ModuleType("modules")
modules.__path__ = [{str(ROOT / "modules")!r}]
sys.modules["modules"] = modules
from modules._framework import install
install()
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


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of these tests' own, without archives of other versions of the code."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


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
    # The same files, created in another order.
    two = write(tmp_path / "deeper" / "two", dict(reversed(SOURCES.items())))
    here = built(one, zone="UTC", umask="022", time=1_000_000_000, mode=0o600)
    there = built(two, zone="FAR-14", umask="077", time=1_700_000_001, mode=0o666)
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
    ["__pycache__/handler.cpython-313.pyc", "deep/__pycache__/notes.txt", "handler.pyc", "handler.pyo", ".DS_Store"],
)
def test_caches_stay_out_without_a_word(tmp_path: Path, leftover: str, recwarn: pytest.WarningsRecorder) -> None:
    write(tmp_path, {"worker/handler.py": "", f"worker/{leftover}": "left behind"})
    assert names(build_archive([tmp_path / "worker"])) == ["worker/handler.py"]
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize(
    "leftover",
    [
        "bin/jp.py",
        "library/__init__.pyi",
        "library-1.0.dist-info/RECORD",
        "library-1.0.dist-info/INSTALLER",
        "library-1.0.dist-info/REQUESTED",
        "library-1.0.dist-info/WHEEL",
        "library-1.0.dist-info/direct_url.json",
    ],
)
def test_pips_leftovers_are_dropped_from_libraries_and_kept_in_own_code(tmp_path: Path, leftover: str) -> None:
    write(tmp_path, {"worker/handler.py": "", f"worker/{leftover}": "own", f"libraries/{leftover}": "pip's"})
    assert names(build_archive([tmp_path / "worker"], tmp_path / "libraries")) == sorted(
        [f"worker/{leftover}", "worker/handler.py"]
    )


def test_a_folder_bin_inside_a_library_stays(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": "", "libraries/library/bin/tool": ""})
    assert "library/bin/tool" in names(build_archive([tmp_path / "worker"], tmp_path / "libraries"))


@pytest.mark.parametrize(
    "private",
    [
        *(".env", ".env.local", ".git/config", ".venv/lib/a.py", "deep/tests/test_a.py", "mine/pyvenv.cfg"),
        *(".netrc", ".aws/credentials", "terraform.tfstate", ".terraform/x", "cdktf.out/x", ".hg/x", ".tox/x"),
    ],
)
def test_secrets_history_environments_and_tests_stay_out_with_a_warning_unless_asked_for(
    tmp_path: Path, private: str
) -> None:
    write(tmp_path, {"worker/handler.py": "", f"worker/{private}": "private"})
    with pytest.warns(UserWarning, match=r"^function code: left out of worker: .+; exclude=\['!.+'\] packs what you"):
        assert names(build_archive([tmp_path / "worker"])) == ["worker/handler.py"]
    for pattern in {part for part in private.split("/") if part in (".env", ".env.local", ".git", ".venv", "tests")}:
        assert f"worker/{private}" in names(build_archive([tmp_path / "worker"], exclude=[f"!{pattern}"]))


def test_patterns_leave_files_out_by_name_path_and_folder_and_the_last_one_decides(tmp_path: Path) -> None:
    files = ["handler.py", "a.md", "docs/a.txt", "docs/keep/b.txt", "deep/docs/c.txt", "data/d.csv", "data/e.csv"]
    write(tmp_path, {f"worker/{file}": "" for file in files})
    exclude = ["*.md", "docs/*.txt", "*.csv", "!data/e.csv"]
    with pytest.warns(UserWarning, match="left out of worker: a.md, data/d.csv, docs/a.txt, docs/keep/b.txt;"):
        made = build_archive([tmp_path / "worker"], exclude=exclude)
    assert names(made) == ["worker/data/e.csv", "worker/deep/docs/c.txt", "worker/handler.py"]


def test_executables_stay_executable(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": "", "worker/bin/tool": "#!/bin/sh\n"})
    (tmp_path / "worker" / "bin" / "tool").chmod(0o700)
    with zipfile.ZipFile(build_archive([tmp_path / "worker"])) as opened:
        assert {one.filename: one.external_attr >> 16 for one in opened.infolist()} == {
            "worker/bin/tool": 0o100755,
            "worker/handler.py": 0o100644,
        }


def test_links_are_packed_as_their_targets(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": "", "common/deep/shared.py": "SHARED = 1\n"})
    (tmp_path / "worker" / "common").symlink_to(tmp_path / "common")
    (tmp_path / "worker" / "one.py").symlink_to(tmp_path / "common" / "deep" / "shared.py")
    archive = build_archive([tmp_path / "worker"])
    assert names(archive) == ["worker/common/deep/shared.py", "worker/handler.py", "worker/one.py"]
    with zipfile.ZipFile(archive) as opened:
        assert opened.read("worker/one.py") == opened.read("worker/common/deep/shared.py") == b"SHARED = 1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not store such names")
def test_a_file_whose_name_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": ""})
    (tmp_path / "worker" / os.fsdecode(b"caf\xe9.txt")).touch()
    with pytest.raises(ConfigurationError, match=r"^function code: the name of '.*/worker/caf.*\.txt' is not UTF-8"):
        build_archive([tmp_path / "worker"])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/mem is a file that nobody can read from its beginning")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"worker/handler.py": ""})
    (tmp_path / "worker" / "secret").symlink_to("/proc/self/mem")
    with pytest.raises(ConfigurationError, match=r"^function code: .*/worker/secret cannot be read: .*; leave it out"):
        build_archive([tmp_path / "worker"])


@pytest.mark.parametrize(
    ("target", "message"), [("nowhere", "cannot be read: No such file"), (".", "links to a folder that it is in")]
)
def test_links_to_nothing_and_in_circles_are_refused(tmp_path: Path, target: str, message: str) -> None:
    write(tmp_path, {"worker/handler.py": ""})
    (tmp_path / "worker" / "link").symlink_to(target)
    with pytest.raises(ConfigurationError, match=rf"^function code: .*/worker/link {message}"):
        build_archive([tmp_path / "worker"])


def test_code_beyond_lambdas_size_limits_is_refused_zipped_and_unzipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"worker/handler.py": "", "other/handler.py": ""})
    (tmp_path / "worker" / "random").write_bytes(os.urandom(2 * 1024 * 1024))
    (tmp_path / "other" / "zeros").write_bytes(bytes(8 * 1024 * 1024))
    monkeypatch.setattr("modules._packaging.archive.ZIPPED_BYTES", 1024 * 1024)
    monkeypatch.setattr("modules._packaging.archive.UNZIPPED_BYTES", 7 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match=r"worker\.zip has 2 MB zipped, Lambda takes 1 MB; .*`layers`"):
        build_archive([tmp_path / "worker"])
    with pytest.raises(ConfigurationError, match=r"other\.zip has 8 MB unzipped, Lambda takes 7 MB; "):
        build_archive([tmp_path / "other"])


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^function code: .*/missing is not a folder$"):
        build_archive([tmp_path / "missing"])


def test_a_file_that_only_sounds_like_a_leftover_stays(tmp_path: Path) -> None:
    write(tmp_path, {"worker/bin.py": "", "worker/record.py": "", "worker/pycache/a.py": ""})
    assert names(build_archive([tmp_path / "worker"])) == ["worker/bin.py", "worker/pycache/a.py", "worker/record.py"]


def test_missing_libraries_are_named(tmp_path: Path) -> None:
    write(tmp_path, SOURCES)
    with pytest.raises(ConfigurationError, match=r"^function code: .*/none is not a folder$"):
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
