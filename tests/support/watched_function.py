"""A function of the local AWS whose events and failures a test can read."""

from typing import Any
from uuid import uuid4

from .bare_aws import LOGS, BareAws, allow

FORWARDS = """
import json, os, boto3

def handle(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(event))
    if "fail" in json.dumps(event):
        raise ValueError("asked to fail")
    return {"statusCode": 200, "body": "seen"}
"""


class Watched:
    """A function that forwards its events to a queue, and the queue where failed ones are kept."""

    def __init__(self, aws: BareAws, name: str) -> None:
        self._aws = aws
        self.queue, seen = aws.queue(f"{name}-seen")
        self.kept, self.kept_arn = aws.queue(f"{name}-kept")
        self.rights = [allow(LOGS), allow(["sqs:SendMessage"], seen), allow(["sqs:SendMessage"], self.kept_arn)]
        self.role = aws.role(name, *self.rights)
        variables = {"Variables": {"SEEN": self.queue}}
        self.arn = aws.function(name, self.role, FORWARDS, Environment=variables)
        aws.client("lambda").put_function_event_invoke_config(
            FunctionName=self.arn,
            MaximumRetryAttempts=1,
            DestinationConfig={"OnFailure": {"Destination": self.kept_arn}},
        )

    def seen(self, text: str) -> list[dict[str, Any]]:
        return [one for one in self._aws.messages(self.queue) if text in one["Body"]]

    def failures(self, text: str) -> list[dict[str, Any]]:
        return [one for one in self._aws.messages(self.kept) if text in one["Body"]]


def a_text() -> str:
    return f"text-{uuid4().hex[:8]}"
