"""A function behind a queue: ministack 1.5.33 invokes it with at most 10 messages and without waiting for more, and
shows the messages of a failed batch again only after the queue's visibility timeout.

Here a batch has as many messages as the mapping says, up to 6 MB, and waits for the mapping's batching window. Failed
messages are visible again after QUEUE_RETRY_SECONDS: a queue that a function polls has a visibility timeout of minutes,
and AWS's retry would take that long. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

import os
import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import lambda_svc, sqs

from completing import existing

RETRY_SECONDS = float(os.environ.get("QUEUE_RETRY_SECONDS", "1"))
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
LONGEST_BATCH_BYTES = 6 * 1024 * 1024
WINDOW = "MaximumBatchingWindowInSeconds"

_plain_mappings = existing(lambda_svc, "_iter_all_esms")
_plain_run = existing(lambda_svc, "_run_sqs_batch")
_collect = existing(sqs, "_collect_msgs")
_expire = existing(sqs, "_expire_retained")
_sweep = existing(sqs, "_dlq_sweep")
_queue_of = existing(sqs, "_get_q")
_by_arn = existing(sqs, "_queue_by_arn")
existing(sqs, "_receive_messages_for_esm")


def _mappings() -> Iterator[Any]:
    """All mappings but those of queues whose batch is still filling."""
    for account, region, mapping in _plain_mappings():
        with request_scope(account, region):
            filling = _is_filling(mapping)
        if not filling:
            yield account, region, mapping


def _is_filling(mapping: dict[str, Any]) -> bool:
    window, source = mapping.get(WINDOW) or 0, mapping.get("EventSourceArn", "")
    queue = _by_arn(source) if window and ":sqs:" in source else None
    if queue is None:
        return False
    now = time.time()
    visible = [message for message in list(queue["messages"]) if message["visible_at"] <= now]
    if not visible or _fitting(visible) < len(visible) or len(visible) >= mapping.get("BatchSize", 10):
        return False
    return bool(min(message["visible_at"] for message in visible) + window > now)


def _fitting(messages: list[dict[str, Any]]) -> int:
    """How many of the messages, from the first on, fit into one event: one at least."""
    size = 0
    for number, message in enumerate(messages):
        size += len(message["body"].encode("utf-8", "replace"))
        if size > LONGEST_BATCH_BYTES and number:
            return number
    return len(messages)


def _receive(queue_url: str, most: int) -> Any:
    with sqs._queues_lock:
        queue = _queue_of(queue_url)
        _expire(queue)
        _sweep(queue)
        now = time.time()
        fitting = _fitting([message for message in queue["messages"] if message["visible_at"] <= now])
        return _collect(queue, min(int(most), fitting), int(queue["attributes"].get("VisibilityTimeout", "30")))


def _run(mapping: Any, function: Any, event: Any, batch: list[dict[str, Any]], queue_url: str, name: str) -> None:
    _plain_run(mapping, function, event, batch, queue_url, name)
    with sqs._queues_lock:
        handles = {message["receipt_handle"] for message in batch}
        for message in (sqs._queues.get(queue_url) or {}).get("messages", ()):
            if message.get("receipt_handle") in handles:  # not deleted: it failed
                message["visible_at"] = min(message["visible_at"], time.time() + RETRY_SECONDS)


lambda_svc._iter_all_esms = _mappings
lambda_svc._run_sqs_batch = _run
sqs._receive_messages_for_esm = _receive
