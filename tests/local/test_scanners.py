"""Scanners on the deployed systems. Checkov is slow, so it runs once for all tests."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from sluice_cli.scanning.scanners import FRAMEWORKS, ScannerFailed, ScannerFinding, ScanResult, checkov, linters
from sluice_cli.scanning.stack import NotApplied, ScannedStack, read
from sluice_cli.scanning.verdict import Verdict, judge
from tests.support.deployed import Deployment

PLANTED = "upload-api-planted"
ROLE_POLICY = "Uploader_OperateUploader_Policy"
ADMINISTRATOR = {"effect": "Allow", "actions": ["*"], "resources": ["*"]}


@pytest.fixture(scope="module")
def stacks(deployment: Deployment) -> list[ScannedStack]:
    plans = deployment.each(deployment.plan)
    return [read(name, (deployment.folder(name) / "cdk.tf.json").read_text(), plans[name][2]) for name in plans]


@pytest.fixture(scope="module")
def found(stacks: list[ScannedStack]) -> list[ScanResult]:
    """The findings in all stacks, and in a copy of one whose role may do everything."""
    everything = [*stacks, planted(next(one for one in stacks if one.name == "upload-api"))]
    return [checkov(everything), linters(everything)]


def planted(stack: ScannedStack) -> ScannedStack:
    synthesized, plan = deepcopy(dict(stack.synthesized)), deepcopy(dict(stack.plan))
    documents = synthesized["data"]["aws_iam_policy_document"]
    (name,) = [one for one in documents if one.startswith(ROLE_POLICY)]
    documents[name]["statement"] = [ADMINISTRATOR]
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    for one in plan["prior_state"]["values"]["root_module"]["resources"]:
        if one["name"] == name:
            one["values"]["json"] = text
    for one in plan["planned_values"]["root_module"]["resources"]:
        if one["type"] == "aws_iam_role_policy" and one["values"]["name"].startswith("Operate"):
            one["values"]["policy"] = text
    for one in plan["resource_changes"]:
        if one["type"] == "aws_iam_role_policy" and one["change"]["after"]["name"].startswith("Operate"):
            one["change"]["after"]["policy"] = text
    return replace(stack, name=PLANTED, synthesized=synthesized, plan=plan)


@pytest.fixture(scope="module")
def verdict(stacks: list[ScannedStack], found: list[ScanResult]) -> Verdict:
    return judge(stacks, [without(PLANTED, one) for one in found])


def without(stack: str, found: ScanResult) -> ScanResult:
    return ScanResult([one for one in found.findings if one.stack != stack], found.passed)


def test_scanners_find_nothing_that_is_not_accepted(verdict: Verdict) -> None:
    assert verdict.failed == []


def test_nothing_is_accepted_that_no_scanner_finds(verdict: Verdict) -> None:
    assert verdict.unused == []


def test_every_stack_is_read_in_each_form(stacks: list[ScannedStack], verdict: Verdict) -> None:
    assert {key for key, passed in verdict.passed.items() if passed and key[0] != PLANTED} == {
        (stack.name, where) for stack in stacks for where in (*FRAMEWORKS, "policies")
    }


def test_every_policy_is_linted(stacks: list[ScannedStack], verdict: Verdict) -> None:
    for stack in stacks:
        complained = {one.resource for one, _ in verdict.accepted if (one.stack, one.where) == (stack.name, "policies")}
        assert verdict.passed[stack.name, "policies"] + len(complained) == len(stack.policies)


@pytest.mark.parametrize("where", [*FRAMEWORKS, "policies"])
def test_a_role_that_may_do_everything_is_caught(found: list[ScanResult], where: str) -> None:
    caught = {
        one.check
        for each in found
        for one in each.findings
        if (one.stack, one.where) == (PLANTED, where) and "Operate" in one.resource
    }
    expected = {
        "terraform_json": {"CKV_AWS_107", "CKV_AWS_108", "CKV_AWS_109", "CKV_AWS_110", "CKV_AWS_111", "CKV_AWS_356"},
        "terraform_plan": {"CKV_AWS_286", "CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_355"},
        "policies": {"allows_privilege_escalation", "credentials_exposure", "service_wildcard"},
    }
    assert expected[where] <= caught


def test_an_accepted_finding_applies_to_one_check_on_one_resource_of_one_stack(stacks: list[ScannedStack]) -> None:
    accepted = stacks[0].acceptances[0]
    same = ScannerFinding(accepted.stack, accepted.resource, accepted.check, "says", "policies")
    others = [
        replace(same, stack="another"),
        replace(same, resource="another"),
        replace(same, check="CKV_AWS_1"),
    ]
    judged = judge(stacks[:1], [ScanResult([same, *others])])
    assert judged.failed == others
    assert judged.accepted == [(same, accepted.reason)]
    assert accepted not in judged.unused
    assert not judged.clean


def test_a_policy_that_is_not_rendered_is_an_error(stacks: list[ScannedStack]) -> None:
    plan = deepcopy(dict(stacks[0].plan))
    resources = plan["prior_state"]["values"]["root_module"]["resources"]
    lost = next(one["name"] for one in resources if one["type"] == "aws_iam_policy_document")
    resources[:] = [one for one in resources if one["name"] != lost]
    with pytest.raises(NotApplied, match=f"not rendered: {lost}; plan it after it is applied"):
        _ = replace(stacks[0], plan=plan).policies


def test_files_from_which_checkov_reads_nothing_are_an_error() -> None:
    documents: dict[str, dict[str, Any]] = {"empty": {}, "bare": {"terraform": {"required_version": ">= 1"}}}
    files = [rf"\S+/{name}/synthesized\.tf\.json" for name in sorted(documents)]
    with pytest.raises(ScannerFailed, match=rf"^Checkov could not read {', '.join(files)}$"):
        checkov([ScannedStack(name, document, document) for name, document in documents.items()])


LINTED: list[tuple[str, str, str | None]] = [
    ("s3:GetObject", "arn:aws:s3:::bucket/*", None),
    ("s3:GetObjct", "arn:aws:s3:::bucket/*", "UNKNOWN_ACTION"),
    ("s3:GetObject", "arn:aws:s3:::bucket", "RESOURCE_MISMATCH"),
    ("dynamodb:PutItem", "*", "RESOURCE_STAR"),
    ("iam:PassRole", "*", "permissions_management_without_constraints"),
]


def test_a_policy_is_linted_by_its_actions_and_resources() -> None:
    stacks = []
    for number, (action, resource, _) in enumerate(LINTED):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        document = {"type": "aws_iam_policy_document", "name": "Policy", "values": {"json": text}}
        plan = {"prior_state": {"values": {"root_module": {"resources": [document]}}}}
        stacks.append(ScannedStack(f"stack-{number}", {}, plan))
    found = linters(stacks).findings
    complaints = [{one.check for one in found if one.stack == stack.name} for stack in stacks]
    assert complaints[0] == set()
    for (_, _, complaint), made in zip(LINTED[1:], complaints[1:], strict=True):
        assert complaint in made
