from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, PythonFunction, Topic

from .synthesized import ACCOUNT, DNS_SUFFIX, PARTITION, REGION, Terraform, allow, allow_service

ACCOUNT_POLICIES = {
    "sid": "AccountPolicies",
    "effect": "Allow",
    "principals": [{"type": "AWS", "identifiers": [f"arn:{PARTITION}:iam::{ACCOUNT}:root"]}],
    "actions": ["kms:*"],
    "resources": ["*"],
}


def test_a_key_rotates_and_can_be_restored_for_thirty_days(stack: TerraformStack, key: Key) -> None:
    made = Terraform(stack)
    assert made.all("aws_kms_key") == {
        "Key/Key": {
            "description": "Encrypts messages",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": "${data.aws_iam_policy_document.Key/Policy.json}",
        }
    }
    assert made.all("aws_kms_alias") == {
        "Key/Alias": {"name": "alias/messages", "target_key_id": "${aws_kms_key.Key/Key.key_id}"}
    }


def test_a_key_leaves_permissions_to_the_account_and_admits_no_service(stack: TerraformStack, key: Key) -> None:
    assert Terraform(stack).policies() == {"Key/Policy": [ACCOUNT_POLICIES]}


def test_each_service_is_admitted_once_and_for_this_account_only(stack: TerraformStack, key: Key) -> None:
    for service in ("cloudwatch", "s3", "cloudwatch"):
        key.allow_service(f"{service}.amazonaws.com")
    assert Terraform(stack).policies() == {
        "Key/Policy": [
            ACCOUNT_POLICIES,
            allow_service("cloudwatch", ["kms:Decrypt", "kms:GenerateDataKey*"], "*"),
            allow_service("s3", ["kms:Decrypt", "kms:GenerateDataKey*"], "*"),
        ]
    }


def test_a_protected_key_cannot_be_destroyed_and_the_window_is_a_choice(stack: TerraformStack) -> None:
    Key(
        stack,
        "Key",
        alias="alias/a",
        description="a",
        account_id=ACCOUNT,
        deletion_window_days=7,
        protected=True,
    )
    made = Terraform(stack).one("aws_kms_key")
    assert made["lifecycle"] == {"prevent_destroy": True}
    assert made["deletion_window_in_days"] == 7


@pytest.mark.parametrize(
    ("given", "service"),
    [
        ("dynamodb", f"dynamodb.{REGION}.{DNS_SUFFIX}"),
        ("dynamodb.us-east-1.amazonaws.com", "dynamodb.us-east-1.amazonaws.com"),
    ],
)
def test_a_key_of_stored_data_can_be_looked_after_but_used_through_its_storage_service_only(
    stack: TerraformStack, given: str, service: str
) -> None:
    Key(stack, "Key", alias="alias/a", description="a", account_id=ACCOUNT, only_through=given)
    everyone = [{"type": "AWS", "identifiers": [f"arn:{PARTITION}:iam::{ACCOUNT}:root"]}]
    assert Terraform(stack).policies() == {
        "Key/Policy": [
            {
                "sid": "Administration",
                "effect": "Allow",
                "principals": everyone,
                "actions": [
                    "kms:CancelKeyDeletion",
                    "kms:CreateAlias",
                    "kms:DeleteAlias",
                    "kms:DescribeKey",
                    "kms:DisableKey",
                    "kms:DisableKeyRotation",
                    "kms:EnableKey",
                    "kms:EnableKeyRotation",
                    "kms:GetKeyPolicy",
                    "kms:GetKeyRotationStatus",
                    "kms:ListGrants",
                    "kms:ListKeyPolicies",
                    "kms:ListKeyRotations",
                    "kms:ListResourceTags",
                    "kms:PutKeyPolicy",
                    "kms:RevokeGrant",
                    "kms:RotateKeyOnDemand",
                    "kms:ScheduleKeyDeletion",
                    "kms:TagResource",
                    "kms:UntagResource",
                    "kms:UpdateAlias",
                    "kms:UpdateKeyDescription",
                ],
                "resources": ["*"],
            },
            {
                "sid": "UseThroughService",
                "effect": "Allow",
                "principals": everyone,
                "actions": [
                    "kms:CreateGrant",
                    "kms:Decrypt",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:GenerateDataKeyWithoutPlaintext",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                "resources": ["*"],
                "condition": [{"test": "StringEquals", "variable": "kms:ViaService", "values": [service]}],
            },
        ]
    }


def test_cloudwatch_logs_is_admitted_for_each_log_group_by_name_once(stack: TerraformStack, key: Key) -> None:
    for name in ("/aws/lambda/worker", "/aws/lambda/other", "/aws/lambda/worker"):
        key.allow_log_group(name)
    assert Terraform(stack).policies() == {
        "Key/Policy": [
            ACCOUNT_POLICIES,
            {
                "sid": "AllowLogs",
                "effect": "Allow",
                "principals": [{"type": "Service", "identifiers": [f"logs.{REGION}.{DNS_SUFFIX}"]}],
                "actions": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "resources": ["*"],
                "condition": [
                    {
                        "test": "StringEquals",
                        "variable": "kms:EncryptionContext:aws:logs:arn",
                        "values": [
                            f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}"
                            for name in ("worker", "other")
                        ],
                    }
                ],
            },
        ]
    }


