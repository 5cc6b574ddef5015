"""Receipt handles of standard queues: ministack 1.5.33 refuses to delete a message whose handle is not its latest.

On AWS the request succeeds: a client that got no answer sends it again, and the message is gone by then. If the message
was received again since, it stays. For FIFO queues, which refuse expired handles on AWS too, ministack's answer stays.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
"""

import contextlib
from typing import Any
from uuid import UUID

from ministack.services import sqs

from completing import CompletionError, existing

REFUSED = "ReceiptHandleIsInvalid"
DELETE, DELETE_BATCH = "DeleteMessage", "DeleteMessageBatch"

_queue_of = existing(sqs, "_get_q")
_plain = {name: sqs._HANDLERS.get(name) for name in (DELETE, DELETE_BATCH)}
if None in _plain.values():
    raise CompletionError("ministack's sqs has no handlers of DeleteMessage: adapt receipt_handles.py to it")


def _delete(data: dict[str, Any], queue_url: str) -> Any:
    try:
        return _plain[DELETE](data, queue_url)
    except sqs._Err as error:
        if error.code == REFUSED and _was_issued(data, queue_url, data.get("ReceiptHandle")):
            return {}
        raise


def _delete_batch(data: dict[str, Any], queue_url: str) -> Any:
    answer = _plain[DELETE_BATCH](data, queue_url)
    handles = {one.get("Id"): one.get("ReceiptHandle") for one in data.get("Entries", ())}
    gone = [
        {"Id": one["Id"]}
        for one in answer["Failed"]
        if one["Code"] == REFUSED and _was_issued(data, queue_url, handles.get(one["Id"]))
    ]
    failed = [one for one in answer["Failed"] if {"Id": one["Id"]} not in gone]
    return {**answer, "Successful": [*answer["Successful"], *gone], "Failed": failed}


def _was_issued(data: dict[str, Any], queue_url: str, handle: Any) -> bool:
    """Whether a handle has the form of those that the queue gives out, and the queue is a standard one."""
    with contextlib.suppress(ValueError, TypeError):
        return str(UUID(handle)) == handle and not _queue_of(data.get("QueueUrl", queue_url))["is_fifo"]
    return False


sqs._HANDLERS |= {DELETE: _delete, DELETE_BATCH: _delete_batch}
