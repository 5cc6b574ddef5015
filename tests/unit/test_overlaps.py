"""Which stacks manage what the deployment of another stack may have changed."""

from pathlib import Path
from typing import Any

import pytest

from sluice_cli.deployment.overlaps import ManagedValues, Overlaps
from sluice_cli.project import FILE, Project
from sluice_cli.stack import Stack
from sluice_cli.target import Target

ROLE = {"id": "worker", "arn": "arn:aws:iam::123456789012:role/worker", "name": "worker"}
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = {"id": "uploads", "arn": "arn:aws:s3:::uploads", "bucket": "uploads"}


def state(type_: str, *, mode: str = "managed", **attributes: Any) -> dict[str, Any]:
    return {"resources": [{"mode": mode, "type": type_, "name": "one", "instances": [{"attributes": attributes}]}]}


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (state("aws_iam_role", **ROLE), state("aws_iam_role_policy", id="worker:may", role="worker"), True),
        (state("aws_s3_bucket", **BUCKET), state("aws_s3_bucket_notification", id="uploads", bucket="uploads"), True),
        (state("aws_s3_bucket_policy", id="uploads"), state("aws_s3_bucket_policy", id="uploads"), True),
        # Read, named in a document or in a list, of another provider, or nothing.
        (state("aws_s3_bucket", **BUCKET), state("aws_s3_bucket", mode="data", **BUCKET), False),
        (
            state("aws_s3_bucket", **BUCKET),
            state("aws_iam_policy", policy='{"Resource": "arn:aws:s3:::uploads"}'),
            False,
        ),
        (state("aws_sns_topic", id="t"), state("aws_cloudwatch_metric_alarm", id="a", alarm_actions=["t"]), False),
        # The same name in another service, but not the same id, URL or ARN.
        (state("aws_dynamodb_table", id="w", name="w"), state("aws_lambda_function", id="w", function_name="w"), False),
        (state("aws_dynamodb_table", id="worker"), state("aws_iam_role_policy", id="x", role="worker"), False),
        (state("aws_vpc", id="vpc-0a1b2c3d4e"), state("aws_subnet", id="s", vpc_id="vpc-0a1b2c3d4e"), True),
        (state("aws_kms_key", id=KEY), state("aws_s3_bucket_x", id="x", kms_master_key_id=KEY), True),
        (state("terraform_data", id="a"), state("terraform_data", id="a"), False),
        (state("aws_s3_bucket", id=""), state("aws_s3_bucket", id="", arn=None), False),
        ({}, state("aws_s3_bucket", **BUCKET), False),
    ],
)
def test_stacks_overlap_where_a_resource_of_one_configures_a_resource_of_the_other(
    one: dict[str, Any], other: dict[str, Any], overlap: bool
) -> None:
    values = ManagedValues.of(one), ManagedValues.of(other)
    assert (values[0].overlaps(values[1]), values[1].overlaps(values[0])) == (overlap, overlap)


def test_a_stack_is_affected_by_applies_that_its_plan_did_not_see(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"app": "true"}')
    target = Target({}, tmp_path, Project.read(tmp_path))
    role, policy, apart = (Stack(name, target) for name in ("role", "policy", "apart"))
    states = {
        "role": state("aws_iam_role", **ROLE),
        "policy": state("aws_iam_role_policy", id="worker:may", role="worker"),
        "apart": state("aws_s3_bucket", **BUCKET),
    }
    overlaps = Overlaps(lambda stack: states[stack.name])
    overlaps.begin_plan(role)
    states["role"] = {}  # destroyed by the apply
    overlaps.end_apply(role)
    assert overlaps.affected([role, policy, apart]) == [(policy, "role")]
    overlaps.begin_plan(policy)
    assert overlaps.affected([role, policy, apart]) == []
