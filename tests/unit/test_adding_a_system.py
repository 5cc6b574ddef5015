"""Adding a system touches four places: its stack, its function, its file in checks/systems, its tests.

tests/local/test_adding_a_system.py synthesizes and deploys it."""

from pathlib import Path

import pytest

from tests.support.added_system import ADDED, copy_with_added_system, run


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("tree") / "sluice"
    copy_with_added_system(copy)
    return copy


def test_four_places_are_touched() -> None:
    touched = {path.relative_to(ADDED).parts[0] for path in ADDED.rglob("*.py")}
    assert touched == {"stacks", "lambda", "checks", "tests"}


OWN = "tests/unit/test_doorbell.py"
EVERY_SYSTEM = [f"tests/unit/test_{name}.py" for name in ("systems", "least_privilege", "alarm_paths")]
# `make prove-iam` writes the page of proofs.
CHOSEN = ["-p", "no:cacheprovider", "-v", "-k", "(Doorbell or doorbell) and not the_page"]


def test_the_tests_of_all_systems_and_the_proofs_find_it(tree: Path) -> None:
    done = run(tree, "-m", "pytest", *CHOSEN, *EVERY_SYSTEM, OWN)
    assert done.returncode == 0, done.stdout
    passed = [line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line and " PASSED " in line]
    assert set(passed) == {*EVERY_SYSTEM, OWN}


FOUND = """
import sys
from checks.__main__ import main
from checks.bench.laptop import HANDLERS
from checks.bench.load import LOADS
from checks.systems import SYSTEMS
print("doorbell" in SYSTEMS, "doorbell" in HANDLERS, "doorbell" in {load.name for load in LOADS})
for verb in sys.argv[1:]:
    sys.argv = ["checks", verb, "dorbell"]
    try:
        print(verb, main())
    except SystemExit as refused:
        print(verb, refused.code)
"""


def test_demo_soak_and_benchmark_find_it(tree: Path) -> None:
    verbs = ("demo", "soak", "prove-iam")
    done = run(tree, "-c", FOUND, *verbs)
    assert done.stdout.splitlines() == ["True True True", *(f"{verb} 2" for verb in verbs)], done.stderr
    assert done.stderr.count("there are doorbell,") == len(verbs)
