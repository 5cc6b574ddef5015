"""Receives messages of a topic."""

import json
from typing import Any

from sluice_cli.local_aws.change_count import OWN_CALLS
from sluice_cli.local_aws.server import LocalAws

BATCH = 10  # the most messages SQS takes or gives at once


class TopicListener:
    """A queue subscribed to a topic. Messages stay in the queue and can be read repeatedly."""

    def __init__(self, local: LocalAws, topic_arn: str) -> None:
        region, name = topic_arn.split(":")[3], topic_arn.rpartition(":")[2]
        self._sqs = local.client("sqs", region_name=region, config=OWN_CALLS)
        self._url = self._sqs.create_queue(QueueName=f"listener-{name}"[:80])["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        local.client("sns", region_name=region, config=OWN_CALLS).subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn
        )
        self._heard: dict[str, str] = {}

    def heard(self) -> list[str]:
        """The messages published so far. They stay in the queue for later listeners."""
        receipts = []
        while messages := self._receive():
            for message in messages:
                self._heard[message["MessageId"]] = json.loads(message["Body"])["Message"]
                receipts.append(message["ReceiptHandle"])
        for start in range(0, len(receipts), BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(receipts[start : start + BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        return list(self._heard.values())

    def _receive(self) -> list[dict[str, Any]]:
        # Long enough to receive all messages: none may become visible again before the last one is received.
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=BATCH, VisibilityTimeout=60)
        return list(answer.get("Messages", []))

    def forget(self) -> None:
        """Remove the messages published so far from the queue."""
        self._sqs.purge_queue(QueueUrl=self._url)
        self._heard.clear()
