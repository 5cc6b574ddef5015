"""The failure queue of a deployed system: reading what it keeps, and sending that through the function again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import Target
from sluice_cli.text import short

# SQS cannot be looked at without taking, so what was read is held back from others until this command ends, or for so
# long at most: a minute more than a function may run.
HELD_SECONDS = 16 * 60
BATCH = 10  # the most messages SQS takes or gives at once


@dataclass(frozen=True)
class Failure:
    """An event that Lambda's on-failure destination keeps, and what the function said last.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """

    id: str  # of the failed request, which is also in its log lines; of the message where Lambda names none
    since: str
    event: Any
    reason: str
    message_id: str


class FailureQueue:
    """The failure queue of a deployed system, and the function it belongs to.

    A context: on leaving it, whatever was read and not removed can be read again.
    """

    def __init__(self, target: Target, system: str, client: Any) -> None:
        self.outputs = outputs = deployment.outputs(system, target)
        region = outputs["FunctionArn"].split(":")[3]
        self._sqs = client("sqs", region_name=region)
        # Waits for as long as a function may run, and never sends an event twice by itself.
        patient = Config(read_timeout=HELD_SECONDS, tcp_keepalive=True, retries={"total_max_attempts": 1})
        self._lambda = client("lambda", region_name=region, config=patient)
        self._url = outputs["FailureQueueUrl"]
        self._function = outputs["FunctionArn"]
        self._held: dict[str, str] = {}

    def __enter__(self) -> "FailureQueue":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def read(self) -> list[Failure]:
        """Everything that waits, oldest first, held back from others."""
        failures: dict[str, Failure] = {}
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HELD_SECONDS,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            messages = answer.get("Messages", [])
            self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            # Nothing new: all is read, or reading took so long that the first ones come again.
            if all(message["MessageId"] in failures for message in messages):
                return sorted(failures.values(), key=lambda one: one.since)
            failures |= {message["MessageId"]: _parse(message) for message in messages}

    def release(self, *, but: Sequence[Failure] = ()) -> None:
        """Let others read what was read here."""
        kept = {one.message_id for one in but}
        receipts = [self._held.pop(message_id) for message_id in list(self._held.keys() - kept)]
        for start in range(0, len(receipts), BATCH):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for number, receipt in enumerate(receipts[start : start + BATCH])
                ],
            )

    def held_elsewhere(self) -> int:
        """About how many messages another list or replay holds."""
        name = "ApproximateNumberOfMessagesNotVisible"
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])["Attributes"]
        return max(0, int(attributes[name]) - len(self._held))

    def replay(self, failure: Failure) -> str | None:
        """Send the event through the function and wait; it leaves the queue only when it was processed.

        Gives the reason when it stays. The functions add nothing twice, so a replay of what was processed meanwhile is
        harmless.
        """
        message = {"QueueUrl": self._url, "ReceiptHandle": self._held[failure.message_id]}
        try:
            # Again, as those before it took their time; refused where somebody else has taken it since.
            self._sqs.change_message_visibility(**message, VisibilityTimeout=HELD_SECONDS)
            answer = self._lambda.invoke(FunctionName=self._function, Payload=json.dumps(failure.event))
        except (BotoCoreError, ClientError) as error:
            return str(error)
        if "FunctionError" in answer:
            return _said(json.loads(answer["Payload"].read())) or answer["FunctionError"]
        self.remove(failure)
        return None

    def remove(self, failure: Failure) -> None:
        """Take a failure that was read from the queue for good."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=self._held.pop(failure.message_id))


def _parse(message: dict[str, Any]) -> Failure:
    body = message["Body"]
    try:
        kept = json.loads(body)
        context, event = kept["requestContext"], kept["requestPayload"]
        id_ = short(context.get("requestId", message["MessageId"]))
        reason = _said(kept.get("responsePayload")) or context["condition"]
    except (ValueError, KeyError, TypeError, AttributeError):
        id_, event, reason = message["MessageId"], body, "not put here by Lambda: look at it in the SQS console"
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    return Failure(id_, sent.isoformat(" ", "seconds"), event, reason, message["MessageId"])


def _said(payload: Any) -> str:
    """A function's error message, if that is what it answered with."""
    return str(payload.get("errorMessage") or "") if isinstance(payload, dict) else ""
