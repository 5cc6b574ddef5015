"""Libraries from lock files, installed by the real pip from a folder of generated wheels, without a network."""

import hashlib
import platform
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from modules import ConfigurationError, Dependencies
from modules._packaging import build_archive, build_libraries, libraries, sha256
from tests.support.own_modules import write_modules_like_pythons

WHEELS = {
    "plain": ["py3-none-any"],
    "native": [
        f"cp{version}-cp{version}-manylinux_2_28_{machine}"
        for version in (312, 313, 314)
        for machine in ("x86_64", "aarch64")
    ],
    "stable": ["cp311-abi3-manylinux2014_x86_64", "cp311-abi3-manylinux2014_aarch64"],
    "future": ["cp313-cp313-manylinux_2_39_x86_64"],  # newer than Amazon Linux 2023
}


def wheel(folder: Path, name: str, tag: str) -> str:
    path = folder / f"{name}-1.0-{tag}.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(f"{name}/__init__.py", "")
        out.writestr(f"{name}/tag.txt", tag)
        out.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        out.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        out.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        out.writestr(f"{info}/RECORD", "")
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("wheels")
    hashes = {name: " ".join(wheel(folder, name, tag) for tag in tags) for name, tags in WHEELS.items()}
    return {**hashes, "": str(folder)}


@pytest.fixture(autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("project")
    write_modules_like_pythons(folder)
    monkeypatch.chdir(folder)


@pytest.fixture(autouse=True)
def offline(index: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", index[""])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    libraries._build.cache_clear()
    yield
    libraries._build.cache_clear()


def lock(folder: Path, index: dict[str, str], *names: str) -> Dependencies:
    path = folder / "requirements.txt"
    path.write_text("".join(f"{name}==1.0 {index[name]}\n" for name in names))
    return Dependencies(path)


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13", "python3.14"])
@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_wheels_are_those_of_the_runtime_and_the_architecture(
    tmp_path: Path, index: dict[str, str], runtime: str, architecture: str, machine: str
) -> None:
    made = build_libraries(
        lock(tmp_path, index, "plain", "native", "stable"), runtime=runtime, architecture=architecture
    )
    version = runtime.removeprefix("python").replace(".", "")
    assert {name: (made / name / "tag.txt").read_text() for name in ("plain", "native", "stable")} == {
        "plain": "py3-none-any",
        "native": f"cp{version}-cp{version}-manylinux_2_28_{machine}",
        "stable": f"cp311-abi3-manylinux2014_{machine}",
    }


@pytest.mark.parametrize(
    ("name", "runtime", "architecture"),
    [("future", "python3.13", "x86_64"), ("native", "python3.11", "x86_64")],  # Amazon Linux 2 has glibc 2.26
)
def test_a_library_without_a_wheel_for_the_runtime_is_refused_by_name(
    tmp_path: Path, index: dict[str, str], name: str, runtime: str, architecture: str
) -> None:
    with pytest.raises(
        ConfigurationError,
        match=rf"(?s)^dependencies: the 1 libraries of .*requirements\.txt could not be installed for {runtime} on "
        rf"{architecture}; each needs a wheel for it\n.*{name}==1\.0",
    ):
        build_libraries(lock(tmp_path, index, name), runtime=runtime, architecture=architecture)


HERE = platform.machine()
ELSEWHERE = "x86_64" if HERE == "aarch64" else "arm64"  # an architecture that is not this machine's


def local_wheel(given: Dependencies, name: str, runtime: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tag of a library's wheel for a function of another architecture that is deployed on the local AWS."""
    monkeypatch.setenv(libraries.LOCAL_RUNTIMES, "python3.12 python3.13")
    return (build_libraries(given, runtime=runtime, architecture=ELSEWHERE) / name / "tag.txt").read_text()


def test_on_the_local_aws_libraries_of_another_architecture_are_built_for_this_machine(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = lock(tmp_path, index, "native")
    assert local_wheel(given, "native", "python3.13", monkeypatch) == f"cp313-cp313-manylinux_2_28_{HERE}"


def test_on_the_local_aws_libraries_of_a_runtime_without_python_are_built_for_the_python_in_its_place(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = lock(tmp_path, index, "native")
    assert local_wheel(given, "native", "python3.14", monkeypatch) == f"cp312-cp312-manylinux_2_28_{HERE}"


def test_on_the_local_aws_a_library_may_depend_on_this_machine(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = lock(tmp_path, index, "plain")
    text = given.lock_file.read_text()
    given.lock_file.write_text(text.replace("==1.0", f"==1.0 ; platform_machine == '{HERE}'"))
    assert local_wheel(given, "plain", "python3.13", monkeypatch) == "py3-none-any"


def test_on_the_local_aws_libraries_that_load_here_are_those_of_the_account(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = lock(tmp_path, index, "native", "stable")
    here = {"x86_64": "x86_64", "aarch64": "arm64"}[HERE]
    in_the_account = build_libraries(given, runtime="python3.13", architecture=here)
    monkeypatch.setenv(libraries.LOCAL_RUNTIMES, "python3.12 python3.13")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    assert build_libraries(given, runtime="python3.13", architecture=here) == in_the_account


@pytest.mark.parametrize("libc", [("glibc", "2.31"), ("", ""), ("musl", "1.2")])
def test_libraries_for_lambda_do_not_load_with_an_older_or_another_libc(
    libc: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    assert not libraries._loads_here("python3.13", {"x86_64": "x86_64", "aarch64": "arm64"}[HERE])


def test_another_file_than_the_locked_one_is_refused(tmp_path: Path, index: dict[str, str]) -> None:
    given = lock(tmp_path, {**index, "plain": f"--hash=sha256:{'0' * 64}"}, "plain")
    with pytest.raises(ConfigurationError, match=r"(?s)could not be installed.*DO NOT MATCH THE HASHES"):
        build_libraries(given, runtime="python3.13", architecture="x86_64")


def test_a_set_that_was_installed_before_is_taken_from_the_cache(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = lock(tmp_path, index, "plain")
    first = build_libraries(given, runtime="python3.13", architecture="x86_64")
    libraries._build.cache_clear()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    assert build_libraries(given, runtime="python3.13", architecture="x86_64") == first
    with pytest.raises(ConfigurationError, match="could not be installed"):
        build_libraries(given, runtime="python3.13", architecture="arm64")


def test_the_archive_of_locked_libraries_has_the_same_bytes_each_time_and_no_leftovers(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "handler.py").write_text("")
    archives = []
    for cache in ("one", "two"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
        libraries._build.cache_clear()
        made = build_libraries(lock(tmp_path, index, "plain"), runtime="python3.13", architecture="x86_64")
        archives.append(build_archive([tmp_path / "worker"], made))
    assert archives[0] != archives[1]
    assert sha256(archives[0]) == sha256(archives[1])
    with zipfile.ZipFile(archives[0]) as opened:
        assert opened.namelist() == [
            "plain-1.0.dist-info/METADATA",
            "plain-1.0.dist-info/entry_points.txt",
            "plain/__init__.py",
            "plain/tag.txt",
            "worker/handler.py",
        ]


def test_nothing_is_fetched_where_nothing_is_locked(
    tmp_path: Path, index: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    made = build_libraries(lock(tmp_path, index), runtime="python3.13", architecture="x86_64")
    assert list(made.iterdir()) == []
