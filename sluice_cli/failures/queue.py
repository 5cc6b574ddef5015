"""Failure queues: lists the events that could not be processed, and sends them again."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.text import short

# Messages of SQS can only be read by receiving them, which hides them from others until the command ends, at most for
# this long: a minute more than the longest timeout of a function.
HELD_SECONDS = 16 * 60
BATCH = 10  # SQS's limit of messages in a batch


@dataclass(frozen=True)
class Sources:
    """A failure queue by its ARN, and its sources: the ARNs of functions that send failed events there (on-failure
    destination or dead-letter queue), and of queues whose dead-letter queue it is.
    """

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

    id: str  # the request id of the failed invocation, as in its log lines; otherwise the message's id
    since: str
    event: Any
    reason: str
    message_id: str
    # The ARN of the function or queue that receives the event again; None if unknown.
    origin: str | None = None
    message: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


class FailureQueue:
    """One failure queue. `client` makes boto3 clients, as `Target.client` does.

    A context manager: on exit, messages that were received and not removed become visible again.
    """

    def __init__(self, sources: Sources, client: Callable[..., Any]) -> None:
        self.sources = sources
        self._sqs = client("sqs", region_name=sources.region)
        # A read timeout as long as a function may run, and no retries: no event is sent twice.
        patient = Config(read_timeout=HELD_SECONDS, tcp_keepalive=True, retries={"total_max_attempts": 1})
        self._lambda = client("lambda", region_name=sources.region, config=patient)
        self._url = self._url_of(sources.arn)
        self._held: dict[str, str] = {}

    def __enter__(self) -> "FailureQueue":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def read(self) -> list[Failure]:
        """All messages, oldest first. They are hidden from other consumers meanwhile."""
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
            # No new messages: all were received, or the first ones became visible again.
            if all(message["MessageId"] in failures for message in messages):
                return sorted(failures.values(), key=lambda one: one.since)
            failures |= {message["MessageId"]: failure_in(message, self.sources) for message in messages}

    def release(self, *, but: Sequence[Failure] = ()) -> None:
        """Make the received messages visible again."""
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
        """The approximate number of messages that other processes have received."""
        name = "ApproximateNumberOfMessagesNotVisible"
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])["Attributes"]
        return max(0, int(attributes[name]) - len(self._held))

    def replay(self, failure: Failure) -> str | None:
        """Invoke the function with the event and wait, or send it back to its queue. The event is removed from the
        failure queue if that succeeded.

        Returns the reason if the event stays. The consumer has to be idempotent: the event may have been processed
        meanwhile.
        """
        if failure.origin is None:
            return (
                failure.reason
                if failure.reason == NOT_LAMBDAS
                else "the function or queue that it was sent to is unknown"
            )
        message = {"QueueUrl": self._url, "ReceiptHandle": self._held[failure.message_id]}
        try:
            # Renew the visibility timeout, as earlier events took time. SQS refuses if another process has received the
            # message since.
            self._sqs.change_message_visibility(**message, VisibilityTimeout=HELD_SECONDS)
            refused = self._invoke(failure) if ":lambda:" in failure.origin else self._send_back(failure)
        except (BotoCoreError, ClientError) as error:
            return str(error)
        if refused is None:
            self.remove(failure)
        return refused

    def remove(self, failure: Failure) -> None:
        """Remove a received message from the queue."""
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
    """The failure queues of a stack, from the functions, event source mappings, queues and
    subscriptions in its state.
    """
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


# Services whose failed messages can be listed, but not be sent again.
ELSEWHERE = {
    "aws_lambda_event_source_mapping": ("destination_config", "on_failure", "destination_arn"),
    "aws_cloudwatch_event_target": ("dead_letter_config", "arn"),
    "aws_scheduler_schedule": ("target", "dead_letter_config", "arn"),
}


def _managed(state: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (one for one in state.get("resources", []) if one["mode"] == "managed")


def _names(function: dict[str, Any]) -> tuple[str, ...]:
    """The names by which other resources refer to a function."""
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


def failure_in(message: dict[str, Any], sources: Sources) -> Failure:
    """The failure in a message, from its body and attributes."""
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
    """The source that a message names, or else the only known source."""
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
    """The error message of a function's payload, if there is one."""
    return str(payload.get("errorMessage") or "") if isinstance(payload, dict) else ""
