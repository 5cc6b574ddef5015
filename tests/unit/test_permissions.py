"""Permissions to invoke a function, and the stack that they belong to."""

import json
from pathlib import Path

import pytest
from cdktf import App, TerraformStack
from constructs import Construct

from modules import Bucket, ConfigurationError, PythonFunction

from .synthesized import ACCOUNT, Terraform, replaced_with_function

PERMISSION = {
    "action": "lambda:InvokeFunction",
    "function_name": "${aws_lambda_function.Worker/Function.function_name}",
    "principal": "s3.amazonaws.com",
    **replaced_with_function("Worker"),
}


@pytest.mark.parametrize(("account", "expected"), [(None, {}), (ACCOUNT, {"source_account": ACCOUNT})])
def test_a_service_may_invoke_on_behalf_of_one_resource(
    stack: TerraformStack, worker: PythonFunction, account: str | None, expected: dict[str, str]
) -> None:
    first = worker.allow_invoke("InvokeForIt", service="s3.amazonaws.com", source_arn="arn:it", account_id=account)
    again = worker.allow_invoke("Again", service="s3.amazonaws.com", source_arn="arn:it", account_id=account)
    assert first is again
    assert Terraform(stack).all("aws_lambda_permission") == {
        "Worker/InvokeForIt": {**PERMISSION, "source_arn": "arn:it", **expected}
    }


def test_buckets_of_one_id_in_different_constructs_both_call_the_function(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    for place in ("Here", "There"):
        Bucket(Construct(stack, place), "Uploads", name=f"uploads-{place.lower()}").on_object_created(worker)
    made = Terraform(stack)
    permissions = made.all("aws_lambda_permission")
    here, there = (f"${{aws_s3_bucket.{place}/Uploads/Bucket.arn}}" for place in ("Here", "There"))
    assert {permission["source_arn"] for permission in permissions.values()} == {here, there}
    assert permissions["Worker/InvokeForUploads"]["source_arn"] == here  # the address in existing states


def test_one_permission_serves_all_filters_of_a_bucket(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = Bucket(stack, "Uploads", name="uploads")
    for number in range(100):
        bucket.on_object_created(worker, prefix=f"in-{number:03}/")
    made = Terraform(stack)
    assert list(made.all("aws_lambda_permission")) == ["Worker/InvokeForUploads"]
    assert made.one("aws_s3_bucket_notification")["depends_on"] == ["aws_lambda_permission.Worker/InvokeForUploads"]


def test_more_permissions_than_lambda_keeps_are_refused(worker: PythonFunction) -> None:
    def allow(number: int) -> None:
        worker.allow_invoke(f"Invoke{number}", service="s3.amazonaws.com", source_arn=f"arn:aws:s3:::bucket-{number}")

    for number in range(50):
        allow(number)
    with pytest.raises(ConfigurationError, match=r"Worker: 51 permissions to invoke it would be longer than the 20480"):
        allow(50)


@pytest.mark.parametrize("grant_first", [True, False])
def test_in_another_stack_the_buckets_stack_depends_on_the_functions_and_not_the_other_way_round(
    tmp_path: Path, code: Path, grant_first: bool
) -> None:
    app = App(outdir=str(tmp_path), skip_validation=True)  # providers make no difference here
    functions, buckets = TerraformStack(app, "functions"), TerraformStack(app, "buckets")
    worker = PythonFunction(functions, "Worker", name="worker", packages=[code])
    bucket = Bucket(buckets, "Uploads", name="uploads")
    if grant_first:
        bucket.grant_read(worker)
    bucket.on_object_created(worker)
    if not grant_first:
        bucket.grant_read(worker)
    app.synth()
    of_functions, of_buckets = (
        json.loads((tmp_path / "stacks" / name / "cdk.tf.json").read_text())["resource"]
        for name in ("functions", "buckets")
    )
    assert "aws_lambda_permission" not in of_functions
    assert [policy["name"] for policy in of_functions["aws_iam_role_policy"].values()] == ["OperateWorker"]
    (permission,) = of_buckets["aws_lambda_permission"].values()
    assert permission["source_arn"].startswith("${aws_s3_bucket.Uploads_Bucket_")
    assert permission["function_name"].startswith(
        "${data.terraform_remote_state.cross-stack-reference-input-functions.outputs"
    )
    (policy,) = of_buckets["aws_iam_role_policy"].values()
    assert policy["name"] == "ReadbucketsUploads"
    assert policy["role"].startswith("${data.terraform_remote_state.cross-stack-reference-input-functions.outputs")
