from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_cors_configuration import (
    S3BucketCorsConfiguration,
    S3BucketCorsConfigurationCorsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification, S3BucketNotificationLambdaFunction
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import S3BucketOwnershipControls
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from constructs import Construct

from ._account import account_id as current_account_id
from ._account import partition
from ._dependencies import depends_on
from ._identifiers import identify
from .accepted import accept
from .errors import ConfigurationError
from .iam import Condition, Grantee, PolicyDocument, Statement, tls_only
from .key import Key

if TYPE_CHECKING:
    from .function import PythonFunction

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html: a version is read with its own action.
READ_ACTIONS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE_ACTIONS = ("s3:PutObject",)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms: a multipart upload is
# read back with the key before it is put together.
READ_KEY_ACTIONS = ("kms:Decrypt",)
WRITE_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
# Everything that reads or writes what an object holds; deleting is apart, so that Terraform can empty the bucket.
CONTENT_ACTIONS = ("s3:GetObject*", "s3:PutObject*", "s3:RestoreObject")
DELETE_ACTIONS = ("s3:DeleteObject*",)

# What a page reads of S3's answer; S3 takes no wildcard here.
EXPOSED_HEADERS = ["ETag", "x-amz-version-id", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256", "x-amz-request-id"]

ACCEPTED = {
    "CKV_AWS_18": "CloudTrail's data events, set up once for an account, tell who read and wrote objects; access logs "
    "need another bucket beside each, and arrive late and incomplete",
    "CKV_AWS_144": "a system works in one region; a copy in another costs as much again, and nobody reads it",
}
ACCEPTED_WITHOUT_KEY = {"CKV_AWS_145": "SSE-S3 encrypts without the cost of KMS requests; `key` opts in to SSE-KMS"}


class Area(NamedTuple):
    """The keys of a bucket that begin with `prefix` and end with `suffix`."""

    prefix: str
    suffix: str = ""

    def overlaps(self, other: Area) -> bool:
        """Whether some key can be in both, which is how S3 compares notification filters."""
        return (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)) and (
            self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix)
        )


