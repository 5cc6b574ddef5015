"""Adding a system touches four places: its stack, its function, its file in checks/systems, its tests."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.sources import INSTALLED, WRITTEN, sources

ROOT = Path(__file__).parents[2]
ADDED = ROOT / "tests" / "support" / "doorbell"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this project with one more system."""
    copy = tmp_path_factory.mktemp("tree") / "sluice"
    for name in sources(ROOT, *INSTALLED, *WRITTEN):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for name in INSTALLED:
        (copy / name).symlink_to((ROOT / name).resolve())
    shutil.copytree(ADDED, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=dict(os.environ), capture_output=True, text=True, check=False
    )


def test_four_places_are_touched() -> None:
    touched = {path.relative_to(ADDED).parts[0] for path in ADDED.rglob("*.py")}
    assert touched == {"stacks", "lambda", "checks", "tests"}


def test_synth_finds_it(tree: Path) -> None:
    made = run(tree, "main.py")
    assert made.returncode == 0, made.stderr
    stacks = json.loads((tree / "cdktf.out" / "manifest.json").read_text())["stacks"]
    assert "doorbell" in stacks


EVERY_SYSTEM = [f"tests/unit/test_{name}.py" for name in ("systems", "least_privilege", "alarm_paths")]
# `make prove-iam` writes the page of proofs.
CHOSEN = ["-p", "no:cacheprovider", "-q", "-k", "(Doorbell or doorbell) and not the_page"]


def test_the_tests_of_all_systems_and_the_proofs_find_it(tree: Path) -> None:
    done = run(tree, "-m", "pytest", *CHOSEN, *EVERY_SYSTEM, "tests/unit/test_doorbell.py")
    assert done.returncode == 0, done.stdout
    collected = run(tree, "-m", "pytest", "--co", *CHOSEN, *EVERY_SYSTEM).stdout.splitlines()
    assert {line.partition("::")[0] for line in collected if "::" in line} == set(EVERY_SYSTEM)


FOUND = """
from checks.bench.laptop import HANDLERS
from checks.bench.scaling import LOADS
from checks.systems import SYSTEMS
print("doorbell" in SYSTEMS, "doorbell" in HANDLERS, "doorbell" in {load.name for load in LOADS})
"""


def test_demo_soak_and_benchmark_find_it(tree: Path) -> None:
    assert run(tree, "-c", FOUND).stdout == "True True True\n"
    for verb in ("demo", "soak", "prove-iam"):
        refused = run(tree, "-m", "checks", verb, "dorbell")
        assert refused.returncode == 2
        assert "there are doorbell," in refused.stderr


# In the tree's own project, after its `make demo`: the proofs of one system.
PROVE = """
from checks.deployed import repository
from checks.verbs.prove_iam import prove_all
from sluice_cli.target import local_aws_of, local_target

project = repository()
local = local_aws_of(project)
proofs = prove_all(["doorbell"], local, local_target(project))["doorbell"]
print(len([one for one in proofs if one.run]), [one.problem for one in proofs if one.problem])
"""


def test_it_is_deployed_shown_and_proven_on_a_local_aws(tree: Path) -> None:
    try:
        shown = run(tree, "-m", "checks", "demo", "doorbell")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert "Rows: 2 of 2." in shown.stdout
        (console,) = re.findall(r"(http://127\.0\.0\.1:\d+/)#token=", shown.stdout)
        with urlopen(console, timeout=20) as page:  # noqa: S310 - an http address, by the pattern
            assert b"<title>" in page.read()
        proven = run(tree, "-c", PROVE)
        assert proven.returncode == 0, proven.stderr
        by_runs, problems = proven.stdout.splitlines()[-1].split(" ", 1)
        assert (int(by_runs) > 5, problems) == (True, "[]")
    finally:
        run(tree, "-m", "sluice_cli", "down")
