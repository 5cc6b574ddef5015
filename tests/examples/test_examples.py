"""Each example deploys, passes its own tests, and is as Sluice's pages promise of a project."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks import ROOT
from sluice_cli.new_project.creating import create
from sluice_cli.project import Synthesized
from sluice_cli.review.picture.stacks import draw_all
from sluice_cli.scanning.stack import read
from sluice_cli.scanning.verdict import Verdict, scan
from tests.support.examples import EXAMPLES, NAMES, Outcome, dangers
from tests.support.known_types import known_types

from .changes import DANGEROUS_CHANGES


def test_the_examples_own_tests_pass(outcome: Outcome) -> None:
    said = outcome.suite.stdout + outcome.suite.stderr
    assert outcome.suite.returncode == 0, said
    assert re.search(r"^\d+ passed", outcome.suite.stdout.splitlines()[-1]), said


def test_a_first_deployment_is_no_danger(outcome: Outcome) -> None:
    code, review = outcome.first_review
    assert (code, dangers(review)) == (0, [])
    assert {change["action"] for change in review["changes"]} <= {"create", "read", "command"}


def test_a_second_plan_changes_nothing(outcome: Outcome) -> None:
    changes = json.loads(outcome.second_plan.document)["resource_changes"]
    assert [one["address"] for one in changes if one["change"]["actions"] not in (["no-op"], ["read"])] == []


def test_a_dangerous_change_is_named(outcome: Outcome) -> None:
    code, review = outcome.changed_review
    expected = DANGEROUS_CHANGES[outcome.example.name].dangers
    assert code == 3
    assert set(expected) <= set(dangers(review)), dangers(review)


@pytest.fixture(scope="module")
def drawn(outcomes: Mapping[str, Outcome], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES}
    for name, folder in folders.items():
        (folder / "cdk.tf.json").write_text(outcomes[name].synthesized)
    return draw_all(Synthesized(folders[NAMES[0]], folders, {name: [] for name in NAMES}))


def test_the_readme_shows_the_picture_of_the_stack_as_it_is(outcome: Outcome, drawn: Mapping[str, str]) -> None:
    name = outcome.example.name
    committed = EXAMPLES / name / "diagrams" / f"{name}.svg"
    assert drawn[name] == committed.read_text(encoding="utf-8"), "run `sluice diagram` in the example"
    assert f"](diagrams/{name}.svg)" in (EXAMPLES / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_has_the_commands_of_a_new_project_which_are_run_for_that(name: str, tmp_path: Path) -> None:
    """tests/package/test_wheel.py runs them."""
    pages = (EXAMPLES / name / "README.md", create(name, tmp_path) / "README.md")
    commands, expected = (re.findall(r"```sh\n(.*?)```", one.read_text(encoding="utf-8"), re.DOTALL) for one in pages)
    assert commands == expected


@pytest.fixture(scope="module")
def verdict(outcomes: Mapping[str, Outcome]) -> Verdict:
    return scan([read(name, one.synthesized, one.second_plan.document) for name, one in outcomes.items()])


def test_scanners_find_nothing_but_what_is_accepted_and_all_of_that(verdict: Verdict) -> None:
    assert [(one.stack, one.resource, one.check, one.where) for one in verdict.failed] == []
    assert verdict.unused == []


def test_every_example_is_listed_for_readers_and_has_a_dangerous_change() -> None:
    assert sorted(DANGEROUS_CHANGES) == NAMES
    for page in (EXAMPLES / "README.md", ROOT / "docs" / "examples.md"):
        text = page.read_text(encoding="utf-8")
        assert [name for name in NAMES if name not in text] == []


def test_the_examples_have_no_type_errors(site: Path, tmp_path: Path) -> None:
    """Checked in one run, in which `main.py` and `tests` of each have a name of their own."""
    bases, files = [str(site)], []
    for name in NAMES:
        folder = tmp_path / name
        package = name.replace("-", "_")
        for path in sorted((EXAMPLES / name).rglob("*.py")):
            inside = path.relative_to(EXAMPLES / name).as_posix()
            target = folder / re.sub(r"^(main|tests)(?=[./])", rf"{package}_\1", inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text(encoding="utf-8").replace("from tests.", f"from {package}_tests."))
            files.append(str(target))
        bases += [str(folder), str(folder / "functions")]
    configuration = tmp_path / "mypy.ini"
    configuration.write_text(
        "[mypy]\nstrict = true\nexplicit_package_bases = true\nnamespace_packages = true\n"
        "[mypy-cdktf_cdktf_provider_aws]\nfollow_imports = skip\n"
        # Their types count, not what is wrong in them, as if they were installed: `make lint` checks them.
        "[mypy-sluice.*,sluice_cli.*,sluice_functions.*]\nfollow_imports = silent\n"
        "[mypy-boto3.*,botocore.*]\nignore_missing_imports = true\n"
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", str(configuration)),
            *("--cache-dir", str(known_types(tmp_path / "types")), *files),
        ],
        cwd=tmp_path,
        env={"PATH": "", "MYPYPATH": ":".join(bases)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
