"""Events of a bucket for functions that get them directly, or in batches from a queue, as a setting says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .s3_events import Given, S3Object, for_each_object


def answer(
    event: Any,
    process: Callable[[S3Object], Given],
    *,
    counted_as: str,
    context: Any = None,
    finish_batch: Callable[[list[Given]], Sequence[Exception | None]] | None = None,
) -> dict[str, Any]:
    """`s3_events.for_each_object` for a function that S3 invokes, or that Lambda invokes with batches of a queue.

    Returns `{counted_as: number of records}`, or for a queue which messages failed (see `sqs.for_each_object`, also for
    `context`).
    """
    if _is_of_queue(event):
        from . import sqs  # imported on first use, to keep the usual cold start short

        return sqs.for_each_object(event, process, context=context, finish_batch=finish_batch)
    return {counted_as: for_each_object(event, process, finish_batch=finish_batch)}


def _is_of_queue(event: Any) -> bool:
    """Whether it is a batch of SQS: all of its records are messages then."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, Mapping) and first.get("eventSource") == "aws:sqs"
