from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from ._account import account_id as current_account_id
from .iam import Condition, Grantee, PolicyDocument, Statement, tls_only
from .key import ENCRYPTING_ACTIONS, Key

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
PUBLISH_ACTIONS = ("sns:Publish",)


class Topic(Construct):
    """An SNS topic encrypted with a customer-managed key, refusing requests without TLS.

    The key has to be a customer-managed one because CloudWatch alarms cannot publish to a topic encrypted with the
    AWS-managed key (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, key: Key, account_id: str | None = None) -> None:
        super().__init__(scope, id_)
        self._key = key
        self._account_id = account_id or current_account_id(self)
        self.resource = SnsTopic(self, "Topic", name=name, kms_master_key_id=key.arn)
        self.arn: str = self.resource.arn
        self.name = name
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn], PUBLISH_ACTIONS))
        SnsTopicPolicy(self, "TopicPolicy", arn=self.arn, policy=self.policy.json)

    def subscribe_email(self, address: str) -> None:
        """Subscribe an address. AWS mails it a link, and delivers nothing until somebody follows that link."""
        SnsTopicSubscription(self, "Email", topic_arn=self.arn, protocol="email", endpoint=address)

    def allow_service(self, service: str) -> None:
        """Let an AWS service (`cloudwatch.amazonaws.com`) of this account publish, and use the topic's key for it."""
        self._key.allow_service(service)
        self.policy.add(
            Statement(
                sid="Allow" + service.split(".")[0].title(),
                principals={"Service": [service]},
                actions=PUBLISH_ACTIONS,
                resources=[self.arn],
                conditions=[Condition("StringEquals", "aws:SourceAccount", [self._account_id])],
            )
        )

    def grant_publish(self, function: Grantee) -> None:
        """Let the function publish, and use the topic's key for it."""
        function.allow(
            self,
            "Publish",
            Statement(sid="Publish", actions=PUBLISH_ACTIONS, resources=[self.arn]),
            Statement(sid="EncryptMessages", actions=ENCRYPTING_ACTIONS, resources=[self._key.arn]),
        )
