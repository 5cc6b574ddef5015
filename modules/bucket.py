from __future__ import annotations

import re
from collections.abc import Sequence

from cdktf import Fn, TerraformResourceLifecycle, Token
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_cors_configuration import (
    S3BucketCorsConfiguration,
    S3BucketCorsConfigurationCorsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
)
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

from . import _limits as limits
from ._account import partition
from ._bucket_notification import Notification
from ._bucket_verbs import AnyBucket
from ._checks import is_token
from ._paths import path
from .accepted import accept, withdraw
from .errors import ConfigurationError
from .iam import Condition, Grantee, PolicyDocument, Statement, tls_only
from .key import AnyKey
from .lifecycle import LifecycleRule, rules
from .role import Role

# Everything that reads or writes content. Deleting is separate, so that Terraform can empty the bucket.
CONTENT_ACTIONS = ("s3:GetObject*", "s3:PutObject*", "s3:RestoreObject")
ALL_DELETE_ACTIONS = ("s3:DeleteObject*",)

# Response headers that pages may read; S3 allows no wildcard here.
EXPOSED_HEADERS = ["ETag", "x-amz-version-id", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256", "x-amz-request-id"]

ACCEPTED = {
    "CKV_AWS_18": "CloudTrail's data events, set up once for an account, tell who read and wrote objects; access logs "
    "need another bucket beside each, and arrive late and incomplete",
    "CKV_AWS_144": "a system works in one region; a copy in another costs as much again, and nobody reads it",
}
ACCEPTED_WITHOUT_VERSIONS = {
    "CKV_AWS_21": "`versioned=False` asks for it: what is replaced or deleted here is not missed"
}
ACCEPTED_WITHOUT_EVENTS = {"CKV2_AWS_62": "nothing has to happen when objects come or go; `on_object_created` opts in"}
ACCEPTED_WITHOUT_KEY = {"CKV_AWS_145": "SSE-S3 encrypts without the cost of KMS requests; `key` opts in to SSE-KMS"}


class Bucket(AnyBucket):
    """A private, encrypted S3 bucket that accepts TLS requests only and notifies functions, queues and topics of
    objects.

    Secure by default: SSE-S3 (AES-256, or SSE-KMS with `key`), all public access blocked, ACLs off (ownership
    enforced), requests without TLS refused, multipart uploads left unfinished removed after 7 days. With `versioned`
    (the default) every upload is kept; versions that were replaced are removed after `noncurrent_days` (None: never,
    but by rules of your own). `lifecycle` are rules that archive or remove objects by age.
    `emptied_on_destroy` lets `terraform destroy` remove a bucket that holds objects; `protected` refuses to destroy it
    at all. `cors_origins` are the web origins (`https://app.example.com`) whose pages may upload and read; none by
    default. `account_id` is the account that owns it (default: the stack's).

    Grants and connections (`on_object_created`, `grant_read`, ...) are those of `AnyBucket`. Raises
    `ConfigurationError` for a name or a rule that S3 refuses.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        account_id: str | None = None,
        key: AnyKey | None = None,
        cors_origins: Sequence[str] = (),
        versioned: bool = True,
        noncurrent_days: float | None = 90,
        lifecycle: Sequence[LifecycleRule] = (),
        emptied_on_destroy: bool = False,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        limits.BUCKET_NAME.check(self, "name", name)
        self._given_name = name
        self._given_account_id = account_id
        self._account_id = self._account_id_in(self)
        self._key = key
        if key:
            key.check_use(self, "s3")
        self._emptied_on_destroy = emptied_on_destroy and not protected
        self._only: list[str] = []
        self.resource = S3Bucket(
            self,
            "Bucket",
            bucket=name,
            force_destroy=self._emptied_on_destroy,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        accept(
            self.resource,
            ACCEPTED
            | ({} if key else ACCEPTED_WITHOUT_KEY)
            | ({} if versioned else ACCEPTED_WITHOUT_VERSIONS)
            | ACCEPTED_WITHOUT_EVENTS,
        )
        self.name: str = self.resource.bucket
        self.arn: str = self.resource.arn
        public_access_block = S3BucketPublicAccessBlock(
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
                    # One data key for many objects: fewer KMS requests at a fraction of the cost.
                    bucket_key_enabled=True if key else None,
                )
            ],
        )
        if versioned:
            S3BucketVersioningA(self, "Versioning", bucket=self.name, versioning_configuration={"status": "Enabled"})
        S3BucketLifecycleConfiguration(
            self,
            "Lifecycle",
            bucket=self.name,
            rule=rules(self, lifecycle, versioned=versioned, noncurrent_days=noncurrent_days),
        )
        if cors_origins:
            self._add_cors(cors_origins)
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn, f"{self.arn}/*"], ["s3:*"]))
        # AWS checks a new policy against the public access block, so they must not be changed concurrently.
        S3BucketPolicy(
            self, "BucketPolicy", bucket=self.name, policy=self.policy.json, depends_on=[public_access_block]
        )

    @staticmethod
    def from_name(
        scope: Construct,
        id_: str,
        name: str,
        *,
        key: AnyKey | None = None,
        account_id: str | None = None,
        owns_notification: bool = False,
    ) -> ExistingBucket:
        """A bucket that exists already, by its name, with the same grants.

        `key` is its customer-managed key, if it has one. Others may have configured its notification, which S3 keeps
        as a whole: with `owns_notification` this stack replaces it, so that `on_object_created` and the like work.
        Without it, let the owner send the bucket's events to EventBridge, and match them with a `Rule` on
        `event_pattern()`.
        """
        return ExistingBucket(
            scope, id_, name=name, key=key, account_id=account_id, owns_notification=owns_notification
        )

    @staticmethod
    def from_arn(
        scope: Construct,
        id_: str,
        arn: str,
        *,
        key: AnyKey | None = None,
        account_id: str | None = None,
        owns_notification: bool = False,
    ) -> ExistingBucket:
        """A bucket that exists already, by its ARN; see `from_name`."""
        if is_token(arn):
            name = Token.as_string(Fn.element(Fn.split(":", arn), 5))
        else:
            match = re.fullmatch(r"arn:aws[a-z-]*:s3:::([^/]+)", arn)
            if match is None:
                raise ConfigurationError(
                    f"{path(scope)}/{id_}: arn is {arn!r}; give a bucket's ARN such as arn:aws:s3:::uploads"
                )
            name = match[1]
        return ExistingBucket(
            scope, id_, name=name, arn=arn, key=key, account_id=account_id, owns_notification=owns_notification
        )

    def restrict_objects_to(self, *functions: Grantee) -> None:
        """Refuse reading and writing objects to everybody but the functions' roles, administrators included.

        A second call adds its functions to those of the first. Managing the bucket stays possible, and so does
        deleting objects where the bucket is emptied on destroy.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        if not functions:
            raise ConfigurationError(f"{path(self)}: restrict_objects_to names nobody, so nobody could use the objects")
        for function in functions:
            arn = self._role_of(function)
            self._only += [arn] if arn not in self._only else []
        self.policy.put(
            Statement(
                sid="OnlyTheFunctionUsesObjects",
                effect="Deny",
                principals={"*": ["*"]},
                actions=CONTENT_ACTIONS if self._emptied_on_destroy else CONTENT_ACTIONS + ALL_DELETE_ACTIONS,
                resources=[f"{self.arn}/*"],
                conditions=[Condition("ArnNotLike", "aws:PrincipalArn", tuple(self._only))],
            )
        )

    def _role_of(self, grantee: Grantee) -> str:
        """The ARN of its role, which is `aws:PrincipalArn` for sessions of the role too."""
        if isinstance(grantee, Role):
            return grantee.arn
        return f"arn:{partition(self)}:iam::{self._account_id}:role/{grantee.role_name}"

    def _notification_of_ours(self) -> Notification:
        if self._notification is None:
            withdraw(self.resource, ACCEPTED_WITHOUT_EVENTS)
        return super()._notification_of_ours()

    def _add_cors(self, origins: Sequence[str]) -> None:
        limits.CORS_ORIGINS.check(self, "cors_origins", origins)
        for origin in origins:
            limits.CORS_ORIGIN.check(self, "cors_origins", origin)
        # Requests of a page that uses a presigned upload and reads the result back.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
        S3BucketCorsConfiguration(
            self,
            "Cors",
            bucket=self.name,
            cors_rule=[
                S3BucketCorsConfigurationCorsRule(
                    allowed_origins=list(origins),
                    allowed_methods=["GET", "HEAD", "PUT"],
                    # The signature decides which headers an upload may have. A list here would only exclude headers of
                    # upload libraries, and S3 refuses unsigned x-amz-* headers itself.
                    allowed_headers=["*"],
                    expose_headers=EXPOSED_HEADERS,
                    max_age_seconds=3000,
                )
            ],
        )


class ExistingBucket(AnyBucket):
    """A bucket that exists already; see `Bucket.from_name`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        arn: str | None = None,
        key: AnyKey | None,
        account_id: str | None,
        owns_notification: bool,
    ) -> None:
        super().__init__(scope, id_)
        limits.EXISTING_BUCKET_NAME.check(self, "name", name)
        self._given_name = self.name = name
        self.arn = arn or f"arn:{partition(self)}:s3:::{name}"
        self._given_account_id = account_id
        self._account_id_in(self)  # checks it
        self._key = key
        if key:
            key.check_use(self, "s3")
        self._owns_notification = owns_notification

    def _send_events_if_ours(self) -> None:
        if self._owns_notification:
            super()._send_events_if_ours()

    def _notification_of_ours(self) -> Notification:
        if not self._owns_notification:
            raise ConfigurationError(
                f"{path(self)}: the notification of a bucket that exists already may have targets of others, and S3 "
                "keeps it as a whole. Let its owner send the bucket's events to EventBridge and use "
                "Rule(..., pattern=bucket.event_pattern()), or pass owns_notification=True to replace what is there"
            )
        return super()._notification_of_ours()
