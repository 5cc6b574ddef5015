"""What `make test` leaves out: test files that an earlier run proved with the same inputs."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from checks import ROOT
from tests.support.proven import Inputs

# Hypothesis' and anyio's take longer to load than everything else.
PLUGINS = ("-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "tests.support.proven")

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\ntestpaths = tests\n")
    (tmp_path / "code.txt").write_text("right")
    for name in ("a", "b"):
        (tmp_path / f"tests/test_{name}.py").write_text(
            "def test_code():\n    assert open('code.txt').read() == 'right'\n\n\ndef test_more(): ...\n"
        )
    return tmp_path


@pytest.fixture
def run(tree: Path) -> Run:
    def run(*options: str, variables: dict[str, str] | None = None) -> tuple[int, list[str]]:
        """Exit code, and the test files that ran."""
        command = [sys.executable, "-m", "pytest", "-v", *PLUGINS, "--unproven", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, sorted(
            set(re.findall(r"tests/test_(\w)\.py::\S+ *(?:PASSED|FAILED|SKIPPED)", done.stdout))
        )

    return run


def test_what_passed_runs_again_once_anything_but_another_test_file_changes(tree: Path, run: Run) -> None:
    assert run() == (0, ["a", "b"])
    assert run() == (0, [])
    (tree / "tests/test_b.py").write_text("def test_other(): ...\n")
    assert run() == (0, ["b"])
    (tree / "code.txt").write_text("wrong")
    assert run() == (1, ["a", "b"])
    assert run() == (1, ["a"])
    (tree / "code.txt").write_text("right")
    assert run(variables={"AWS_REGION": "eu-west-1"}) == (0, ["a", "b"])
    assert run(variables={"AWS_REGION": "eu-west-1", "MAKELEVEL": "1"}) == (0, [])


def test_several_processes_leave_out_and_record_the_same(tree: Path, run: Run) -> None:
    del tree
    parallel = ("-n", "2", "--dist", "loadgroup")
    assert run(*parallel)[0] == 0
    assert run(*parallel) == (0, [])


def test_what_was_skipped_failed_or_not_run_is_not_proven(tree: Path, run: Run) -> None:
    (tree / "tests/test_a.py").write_text("import pytest\n\n\ndef test_absent():\n    pytest.skip('absent')\n")
    (tree / "tests/test_b.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef left():\n    yield\n    raise OSError\n\n\ndef test_left(left): ...\n"
    )
    assert run() == (1, ["a", "b"])
    assert run("-x", "tests/test_b.py", "tests/test_a.py") == (1, ["b"])
    assert run() == (1, ["a", "b"])


@pytest.mark.parametrize(
    "options", [("-k", "code"), ("--deselect", "tests/test_a.py::test_code"), ("tests/test_a.py::test_more",)]
)
def test_parts_of_files_are_refused_as_they_prove_nothing(run: Run, options: tuple[str, ...]) -> None:
    assert run(*options) == (4, [])


def test_the_inputs_are_the_tree_its_environments_and_the_programs(tree: Path) -> None:
    def inputs(**variables: str) -> str:
        return Inputs(tree, {"PATH": str(tree / "programs"), **variables}).of("tests/test_a.py")

    first = inputs()
    assert inputs(SHLVL="3", MAKELEVEL="2") == first
    (tree / ".venv").mkdir()
    (tree / ".venv" / "library.py").write_text("")
    assert inputs() == first
    seen = {first}
    for name in (
        ".venv/.installed",
        "programs/terraform",
        "tests/conftest.py",
        "tests/support/test_data.py",
        "README.md",
    ):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("")
        (tree / name).chmod(0o755)
        seen.add(inputs())
    seen.add(inputs(TF_LOG="debug"))
    assert len(seen) == 7
