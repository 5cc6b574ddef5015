"""Removes events without processing them, after logging them with the reason in their function's log group."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.failures.queue import Failure, FailureQueue

# Below the limits of CloudWatch Logs for the size of an event and the number of events in a request.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
LONGEST_EVENT = 200_000  # characters, which may be four bytes each
MOST_EVENTS = 20


def check_discard(discarded: Sequence[str] | None, reason: str | None) -> None:
    """Raises `InputError` for a discard without a reason, or a reason without a discard."""
    given = (reason or "").strip()
    if discarded and not given:
        raise InputError("--discard needs --reason: why these will never be processed")
    if given and not discarded:
        raise InputError("--reason goes with --discard")


def log_group_of(client: Callable[..., Any], function_arn: str) -> str:
    """The log group that a function writes to."""
    configuration = client("lambda", region_name=_region(function_arn)).get_function_configuration(
        FunctionName=function_arn
    )
    return str(configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{configuration['FunctionName']}")


def log_discarded(
    client: Callable[..., Any], region: str, log_group: str, reason: str, discarded: Sequence[dict[str, Any]]
) -> None:
    """Log each event that is about to be discarded, with the reason and the caller's ARN.

    Needs `logs:CreateLogStream` and `logs:PutLogEvents`. Raises `ClientError` if AWS refuses: discard nothing then.
    """
    logs = client("logs", region_name=region)
    by = client("sts", region_name=region).get_caller_identity()["Arn"]
    stream = f"discarded/{datetime.now(UTC):%Y-%m-%d}"
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=log_group, logStreamName=stream)
    texts = [
        json.dumps({"level": "WARNING", "message": "discarded", "reason": reason, "by": by, "discarded": one})
        for one in discarded
    ]
    now = int(time.time() * 1000)
    for start in range(0, len(texts), MOST_EVENTS):
        events = [{"timestamp": now, "message": text[:LONGEST_EVENT]} for text in texts[start : start + MOST_EVENTS]]
        logs.put_log_events(logGroupName=log_group, logStreamName=stream, logEvents=events)


def discard_failures(
    client: Callable[..., Any], chosen: Sequence[tuple[FailureQueue, Failure]], reason: str
) -> Iterator[tuple[Failure, str | None]]:
    """Log all failures of a queue, then remove the logged ones. Yields each removed failure with the log group that has
    the reason; None if no function sends to the queue.
    """
    for queue in dict.fromkeys(queue for queue, _ in chosen):
        own = [one for of, one in chosen if of is queue]
        # An event whose function is unknown is logged by any function that sends to the queue.
        functions = sorted(queue.sources.functions)
        by_function: dict[str, list[Failure]] = {}
        for one in own:
            arn = one.origin if one.origin in functions else next(iter(functions), "")
            by_function.setdefault(str(arn), []).append(one)
        logged: dict[str, str | None] = {}
        for arn, failures in by_function.items():
            log_group = log_group_of(client, arn) if arn else None
            if log_group:
                entries = [{"queue": queue.sources.arn, **_entry(one)} for one in failures]
                log_discarded(client, queue.sources.region, log_group, reason, entries)
            logged |= {one.message_id: log_group for one in failures}
        for one in own:
            queue.remove(one)
            yield one, logged[one.message_id]


def _entry(failure: Failure) -> dict[str, Any]:
    return {"id": failure.id, "since": failure.since, "failed": failure.reason, "event": failure.event}


def _region(arn: str) -> str:
    return arn.split(":")[3]
