"""Publishes every new order of the table's stream to billing and shipping.

Lambda repeats a batch after a failure. The topic and the queues take messages with one deduplication id within five
minutes for one: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

import json
from dataclasses import dataclass
from typing import Any

from sluice_functions import aws, environment, streams
from sluice_functions.observability import MetricUnit, instrumented, metrics


@dataclass(frozen=True)
class Environment:
    topic_arn: str


ENVIRONMENT = environment.read(Environment)


@instrumented
def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    return streams.for_each_change(event, announce)


def announce(change: streams.ItemChange) -> None:
    if change.kind != "INSERT" or change.new is None:
        return  # the event source mapping filters them out
    order_id = change.new["orderId"]
    aws.client("sns").publish(
        TopicArn=ENVIRONMENT.topic_arn,
        Message=json.dumps(dict(change.new)),
        MessageGroupId=order_id,
        MessageDeduplicationId=order_id,
    )
    metrics.add_metric("OrdersAnnounced", MetricUnit.Count, 1)
