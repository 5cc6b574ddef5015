"""Packages of the synth environment in function archives: `PythonFunction(installed=[...])`."""

import importlib
import io
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from modules import ConfigurationError
from modules._packaging import Installed, build_archive, forget_files
from sluice_cli.watching.sources import RecordedSource


class Environment:
    """Installed distributions, as pip leaves them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(
        self,
        name: str,
        files: Mapping[str, str],
        *,
        requires: Sequence[str] = (),
        python: str = ">=3.9",
        wheel: str = "Root-Is-Purelib: true\nTag: py3-none-any\n",
        url: str = "",
    ) -> None:
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: {python}\n{needs}"
        own = {
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": wheel,
            f"{info}/INSTALLER": "pip",
            **({f"{info}/direct_url.json": url} if url else {}),
        }
        for inside, text in {**files, **own}.items():
            path = self.folder / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        listed = [*files, *own, f"{info}/RECORD", f"{name}/__pycache__/x.cpython-313.pyc", "../../../bin/tool"]
        (self.folder / info / "RECORD").write_text("".join(f"{one},,\n" for one in listed))
        importlib.invalidate_caches()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "handler.py").write_text("")
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return Environment(tmp_path / "site")


def packed(
    environment: Environment, *names: str, runtime: str = "python3.13", libraries: Path | None = None
) -> list[str]:
    installed = Installed(names, runtime, "x86_64")
    archive = build_archive([environment.folder.parent / "worker"], libraries, installed=installed)
    with zipfile.ZipFile(archive) as opened:
        return [name for name in opened.namelist() if not name.startswith("worker/")]


def test_a_package_is_packed_with_what_it_requires_and_without_what_pip_and_python_left(
    environment: Environment,
) -> None:
    environment.install("kit", {"kit/__init__.py": "", "kit/data/words.txt": "a"}, requires=["Tool-Box>=1"])
    environment.install("tool_box", {"tool_box.py": ""}, requires=["kit", "boto3"])
    assert packed(environment, "kit") == [
        "kit-1.0.dist-info/METADATA",
        "kit/__init__.py",
        "kit/data/words.txt",
        "tool_box-1.0.dist-info/METADATA",
        "tool_box.py",
    ]


def test_requirements_are_those_of_the_functions_runtime_and_of_named_extras(environment: Environment) -> None:
    environment.install(
        "kit",
        {"kit.py": ""},
        requires=[
            'old; python_version < "3.12"',
            'windows; sys_platform == "win32"',
            'more; extra == "full"',
            'other; extra == "never"',
        ],
    )
    for name in ("old", "more"):
        environment.install(name, {f"{name}.py": ""})
    modules = {name for name in packed(environment, "kit") if name.endswith(".py")}
    assert modules == {"kit.py"}
    modules = {name for name in packed(environment, "kit[full]", runtime="python3.11") if name.endswith(".py")}
    assert modules == {"kit.py", "more.py", "old.py"}


def test_what_libraries_bring_already_is_not_packed_twice(environment: Environment, tmp_path: Path) -> None:
    environment.install("kit", {"kit.py": ""}, requires=["tool-box"])
    environment.install("tool-box", {"tool_box.py": "ours"})
    locked = tmp_path / "libraries"
    (locked / "tool_box-2.0.dist-info").mkdir(parents=True)
    (locked / "tool_box.py").write_text("locked")
    assert packed(environment, "kit", libraries=locked) == ["kit-1.0.dist-info/METADATA", "kit.py", "tool_box.py"]


def test_an_editable_package_is_packed_from_its_folder_which_is_watched(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source" / "kit_words").mkdir(parents=True)
    (tmp_path / "source" / "kit_words" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "source"))
    url = json.dumps({"url": f"file://{tmp_path}/source", "dir_info": {"editable": True}})
    environment.install("kit-words", {"_kit_words.pth": str(tmp_path / "source")}, url=url)
    assert packed(environment, "kit-words") == ["kit_words/__init__.py"]
    installed = Installed(("kit-words",), "python3.13", "x86_64")
    assert installed.editable_folders() == [tmp_path / "source" / "kit_words"]
    (tmp_path / "source" / "kit_words" / "more.py").write_text("")
    forget_files()
    assert [name for name, _ in installed.files(None)] == ["kit_words/__init__.py", "kit_words/more.py"]


def test_a_watched_function_gets_changes_of_an_editable_package(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = tmp_path / "source" / "kit_watched"
    kit.mkdir(parents=True)
    (kit / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "source"))
    monkeypatch.setenv("SLUICE_ARCHIVE_SOURCES", str(tmp_path / "records"))
    url = json.dumps({"url": f"file://{tmp_path}/source", "dir_info": {"editable": True}})
    environment.install("kit-watched", {"_kit.pth": ""}, url=url, requires=["plain"])
    environment.install("plain", {"plain.py": ""})
    archive = build_archive([tmp_path / "worker"], installed=Installed(("kit-watched",), "python3.13", "x86_64"))

    source = RecordedSource(json.loads((tmp_path / "records").read_text()))
    assert source.folders() == [tmp_path / "worker", kit]
    assert source.build() == archive.read_bytes()
    (kit / "more.py").write_text("")
    assert source.holds(kit / "more.py")
    with zipfile.ZipFile(io.BytesIO(source.build())) as opened:
        assert "kit_watched/more.py" in opened.namelist()


def test_the_same_packages_give_the_same_bytes_in_any_environment(environment: Environment, tmp_path: Path) -> None:
    environment.install("kit", {"kit/__init__.py": "", "kit/run.sh": ""})
    before = build_archive([tmp_path / "worker"], installed=Installed(("kit",), "python3.13", "x86_64")).read_bytes()
    (environment.folder / "kit" / "run.sh").chmod(0o755)
    (environment.folder / "kit-1.0.dist-info" / "INSTALLER").write_text("uv")
    (environment.folder / "kit-1.0.dist-info" / "WHEEL").write_text("Generator: another\n")
    again = Installed(("kit",), "python3.14", "x86_64")  # another key of this process's cache
    assert build_archive([tmp_path / "worker"], installed=again).read_bytes() == before


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (
            ["no-such-kit"],
            f"installed has 'no-such-kit', which is not installed for {sys.executable}: "
            "`python -m pip install no-such-kit`",
        ),
        (
            ["needy"],
            f"installed: needy needs 'not-there', which is not installed for {sys.executable}: "
            "`python -m pip install not-there`",
        ),
        (
            ["compiled"],
            "installed has compiled, which has compiled parts (compiled/_core.cpython-311-x86_64-linux-gnu.so): this "
            "machine's may not run on Lambda; lock it in a file for `dependencies`, whose wheels are fetched for the "
            "function's runtime",
        ),
        (
            ["platform"],
            "installed has platform, which has compiled parts (its wheel is for one platform only): this machine's may "
            "not run on Lambda; lock it in a file for `dependencies`, whose wheels are fetched for the function's "
            "runtime",
        ),
        (["newer"], "installed has newer, which needs Python >=3.14; the function's runtime has 3.13.0"),
        (
            ["./kit"],
            "installed has './kit'; give names of installed packages as pip lists them, such as 'sluice-functions'",
        ),
        ([""], "installed has ''; give names of installed packages as pip lists them, such as 'sluice-functions'"),
    ],
)
def test_what_cannot_be_packed_is_refused_in_words(environment: Environment, names: list[str], reason: str) -> None:
    environment.install("needy", {"needy.py": ""}, requires=["not-there"])
    environment.install("compiled", {"compiled/_core.cpython-311-x86_64-linux-gnu.so": ""})
    environment.install("platform", {"platform.py": ""}, wheel="Root-Is-Purelib: false\nTag: cp311-cp311-linux\n")
    environment.install("newer", {"newer.py": ""}, python=">=3.14")
    with pytest.raises(ConfigurationError) as refused:
        packed(environment, *names)
    assert str(refused.value) == reason


def test_a_broken_installation_is_refused(environment: Environment) -> None:
    environment.install("kit", {"kit.py": ""})
    (environment.folder / "kit.py").unlink()
    with pytest.raises(ConfigurationError, match=r"installed has kit, but .*kit\.py is not there: install it again"):
        packed(environment, "kit")
