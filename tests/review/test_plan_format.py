"""What a plan has besides changes: said in words, judged, and dangerous where nobody knows it."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from sluice_cli.review.plan import PlanError, read_plan
from sluice_cli.review.plan_text import decode, read_plan_text
from tests.review.plans import Values, allow, change, document, findings, headlines, policy, review
from tests.support.commands import sluice_here

PLAN = json.dumps(document(change("aws_s3_bucket.A", None, {"bucket": "a"})))
API = "aws_api_gateway_rest_api.Api_Api_00000000"
BUCKET = "aws_s3_bucket.Objects_Bucket_80F6A514"
ROLE = "aws_iam_role.Recorder_Role_D83E4A2F"


def check(status: str, *problems: str, address: str = "check.healthy") -> Values:
    rows = [{"message": one} for one in problems]
    display = {"kind": "check", "to_display": address}
    return {
        "address": display,
        "status": status,
        "instances": [{"address": display, "status": status, "problems": rows}],
    }


# How people's shells and editors write a file.


@pytest.mark.parametrize(
    "content",
    [
        PLAN.encode(),
        b"\xef\xbb\xbf" + PLAN.encode(),
        PLAN.encode("utf-16"),
        b"\xff\xfe" + PLAN.encode("utf-16-le"),
        b"\xfe\xff" + PLAN.encode("utf-16-be"),
        PLAN.encode("utf-16-le"),
        PLAN.encode("utf-16-be"),
        b"\r\n" + PLAN.encode() + b"\r\n",
    ],
    ids=["plain", "mark", "UTF-16", "little", "big", "little without a mark", "big without a mark", "blank lines"],
)
def test_a_plan_is_read_in_every_encoding_that_shells_write(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    assert [one.verb for one in read_plan(read_plan_text(tmp_path / "plan.json")).changes] == ["create"]


@pytest.mark.parametrize(
    "text",
    [
        f"[command]/opt/terraform-bin show -json plan.out\n{PLAN}\n",
        f"{PLAN}\n::debug::Terraform exited with code 0.\n::debug::stdout: {PLAN}",
        f"::group::terraform\n{PLAN}",
        f"[command]/opt/terraform-bin show -json plan.out\n{json.dumps(json.loads(PLAN), indent=2, sort_keys=True)}\n",
    ],
)
def test_lines_of_a_ci_wrapper_around_a_plan_are_named(text: str) -> None:
    with pytest.raises(PlanError, match="terraform_wrapper: false"):
        read_plan(text)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x80\x81\x82", b"PK\x03\x04\xff"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(PlanError):
        decode(content)


def test_a_readme_given_as_a_plan_is_named_in_whole_and_no_class_is() -> None:
    code, _, err = sluice_here(ROOT, "review", "--plan", "README.md")
    assert code == 2
    assert err.startswith("README.md: this is not a plan")
    assert "Error" not in err


# Later versions of the format.


def test_an_action_is_said_with_when_it_runs_and_is_dangerous() -> None:
    action = {
        "address": "action.aws_lambda_invoke.migrate",
        "type": "aws_lambda_invoke",
        "name": "migrate",
        "config_values": {"payload": "pearl"},
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "lifecycle_action_trigger": {
            "triggering_resource_address": BUCKET,
            "action_trigger_event": "AfterCreate",
            "action_trigger_block_index": 0,
            "actions_list_index": 0,
        },
    }
    found = review(action_invocations=[action])
    assert [(one.address, finding.danger.value, finding.what) for one in found.dangers for finding in one.findings] == [
        (
            "action.aws_lambda_invoke.migrate",
            "Something is run",
            f"action action.aws_lambda_invoke.migrate: aws_lambda_invoke runs for {BUCKET}, after it is created",
        )
    ]
    assert found.acknowledging(["action.aws_lambda_invoke.migrate"]).unacknowledged == []
    assert "pearl" not in repr(found)
    deferred = {"reason": "deferred_prereq", "action_invocation": action}
    (danger,) = review(deferred_action_invocations=[deferred]).dangers
    assert "something that it depends on is deferred" in danger.findings[0].means


def test_a_deferred_change_cannot_be_judged_and_its_reason_is_said() -> None:
    deferred = {"reason": "instance_count_unknown", "resource_change": change(BUCKET, None, {"bucket": "a"})}
    found = review(deferred_changes=[deferred])
    assert [finding.what for one in found.dangers for finding in one.findings] == [
        f"{BUCKET} is decided in a later plan"
    ]
    assert "how many there will be is known only after apply" in found.dangers[0].findings[0].means
    assert found.notes != ()


@pytest.mark.parametrize("status", ["fail", "error"])
def test_a_check_that_fails_is_dangerous_and_its_message_said(status: str) -> None:
    (one,) = review(
        checks=[check(status, "certificate expires tomorrow"), check("pass", address="check.other")]
    ).dangers
    assert one.findings[0].danger.value == "Check failed"
    assert one.findings[0].means == "certificate expires tomorrow"
    assert one.address == "check.healthy"


def test_checks_that_hold_or_are_not_known_yet_are_no_danger() -> None:
    assert findings(checks=[check("pass"), check("unknown")]) == []


@pytest.mark.parametrize("more", [{"teleports": [1]}, {"resource_teleports": {"a": 1}}, {"mystery": "x"}])
def test_a_part_of_the_plan_that_nobody_knows_is_named_and_dangerous(more: Values) -> None:
    (name,) = more
    assert findings(**more) == [f"Cannot be judged: the plan has a part {name}"]


def test_an_empty_part_that_nobody_knows_is_no_danger() -> None:
    assert findings(teleports=[], mystery=None) == []


def test_a_part_of_a_change_that_nobody_knows_is_named_and_dangerous() -> None:
    given = change(BUCKET, {"bucket": "a"}, {"bucket": "a"})
    given["change"]["teleport_to"] = "mars"
    given["quantum"] = True
    assert findings(given) == ["Cannot be judged: Objects bucket: the plan says quantum, teleport_to of it"]


def test_a_mode_that_nobody_knows_is_not_skipped() -> None:
    given = {**change("aws_mystery.one", None, {"a": 1}), "mode": "quantum"}
    assert findings(given) == ["Cannot be judged: one, aws_mystery: aws_mystery is a type that nobody has classified"]


# Deposed objects, reasons, moves, imports, removed blocks.


def test_a_deposed_object_has_an_address_of_its_own_and_is_called_a_leftover() -> None:
    live = change(BUCKET, {"bucket": "a"}, None)
    leftover = {**change(BUCKET, {"bucket": "old"}, None), "deposed": "8b3f0c1d"}
    found = review(live, leftover)
    assert [(one.address, one.findings[0].what) for one in found.dangers] == [
        (BUCKET, "Objects bucket is destroyed"),
        (f"{BUCKET}.deposed.8b3f0c1d", "Objects bucket: leftover of an earlier replacement is destroyed"),
    ]
    assert [one.address for one in found.acknowledging([BUCKET]).unacknowledged] == [f"{BUCKET}.deposed.8b3f0c1d"]


def test_the_leftover_of_an_api_is_not_called_lost_data() -> None:
    live = change(API, {"name": "a"}, {"name": "b"})
    leftover = {**change(API, {"name": "old"}, None), "deposed": "8b3f0c1d"}
    assert findings(live, leftover) == ["Callers lose something: API: leftover of an earlier replacement is destroyed"]


def test_the_leftover_of_what_holds_nothing_is_no_danger() -> None:
    leftover = {**change("aws_api_gateway_deployment.A", {"rest_api_id": "a"}, None), "deposed": "8b3f0c1d"}
    assert findings(leftover) == []
    (one,) = review(leftover).changes
    assert one.notes == ("leftover of an earlier replacement (create_before_destroy): the one in use is another",)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("replace_because_tainted", "replaced because it is tainted: an earlier apply did not finish making it"),
        ("replace_by_request", "replaced because the plan asked for it (-replace)"),
        ("delete_because_no_resource_config", "destroyed because the configuration no longer has it"),
        ("because_of_the_moon", "Terraform's reason: because_of_the_moon"),
    ],
)
def test_terraforms_reason_is_said_in_words(reason: str, said: str) -> None:
    given = {**change(BUCKET, {"bucket": "a"}, {"bucket": "a"}, actions=["delete", "create"]), "action_reason": reason}
    (one,) = review(given).changes
    assert said in one.notes


def test_imports_name_the_id_and_forgotten_resources_why() -> None:
    imported = change(BUCKET, {"bucket": "a"}, {"bucket": "a"})
    imported["change"]["importing"] = {"id": "my-bucket"}
    forgotten = change("aws_sqs_queue.A_Queue_00000000", {"name": "a"}, None, actions=["forget"])
    found = {one.address: one.notes for one in review(imported, forgotten).changes}
    assert found[BUCKET] == ("imported by its id my-bucket",)
    assert found["aws_sqs_queue.A_Queue_00000000"] == (
        "a removed block or `terraform state rm`: Terraform forgets it and leaves it in AWS",
    )


@pytest.mark.parametrize("actions", [["create", "forget"], ["forget", "create"]])
def test_a_replacement_that_leaves_the_old_one_behind_is_dangerous(actions: list[str]) -> None:
    given = change(BUCKET, {"bucket": "a"}, {"bucket": "b"}, actions=actions)
    assert findings(given) == ["Protection removed: Objects bucket is left in AWS, unmanaged"]
    assert review(given).counts.replace == 1


# Changes made outside of Terraform.


def drifted(address: str, before: Values, after: Values) -> Values:
    return change(address, before, after)


def test_a_policy_put_on_a_role_by_hand_is_a_danger_though_the_plan_changes_nothing() -> None:
    by_hand = [{"name": "backdoor", "policy": policy(allow("*", "*"))}]
    drift = drifted(ROLE, {"name": "r", "inline_policy": []}, {"name": "r", "inline_policy": by_hand})
    there = change(ROLE, *[{"name": "r", "inline_policy": by_hand}] * 2)
    found = review(there, resource_drift=[drift])
    assert [(one.address, one.findings[0].what) for one in found.dangers] == [
        (f"{ROLE}.drift", "Recorder role: more is allowed (changed outside Terraform)")
    ]
    assert found.acknowledging([f"{ROLE}.drift"]).unacknowledged == []


def test_drift_that_the_plan_puts_back_is_no_danger_and_null_for_empty_is_no_drift() -> None:
    table = "aws_dynamodb_table.Records_Table_C1978F9E"
    on, off = {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False}
    assert findings(change(table, off, on), resource_drift=[drifted(table, on, off)]) == []
    assert findings(change(table, off, off), resource_drift=[drifted(table, on, off)]) == [
        "Protection removed: Records table: deletion protection turned off (changed outside Terraform)"
    ]
    empty = drifted(table, {"name": "a", "replica": None}, {"name": "a", "replica": []})
    assert findings(change(table, off, off), resource_drift=[empty]) == []


def test_what_the_provider_repeats_of_other_resources_is_no_drift() -> None:
    """After the first apply, a role shows the policies and a bucket the rules that other resources gave them."""
    grant = {"role": "r", "name": "Put", "policy": policy(allow("s3:PutObject", "arn:aws:s3:::a/*"))}
    rules = [{"id": "x", "status": "Enabled", "expiration": [{"days": 1}]}]
    statement = policy(allow("s3:GetObject", "*", Principal="*"))
    there = [
        change(f"aws_iam_role_policy.Recorder_Put_RolePolicy_{'0' * 8}", grant, grant),
        change("aws_s3_bucket_lifecycle_configuration.L", *[{"bucket": "b", "rule": rules}] * 2),
        change("aws_s3_bucket_policy.P", *[{"bucket": "b", "policy": statement}] * 2),
    ]
    repeated = [
        drifted(
            ROLE,
            {"name": "r", "inline_policy": []},
            {"name": "r", "inline_policy": [{"name": "Put", "policy": grant["policy"]}]},
        ),
        drifted(
            BUCKET,
            {"bucket": "b", "lifecycle_rule": [], "policy": ""},
            {"bucket": "b", "lifecycle_rule": [{"enabled": True, "expiration": [{"days": 1}]}], "policy": statement},
        ),
    ]
    assert findings(*there, resource_drift=repeated) == []
    # Without the resources that own them, the same was done by hand.
    assert sorted(one.partition(":")[0] for one in findings(resource_drift=repeated)) == [
        "Kept for less time",
        "Open to anybody",
        "Wider access",
    ]


def test_a_policy_attached_by_hand_is_told_from_those_that_are_attached_by_resources() -> None:
    mine, theirs = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AdministratorAccess"
    attachment = change("aws_iam_role_policy_attachment.A", *[{"role": "r", "policy_arn": mine}] * 2)

    def drift(*arns: str) -> list[str]:
        before, after = ({"name": "r", "managed_policy_arns": one} for one in ([], list(arns)))
        return findings(attachment, resource_drift=[drifted(ROLE, before, after)])

    assert drift(mine) == []
    assert drift(mine, theirs) == [f"Wider access: Recorder, role: {theirs} attached (changed outside Terraform)"]


def test_what_was_destroyed_by_hand_and_is_not_made_again_is_a_danger() -> None:
    queue = "aws_sqs_queue.Jobs_Queue_ACA4F85B"
    lost = change(queue, {"name": "q"}, None)
    assert findings(resource_drift=[lost]) == ["Data is lost: Jobs, queue is destroyed (changed outside Terraform)"]
    assert findings(change(queue, None, {"name": "q"}), resource_drift=[lost]) == []


def test_resources_of_equal_names_without_construct_paths_do_not_hide_each_other() -> None:
    """In hand-written Terraform everything is called `this`."""
    gone: list[Any] = [
        change("aws_sqs_queue.this", {"name": "q", "arn": "arn:q"}, None),
        change("aws_cloudwatch_metric_alarm.this", {"alarm_name": "a"}, None),
        change("aws_s3_bucket_public_access_block.this", {"bucket": "b"}, None),
    ]
    assert [one.partition(":")[0] for one in findings(*gone)] == ["Data is lost", "Open to anybody", "Alarm removed"]
    parts = [
        change("aws_s3_bucket.this", {"bucket": "b"}, None),
        change("aws_s3_bucket_versioning.this", {"bucket": "b"}, None),
        change("aws_s3_bucket_versioning.that", {"bucket": "c"}, None),
    ]
    assert findings(*parts) == [
        "Data is lost: this bucket is destroyed",
        "Protection removed: that: versioning turned off",
    ]
    assert headlines(gone[1]) == ["this: alarm: removed"] or headlines(gone[1])


def test_programs_that_run_during_apply_are_told() -> None:
    configured = {
        "root_module": {
            "resources": [
                {"address": "aws_sqs_queue.Q", "type": "aws_sqs_queue", "provisioners": [{"type": "local-exec"}]},
                {"address": "terraform_data.S", "type": "terraform_data", "provisioners": [{"type": "local-exec"}]},
            ],
            "module_calls": {
                "m": {
                    "module": {
                        "resources": [
                            {"address": "aws_sqs_queue.R", "type": "aws_sqs_queue", "provisioners": [{"type": "file"}]}
                        ]
                    }
                }
            },
        }
    }
    inner = {**change("aws_sqs_queue.R", None, {"name": "r"}), "address": "module.m.aws_sqs_queue.R[0]", "index": 0}
    found = findings(
        change("aws_sqs_queue.Q", None, {"name": "q"}),
        inner,
        change("terraform_data.S", None, {"triggers_replace": {"version": "1"}}),
        change("data.external.D", None, {"program": ["sh"]}, actions=["read"], unknown={"result": True}),
        change("data.aws_iam_policy_document.D", None, {}, actions=["read"], unknown={"json": True}),
        configuration_of_plan=configured,
    )
    assert found == [
        "Something is run: aws_sqs_queue.Q has provisioners that run when it is made or destroyed (local-exec)",
        "Something is run: data.external.D runs a program of its own",
        "Something is run: module.m.aws_sqs_queue.R[0] has provisioners that run when it is made or destroyed (file)",
        "Something is run: terraform_data.S has provisioners that run when it is made or destroyed (local-exec)",
    ]
    assert findings(change("aws_sqs_queue.Q", {"name": "q"}, {"name": "q"}), configuration_of_plan=configured) == []


def test_a_type_of_another_provider_cannot_be_judged() -> None:
    queue = {"name": "q"}, {"name": "q", "tags": {"a": "b"}}
    assert findings(change("aws_sqs_queue.Q", *queue, provider_name="registry.opentofu.org/hashicorp/aws")) == []
    (found,) = findings(change("aws_sqs_queue.Q", *queue, provider_name="registry.terraform.io/others/aws"))
    assert found == "Cannot be judged: Q queue: it is made by the provider registry.terraform.io/others/aws"


def test_an_import_by_identity_is_told_in_words() -> None:
    entry = change("aws_sqs_queue.Q", {"name": "q"}, {"name": "q"})
    entry["change"]["importing"] = {"identity": {"url": "https://q", "region": "eu-west-1"}}
    (one,) = review(entry).changes
    assert one.notes == ("imported by its id url https://q, region eu-west-1",)
