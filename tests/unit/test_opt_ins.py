"""The effect of opt-in settings on every system: VPC, code signing, web ACL, customer-managed keys."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import App

from settings import Settings
from stacks import SYSTEMS

from .synthesized import PARTITION, REGION, Terraform

SUBNETS, GROUPS = ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"), ("sg-0123456789abcdef0",)
SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef"
EVERYTHING = Settings(
    region="us-east-1",
    encryption_keys="customer",
    vpc_subnet_ids=SUBNETS,
    vpc_security_group_ids=GROUPS,
    code_signing_config_arn=SIGNING,
    web_acl_arn=WEB_ACL,
)
KEY = "${aws_kms_key.Key/Key.arn}"
# Only its own policy limits the service through which it is used.
STORAGE_KEYS = {"Products": "${aws_kms_key.ProductsKey/Key.arn}"}


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda system: system.__name__)
def made(request: pytest.FixtureRequest, new_app: Callable[[], App]) -> Terraform:
    return Terraform(request.param(new_app(), EVERYTHING))


def of_all(made: Terraform, resource_type: str, attribute: str) -> dict[str, Any]:
    return {path: one.get(attribute) for path, one in made.all(resource_type).items()}


def test_every_function_is_in_the_vpc(made: Terraform) -> None:
    functions = of_all(made, "aws_lambda_function", "vpc_config")
    assert functions == {key: {"subnet_ids": [*SUBNETS], "security_group_ids": [*GROUPS]} for key in functions}
    assert functions


def test_the_code_of_every_function_has_to_be_signed(made: Terraform) -> None:
    functions = of_all(made, "aws_lambda_function", "code_signing_config_arn")
    assert functions == dict.fromkeys(functions, SIGNING)


def test_the_web_acl_stands_before_every_api(made: Terraform) -> None:
    assert of_all(made, "aws_wafv2_web_acl_association", "resource_arn") == {
        path.replace("/Stage", "/WebAcl"): f"${{aws_api_gateway_stage.{path}.arn}}"
        for path in made.all("aws_api_gateway_stage")
    }
    assert set(of_all(made, "aws_wafv2_web_acl_association", "web_acl_arn").values()) <= {WEB_ACL}


@pytest.mark.parametrize(
    ("resource_type", "attribute"),
    [
        ("aws_cloudwatch_log_group", "kms_key_id"),
        ("aws_lambda_function", "kms_key_arn"),
        ("aws_sns_topic", "kms_master_key_id"),
        ("aws_sqs_queue", "kms_master_key_id"),
    ],
)
def test_logs_environments_topics_and_queues_are_encrypted_with_the_systems_own_key(
    made: Terraform, resource_type: str, attribute: str
) -> None:
    found = of_all(made, resource_type, attribute)
    assert found == dict.fromkeys(found, KEY)
    assert found


def test_buckets_are_encrypted_with_the_systems_own_key(made: Terraform) -> None:
    rules = of_all(made, "aws_s3_bucket_server_side_encryption_configuration", "rule")
    encrypted = {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}}
    assert rules == {key: [{**encrypted, "bucket_key_enabled": True}] for key in rules}
    assert rules


def test_tables_are_encrypted_with_a_key_of_the_system(made: Terraform) -> None:
    tables = of_all(made, "aws_dynamodb_table", "server_side_encryption")
    assert tables == {
        path: {"enabled": True, "kms_key_arn": STORAGE_KEYS.get(path.partition("/")[0], KEY)} for path in tables
    }
    assert tables


def test_the_key_admits_the_systems_log_groups_and_no_others(made: Terraform) -> None:
    (admitted,) = (
        condition["values"]
        for statement in made.policies()["Key/Policy"]
        for condition in statement.get("condition", [])
        if condition["variable"] == "kms:EncryptionContext:aws:logs:arn"
    )
    prefix = f"arn:{PARTITION}:logs:{REGION}:${{data.aws_caller_identity.Account.account_id}}:log-group:"
    names = of_all(made, "aws_cloudwatch_log_group", "name").values()
    assert sorted(admitted) == sorted(prefix + name for name in names)


def test_every_function_may_use_the_key_of_its_bucket_and_tables(made: Terraform) -> None:
    keys = {one["kms_key_arn"] for one in of_all(made, "aws_dynamodb_table", "server_side_encryption").values()}
    for path in made.all("aws_lambda_function"):
        statements = [one for grant in made.grants(path.rpartition("/")[0]).values() for one in grant]
        used = {arn for one in statements for arn in one["resources"] if "kms:Decrypt" in one["actions"]}
        assert used == keys | {KEY}


def test_a_key_for_files_only_stays_limited_to_their_bucket(new_app: Callable[[], App]) -> None:
    (upload_api,) = [one for one in SYSTEMS if one.__name__ == "UploadApi"]
    made = Terraform(upload_api(new_app(), Settings(encryption_keys="customer", upload_encryption="kms")))
    (rule,) = made.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule["apply_server_side_encryption_by_default"]["kms_master_key_id"] == "${aws_kms_key.FilesKey/Key.arn}"
