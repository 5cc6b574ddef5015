"""The bucket that holds Terraform's state."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import REGION, LocalAws

RULE_ID = "remove-replaced-states"
NO_PUBLIC_ACCESS = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
AES256 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
NOT_SET = (
    *("NoSuchLifecycleConfiguration", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration"),
    *("OwnershipControlsNotFoundError", "ServerSideEncryptionConfigurationNotFoundError"),
)

Say = Callable[[str], None]


def ensure_local_state_bucket(local: LocalAws, bucket: str) -> bool:
    """`ensure_state_bucket` on a local AWS."""
    return ensure_state_bucket(local.client("s3"), bucket, REGION, local.account_id())


def ensure_state_bucket(
    s3: Any, bucket: str, region: str, account_id: str, *, prefix: str = "", say: Say = lambda _: None
) -> bool:
    """Create the state bucket, or harden an existing one. Returns True if it is new.

    Versioned (so that a lost state can be restored), encrypted, all public access blocked, ACLs disabled, TLS only,
    noncurrent versions removed after 90 days except the last 10.

    In an existing bucket only weaker settings are tightened, limited to `prefix` where possible; `say` is called before
    each change. Objects, encryption (including a KMS key), lifecycle rules and policy statements are kept. Raises
    `ClientError` if the bucket belongs to another account.
    """
    owned = {"Bucket": bucket, "ExpectedBucketOwner": account_id}
    new = _create(s3, bucket, region, owned)
    for what, tighten in _looser(s3, owned, "" if new else prefix):
        if not new:
            say(f"State bucket {bucket}: {what}")
        tighten()
    return new


def _looser(s3: Any, owned: dict[str, str], prefix: str) -> list[tuple[str, Callable[[], Any]]]:
    """Settings that are weaker than the standard, in words, each with the call that tightens it."""
    found: list[tuple[str, Callable[[], Any]]] = []
    access = _existing(s3.get_public_access_block, owned, "PublicAccessBlockConfiguration")
    if access != NO_PUBLIC_ACCESS:
        configuration = {"PublicAccessBlockConfiguration": NO_PUBLIC_ACCESS}
        found.append(("blocking all public access", lambda: s3.put_public_access_block(**owned, **configuration)))
    ownership = (_existing(s3.get_bucket_ownership_controls, owned, "OwnershipControls") or {}).get("Rules")
    if ownership != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
        controls = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
        found.append(("turning ACLs off", lambda: s3.put_bucket_ownership_controls(**owned, **controls)))
    if not _existing(s3.get_bucket_encryption, owned, "ServerSideEncryptionConfiguration"):
        encryption = {"ServerSideEncryptionConfiguration": AES256}
        found.append(("encrypting with keys of S3's", lambda: s3.put_bucket_encryption(**owned, **encryption)))
    if s3.get_bucket_versioning(**owned).get("Status") != "Enabled":
        versioning = {"VersioningConfiguration": {"Status": "Enabled"}}
        found.append(("keeping versions", lambda: s3.put_bucket_versioning(**owned, **versioning)))
    rules = _existing(s3.get_bucket_lifecycle_configuration, owned, "Rules") or []
    if not any(rule.get("ID") == RULE_ID for rule in rules):
        where = f"below {prefix}" if prefix else "of everything in it"
        lifecycle = {"LifecycleConfiguration": {"Rules": [*rules, _rule(prefix)]}}
        found.append(
            (
                f"removing replaced versions {where} after 90 days, except the last 10",
                lambda: s3.put_bucket_lifecycle_configuration(**owned, **lifecycle),
            )
        )
    text = _existing(s3.get_bucket_policy, owned, "Policy") or '{"Version": "2012-10-17", "Statement": []}'
    policy = json.loads(text)
    written = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    tls_only = _tls_only(owned["Bucket"], s3.meta.partition)
    if tls_only not in written:
        others = [one for one in written if one.get("Sid") != tls_only["Sid"]]
        changed = json.dumps({**policy, "Statement": [*others, tls_only]})
        found.append(("refusing requests without TLS", lambda: s3.put_bucket_policy(**owned, Policy=changed)))
    return found


def _rule(prefix: str) -> dict[str, Any]:
    return {
        "ID": RULE_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def _tls_only(bucket: str, partition: str) -> dict[str, Any]:
    return {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _create(s3: Any, bucket: str, region: str, owned: dict[str, str]) -> bool:
    # us-east-1 is the only region that must not be named:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
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
        if error.response["Error"]["Code"] in NOT_SET:
            return None
        raise
