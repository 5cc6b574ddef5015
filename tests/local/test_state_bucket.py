"""The state bucket: created, hardened, never taken over from another account, never loosened."""

import json
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform.state_bucket import ensure_state_bucket
from tests.support.faults import Answer, ProxiedRequest, proxy

ACCOUNT = "000000000000"


@pytest.fixture
def name() -> str:
    return f"test-state-{uuid4().hex[:8]}"


@pytest.fixture
def s3(local_aws: LocalAws) -> Any:
    return local_aws.client("s3")


def ensure(s3: Any, name: str, region: str = "us-east-1") -> bool:
    return ensure_state_bucket(s3, name, region, ACCOUNT)


def standard(s3: Any, name: str) -> dict[str, Any]:
    """The bucket's settings that the standard is about."""
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "versioning": s3.get_bucket_versioning(Bucket=name)["Status"],
        "encryption": [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in encryption],
        "public access": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"],
    }


def expected(name: str) -> dict[str, Any]:
    return {
        "versioning": "Enabled",
        "encryption": ["AES256"],
        "public access": dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
        "ownership": [{"ObjectOwnership": "BucketOwnerEnforced"}],
        "lifecycle": [
            {
                "ID": "remove-replaced-states",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }
        ],
        "policy": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_new_bucket_is_up_to_standard_and_a_second_run_changes_nothing(
    local_aws: LocalAws, name: str, region: str
) -> None:
    s3 = local_aws.client("s3", region_name=region)
    assert ensure(s3, name, region) is True
    assert standard(s3, name) == expected(name)
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == region
    assert ensure(s3, name, region) is False
    assert standard(s3, name) == expected(name)


def test_a_bare_bucket_is_hardened_and_what_is_in_it_stays(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="terraform.tfstate", Body=b"{}")
    assert ensure(s3, name) is False
    assert standard(s3, name) == expected(name)
    assert s3.get_object(Bucket=name, Key="terraform.tfstate")["Body"].read() == b"{}"


def test_a_loosened_bucket_is_tightened_again(s3: Any, name: str) -> None:
    ensure(s3, name)
    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_bucket_lifecycle(Bucket=name)
    ensure(s3, name)
    assert standard(s3, name) == expected(name)


def test_resources_that_the_user_added_are_kept(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    statement = {
        "Sid": "AuditorsRead",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    rule = {"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Days": 5}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    for _ in range(2):
        ensure(s3, name)
        found = standard(s3, name)
        assert found["policy"] == [statement, *expected(name)["policy"]]
        assert found["lifecycle"] == [rule, *expected(name)["lifecycle"]]


def test_a_bucket_with_a_stricter_encryption_keeps_it_and_its_rules(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:000000000000:key/theirs"}
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=encryption)
    said: list[str] = []
    ensure_state_bucket(s3, name, "us-east-1", ACCOUNT, prefix="sluice/", say=said.append)
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == kms
    assert standard(s3, name)["lifecycle"] == [{**expected(name)["lifecycle"][0], "Filter": {"Prefix": "sluice/"}}]
    assert said == [
        f"State bucket {name}: {what}"
        for what in (
            # A new bucket blocks public access and has no ACLs, as on AWS.
            "keeping versions",
            "removing replaced versions below sluice/ after 90 days, except the last 10",
            "refusing requests without TLS",
        )
    ]
    said.clear()
    ensure_state_bucket(s3, name, "us-east-1", ACCOUNT, prefix="sluice/", say=said.append)
    assert said == []


def test_a_bucket_of_another_account_is_refused_before_anything_is_changed(local_aws: LocalAws, name: str) -> None:
    local_aws.client("s3").create_bucket(Bucket=name)
    owner = "x-amz-expected-bucket-owner"

    def check_owner(request: ProxiedRequest) -> Answer | None:
        # The local AWS ignores this header; S3 answers so if the owner is another account.
        expected_owner = {key.lower(): value for key, value in request.headers.items()}.get(owner)
        return Answer(403) if expected_owner not in (None, ACCOUNT) else None

    with proxy(local_aws) as between:
        between.fault = check_owner
        s3 = local_aws.client("s3", endpoint_url=between.url)
        with pytest.raises(ClientError, match="403"):
            ensure_state_bucket(s3, name, "us-east-1", "999999999999")
        assert [request.method for request in between.requests] == ["HEAD"]
        between.requests.clear()
        ensure(s3, name)
        assert {owner in {key.lower() for key in one.headers} for one in between.requests} == {True}


def test_a_bucket_that_may_not_be_looked_at_is_not_created_over(local_aws: LocalAws, name: str) -> None:
    iam = local_aws.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    local_aws.client("s3").create_bucket(Bucket=name)
    stranger = local_aws.client(
        "s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    with pytest.raises(ClientError, match="403"):
        ensure(stranger, name)
