"""What lies in queues."""

import json
from typing import Any

from sluice_cli.local_aws.server import LocalAws


class FailureQueueReader:
    """A function's failure queue: what is in it stays there."""

    def __init__(self, local: LocalAws, url: str, region: str = "us-east-1") -> None:
        self._sqs = local.client("sqs", region_name=region)
        self._url = url
        self._kept: dict[str, dict[str, Any]] = {}

    def kept(self) -> list[dict[str, Any]]:
        """All invocation records so far (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html)."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=5
        ).get("Messages"):
            self._kept.update({message["MessageId"]: json.loads(message["Body"]) for message in messages})
        return list(self._kept.values())
