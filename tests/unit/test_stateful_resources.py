"""Stateful resources keep their addresses, and are protected in protected environments."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import App, TerraformStack, Testing

from modules import Bucket, Table
from settings import Settings
from stacks import SYSTEMS

from .stateful import GUARDED, LIST, NAMES, changed, stateful
from .synthesized import ACCOUNT

# All stateful resources.
PROTECTED = Settings(environment="prod", upload_encryption="kms")
# Its requirements ask for destruction with the stack.
NEVER_PROTECTED = "invocation-log"


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda system: system.__name__)
def synthesize(
    request: pytest.FixtureRequest, new_app: Callable[[], App]
) -> Callable[[Settings], tuple[str, dict[str, Any]]]:
    def build(settings: Settings) -> tuple[str, dict[str, Any]]:
        stack = request.param(new_app(), settings)
        return stack.node.id, json.loads(Testing.synth(stack))

    return build


Synthesize = Callable[[Settings], tuple[str, dict[str, Any]]]


def test_no_resource_that_holds_data_has_moved_in_state(synthesize: Synthesize) -> None:
    stack, made = synthesize(PROTECTED)
    message = changed(stack, json.loads(LIST.read_text())[stack], stateful(made))
    assert message == "", message


def test_addresses_are_the_same_in_every_environment(synthesize: Synthesize) -> None:
    _, protected = synthesize(PROTECTED)
    _, other = synthesize(Settings(upload_encryption="kms", project="other", region="eu-west-1"))
    assert list(stateful(protected)) == list(stateful(other))


def test_protected_environments_set_prevent_destroy_on_stateful_resources(synthesize: Synthesize) -> None:
    stack, made = synthesize(PROTECTED)
    guarded = stack != NEVER_PROTECTED
    for kind in GUARDED:
        for id_, resource in made["resource"].get(kind, {}).items():
            assert resource.get("lifecycle", {}).get("prevent_destroy", False) is guarded, id_
            if kind == "aws_dynamodb_table":
                assert resource["deletion_protection_enabled"] is guarded, id_
            if kind == "aws_s3_bucket":
                assert resource["force_destroy"] is not guarded, id_


def test_other_environments_can_be_destroyed_completely(synthesize: Synthesize) -> None:
    _, made = synthesize(Settings(environment="dev", upload_encryption="kms"))
    for kind in GUARDED:
        for id_, resource in made["resource"].get(kind, {}).items():
            assert "prevent_destroy" not in resource.get("lifecycle", {}), id_
            assert resource.get("deletion_protection_enabled", False) is False, id_
            assert resource.get("force_destroy", True) is True, id_


def test_whatever_keeps_data_is_on_the_list(synthesize: Synthesize) -> None:
    # A new stateful type needs a decision.
    _, made = synthesize(PROTECTED)
    holding = ("aws_s3_bucket", "aws_dynamodb", "aws_kms_key", "aws_sqs_queue", "aws_rds", "aws_efs", "aws_kinesis")
    parts = ("aws_s3_bucket_", "aws_sqs_queue_policy")
    found = {kind for kind in made["resource"] if kind.startswith(holding) and not kind.startswith(parts)}
    assert found <= set(NAMES)


def renamed(stack: TerraformStack, id_: str) -> Bucket:
    return Bucket(stack, id_, name="things", account_id=ACCOUNT)


def test_a_renamed_construct_is_answered_with_the_moved_block_that_mends_it(
    new_stack: Callable[[], TerraformStack],
) -> None:
    before, after = new_stack(), new_stack()
    renamed(before, "Things")
    bucket = renamed(after, "Objects")
    listed = stateful(json.loads(Testing.synth(before)))
    found = stateful(json.loads(Testing.synth(after)))
    message = changed("shop", listed, found)
    ((old, _),), ((new, _),) = listed.items(), found.items()
    assert f"moved {{\n      from = {old}\n      to   = {new}\n    }}" in message
    assert f'move_from_id("{old}")' in message
    # The advice works when it is followed.
    bucket.resource.move_from_id(old)
    assert json.loads(Testing.synth(after))["moved"] == [{"from": old, "to": new}]


def test_removed_new_and_renamed_resources_are_distinguished(stack: TerraformStack) -> None:
    Table(stack, "Orders", name="orders", partition_key="id")
    found = stateful(json.loads(Testing.synth(stack)))
    (address,) = found
    assert changed("shop", found, found) == ""
    assert f"{address} (orders) is gone" in changed("shop", found, {})
    assert f"{address} (orders) is new" in changed("shop", {}, found)
    assert f"{address} was bills and is orders" in changed("shop", {address: "bills"}, found)
    assert f'"{address}": "orders"' in changed("shop", {}, found)
