"""Commands that are forked behave as those of a new Python."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import forked

SHOWN = "import json, sys\nprint(json.dumps(sys.path))\n"


@pytest.mark.parametrize(
    "variables", [{}, {"PYTHONPATH": ""}, {"PYTHONPATH": "a:/b"}, {"PYTHONPATH": "/b", "PYTHONSAFEPATH": "1"}]
)
def test_the_path_is_that_of_a_new_python(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "a").mkdir()
    for folder in (tmp_path, tmp_path / "a"):
        (folder / "shown.py").write_text(SHOWN)
    environment = {name: value for name, value in os.environ.items() if name not in forked.PATH_VARIABLES}
    environment |= {"PYTHONPATH": str(tmp_path), **variables}
    if "PYTHONSAFEPATH" in variables:
        environment["PYTHONPATH"] += f":{tmp_path / 'a'}"
    command = [sys.executable, "-m", "shown"]
    new = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert json.loads(forked.run("shown", [], tmp_path, environment, 60).stdout) == json.loads(new)


def test_a_variable_that_only_a_new_python_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^Python reads PYTHONHASHSEED when it starts"):
        forked.run("this", [], tmp_path, {**os.environ, "PYTHONHASHSEED": "7"}, 60)


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run("this", [], tmp_path, os.environ, 0)
