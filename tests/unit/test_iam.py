import pytest
from cdktf import TerraformStack

from modules import Bucket, Condition, ConfigurationError, PolicyDocument, PythonFunction, Statement

from .synthesized import Terraform, allow

READ = Statement(sid="Read", actions=("s3:GetObject",), resources=("arn:aws:s3:::a/*",))


def test_a_statement_allows_and_has_no_principals_or_conditions_by_default(stack: TerraformStack) -> None:
    PolicyDocument(stack, "Policy", READ)
    assert Terraform(stack).policies() == {"Policy": [allow("Read", ["s3:GetObject"], "arn:aws:s3:::a/*")]}


def test_a_statement_carries_effect_principals_and_conditions(stack: TerraformStack) -> None:
    PolicyDocument(
        stack,
        "Policy",
        Statement(
            sid="Keep",
            effect="Deny",
            actions=["s3:*"],
            resources=["*"],
            principals={"AWS": ["arn:aws:iam::123456789012:root"], "Service": ["s3.amazonaws.com"]},
            conditions=[
                Condition("Bool", "aws:SecureTransport", ["false"]),
                Condition("StringLike", "s3:prefix", ["b", "c"]),
            ],
        ),
    )
    assert Terraform(stack).policies() == {
        "Policy": [
            {
                "sid": "Keep",
                "effect": "Deny",
                "actions": ["s3:*"],
                "resources": ["*"],
                "principals": [
                    {"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]},
                    {"type": "Service", "identifiers": ["s3.amazonaws.com"]},
                ],
                "condition": [
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
                    {"test": "StringLike", "variable": "s3:prefix", "values": ["b", "c"]},
                ],
            }
        ]
    }


def test_a_document_grows_and_takes_each_statement_once(stack: TerraformStack) -> None:
    document = PolicyDocument(stack, "Policy", READ)
    document.add(READ)
    document.add(Statement(sid="List", actions=["s3:ListBucket"], resources=["arn:aws:s3:::a"]), READ)
    assert Terraform(stack).policies() == {
        "Policy": [
            allow("Read", ["s3:GetObject"], "arn:aws:s3:::a/*"),
            allow("List", ["s3:ListBucket"], "arn:aws:s3:::a"),
        ]
    }


def test_more_grants_than_a_role_holds_are_refused(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = Bucket(stack, "Uploads", name="uploads")

    def grant(count: int) -> None:
        for number in range(count):
            bucket.grant_read(worker, prefix=f"team{number}/")

    grant(40)
    with pytest.raises(
        ConfigurationError, match=r"Worker: with ReadTeam\d+Uploads the \d+ policies of its role have about"
    ):
        grant(80)
