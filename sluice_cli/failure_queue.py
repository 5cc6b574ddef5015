"""The queues in which events wait that could not be processed: reading them, and sending the events again."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.text import short

# SQS cannot be looked at without taking, so what was read is held back from others until this command ends, or for so
# long at most: a minute more than a function may run.
HELD_SECONDS = 16 * 60
BATCH = 10  # the most messages SQS takes or gives at once


@dataclass(frozen=True)
class Sources:
    """A failure queue by its ARN, and where its messages come from: the ARNs of functions that send events there (as
    on-failure destination or dead-letter queue), and of queues that it is the dead-letter queue of."""

    arn: str
    functions: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def name(self) -> str:
        return self.arn.split(":")[5]


@dataclass(frozen=True)
class Failure:
    """An event that could not be processed, and why.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """

    id: str  # of the failed request, which is also in its log lines; of the message where Lambda names none
    since: str
    event: Any
    reason: str
    message_id: str
    # Where it is sent to again: the ARN of a function or of a queue; None where nobody can tell.
    origin: str | None = None
    message: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


class FailureQueue:
    """One failure queue. `client` makes boto3 clients, as `Target.client` does.

    A context: on leaving it, whatever was read and not removed can be read again.
    """

    def __init__(self, sources: Sources, client: Callable[..., Any]) -> None:
        self.sources = sources
        self._sqs = client("sqs", region_name=sources.region)
        # Waits for as long as a function may run, and never sends an event twice by itself.
        patient = Config(read_timeout=HELD_SECONDS, tcp_keepalive=True, retries={"total_max_attempts": 1})
        self._lambda = client("lambda", region_name=sources.region, config=patient)
        self._url = self._url_of(sources.arn)
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
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            # Nothing new: all is read, or reading took so long that the first ones come again.
            if all(message["MessageId"] in failures for message in messages):
                return sorted(failures.values(), key=lambda one: one.since)
            failures |= {message["MessageId"]: _parse(message, self.sources) for message in messages}

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
        """Send the event through its function and wait, or back to the queue that it came from; it leaves the failure
        queue only when that was done.

        Gives the reason when it stays. Its consumer has to be safe to run twice on the same event, which may have been
        processed meanwhile.
        """
        if failure.origin is None:
            return failure.reason if failure.reason == NOT_LAMBDAS else "nobody can tell what it was sent to"
        message = {"QueueUrl": self._url, "ReceiptHandle": self._held[failure.message_id]}
        try:
            # Again, as those before it took their time; refused where somebody else has taken it since.
            self._sqs.change_message_visibility(**message, VisibilityTimeout=HELD_SECONDS)
            refused = self._invoke(failure) if ":lambda:" in failure.origin else self._send_back(failure)
        except (BotoCoreError, ClientError) as error:
            return str(error)
        if refused is None:
            self.remove(failure)
        return refused

    def remove(self, failure: Failure) -> None:
        """Take a failure that was read from the queue for good."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=self._held.pop(failure.message_id))

    def _invoke(self, failure: Failure) -> str | None:
        answer = self._lambda.invoke(FunctionName=failure.origin, Payload=json.dumps(failure.event))
        if "FunctionError" in answer:
            return _said(json.loads(answer["Payload"].read())) or str(answer["FunctionError"])
        return None

    def _send_back(self, failure: Failure) -> str | None:
        attributes, typed = failure.message.get("Attributes", {}), failure.message.get("MessageAttributes", {})
        fifo = {name: attributes[name] for name in ("MessageGroupId", "MessageDeduplicationId") if name in attributes}
        plain = {name: {key: value for key, value in one.items() if key in TYPED} for name, one in typed.items()}
        self._sqs.send_message(
            QueueUrl=self._url_of(str(failure.origin)),
            MessageBody=failure.message["Body"],
            **({"MessageAttributes": plain} if plain else {}),
            **fifo,
        )
        return None

    def _url_of(self, arn: str) -> str:
        account, name = arn.split(":")[4:6]
        return str(self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])


NOT_LAMBDAS = "not put here by Lambda: look at it in the SQS console"
TYPED = ("DataType", "StringValue", "BinaryValue")


