"""Drift is what really differs, reported once, and not what is only written differently."""

import json
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.drift.comparing import compare
from sluice_cli.drift.formats import as_json, to_markdown
from sluice_cli.drift.model import StackDrift
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import Danger
from sluice_cli.review.plan import read_plan
from sluice_cli.review.ruleset import Ruleset

ROLE = {"name": "worker", "inline_policy": [], "managed_policy_arns": []}
OWN = {"name": "Operate", "policy": '{"Statement": []}'}


def entry(address: str, before: Any, after: Any, actions: tuple[str, ...] = ("update",)) -> dict[str, Any]:
    type_, name = address.split(".")
    change = {"actions": list(actions), "before": before, "after": after}
    return {"address": address, "mode": "managed", "type": type_, "name": name, "change": change}


def found(
    drift: list[dict[str, Any]], changes: list[dict[str, Any]] | None = None, prior: dict[str, Any] | None = None
) -> StackDrift:
    resources = [{"address": address, "values": values} for address, values in (prior or {}).items()]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "prior_state": {"values": {"root_module": {"resources": resources}}},
        "resource_changes": changes or [],
        "resource_drift": drift,
    }
    return compare("shop", read_plan(json.dumps(document)), Configuration.synthesized({}), "sluice deploy shop")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"tags": None}, {"tags": {}}),
        ({"tags": None, "tags_all": None}, {"tags": None, "tags_all": {"Project": "shop"}}),
        ({"kms_master_key_id": None}, {"kms_master_key_id": ""}),
        ({"last_modified": "yesterday"}, {"last_modified": "today"}),
    ],
)
def test_what_is_written_in_another_way_only_is_no_drift(before: dict[str, Any], after: dict[str, Any]) -> None:
    kind = "aws_lambda_function" if "last_modified" in before else "aws_sqs_queue"
    assert found([entry(f"{kind}.q", before, after)]).drifts == ()


def test_policies_that_the_stack_makes_are_no_drift_of_the_role_and_others_are() -> None:
    prior = {
        "aws_iam_role.r": {
            **ROLE,
            "inline_policy": [OWN, {**OWN, "name": "by-hand"}],
            "managed_policy_arns": ["arn:x"],
        },
        "aws_iam_role_policy.p": {"role": "worker", "name": "Operate"},
    }
    read_back = entry("aws_iam_role.r", ROLE, prior["aws_iam_role.r"])
    drifts = found([read_back], prior=prior).drifts
    assert sorted(one.change.address for one in drifts) == ["aws_iam_role.r.arn:x", "aws_iam_role.r.by-hand"]
    assert {one.revert for one in drifts} == {
        "no deployment touches it: `aws iam delete-role-policy --role-name worker --policy-name by-hand`",
        "no deployment touches it: `aws iam detach-role-policy --role-name worker --policy-arn arn:x`",
    }


def test_what_another_resource_manages_is_that_resources_drift() -> None:
    read_back = entry("aws_sns_topic.t", {"policy": "{}"}, {"policy": '{"Statement": []}'})
    assert found([read_back], prior={"aws_sns_topic_policy.p": {}}).drifts == ()
    assert len(found([read_back]).drifts) == 1


def test_what_the_code_does_not_set_stays_until_somebody_changes_it_back() -> None:
    moved = entry("aws_sqs_queue.q", {"delay_seconds": 0, "name": "a"}, {"delay_seconds": 5, "name": "a"})
    (drift,) = found([moved]).drifts
    assert drift.revert == "a deployment leaves delay_seconds, which the code does not set: change it back by hand"
    put_back = entry("aws_sqs_queue.q", {"delay_seconds": 5, "name": "a"}, {"delay_seconds": 0, "name": "a"})
    (drift,) = found([moved], [put_back]).drifts
    assert drift.revert == "`sluice deploy shop` sets delay_seconds back"
    assert drift.adopt.endswith('resource.add_override("delay_seconds", 5)')


def test_a_deleted_resource_is_created_again() -> None:
    gone = entry("aws_dynamodb_table.t", {"name": "t"}, None, ("delete",))
    again = entry("aws_dynamodb_table.t", None, {"name": "t"}, ("create",))
    (drift,) = found([gone], [again]).drifts
    assert drift.revert == "`sluice deploy shop` makes it again, empty"
    assert [one.danger.value for one in drift.change.findings] == ["Data is lost"]


def test_what_terraform_hides_is_not_shown() -> None:
    secret = "marker-4711"  # noqa: S105 - a marker
    moved = entry("aws_lambda_function.f", {"environment": "old"}, {"environment": secret})
    moved["change"]["after_sensitive"] = {"environment": True}
    (drift,) = found([moved]).drifts
    assert secret not in repr(drift)


def test_the_projects_own_rules_judge_drift_too(tmp_path: Path) -> None:
    (tmp_path / "review_rules.py").write_text(
        "from sluice_cli.review.rules import Danger, Finding, PlannedChange, rule, silence\n"
        "@rule\n"
        "def by_hand(change: PlannedChange) -> Finding | None:\n"
        "    return change.finding(Danger.COST, 'changed by hand', 'Nobody may.') if change.drifted else None\n"
        "silence(Danger.EVENTS_WAIT, reason='this queue is no hurry')\n"
    )
    drift = [entry("aws_sqs_queue.q", {"delay_seconds": 0}, {"delay_seconds": 900})]
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_drift": drift,
    }
    judged = compare(
        "shop",
        read_plan(json.dumps(document)),
        Configuration.synthesized({}),
        "sluice deploy shop",
        Ruleset.read(tmp_path),
    )
    (one,) = judged.drifts
    assert [(found.danger, found.rule) for found in one.change.findings] == [(Danger.COST, "by_hand")]
    assert [(found.danger, found.reason) for found in one.change.noted] == [
        (Danger.EVENTS_WAIT, "this queue is no hurry")
    ]
    assert "silenced by the project: this queue is no hurry" in to_markdown([judged])
    (told,) = as_json([judged])[0]["drift"]
    assert told["dangers"][0]["origin"] == "found by the project's rule by_hand"
    assert told["noted"][0]["danger"] == "Events wait longer"
