"""Dead-letter queues of SNS subscriptions, which ministack 1.5.33 does not have: a message that a function or a queue
does not permit SNS to deliver goes to the subscription's queue, if that permits it.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import json
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import sns, sqs

from completing import existing

PRINCIPAL = "sns.amazonaws.com"

_plain_queue = existing(sns, "_deliver_to_sqs")
_topic = existing(sns, "_topic_by_arn_any_scope")
existing(sqs, "queue_policy_allows")


def redrive(topic_arn: str, endpoint: str, message: str) -> None:
    """Keep a message that could not be delivered to the endpoint."""
    topic = _topic(topic_arn) or {"subscriptions": []}
    for subscription in topic["subscriptions"]:
        policy = json.loads(subscription.get("attributes", {}).get("RedrivePolicy") or "{}")
        if subscription["endpoint"] == endpoint and policy.get("deadLetterTargetArn"):
            _plain_queue(policy["deadLetterTargetArn"], message, True, message, topic_arn=topic_arn)


def _deliver_to_queue(endpoint: str, envelope: str, raw: bool, raw_message: str, **options: Any) -> None:
    topic_arn = options.get("topic_arn", "")
    if topic_arn and not sqs.queue_policy_allows(endpoint, PRINCIPAL, topic_arn, get_account_id()):
        redrive(topic_arn, endpoint, raw_message if raw else envelope)
        return
    _plain_queue(endpoint, envelope, raw, raw_message, **options)


sns._deliver_to_sqs = _deliver_to_queue