EXISTING = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_a_key_of_others_encrypts_and_is_granted_like_ones_own(stack: TerraformStack, code: Path) -> None:
    key = Key.from_arn(stack, "Shared", EXISTING, admits=["cloudwatch.amazonaws.com", "logs.amazonaws.com"])
    topic = Topic(stack, "Alarms", name="alarms", key=key)
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code], alarm_topic=topic, key=key)
    topic.grant_publish(worker)
    made = Terraform(stack)
    assert made.all("aws_kms_key") == {}
    assert made.one("aws_sns_topic")["kms_master_key_id"] == EXISTING
    assert made.one("aws_cloudwatch_log_group")["kms_key_id"] == EXISTING
    assert (
        allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], EXISTING)
        in made.grants("Worker")["PublishAlarms"]
    )


def test_services_that_the_policy_of_an_existing_key_does_not_admit_are_refused(
    stack: TerraformStack, code: Path
) -> None:
    key = Key.from_arn(stack, "Shared", EXISTING)
    with pytest.raises(
        ConfigurationError,
        match=r"Shared: the policy of a key that exists already .* Once it admits cloudwatch\.amazonaws\.com, say so",
    ):
        Topic(stack, "Alarms", name="alarms", key=key).allow_service("cloudwatch.amazonaws.com")
    with pytest.raises(ConfigurationError, match=r"Key\.from_arn\(\.\.\., admits=\['logs\.amazonaws\.com'\]\)$"):
        PythonFunction(stack, "Worker", name="worker", packages=[code], key=key)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda stack: Key.from_arn(stack, "K", "alias/shared"), "arn is 'alias/shared'; give one such as arn:aws:kms"),
        (lambda stack: Key(stack, "K", alias="messages", description=""), "it has to begin with alias/"),
        (lambda stack: Key(stack, "K", alias="alias/aws/s3", description=""), "and not with alias/aws/"),
        (lambda stack: Key(stack, "K", alias="alias/a", description="", deletion_window_days=6), "AWS allows 7 to 30"),
        (lambda stack: Key(stack, "K", alias="alias/a", description="x" * 8193), "description is "),
    ],
)
def test_values_that_kms_refuses_are_rejected(stack: TerraformStack, make: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(stack)


def test_a_key_admits_as_many_log_groups_as_its_policy_holds(key: Key) -> None:
    longest = [f"/aws/lambda/{number:0500}" for number in range(55)]
    for name in longest[:-1]:
        key.allow_log_group(name)
    said = r"^stack/Key: the size of its policy is 3\d{4}, AWS allows 1 to 32768 bytes .* users another key"
    with pytest.raises(ConfigurationError, match=said):
        key.allow_log_group(longest[-1])