def sources_of(state: dict[str, Any]) -> list[Sources]:
    """The failure queues that a stack's state names, in its functions, event sources, queues and subscriptions."""
    functions: dict[str, set[str]] = {}
    queues: dict[str, set[str]] = {}
    resources = [(one["type"], instance["attributes"]) for one in _managed(state) for instance in one["instances"]]
    arns = {name: of["arn"] for kind, of in resources if kind == "aws_lambda_function" for name in _names(of)}
    urls = {of["url"]: of["arn"] for kind, of in resources if kind == "aws_sqs_queue"}
    for kind, of in resources:
        if kind == "aws_lambda_function_event_invoke_config":
            _add(
                functions, _nested(of, "destination_config", "on_failure", "destination"), arns.get(of["function_name"])
            )
        elif kind == "aws_lambda_function":
            _add(functions, _nested(of, "dead_letter_config", "target_arn"), of["arn"])
        elif kind == "aws_sqs_queue":
            _add(queues, _dead_letters(of.get("redrive_policy")), of["arn"])
        elif kind == "aws_sqs_queue_redrive_policy":
            _add(queues, _dead_letters(of.get("redrive_policy")), urls.get(of["queue_url"]))
        elif kind == "aws_sns_topic_subscription":
            _add(queues, _dead_letters(of.get("redrive_policy")), None)
        elif kind in ELSEWHERE:
            _add(queues, _nested(of, *ELSEWHERE[kind]), None)
    found = sorted(arn for arn in {*functions, *queues} if arn.split(":")[2:3] == ["sqs"])
    return [Sources(arn, frozenset(functions.get(arn, ())), frozenset(queues.get(arn, ()))) for arn in found]


# Whose messages can be read, and whose sender cannot be asked to send one of them again.
ELSEWHERE = {
    "aws_lambda_event_source_mapping": ("destination_config", "on_failure", "destination_arn"),
    "aws_cloudwatch_event_target": ("dead_letter_config", "arn"),
    "aws_scheduler_schedule": ("target", "dead_letter_config", "arn"),
}


def _managed(state: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (one for one in state.get("resources", []) if one["mode"] == "managed")


def _names(function: dict[str, Any]) -> tuple[str, ...]:
    """What other resources call a function by."""
    return tuple(filter(None, (function["function_name"], function["arn"], function.get("qualified_arn"))))


def _nested(values: dict[str, Any], *path: str) -> str:
    for name in path[:-1]:
        values = (values.get(name) or [{}])[0] or {}
    return str(values.get(path[-1]) or "")


def _dead_letters(policy: Any) -> str:
    try:
        return str(json.loads(policy)["deadLetterTargetArn"]) if policy else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _add(found: dict[str, set[str]], queue: str, source: str | None) -> None:
    if queue:
        found.setdefault(queue, set()).update([source] if source else [])


def _parse(message: dict[str, Any], sources: Sources) -> Failure:
    body, attributes = message["Body"], message["Attributes"]
    since = datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC).isoformat(" ", "seconds")
    id_ = message["MessageId"]
    try:
        kept = json.loads(body)
        context, event = kept["requestContext"], kept["requestPayload"]
        reason = _said(kept.get("responsePayload")) or context["condition"]
        origin = _only(sources.functions, str(context.get("functionArn", "")))
        return Failure(short(context.get("requestId", id_)), since, event, reason, id_, origin, message)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    said = {name: one.get("StringValue", "") for name, one in message.get("MessageAttributes", {}).items()}
    if sources.functions and "RequestID" in said:
        with_event = _json(body)
        reason = short(said.get("ErrorMessage", "")) or "no reason is given"
        return Failure(short(said["RequestID"]), since, with_event, reason, id_, _only(sources.functions, ""), message)
    if sources.queues:
        origin = _only(sources.queues, attributes.get("DeadLetterQueueSourceArn", ""))
        times = attributes.get("ApproximateReceiveCount", "?")
        reason = f"received {times} times by consumers of {origin.split(':')[5] if origin else 'its queue'}"
        return Failure(id_, since, _json(body), reason, id_, origin, message)
    return Failure(id_, since, body, NOT_LAMBDAS, id_, None, message)


def _only(known: frozenset[str], named: str) -> str | None:
    """The one that a message names, of those known to send here; else the only one there is."""
    unqualified = ":".join(named.split(":")[:7]) if ":lambda:" in named else named
    if unqualified in known:
        return unqualified
    return next(iter(known)) if len(known) == 1 and not named else None


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _said(payload: Any) -> str:
    """A function's error message, if that is what it answered with."""
    return str(payload.get("errorMessage") or "") if isinstance(payload, dict) else ""
