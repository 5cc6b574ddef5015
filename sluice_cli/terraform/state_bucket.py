"""The bucket that holds Terraform's state."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import REGION, LocalAws

LIFECYCLE_RULE = {
    "ID": "remove-replaced-states",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


def ensure_local_state_bucket(local: LocalAws, bucket: str) -> bool:
    """`ensure_state_bucket` on a local AWS."""
    return ensure_state_bucket(local.client("s3"), bucket, REGION, local.account_id())


def ensure_state_bucket(
    s3: Any, bucket: str, region: str, account_id: str, say: Callable[[str], None] = lambda _: None
) -> bool:
    """Make the bucket, or bring it up to standard; True when it is new.

    Versioned (a lost state can be restored), encrypted, all public access blocked, ACLs off, TLS only, replaced
    versions removed after 90 days except the last 10. Nothing in it is touched, and what its policy and lifecycle
    rules say besides is kept. Raises `ClientError` where the bucket belongs to another account.
    """
    owned = {"Bucket": bucket, "ExpectedBucketOwner": account_id}
    new = _create(s3, bucket, region, owned)
    s3.put_public_access_block(
        **owned,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_ownership_controls(**owned, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    s3.put_bucket_encryption(
        **owned,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_bucket_versioning(**owned, VersioningConfiguration={"Status": "Enabled"})
    rules = _existing(s3.get_bucket_lifecycle_configuration, owned, "Rules") or []
    rules = [rule for rule in rules if rule.get("ID") != LIFECYCLE_RULE["ID"]]
    s3.put_bucket_lifecycle_configuration(**owned, LifecycleConfiguration={"Rules": [*rules, LIFECYCLE_RULE]})
    policy = json.loads(
        _existing(s3.get_bucket_policy, owned, "Policy") or '{"Version": "2012-10-17", "Statement": []}'
    )
    tls_only = {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    others = [one for one in policy["Statement"] if one.get("Sid") != tls_only["Sid"]]
    s3.put_bucket_policy(**owned, Policy=json.dumps({**policy, "Statement": [*others, tls_only]}))
    return new


def _create(s3: Any, bucket: str, region: str, owned: dict[str, str]) -> bool:
    # us-east-1 is the one region that must not be named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.head_bucket(**owned)
        return False
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
    s3.create_bucket(Bucket=bucket, **where)
    return True


def _existing(get: Callable[..., dict[str, Any]], owned: dict[str, str], part: str) -> Any:
    try:
        return get(**owned)[part]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchLifecycleConfiguration", "NoSuchBucketPolicy"):
            return None
        raise
