"""The classes can be installed without the tool's libraries; commands then say what to install."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sluice_cli.__main__ import HELP
from sluice_cli.command_line import OF_EXTRA_TOOL

ROOT = Path(__file__).parent.parent.parent

# Makes imports fail as if the libraries were not installed.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "jinja2", "rich"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from sluice_cli.__main__ import main
sys.exit(main())
"""


def sluice(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("verb", ["up", "down", "deploy", "review", "scan", "failures", "recover"])
def test_a_verb_that_needs_them_says_what_installs_them_and_does_nothing(tmp_path: Path, verb: str) -> None:
    assert verb in HELP
    done = sluice(tmp_path, verb)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"sluice {verb}: ")
    assert done.stderr.endswith(' is missing: run `pip install "sluice-cdktf[tool]"`\n')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["new", "invoices"], ["new", "--help"]])
def test_commands_without_those_libraries_work(tmp_path: Path, arguments: list[str]) -> None:
    done = sluice(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_libraries_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = {one.partition(">")[0] for one in project["optional-dependencies"]["tool"]}
    imported = {"pyyaml": "yaml"}  # by other names than they are installed
    assert {imported.get(one, one) for one in extra} | {"botocore"} == OF_EXTRA_TOOL
