"""The local AWS's virtual environment of an installed Sluice (not a checkout)."""

import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws import environment
from sluice_cli.local_aws.environment import python_of_local_aws
from tests.support.own_modules import write_modules_like_pythons

UNREACHABLE = "no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As in a wheel: no checkout, and the requirements beside the module. Returns the cache folder."""
    project = tmp_path_factory.mktemp("project")
    write_modules_like_pythons(project)
    monkeypatch.chdir(project)
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path / "site-packages")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nothing listens
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return tmp_path / "cache" / "sluice"


def test_it_is_made_once_in_the_cache_folder_and_found_again(
    installed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    python = python_of_local_aws()
    assert python.is_file()
    assert python.parent.parent.parent == installed
    assert capfd.readouterr().err.startswith(f"Installing the local AWS into {python.parent.parent}, once")
    assert python_of_local_aws() == python
    assert capfd.readouterr().err == ""


def test_without_a_package_index_it_says_what_it_takes_and_leaves_nothing(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(UNREACHABLE)
    with pytest.raises(LocalAwsError) as error:
        python_of_local_aws()
    assert str(error.value).startswith(
        "the local AWS could not be installed; it takes a package index that pip reaches (PIP_INDEX_URL names another"
    )
    assert "no-such-package" in str(error.value)
    assert [one.name for one in installed.iterdir() if not one.name.endswith(".lock")] == []


def missing(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("version", [missing, lambda _: "22.0.2"], ids=["as uv's", "with an old one"])
def test_an_environment_without_a_pip_that_installs_elsewhere_gives_the_new_one_a_pip_of_its_own(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: Callable[[str], str]
) -> None:
    run, commands = environment._run, []

    def only_the_environment(command: list[str], needs: str) -> None:
        commands.append(command)
        if "venv" in command or ("ensurepip" in command and version is missing):  # which takes seconds
            run(command, needs)

    monkeypatch.setattr(environment, "_run", only_the_environment)
    monkeypatch.setattr(importlib.metadata, "version", version)
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    python_of_local_aws()
    _venv, *others = commands
    assert [one[2:5] for one in others] == [["-m", "ensurepip"], ["-m", "pip", "install"]]
    assert {Path(one[0]).parents[2] for one in others} == {installed}


def test_a_checkout_that_is_not_set_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match=r"is not installed in .*site-packages: run `make setup` there"):
        python_of_local_aws()
    assert list(tmp_path.iterdir()) == []
