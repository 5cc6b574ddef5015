"""The `python` that an app's command runs under the tool."""

import os
import sys
from pathlib import Path

import pytest

from sluice_cli.errors import SynthError
from sluice_cli.project import Project

PREFIX = """python -c 'import sys; print(sys.prefix, file=open("prefix", "w"))'"""


def found(folder: Path, **variables: str) -> str:
    own = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    with pytest.raises(SynthError):  # writes no Terraform
        Project(folder, PREFIX, folder / "cdktf.out", {}).synthesize({**own, **variables}, folder / "cdktf.out")
    return (folder / "prefix").read_text().strip()


def test_the_app_runs_under_the_tools_python_if_no_environment_is_activated(tmp_path: Path) -> None:
    assert sys.prefix != sys.base_prefix
    assert found(tmp_path, PATH="/usr/bin:/bin") == sys.prefix


def environment_with(folder: Path, says: str) -> Path:
    """A virtual environment whose `python` writes its own path."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho {says} > prefix\n")
    (folder / "bin" / "python").chmod(0o755)
    return folder


def test_the_app_runs_under_the_python_of_an_activated_environment(tmp_path: Path) -> None:
    activated = environment_with(tmp_path / "env", "activated")
    path = f"{activated / 'bin'}:/usr/bin:/bin"
    assert found(tmp_path, PATH=path, VIRTUAL_ENV=str(activated)) == "activated"


def test_the_app_runs_under_the_python_of_the_projects_own_environment(tmp_path: Path) -> None:
    environment_with(tmp_path / ".venv", "own")
    assert found(tmp_path, PATH="/usr/bin:/bin") == "own"
    activated = environment_with(tmp_path / "env", "activated")
    assert found(tmp_path, PATH=f"{activated / 'bin'}:/usr/bin:/bin", VIRTUAL_ENV=str(activated)) == "activated"


@pytest.mark.parametrize(
    ("file", "manager"), [("Pipfile", "pipenv run"), ("poetry.lock", "poetry run"), ("uv.lock", "uv run")]
)
def test_where_an_app_fails_the_command_for_its_package_managers_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, manager: str
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / file).touch()
    said = []
    for app in ("exit 1", f"true {manager}; exit 1"):
        with pytest.raises(SynthError) as failed:
            Project(tmp_path, app, tmp_path / "cdktf.out", {}).synthesize(os.environ, tmp_path / "cdktf.out")
        said.append(str(failed.value).removeprefix(f"the app failed: `{app}` ended with exit code 1; "))
    assert said == [
        f"its own message is above. If it misses a package, run the tool in the environment of {file}: "
        f"`{manager} sluice ...`",
        "its own message is above",
    ]


@pytest.mark.parametrize("mark", ["pipx_metadata.json", "uv-receipt.toml"])
def test_it_is_the_apps_own_where_the_tool_has_an_environment_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    tool = environment_with(tmp_path / "tool", "the tool's")
    (tool / mark).touch()
    own = environment_with(tmp_path / "own", "own")
    monkeypatch.setattr(sys, "prefix", str(tool))
    assert found(tmp_path, PATH=f"{own / 'bin'}:/usr/bin:/bin") == "own"
