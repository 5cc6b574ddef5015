from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
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

from .dependencies import depends_on
from .errors import ConfigurationError
from .iam import PolicyDocument, Statement, tls_only

if TYPE_CHECKING:
    from .function import PythonFunction

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html: a version is read with its own action.
READ_ACTIONS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE_ACTIONS = ("s3:PutObject",)


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

    Secure by default: SSE-S3 (AES-256), all public access blocked, ACLs off (ownership enforced), requests without
    TLS refused, multipart uploads left unfinished removed after 7 days. With `versioned` (the default) every upload is
    kept; versions that were replaced are removed after `noncurrent_days`. `emptied_on_destroy` lets
    `terraform destroy` remove a bucket that holds objects; `protected` refuses to destroy it at all.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        account_id: str,
        versioned: bool = True,
        noncurrent_days: int = 90,
        emptied_on_destroy: bool = False,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._account_id = account_id
        self._listeners: list[tuple[PythonFunction, Area, S3BucketNotificationLambdaFunction]] = []
        self._writers: list[tuple[PythonFunction, Area]] = []
        self._notification: S3BucketNotification | None = None
        self.resource = S3Bucket(
            self,
            "Bucket",
            bucket=name,
            force_destroy=emptied_on_destroy and not protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
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
                            sse_algorithm="AES256"
                        )
                    )
                )
            ],
        )
        if versioned:
            S3BucketVersioningA(self, "Versioning", bucket=self.name, versioning_configuration={"status": "Enabled"})
        self._add_lifecycle(noncurrent_days if versioned else None)
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn, f"{self.arn}/*"], ["s3:*"]))
        # AWS checks a new policy against the public access block: one after the other, never side by side.
        S3BucketPolicy(
            self, "BucketPolicy", bucket=self.name, policy=self.policy.json, depends_on=[self._public_access_block]
        )

    def grant_read(self, function: PythonFunction, *, prefix: str = "") -> None:
        """Let the function read objects, and their versions, under a prefix (default: all).

        It may not list them, so a missing object reads as access denied (403), as everywhere on S3 without
        `s3:ListBucket`.
        """
        self._grant(function, "Read", READ_ACTIONS, prefix)

    def grant_write(self, function: PythonFunction, *, prefix: str = "") -> None:
        """Let the function write objects under a prefix (default: all).

        Raises `ConfigurationError` where that would wake the same function again.
        """
        self._writers.append((function, Area(prefix)))
        self._refuse_recursion()
        self._grant(function, "Write", WRITE_ACTIONS, prefix)

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
        if self._notification is None:
            self._notification = S3BucketNotification(self, "Notification", bucket=self.name)
        self._notification.put_lambda_function([target for _, _, target in self._listeners])
        depends_on(self._notification, permission)

    def _grant(self, function: PythonFunction, verb: str, actions: tuple[str, ...], prefix: str) -> None:
        where = "".join(part.title() for part in prefix.replace("_", "-").replace("/", "-").split("-"))
        function.allow(self, verb + where, Statement(sid=verb, actions=actions, resources=[f"{self.arn}/{prefix}*"]))

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
