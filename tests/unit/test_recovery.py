"""Recovery's knowledge of resource types, and the messages that mention it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, Testing
from rich.console import Console

from settings import Settings
from sluice_cli.errors import DeploymentError
from sluice_cli.recovery import terminal
from sluice_cli.recovery.existing import KINDS, MADE_AGAIN
from sluice_cli.recovery.orphans import PLAN, Findings, Orphan, Recovery, RecoveryPlan, _disown_parts, _findings, _judge
from sluice_cli.recovery.state_store import Version
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from stacks import SYSTEMS, ApiGatewayAccount

EVERYTHING = Settings(
    api_authorization="api_key",
    api_logging_role="managed",
    cors_origins=("https://app.example.com",),
    metadata_autoscale_to=500,
    notification_email="team@example.com",
    upload_encryption="kms",
    web_acl_arn="arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef",
)
OURS = {"Project": "sluice", "Environment": "dev", "System": "shop", "Owner": "me"}


def test_every_resource_type_of_the_systems_is_looked_up_or_recreated_for_a_reason(new_app: Callable[[], App]) -> None:
    used: set[str] = set()
    for system in (*SYSTEMS, ApiGatewayAccount):
        used |= set(json.loads(Testing.synth(system(new_app(), EVERYTHING)))["resource"])
    assert used == KINDS.keys() | MADE_AGAIN.keys()
    assert not KINDS.keys() & MADE_AGAIN.keys()


def test_child_types_name_their_parent_by_a_required_attribute(new_app: Callable[[], App]) -> None:
    for name, kind in KINDS.items():
        if kind.parent:
            whole, attribute = kind.parent
            assert whole in KINDS, name
            assert attribute in kind.needs, name


def imported(tags: dict[str, str] | None, actions: list[str], **more: Any) -> dict[str, Any]:
    values = {"before": {"id": "orders", "tags_all": tags}, "after": {"name": "orders", "tags_all": OURS}}
    change = {**values, "actions": actions, "importing": {"id": "orders"}, **more}
    return {"address": "aws_dynamodb_table.T", "type": "aws_dynamodb_table", "change": change}


ORDERS = Orphan("aws_dynamodb_table.T", "aws_dynamodb_table", "orders")


def test_a_resource_with_our_tags_is_ours_regardless_of_further_tags() -> None:
    assert _judge(imported({**OURS, "Owner": "another", "More": "x"}, ["update"]), ORDERS) == ORDERS


@pytest.mark.parametrize("tag", ["Project", "Environment", "System"])
def test_a_resource_with_other_tags_is_left_alone(tag: str) -> None:
    judged = _judge(imported({**OURS, tag: "theirs"}, ["update"]), ORDERS)
    assert "somebody else's" in judged.problem
    assert f"{tag}=theirs" in judged.problem


@pytest.mark.parametrize("tags", [None, {}])
def test_a_resource_without_tags_is_not_ours(tags: dict[str, str] | None) -> None:
    assert _judge(imported(tags, ["update"]), ORDERS).problem == "somebody else's: it carries none of our tags"


def test_a_resource_that_a_deployment_would_replace_is_not_adopted() -> None:
    judged = _judge(imported(OURS, ["delete", "create"], replace_paths=[["hash_key"]]), ORDERS)
    assert judged.problem == "differs in hash_key: a deployment would replace it"


def test_parts_of_a_foreign_resource_are_not_ours() -> None:
    bucket = Orphan("aws_s3_bucket.B", "aws_s3_bucket", "things", "somebody else's")
    policy = Orphan("aws_s3_bucket_policy.P", "aws_s3_bucket_policy", "things")
    change = {"address": policy.address, "type": policy.kind, "change": {"after": {"bucket": "things"}}}
    orphans = {bucket.address: bucket, policy.address: policy}
    _disown_parts(orphans, [change])
    assert orphans[policy.address].problem == "part of aws_s3_bucket.B"


def test_the_next_deployment_leaves_out_changes_that_adopting_makes() -> None:
    def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
        return {"address": address, "change": {"actions": list(actions)}, **more}

    changes = [
        change(ORDERS.address, "update"),
        change("a.new", "create"),
        change("a.changed", "update"),
        change("a.same", "no-op"),
        change("a.gone", "delete"),
        change("a.tainted", "delete", "create", action_reason="replace_because_tainted"),
    ]
    found = _findings({ORDERS.address: ORDERS}, RecoveryPlan(changes, {}))
    assert (found.add, found.change, found.destroy) == (1, 1, 1)
    assert (found.ours, found.refused, found.tainted) == ([ORDERS], [], ["a.tainted"])


@pytest.mark.parametrize(
    "said",
    [
        "Error: Error acquiring the state lock",
        "Error refreshing state: Unsupported state file format",
        "EntityAlreadyExists: Role with name x already exists.",
        "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
        "ResourceInUseException: Table already exists: x",
        "ResourceConflictException: Function already exist: x",
    ],
)
def test_errors_that_recovery_can_fix_mention_it(said: str) -> None:
    assert "`sluice recover upload-api`" in Stack("upload-api", Target({}, Path())).advice(said)


@pytest.mark.parametrize(
    "said", ["", "Error: Invalid reference", "AccessDenied: not authorized to perform s3:PutObject"]
)
def test_errors_that_recovery_cannot_fix_do_not_mention_it(said: str) -> None:
    assert Stack("upload-api", Target({}, Path())).advice(said) == ""


def test_addresses_and_ids_are_whole_in_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    address, id_ = "aws_cloudwatch_metric_alarm." + "A" * 90, "sluice-object-tracker-" + "b" * 90
    out = StringIO()
    shown = Console(file=out, width=80, force_terminal=True, color_system=None, highlight=False, soft_wrap=True)
    monkeypatch.setattr(terminal, "console", shown)
    terminal.show_findings(Findings(orphans=[Orphan(address, "aws_cloudwatch_metric_alarm", id_)], tainted=["aws_a.b"]))
    terminal.show_versions([Version("v" * 90, datetime(2026, 1, 2, tzinfo=UTC), 12, 3, "l" * 36, 4)])
    assert out.getvalue().splitlines() == [
        "Not in the state, or half-made:",
        address,
        f"  {id_}: exists, not in the state",
        "aws_a.b",
        "  half-made: a deployment would replace it",
        "State, newest first:",
        "v" * 90,
        f"  2026-01-02 00:00:00+00:00, 12 bytes, serial 3, 4 resources, lineage {'l' * 36}",
    ]


class PlannedStack(Stack):
    """A stack whose `terraform` answers a plan, instead of running; `asked` has the commands."""

    def __init__(self, folder: Path, document: dict[str, Any], *, stale: bool = False) -> None:
        super().__init__("shop", Target({}, folder))
        self.__dict__ |= {"folder": folder, "document": document, "stale": stale, "asked": []}

    def terraform(self, *arguments: str) -> str:
        asked: list[str] = self.__dict__["asked"]
        asked.append(" ".join(arguments))
        if self.__dict__["stale"] and arguments[0] == "apply" and len(asked) == 1:
            raise DeploymentError("terraform apply of shop failed:\nError: Saved plan is stale")
        return json.dumps(self.__dict__["document"])


def planned(*others: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of a plan that imports `ORDERS`."""
    changes = [{"mode": "managed", **one} for one in (imported(OURS, ["update"]), *others)]
    configuration: dict[str, Any] = {"root_module": {}}
    return {"resource_changes": changes, "output_changes": outputs or {}, "configuration": configuration}


