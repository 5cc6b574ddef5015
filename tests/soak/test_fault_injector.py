"""Repeats of a notification are explained by what struck between them, and by nothing else."""

import json
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from checks.soak.fault_injector import Call, FaultInjector
from checks.soak.function import SHORT_TIMEOUT_SECONDS
from checks.soak.plan import FaultWindow
from checks.soak.proxy import ProxiedRequest

NOBODY: Any = None


def injector(windows: Sequence[FaultWindow] = (), function: Any = NOBODY) -> FaultInjector:
    return FaultInjector(
        windows,
        function,
        NOBODY,
        of_message=lambda message: [message],
        of_row=lambda row: row["readingId"],
        written=lambda key: None,
    )


def test_a_sender_that_gave_up_explains_its_repeat_whichever_of_the_two_the_topic_took_first() -> None:
    first, overtaken = injector(), injector()
    first.taken("a", time.monotonic(), gone=True)
    first.taken("a", time.monotonic(), gone=False)
    began = time.monotonic()
    overtaken.taken("a", time.monotonic(), gone=False)
    overtaken.taken("a", began, gone=True)
    assert (first.explained("a"), overtaken.explained("a")) == (1, 1)


def test_a_sender_that_gave_up_later_explains_no_earlier_repeat() -> None:
    made = injector()
    for gone in (False, False, True):
        made.taken("a", time.monotonic(), gone=gone)
    made.taken("b", time.monotonic(), gone=False)
    assert (made.explained("a"), made.explained("b")) == (0, 0)


def test_a_repeat_has_its_reason_while_the_functions_time_is_short_and_neither_before_nor_later() -> None:
    function: Any = SimpleNamespace(cut_short=lambda: None, full_length=lambda: None)
    made = injector([FaultWindow("timed-out", 1, 1, 0)], function)
    for one in ("before", "before"):
        made.taken(one, time.monotonic(), gone=False)
    made.sent(1)
    for one in ("meanwhile", "meanwhile", "until the end"):
        made.taken(one, time.monotonic(), gone=False)
    made.clear()
    made.taken("until the end", time.monotonic(), gone=False)
    time.sleep(SHORT_TIMEOUT_SECONDS + 0.1)
    for one in ("later", "later"):
        made.taken(one, time.monotonic(), gone=False)
    assert [made.explained(one) for one in ("before", "meanwhile", "until the end", "later")] == [0, 1, 1, 0]


def request(body: bytes, **headers: str) -> ProxiedRequest:
    return ProxiedRequest("POST", "/", headers, body, lambda: False)


def test_the_messages_of_a_batch_are_all_seen() -> None:
    one = Call.of(request(b"Action=Publish&TopicArn=t&Message=a+b&Subject=s"))
    batch = Call.of(
        request(
            b"Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=0"
            b"&PublishBatchRequestEntries.member.1.Message=a&PublishBatchRequestEntries.member.2.Message=b"
        )
    )
    assert (one.operation, one.messages) == ("Publish", ["a b"])
    assert (batch.operation, batch.messages) == ("PublishBatch", ["a", "b"])


def test_the_rows_that_a_transaction_marks_are_all_seen() -> None:
    marked = {"readingId": {"S": "a"}, "notifiedAt": {"S": "2026"}}
    puts = [{"Put": {"Item": marked}}, {"Put": {"Item": {"readingId": {"S": "b"}}}}]
    target = {"X-Amz-Target": "DynamoDB_20120810.TransactWriteItems"}
    call = Call.of(request(json.dumps({"TransactItems": puts}).encode(), **target))
    assert call.marked == [{"readingId": "a", "notifiedAt": "2026"}]
    single = Call.of(request(json.dumps({"Item": marked}).encode(), **{"X-Amz-Target": "DynamoDB_20120810.PutItem"}))
    assert single.marked == [{"readingId": "a", "notifiedAt": "2026"}]
