from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from cdktf_cdktf_provider_aws.sqs_queue_policy import SqsQueuePolicy
from constructs import Construct

from .iam import PolicyDocument, tls_only
from .key import Key

DAY = 24 * 60 * 60


class Queue(Construct):
    """A standard SQS queue that keeps what it is given for 14 days (the longest SQS allows).

    Refuses requests without TLS. Encrypted with SQS-managed keys (no KMS rights to grant, no cost), or with `key`,
    which senders have to be allowed to use.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, retention_days: int = 14, key: Key | None = None
    ) -> None:
        super().__init__(scope, id_)
        self.resource = SqsQueue(
            self,
            "Queue",
            name=name,
            sqs_managed_sse_enabled=None if key else True,
            kms_master_key_id=key.arn if key else None,
            message_retention_seconds=retention_days * DAY,
        )
        self.name: str = self.resource.name
        self.arn: str = self.resource.arn
        self.url: str = self.resource.url
        self.policy = PolicyDocument(self, "Policy", tls_only([self.arn], ["sqs:*"]))
        SqsQueuePolicy(self, "QueuePolicy", queue_url=self.url, policy=self.policy.json)
