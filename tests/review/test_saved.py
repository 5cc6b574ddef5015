"""Only the plan that was reviewed, from this configuration, against this state, is applied; once."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from sluice_cli.deployment.plan import acknowledge
from sluice_cli.errors import DeploymentError
from sluice_cli.review.saved import (
    Manifest,
    NotAcknowledged,
    NotReviewed,
    SavedPlan,
    StateVersion,
    configuration_hashes,
    file_hash,
)
from tests.review.plans import change, review

STATE = StateVersion("lineage-1", 7)
CONFIGURATION = {"resource": {"aws_lambda_function": {"F": {"filename": "assets/F/1/code.zip"}}}}


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    (folder / "assets/F/1").mkdir(parents=True)
    (folder / "assets/F/1/code.zip").write_bytes(b"code")
    (folder / "cdk.tf.json").write_text(json.dumps(CONFIGURATION))
    return folder


@pytest.fixture
def saved(tmp_path: Path, stack: Path) -> SavedPlan:
    made = SavedPlan.of(tmp_path, "shop")
    made.prepare()
    with zipfile.ZipFile(made.plan, "w") as archive:
        archive.write(stack / "cdk.tf.json", "tfconfig/m-/cdk.tf.json")
    made.write(Manifest("shop", file_hash(made.plan), STATE, configuration_hashes(stack), ["a.b"], ["a.b"], 1))
    return made


def test_what_was_reviewed_may_be_applied(saved: SavedPlan, stack: Path) -> None:
    manifest = saved.check(stack, STATE)
    saved.check_dangers(manifest, ["a.b"])
    assert manifest.changes == 1


def test_nothing_reviewed_is_refused(tmp_path: Path, stack: Path) -> None:
    with pytest.raises(NotReviewed, match="nothing was reviewed"):
        SavedPlan.of(tmp_path, "other").check(stack, STATE)


def test_another_configuration_is_refused_and_named(saved: SavedPlan, stack: Path) -> None:
    (stack / "cdk.tf.json").write_text(json.dumps({**CONFIGURATION, "output": {}}))
    with pytest.raises(NotReviewed, match=r"the configuration moved since the review \(cdk\.tf\.json\)"):
        saved.check(stack, STATE)


def test_other_function_code_is_refused_and_named(saved: SavedPlan, stack: Path) -> None:
    (stack / "assets/F/1/code.zip").write_bytes(b"other code")
    with pytest.raises(NotReviewed, match=r"moved since the review \(assets/F/1/code\.zip\)"):
        saved.check(stack, STATE)


@pytest.mark.parametrize("state", [StateVersion("lineage-1", 8), StateVersion("lineage-2", 7), StateVersion()])
def test_a_state_that_moved_is_refused(saved: SavedPlan, stack: Path, state: StateVersion) -> None:
    with pytest.raises(NotReviewed, match="the state moved since the review"):
        saved.check(stack, state)


def test_another_plan_file_is_refused(saved: SavedPlan, stack: Path) -> None:
    with zipfile.ZipFile(saved.plan, "a") as archive:
        archive.writestr("more", "")
    with pytest.raises(NotReviewed, match="not the one that was reviewed"):
        saved.check(stack, STATE)


def test_a_plan_made_from_another_configuration_is_refused_whatever_its_manifest_says(
    saved: SavedPlan, stack: Path
) -> None:
    with zipfile.ZipFile(saved.plan, "w") as archive:
        archive.writestr("tfconfig/m-/cdk.tf.json", "{}")
    saved.write(replace(saved.read(), plan=file_hash(saved.plan)))
    with pytest.raises(NotReviewed, match="not made from this configuration"):
        saved.check(stack, STATE)


def test_a_danger_that_nobody_acknowledged_is_refused_whatever_the_manifest_says(saved: SavedPlan) -> None:
    with pytest.raises(NotAcknowledged, match=r"1 dangerous changes are not acknowledged: c\.d"):
        saved.check_dangers(saved.read(), ["a.b", "c.d"])


def test_a_plan_is_applied_once(saved: SavedPlan, stack: Path) -> None:
    saved.mark_applied()
    with pytest.raises(NotReviewed, match="applied already"):
        saved.check(stack, STATE)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stack": "shop"}'])
def test_a_damaged_manifest_is_refused(saved: SavedPlan, stack: Path, text: str) -> None:
    saved.manifest.write_text(text)
    with pytest.raises(NotReviewed, match="damaged"):
        saved.check(stack, STATE)


def test_a_review_that_begins_forgets_the_one_before(saved: SavedPlan) -> None:
    saved.prepare()
    assert list(saved.folder.iterdir()) == []


def test_plans_are_for_their_owner_only(saved: SavedPlan) -> None:
    assert oct(saved.folder.stat().st_mode)[-3:] == "700"


def test_no_state_yet_is_a_state_too() -> None:
    assert StateVersion.read("") == StateVersion("", 0)
    assert StateVersion.read('{"lineage": "a", "serial": 3}') == StateVersion("a", 3)


def test_acknowledging_names_the_system_where_two_have_the_address() -> None:
    key = change("aws_kms_key.Key_43586C89", {"name": "a"}, None)
    two = [replace(review(key), name=name) for name in ("one", "two")]
    with pytest.raises(DeploymentError, match=r"give one:aws_kms_key\.Key_43586C89 or two:aws_kms_key\.Key_43586C89"):
        acknowledge(two, [key["address"]])
    assert [len(one.unacknowledged) for one in acknowledge(two, [f"two:{key['address']}"])] == [1, 0]
