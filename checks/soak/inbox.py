"""Queues of the soak's own that receive a topic's messages and a bucket's events."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

NOW = "now"  # the end of keys whose events S3 delivers to the function itself


class Inbox:
    """A queue; reading a message removes it."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def take(self, *, wait_seconds: int = 0) -> list[dict[str, Any]]:
        """Up to ten message bodies; an empty list if there are none."""
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
        messages = answer.get("Messages", [])
        if messages:
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(messages)],
            )
        return [json.loads(one["Body"]) for one in messages]

    def take_all(self) -> list[dict[str, Any]]:
        taken: list[dict[str, Any]] = []
        while some := self.take():
            taken += some
        return taken


@contextmanager
def of_topic(client: Callable[..., Any], topic_arn: str) -> Iterator[Inbox]:
    """An inbox for what the topic publishes while the context lasts, in SNS's envelope."""
    region = topic_arn.split(":")[3]
    sns = client("sns", region_name=region)
    with _queue(client("sqs", region_name=region), "sns.amazonaws.com", topic_arn) as (inbox, arn):
        subscription = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
        try:
            yield inbox
        finally:
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


@contextmanager
def of_bucket(client: Callable[..., Any], bucket: str, region: str, prefix: str) -> Iterator[Inbox]:
    """An inbox for all events of new objects under a prefix while the context lasts.

    S3 delivers the events of keys that end with `NOW` to the function or its buffer; the courier delivers the others.
    (On AWS two destinations cannot have overlapping filters; the local AWS allows it.)
    """
    s3 = client("s3", region_name=region)
    own = {
        name: value
        for name, value in s3.get_bucket_notification_configuration(Bucket=bucket).items()
        if name.endswith("Configurations")
    }
    with _queue(client("sqs", region_name=region), "s3.amazonaws.com", f"arn:aws:s3:::{bucket}") as (inbox, arn):
        soaked = {kind: [{**one, "Filter": _filter(prefix, NOW)} for one in targets] for kind, targets in own.items()}
        listening = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": _filter(prefix)}
        queues = [*soaked.get("QueueConfigurations", ()), listening]
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={**soaked, "QueueConfigurations": queues}
        )
        try:
            yield inbox
        finally:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=own)


@contextmanager
def _queue(sqs: Any, service: str, source_arn: str) -> Iterator[tuple[Inbox, str]]:
    url = sqs.create_queue(QueueName=f"test-soak-{uuid4().hex[:12]}")["QueueUrl"]
    try:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        yield Inbox(sqs, url), arn
    finally:
        sqs.delete_queue(QueueUrl=url)


def _filter(prefix: str, suffix: str | None = None) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}] + ([{"Name": "suffix", "Value": suffix}] if suffix else [])
    return {"Key": {"FilterRules": rules}}
