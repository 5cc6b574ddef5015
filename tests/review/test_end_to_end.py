"""Real plans of a real deployment: reviewed, refused, acknowledged, applied once."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.deployment.plan import StackPlan, apply_reviewed, make_plans, review_document, review_plans
from sluice_cli.errors import DeploymentError, SluiceError, UndecidedError
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import StackReview
from sluice_cli.review.pages import write_pages
from sluice_cli.review.saved import FOLDER, SavedPlan
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from tests.support.commands import sluice_here
from tests.support.deployed import Deployment
from tests.support.github_roles import DEPLOY, PRODUCTION, PULL_REQUEST, REVIEW, as_role

SECRET = "hunter2"  # noqa: S105
TRACKER, LOG = "object-tracker", "invocation-log"


def target(deployment: Deployment, folder: Path, **settings: str) -> Target:
    """A second working copy with the same account and state."""
    environment = {**deployment.target.environment, **settings}
    return replace(deployment.target, folder=folder, output_folder=None, environment=environment)


def edited(document: dict[str, Any]) -> dict[str, Any]:
    """The object tracker after a careless edit."""
    resources, documents = document["resource"], document["data"]["aws_iam_policy_document"]
    del resources["aws_s3_bucket_versioning"]
    (table,) = resources["aws_dynamodb_table"].values()
    table["range_key"] = table["attribute"][1]["name"] = "uploadedAt"
    alarms = resources["aws_cloudwatch_metric_alarm"]
    del alarms[next(name for name in alarms if name.startswith("Recorder_Alarms_Errors"))]
    grant = next(name for name in documents if name.startswith("Recorder_PutRecords"))
    documents[grant]["statement"][0]["actions"].append("dynamodb:DeleteItem")
    (function,) = resources["aws_lambda_function"].values()
    function["environment"]["variables"]["DB_PASSWORD"] = SECRET
    return document


@contextmanager
def deletion_protection(deployment: Deployment) -> Iterator[None]:
    """Deletion protection turned on by hand; the configuration does not have it."""
    dynamodb, name = deployment.local.client("dynamodb"), deployment.outputs(TRACKER)["TableName"]
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    yield
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)


@pytest.fixture(scope="module")
def careless(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> tuple[StackReview, Path]:
    """The review of a careless change, the plan's JSON, and Terraform's own plan of it."""
    where = target(deployment, tmp_path_factory.mktemp("careless"))
    (stack,) = synthesize(where, [TRACKER])
    file = stack.folder / "cdk.tf.json"
    file.write_text(json.dumps(edited(json.loads(file.read_text()))))
    with deletion_protection(deployment):
        found = StackPlan.make(stack).review
    write_pages([found], where.folder / FOLDER)
    return found, SavedPlan.of(where.folder, TRACKER).document


def test_the_dangers_of_a_careless_change_are_all_called_out(careless: tuple[StackReview, Path]) -> None:
    found, _ = careless
    called = {
        (one.address.split("_", 2)[2].rpartition("_")[0], finding.danger.value, finding.what)
        for one in found.dangers
        for finding in one.findings
    }
    assert sorted((kind, what) for _, kind, what in called) == [
        ("Alarm removed", "Recorder function, alarm Errors: an alarm is removed"),
        ("Data is lost", "Records table is destroyed and made anew, empty"),
        ("Protection removed", "Objects bucket: versioning turned off"),
        ("Protection removed", "Records table: deletion protection turned off"),
        ("Wider access", "Recorder function, permission PutRecords: more is allowed (Put)"),
    ]


def test_grants_on_the_replaced_table_that_stay_the_same_are_no_danger(careless: tuple[StackReview, Path]) -> None:
    found, _ = careless
    (grant,) = [one for one in found.changes if one.type == "aws_iam_role_policy"]
    assert [(one.sign, one.text) for one in grant.policy] == [
        (" ", "Put (allows), changed, wider"),
        ("+", "action dynamodb:DeleteItem"),
    ]


def test_no_face_shows_the_secret(careless: tuple[StackReview, Path]) -> None:
    found, document = careless
    folder = document.parent.parent
    faces = [repr(found), *((folder / name).read_text() for name in ("review.html", "review.md"))]
    assert SECRET in document.read_text()
    assert [SECRET in face for face in faces] == [False, False, False]
    assert all("DB_PASSWORD" in face for face in faces)


def test_exit_codes(careless: tuple[StackReview, Path]) -> None:
    found, document = careless

    def code(*acknowledged: str) -> int:
        flags = [part for address in acknowledged for part in ("--acknowledge", address)]
        return sluice_here(ROOT, "review", "--plan", str(document), *flags)[0]

    dangers = [one.address for one in found.dangers]
    assert (code(), code(*dangers[1:]), code(*dangers), code("aws_s3_bucket.None")) == (3, 3, 0, 1)


def test_what_is_deployed_needs_no_change(deployment: Deployment) -> None:
    _, _, plan = deployment.plan(TRACKER)
    found = review_document(TRACKER, plan, Configuration.synthesized(Stack(TRACKER, deployment.target).configuration))
    assert (found.counts.changes, found.dangers, list(found.changes)) == (0, [], [])


def test_exactly_what_was_reviewed_is_applied_once_and_nothing_that_moved(
    deployment: Deployment, tmp_path: Path
) -> None:
    def planned(where: Target) -> list[StackPlan]:
        """Planned in the workflow of a pull request."""
        return make_plans(synthesize(as_role(deployment.local, where, REVIEW, PULL_REQUEST, tmp_path), [LOG]))

    def reviewed(where: Target) -> StackReview:
        (found,) = review_plans(planned(where), [])
        return found

    def apply(where: Target) -> None:
        """Applied in the workflow after the merge."""
        apply_reviewed(as_role(deployment.local, where, DEPLOY, PRODUCTION, tmp_path), [LOG])

    def refused(where: Target, kind: type[SluiceError] = DeploymentError) -> str:
        with pytest.raises(kind) as refusal:
            apply(where)
        return str(refusal.value)

    longer = {"LOG_RETENTION_DAYS": "731"}
    mine, yours = (target(deployment, tmp_path / name, **longer) for name in ("mine", "yours"))
    assert "nothing was reviewed" in refused(mine)
    found = reviewed(mine)
    # Terraform plans the policy on these logs too; unchanged, it is folded.
    assert [one.headline for one in found.changes] == ["log group: log retention (days) 365 → 731"]
    assert found.folded == ("1 with nothing but values that are known after apply",)
    # A second run with the same review.
    shutil.copytree(mine.folder, yours.folder, symlinks=True)

    other = replace(mine, environment=deployment.target.environment)
    assert "the configuration moved since the review (cdk.tf.json)" in refused(other)

    apply(mine)
    logs = deployment.local.client("logs", region_name=deployment.region(LOG))
    name = deployment.outputs(LOG)["LogGroupName"]
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 731
    assert "applied already" in refused(mine)
    assert "the state moved since the review" in refused(yours)

    back = target(deployment, tmp_path / "back")
    plans = planned(back)
    (address,) = [one.address for review in review_plans(plans, []) for one in review.dangers]
    assert f"1 dangerous changes are not acknowledged: {address}" in refused(back, UndecidedError)
    review_plans(plans, [address])
    apply(back)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 365