class Bucket(Construct):
    """A private, encrypted S3 bucket that accepts TLS requests only and can call functions.

    Secure by default: SSE-S3 (AES-256, or SSE-KMS with `key`), all public access blocked, ACLs off (ownership
    enforced), requests without TLS refused, multipart uploads left unfinished removed after 7 days. With `versioned`
    (the default) every upload is kept; versions that were replaced are removed after `noncurrent_days`.
    `emptied_on_destroy` lets `terraform destroy` remove a bucket that holds objects; `protected` refuses to destroy it
    at all.
    `cors_origins` are the web origins (`https://app.example.com`) whose pages may upload and read; none by default.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        account_id: str | None = None,
        key: Key | None = None,
        cors_origins: Sequence[str] = (),
        versioned: bool = True,
        noncurrent_days: int = 90,
        emptied_on_destroy: bool = False,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._account_id = account_id or current_account_id(self)
        self._key = key
        self._emptied_on_destroy = emptied_on_destroy and not protected
        self._listeners: list[tuple[PythonFunction, Area, S3BucketNotificationLambdaFunction]] = []
        self._writers: list[tuple[Grantee, Area]] = []
        self._notification: S3BucketNotification | None = None
        self.resource = S3Bucket(
            self,
            "Bucket",
            bucket=name,
            force_destroy=self._emptied_on_destroy,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        accept(self.resource, ACCEPTED if key else {**ACCEPTED, **ACCEPTED_WITHOUT_KEY})
        self.name: str = self.resource.bucket
        self.arn: str = self.resource.arn
        self._public_access_block = S3BucketPublicAccessBlock(
            self,
            "PublicAccessBlock",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        S3BucketOwnershipControls(self, "Ownership", bucket=self.name, rule={"object_ownership": "BucketOwnerEnforced"})
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "Encryption",
            bucket=self.name,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=(
                        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                            sse_algorithm="aws:kms" if key else "AES256",
                            kms_master_key_id=key.arn if key else None,
                        )
                    ),
                    # One data key for many objects: fewer KMS requests, at a fraction of the cost.
                    bucket_key_enabled=True if key else None,
                )
            ],
        )
        if versioned:
            S3BucketVersioningA(self, "Versioning", bucket=self.name, versioning_configuration={"status": "Enabled"})
        self._add_lifecycle(noncurrent_days if versioned else None)
        if cors_origins:
            self._add_cors(cors_origins)
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn, f"{self.arn}/*"], ["s3:*"]))
        # AWS checks a new policy against the public access block: one after the other, never side by side.
        S3BucketPolicy(
            self, "BucketPolicy", bucket=self.name, policy=self.policy.json, depends_on=[self._public_access_block]
        )

    def grant_read(self, function: Grantee, *, prefix: str = "") -> None:
        """Let the function read objects, and their versions, under a prefix (default: all).

        It may not list them, so a missing object reads as access denied (403), as everywhere on S3 without
        `s3:ListBucket`.
        """
        self._grant(function, "Read", READ_ACTIONS, READ_KEY_ACTIONS, prefix)

    def grant_write(self, function: Grantee, *, prefix: str = "") -> None:
        """Let the function write objects under a prefix (default: all).

        Raises `ConfigurationError` where that would wake the same function again.
        """
        self._writers.append((function, Area(prefix)))
        self._refuse_recursion()
        self._grant(function, "Write", WRITE_ACTIONS, WRITE_KEY_ACTIONS, prefix)

    def grant_presigned_write(self, function: Grantee, *, prefix: str) -> None:
        """Let the function presign uploads under a prefix: URLs with which others write objects, as the function.

        The same permission as `grant_write`, for a prefix that the function itself writes nothing under: it may listen
        to it, to learn what arrived.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        """
        self._grant(function, "Presign", WRITE_ACTIONS, WRITE_KEY_ACTIONS, prefix)

    def restrict_objects_to(self, *functions: Grantee) -> None:
        """Refuse reading and writing objects to everybody but the functions' roles, administrators included.

        Once for a bucket, with all of them: each call refuses whom it does not name.

        Managing the bucket stays possible, and so does deleting objects where the bucket is emptied on destroy.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        roles = [function.role_name for function in functions]
        self.policy.add(
            Statement(
                sid="OnlyTheFunctionUsesObjects",
                effect="Deny",
                principals={"*": ["*"]},
                actions=CONTENT_ACTIONS if self._emptied_on_destroy else CONTENT_ACTIONS + DELETE_ACTIONS,
                resources=[f"{self.arn}/*"],
                conditions=[
                    Condition(
                        "ArnNotLike",
                        "aws:PrincipalArn",
                        # AWS compares the role; a local AWS compares the role's session.
                        [
                            arn
                            for role in roles
                            for arn in (
                                f"arn:{partition(self)}:iam::{self._account_id}:role/{role}",
                                f"arn:{partition(self)}:sts::{self._account_id}:assumed-role/{role}/*",
                            )
                        ],
                    )
                ],
            )
        )

    def on_object_created(self, function: PythonFunction, *, prefix: str = "", suffix: str = "") -> None:
        """Call the function for every object created under a prefix and with a suffix (default: all).

        Makes the permission, for this bucket of this account only, and feeds the bucket's single notification, which
        waits for it. Raises `ConfigurationError` where AWS would refuse the filter because it overlaps an earlier
        one, and where the function writes what would wake it again.
        """
        area = Area(prefix, suffix)
        for _, other, _ in self._listeners:
            if area.overlaps(other):
                raise ConfigurationError(
                    f"{self.node.path}: the filter {area} overlaps {other}; S3 accepts one function for each object"
                )
        # S3 ARNs carry no account, so the account is named beside it.
        permission = function.allow_invoke(
            f"InvokeFor{self.node.id}{len(self._listeners) or ''}",
            service="s3.amazonaws.com",
            source_arn=self.arn,
            account_id=self._account_id,
            source=self,
        )
        self._listeners.append(
            (
                function,
                area,
                S3BucketNotificationLambdaFunction(
                    lambda_function_arn=function.arn,
                    events=["s3:ObjectCreated:*"],
                    filter_prefix=prefix or None,
                    filter_suffix=suffix or None,
                ),
            )
        )
        self._refuse_recursion()
        targets = [target for _, _, target in self._listeners]
        if self._notification is None:
            self._notification = S3BucketNotification(self, "Notification", bucket=self.name, lambda_function=targets)
        else:
            self._notification.put_lambda_function(targets)
        depends_on(self._notification, permission)

    def _grant(
        self, function: Grantee, verb: str, actions: Sequence[str], key_actions: Sequence[str], prefix: str
    ) -> None:
        statements = [Statement(sid=verb, actions=actions, resources=[f"{self.arn}/{prefix}*"])]
        if self._key:
            statements.append(Statement(sid=f"{verb}Key", actions=key_actions, resources=[self._key.arn]))
        function.allow(self, verb + identify(prefix, self), *statements)

    def _refuse_recursion(self) -> None:
        for listener, heard, _ in self._listeners:
            for writer, written in self._writers:
                if listener is writer and heard.overlaps(written):
                    raise ConfigurationError(
                        f"{self.node.path}: {listener.name} would wake itself: it listens to {heard} and writes "
                        f"{written}; write to another bucket or under a prefix of its own"
                    )

    def _add_lifecycle(self, noncurrent_days: int | None) -> None:
        everything = [S3BucketLifecycleConfigurationRuleFilter(prefix="")]
        rules = [
            S3BucketLifecycleConfigurationRule(
                id="remove-unfinished-uploads",
                status="Enabled",
                filter=everything,
                abort_incomplete_multipart_upload=[
                    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
                ],
            )
        ]
        if noncurrent_days is not None:
            rules.append(
                S3BucketLifecycleConfigurationRule(
                    id="remove-replaced-versions",
                    status="Enabled",
                    filter=everything,
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=noncurrent_days)
                    ],
                )
            )
        S3BucketLifecycleConfiguration(self, "Lifecycle", bucket=self.name, rule=rules)

    def _add_cors(self, origins: Sequence[str]) -> None:
        # What a page needs for a presigned upload and for reading back what it got.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
        S3BucketCorsConfiguration(
            self,
            "Cors",
            bucket=self.name,
            cors_rule=[
                S3BucketCorsConfigurationCorsRule(
                    allowed_origins=list(origins),
                    allowed_methods=["GET", "HEAD", "PUT"],
                    # Which headers an upload may have is decided by its signature; here a list would only keep out
                    # what upload libraries add, and S3 refuses unsigned x-amz-* headers itself.
                    allowed_headers=["*"],
                    expose_headers=EXPOSED_HEADERS,
                    max_age_seconds=3000,
                )
            ],
        )
