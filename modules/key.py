from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from .iam import Condition, PolicyDocument, Statement

# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse
ENCRYPTING_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
# The service-side form that the same page prescribes for AWS services that publish.
SERVICE_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey*")


class Key(Construct):
    """A customer-managed KMS key with yearly rotation and an alias.

    The key policy leaves permissions to the account's IAM policies (AWS's default key policy,
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html) and admits AWS services only when
    `allow_service` says so. `deletion_window_days` (7 to 30, default 30) is how long a destroyed key can be restored.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        alias: str,
        description: str,
        account_id: str,
        deletion_window_days: int = 30,
        protected: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        self._account_id = account_id
        self.policy = PolicyDocument(
            self,
            "Policy",
            Statement(
                sid="AccountPolicies",
                principals={"AWS": [f"arn:aws:iam::{account_id}:root"]},
                actions=["kms:*"],
                resources=["*"],
            ),
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
        self.arn: str = self.resource.arn
        KmsAlias(self, "Alias", name=alias, target_key_id=self.resource.key_id)

    def allow_service(self, service: str) -> None:
        """Let an AWS service (`cloudwatch.amazonaws.com`) of this account encrypt and decrypt with the key.

        An alarm cannot publish to an encrypted topic without it:
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        """
        self.policy.add(
            Statement(
                sid="Allow" + service.split(".")[0].title(),
                principals={"Service": [service]},
                actions=SERVICE_ACTIONS,
                resources=["*"],
                conditions=[Condition("StringEquals", "aws:SourceAccount", [self._account_id])],
            )
        )
