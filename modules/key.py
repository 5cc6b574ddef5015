from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from . import _limits as limits
from ._account import owner, partition, region, regional_service
from ._checks import is_token
from ._existing import parse_arn, refuse_service
from ._paths import path
from .accepted import accept
from .errors import ConfigurationError
from .iam import Condition, PolicyDocument, Statement

# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse
ENCRYPTING_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
# The service-side form that the same page prescribes for AWS services that publish.
SERVICE_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey*")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
# It names Describe* too, which has no encryption context, so that its condition never lets it through.
LOG_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
# Key administration, without using the key or granting its use.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
ADMINISTRATION_ACTIONS = (
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
)
# EventBridge's requests to KMS for encrypted queues and topics, which name no source.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
WITHOUT_SOURCE_ACCOUNT = frozenset({"events.amazonaws.com"})
# Actions that a storage service needs on behalf of its callers.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html#dynamodb-kms-authz
STORAGE_ACTIONS = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

# In a key's policy `*` is the key itself.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
ACCEPTED = dict.fromkeys(
    ("CKV_AWS_109", "CKV_AWS_111", "CKV_AWS_356", "RESOURCE_STAR"),
    "a key policy's resource is `*`, which is this one key, and its principals are this account",
)


class AnyKey(Construct):
    """A KMS key, new or existing."""

    arn: str
    _only_through: str | None = None

    def check_use(self, user: Construct, service: str) -> None:
        """Raises `ConfigurationError` for a service (`sqs`) other than the one that `only_through` names."""
        only = self._only_through
        if only is None or is_token(only) or only.split(".")[0] == service:
            return
        raise ConfigurationError(
            f"{path(user)}: {path(self)} has only_through={only!r}, so that {service} could not use it; give each "
            "service a key of its own, or leave only_through out"
        )

    @abstractmethod
    def allow_service(self, service: str) -> None:
        """Let an AWS service (`cloudwatch.amazonaws.com`) of this account encrypt and decrypt with the key."""

    @abstractmethod
    def allow_log_group(self, name: str) -> None:
        """Let CloudWatch Logs encrypt one log group with the key."""


class ExistingKey(AnyKey):
    """An existing KMS key; see `Key.from_arn`."""

    def __init__(self, scope: Construct, id_: str, *, arn: str, admits: Sequence[str]) -> None:
        super().__init__(scope, id_)
        parse_arn(self, arn, "kms", "key/[A-Za-z0-9-]+", "arn:aws:kms:us-east-1:123456789012:key/<id>")
        self.arn = arn
        self._admits = admits

    def allow_service(self, service: str) -> None:
        """Raises `ConfigurationError` unless `admits` of `from_arn` names the service."""
        if service not in self._admits:
            raise refuse_service(self, "key", "Key.from_arn", service)

    def allow_log_group(self, name: str) -> None:
        """Raises `ConfigurationError` unless `admits` of `from_arn` names CloudWatch Logs."""
        self.allow_service("logs.amazonaws.com")


class Key(AnyKey):
    """A customer-managed KMS key with yearly rotation and an alias.

    The key policy leaves permissions to the account's IAM policies (AWS's default key policy,
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html) and admits AWS services only when
    `allow_service` or `allow_log_group` says so. With `only_through`, the storage service whose data the key encrypts
    (`dynamodb`, or its name in a region: `dynamodb.us-east-1.amazonaws.com`), they can let people look after the key,
    but use it through that service only. `account_id` is the account that owns the key (default: the stack's).
    `deletion_window_days` (7 to 30, default 30) is how long a destroyed key can be restored.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        alias: str,
        description: str,
        account_id: str | None = None,
        only_through: str | None = None,
        deletion_window_days: float = 30,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        limits.KEY_ALIAS.check(self, "alias", alias)
        limits.KEY_DESCRIPTION.check(self, "description", description)
        limits.DELETION_WINDOW_DAYS.check(self, "deletion_window_days", deletion_window_days)
        self._account_id = owner(self, account_id)
        self._only_through = only_through
        self._log_groups: list[str] = []
        self.policy = PolicyDocument(
            self,
            "Policy",
            *self._account_policies(only_through),
        )
        self.resource = KmsKey(
            self,
            "Key",
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=deletion_window_days,
            policy=self.policy.json,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if protected else None,
        )
        accept(self.resource, ACCEPTED)
        self.arn: str = self.resource.arn
        KmsAlias(self, "Alias", name=alias, target_key_id=self.resource.key_id)

    @staticmethod
    def from_arn(scope: Construct, id_: str, arn: str, *, admits: Sequence[str] = ()) -> ExistingKey:
        """A key that exists already, by its ARN (not an alias's: IAM policies name keys).

        Grants work where the key's policy leaves permissions to IAM policies, as AWS's default does. `admits` are the
        AWS services (`s3.amazonaws.com`, `cloudwatch.amazonaws.com`, `logs.amazonaws.com`) that its policy lets use
        it; others are refused with a `ConfigurationError`, because only its owner can change that policy.
        """
        return ExistingKey(scope, id_, arn=arn, admits=admits)

    def allow_service(self, service: str) -> None:
        """Let an AWS service (`cloudwatch.amazonaws.com`) of this account encrypt and decrypt with the key.

        An alarm cannot publish to an encrypted topic without it:
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        """
        self._put(
            Statement(
                sid="Allow" + service.split(".")[0].title().replace("-", ""),
                principals={"Service": [service]},
                actions=SERVICE_ACTIONS,
                resources=["*"],
                conditions=[]
                if service in WITHOUT_SOURCE_ACCOUNT
                else [Condition("StringEquals", "aws:SourceAccount", [self._account_id])],
            )
        )

    def allow_log_group(self, name: str) -> None:
        """Let CloudWatch Logs encrypt one log group with the key.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        arn = f"arn:{partition(self)}:logs:{region(self)}:{self._account_id}:log-group:{name}"
        if arn in self._log_groups:
            return
        self._log_groups.append(arn)
        self._put(
            Statement(
                sid="AllowLogs",
                principals={"Service": [regional_service(self, "logs")]},
                actions=LOG_ACTIONS,
                resources=["*"],
                # By name: the log group itself depends on the key.
                conditions=[
                    Condition("StringEquals", "kms:EncryptionContext:aws:logs:arn", tuple(self._log_groups)),
                ],
            )
        )

    def _put(self, statement: Statement) -> None:
        self.policy.put(statement)
        limits.KEY_POLICY_BYTES.check(self, "the size of its policy", self.policy.size)

    def _account_policies(self, only_through: str | None) -> list[Statement]:
        account: dict[str, Sequence[str]] = {"AWS": [f"arn:{partition(self)}:iam::{self._account_id}:root"]}
        if only_through is not None:
            limits.SERVICE_NAME.check(self, "only_through", only_through)
        if only_through is None:
            return [Statement(sid="AccountPolicies", principals=account, actions=["kms:*"], resources=["*"])]
        service = only_through if "." in only_through else regional_service(self, only_through)
        return [
            Statement(sid="Administration", principals=account, actions=ADMINISTRATION_ACTIONS, resources=["*"]),
            Statement(
                sid="UseThroughService",
                principals=account,
                actions=STORAGE_ACTIONS,
                resources=["*"],
                # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
                conditions=[Condition("StringEquals", "kms:ViaService", [service])],
            ),
        ]