def other(*actions: str, **more: Any) -> dict[str, Any]:
    return {"address": "aws_a.b", "type": "aws_a", "change": {"actions": list(actions)}, **more}


APPLY = f"apply -input=false {PLAN}"
PLAN_AGAIN = [f"plan -input=false -out={PLAN} -target={ORDERS.address}", f"show -json {PLAN}", APPLY]


def adopted(stack: PlannedStack, orphans: list[Orphan]) -> list[str]:
    """The commands by which the orphans of the stack's plan are adopted."""
    recovery = Recovery(stack)
    findings = _findings({one.address: one for one in orphans}, recovery._plan())
    asked: list[str] = stack.__dict__["asked"]
    asked.clear()
    recovery.adopt(findings)
    return asked


@pytest.mark.parametrize(
    "document",
    [planned(), planned(other("no-op"), other("read"), outputs={"Url": {"actions": ["no-op"]}})],
)
def test_the_plan_that_found_the_orphans_adopts_them_if_it_does_nothing_else(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    assert adopted(PlannedStack(tmp_path, document), [ORDERS]) == [APPLY]


@pytest.mark.parametrize(
    "document",
    [
        planned(other("create")),
        planned(other("update")),
        planned(other("delete")),
        planned(other("forget")),
        planned(other("no-op", previous_address="aws_a.before")),
        planned(outputs={"Url": {"actions": ["create"]}}),
        planned({**other(), "change": {"actions": ["no-op"], "importing": {"id": "b"}}}),
    ],
)
def test_a_plan_that_does_anything_else_is_made_anew_for_the_orphans_alone(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    if any("delete" in one["change"]["actions"] for one in document["resource_changes"]):
        with pytest.raises(DeploymentError, match=r"adopting would destroy aws_a\.b: nothing was done"):
            adopted(PlannedStack(tmp_path, document), [ORDERS])
    else:
        assert adopted(PlannedStack(tmp_path, document), [ORDERS]) == PLAN_AGAIN


def test_what_the_app_imports_itself_is_no_orphan(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text("{}")
    assert Recovery(PlannedStack(tmp_path, planned())).look().orphans == []


def test_orphans_beside_resources_of_others_are_planned_alone(tmp_path: Path) -> None:
    theirs = replace(ORDERS, address="aws_a.b", problem="somebody else's")
    assert adopted(PlannedStack(tmp_path, planned(other("no-op"))), [ORDERS, theirs]) == PLAN_AGAIN


def test_orphans_beside_tainted_resources_are_planned_alone(tmp_path: Path) -> None:
    tainted = other("update", action_reason="replace_because_tainted")
    assert adopted(PlannedStack(tmp_path, planned(tainted)), [ORDERS]) == ["untaint aws_a.b", *PLAN_AGAIN]


def test_orphans_are_planned_again_if_the_state_has_changed_since_they_were_found(tmp_path: Path) -> None:
    assert adopted(PlannedStack(tmp_path, planned(), stale=True), [ORDERS]) == [APPLY, *PLAN_AGAIN]
