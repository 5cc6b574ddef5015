"""Failure queues in a stack's state: their sources, and where each message is sent again."""

import json
from typing import Any

import pytest

from sluice_cli.failures.queue import NOT_LAMBDAS, Sources, failure_in, sources_of

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
QUEUE, FUNCTION = ARN.format("sqs", "{}"), ARN.format("lambda", "function:{}")
FAILED, WORK = QUEUE.format("failed"), QUEUE.format("work")
SHRINK, GROW = FUNCTION.format("shrink"), FUNCTION.format("grow")


def state(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "resources": [{"mode": "managed", "type": kind, "instances": [{"attributes": of}]} for kind, of in resources]
    }


def function(arn: str, **more: Any) -> tuple[str, dict[str, Any]]:
    name = arn.rpartition(":")[2]
    return "aws_lambda_function", {"arn": arn, "function_name": name, "qualified_arn": f"{arn}:$LATEST", **more}


def queue(arn: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "aws_sqs_queue", {"arn": arn, "url": f"https://sqs/{arn.rpartition(':')[2]}", **more}


def redrive(arn: str) -> str:
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})


def invoke_config(named: str, destination: str) -> tuple[str, dict[str, Any]]:
    configured = [{"on_failure": [{"destination": destination}]}]
    return "aws_lambda_function_event_invoke_config", {"function_name": named, "destination_config": configured}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (state(), []),
        (state(function(SHRINK), queue(FAILED)), []),
        (
            state(function(SHRINK), queue(FAILED), invoke_config("shrink", FAILED)),
            [Sources(FAILED, frozenset([SHRINK]))],
        ),
        (state(function(SHRINK), invoke_config(SHRINK, FAILED)), [Sources(FAILED, frozenset([SHRINK]))]),
        (
            state(function(SHRINK), function(GROW), invoke_config("shrink", FAILED), invoke_config("grow", FAILED)),
            [Sources(FAILED, frozenset([SHRINK, GROW]))],
        ),
        (state(function(SHRINK, dead_letter_config=[{"target_arn": FAILED}])), [Sources(FAILED, frozenset([SHRINK]))]),
        (
            state(queue(FAILED), queue(WORK, redrive_policy=redrive(FAILED))),
            [Sources(FAILED, queues=frozenset([WORK]))],
        ),
        (
            state(
                queue(WORK),
                ("aws_sqs_queue_redrive_policy", {"queue_url": "https://sqs/work", "redrive_policy": redrive(FAILED)}),
            ),
            [Sources(FAILED, queues=frozenset([WORK]))],
        ),
        (state(("aws_sns_topic_subscription", {"redrive_policy": redrive(FAILED)})), [Sources(FAILED)]),
        (
            state(("aws_cloudwatch_event_target", {"dead_letter_config": [{"arn": FAILED}]})),
            [Sources(FAILED)],
        ),
        (
            state(("aws_scheduler_schedule", {"target": [{"dead_letter_config": [{"arn": FAILED}]}]})),
            [Sources(FAILED)],
        ),
        # A topic has no messages to read.
        (state(function(SHRINK), invoke_config("shrink", ARN.format("sns", "failed"))), []),
        (state(queue(WORK, redrive_policy="no JSON"), queue(FAILED, redrive_policy=None)), []),
    ],
)
def test_failure_queues_are_found_by_who_sends_there(given: dict[str, Any], found: list[Sources]) -> None:
    assert sources_of(given) == found


def message(body: Any, attributes: dict[str, str] | None = None, **typed: str) -> dict[str, Any]:
    return {
        "MessageId": "m-1",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": "0", **(attributes or {})},
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in typed.items()},
    }


def kept(**context: Any) -> dict[str, Any]:
    return {"requestContext": {"condition": "RetriesExhausted", **context}, "requestPayload": {"n": 1}}


BOTH = Sources(FAILED, frozenset([SHRINK, GROW]), frozenset([WORK]))


@pytest.mark.parametrize(
    ("sources", "given", "origin", "event", "reason"),
    [
        (Sources(FAILED, frozenset([SHRINK])), message(kept()), SHRINK, {"n": 1}, "RetriesExhausted"),
        (BOTH, message(kept(functionArn=f"{GROW}:$LATEST")), GROW, {"n": 1}, "RetriesExhausted"),
        # A sender of messages to the queue must not be able to choose the function.
        (BOTH, message(kept(functionArn=FUNCTION.format("other"))), None, {"n": 1}, "RetriesExhausted"),
        (BOTH, message(kept()), None, {"n": 1}, "RetriesExhausted"),
        (
            Sources(FAILED, frozenset([SHRINK])),
            message({"n": 2}, RequestID="r-1", ErrorMessage="too large"),
            SHRINK,
            {"n": 2},
            "too large",
        ),
        (
            BOTH,
            message({"n": 3}, {"DeadLetterQueueSourceArn": WORK, "ApproximateReceiveCount": "4"}),
            WORK,
            {"n": 3},
            "received 4 times by consumers of work",
        ),
        (
            BOTH,
            message("text", {"DeadLetterQueueSourceArn": QUEUE.format("other")}),
            None,
            "text",
            "received ? times by consumers of its queue",
        ),
        (Sources(FAILED), message("text"), None, "text", NOT_LAMBDAS),
    ],
)
def test_a_message_goes_back_to_where_it_came_from_where_that_is_known(
    sources: Sources, given: dict[str, Any], origin: str | None, event: Any, reason: str
) -> None:
    failure = failure_in(given, sources)
    assert (failure.origin, failure.event, failure.reason) == (origin, event, reason)
