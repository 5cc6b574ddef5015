"""Events of each source, with the structure that AWS documents, in the handler toolkit."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sluice_functions import bucket_events, eventbridge, s3_events, schedules, sns, sqs, streams
from sluice_functions.errors import UNEXPECTED, MalformedEvent, RecordsFailed
from sluice_functions.eventbridge import BusEvent
from sluice_functions.observability import metrics
from sluice_functions.s3_events import S3Object, VersionGone
from sluice_functions.sns import TopicMessage
from sluice_functions.sqs import QueueMessage

Event = dict[str, Any]

QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders"
TOPIC = "arn:aws:sns:us-east-1:000000000000:orders"
S3_TEST = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"}


@pytest.fixture(autouse=True)
def own_metrics() -> None:
    metrics.clear_metrics()


def counted() -> dict[str, list[float]]:
    return {name: metric["Value"] for name, metric in metrics.metric_set.items()}


def of_queue(*bodies: Any, queue: str = QUEUE, groups: str = "") -> Event:
    records = [
        {
            "messageId": f"m{number}",
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {
                "ApproximateReceiveCount": "2",
                **({"MessageGroupId": groups[number]} if groups else {}),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": queue,
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def failed(*ids: str) -> sqs.Answer:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


def of_s3(*keys: str, name: str = "ObjectCreated:Put") -> Event:
    return {
        "Records": [{"eventName": name, "s3": {"bucket": {"name": "inbox"}, "object": {"key": one}}} for one in keys]
    }


def of_bus(detail: Any, *, source: str = "shop.orders", kind: str = "Order Placed") -> Event:
    return {
        "version": "0",
        "id": "e1",
        "source": source,
        "account": "000000000000",
        "time": "2025-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::inbox"],
        "detail-type": kind,
        "detail": detail,
    }


def in_envelope(message: Any, **more: Any) -> Event:
    """As SNS delivers to a queue."""
    body = message if isinstance(message, str) else json.dumps(message)
    times = {"Timestamp": "2025-01-02T03:04:05.678Z"}
    return {"Type": "Notification", "MessageId": "n1", "TopicArn": TOPIC, "Message": body, **times, **more}


def of_topic(*messages: Any) -> Event:
    """As SNS invokes a function."""
    return {"Records": [{"EventSource": "aws:sns", "Sns": in_envelope(one)} for one in messages]}


def test_every_message_of_a_queue_is_attempted_and_failures_are_named() -> None:
    seen: list[QueueMessage] = []

    def process(message: QueueMessage) -> None:
        seen.append(message)
        if message.json() != "good":
            raise ValueError("bad")

    assert sqs.for_each_message(of_queue("good", "bad", '"good"', {"a": 1}), process) == failed("m0", "m1", "m3")
    assert [one.id for one in seen] == ["m0", "m1", "m2", "m3"]
    assert (seen[0].receive_count, seen[0].group_id, seen[0].queue_arn) == (2, None, QUEUE)
    assert counted() == {"RecordsFailed": [3]}


def test_nothing_is_reported_where_nothing_fails() -> None:
    assert sqs.for_each_message(of_queue("a", "b"), lambda message: message.body) == failed()
    assert sqs.for_each_message({"Records": []}, lambda message: message.body) == failed()
    assert counted() == {}


@dataclass
class Ending:
    """Lambda's context of an invocation that has so many milliseconds left."""

    milliseconds: int

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def test_messages_for_which_no_time_is_left_come_again() -> None:
    context, seen = Ending(1000), []

    def process(message: QueueMessage) -> None:
        seen.append(message.body)
        context.milliseconds -= 300 if message.body == "long" else 50

    event = of_queue("short", "long", "short", "short", "short", "short", "short")
    # 1000, 950, 650, 600: then less is left than twice the longest.
    assert sqs.for_each_message(event, process, context=context) == failed("m3", "m4", "m5", "m6")
    assert seen == ["short", "long", "short"]
    assert counted() == {}


def test_in_a_fifo_queue_what_is_left_stays_in_order() -> None:
    context = Ending(1000)

    def process(message: QueueMessage) -> None:
        context.milliseconds -= 600

    event = of_queue("1", "2", "3", queue=QUEUE + ".fifo", groups="aab")
    assert sqs.for_each_message(event, process, context=context) == failed("m1", "m2")


def test_a_bucket_is_answered_the_count_and_its_queue_the_failures() -> None:
    def process(found: S3Object) -> str:
        if found.key == "bad":
            raise ValueError("bad")
        return found.key

    written: list[list[str]] = []

    def finish(keys: list[str]) -> list[Exception | None]:
        written.append(keys)
        return [OSError("not written") if key == "unwritable" else None for key in keys]

    assert bucket_events.answer(of_s3("a", "b"), process, counted_as="done", finish_batch=finish) == {"done": 2}
    assert bucket_events.answer(S3_TEST, process, counted_as="done") == {"done": 0}
    with pytest.raises(RecordsFailed):
        bucket_events.answer(of_s3("a", "bad"), process, counted_as="done")
    queued = of_queue(of_s3("c", "d"), of_s3("bad"), S3_TEST, "x" * 250_000, of_s3("unwritable"), of_s3("e"), {})
    assert bucket_events.answer(queued, process, counted_as="done", finish_batch=finish) == failed(
        "m1", "m3", "m4", "m6"
    )
    assert written == [["a", "b"], ["c", "d"], ["unwritable"], ["e"]]


def test_a_failure_in_a_fifo_queue_keeps_the_later_messages_of_its_group_in_order() -> None:
    seen = []

    def process(message: QueueMessage) -> None:
        seen.append(message.id)
        if message.id == "m1":
            raise ValueError("bad")

    event = of_queue("", "", "", "", "", queue=f"{QUEUE}.fifo", groups="ABABA")
    assert sqs.for_each_message(event, process) == failed("m1", "m3")
    assert seen == ["m0", "m1", "m2", "m4"]
    # Groups of a standard queue are for fairness and have no order.
    assert sqs.for_each_message(of_queue("", "", "", "", groups="ABAB"), process) == failed("m1")


def test_the_senders_attributes_are_texts_and_bytes() -> None:
    event = of_queue("")
    event["Records"][0]["messageAttributes"] = {
        "kind": {"stringValue": "order", "dataType": "String"},
        "count": {"stringValue": "3", "dataType": "Number.int"},
        "code": {"binaryValue": base64.b64encode(b"\x00\xff").decode(), "dataType": "Binary"},
    }
    given: list[Any] = []
    assert sqs.for_each_message(event, lambda message: given.append(message.message_attributes)) == failed()
    assert given == [{"kind": "order", "count": "3", "code": b"\x00\xff"}]


def test_numbers_of_a_message_are_decimals_on_request() -> None:
    prices: list[Any] = []
    sqs.for_each_message(of_queue('{"price": 19.99}'), lambda one: prices.append(one.json(parse_float=Decimal)))
    assert prices == [{"price": Decimal("19.99")}]


def test_a_record_without_an_id_brings_the_whole_batch_back() -> None:
    event = of_queue("good", "good")
    del event["Records"][0]["messageId"]
    seen: list[str] = []
    with pytest.raises(RecordsFailed) as raised:
        sqs.for_each_message(event, lambda message: seen.append(message.id))
    assert str(raised.value) == "1 of 2 records failed: record 0: not a record of SQS: no 'messageId'"
    assert seen == ["m1"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda event: event,
        in_envelope,
        lambda event: in_envelope(in_envelope(event)),
    ],
)
def test_objects_in_a_queue_are_unwrapped_and_a_message_fails_if_one_of_its_objects_does(wrap: Any) -> None:
    seen: list[str] = []

    def process(found: S3Object) -> None:
        seen.append(found.key)
        if found.key == "gone":
            raise VersionGone("gone")
        if found.key.startswith("bad"):
            raise ValueError("bad")

    bodies = [of_s3("a+b%2Bc"), S3_TEST, of_s3("bad 1", "good"), of_s3("gone"), of_s3("x", name="ObjectRemoved:Delete")]
    assert sqs.for_each_object(of_queue(*map(wrap, bodies)), process) == failed("m2", "m4")
    assert seen == ["a b+c", "bad 1", "good", "gone"]


CREATED = {
    "version": "0",
    "bucket": {"name": "inbox"},
    "object": {"key": "a b+c%20d", "size": 5, "etag": "e", "version-id": "v", "sequencer": "00"},
    "reason": "CopyObject",
}


@pytest.mark.parametrize("wrap", [lambda event: event, of_topic, of_queue, in_envelope])
def test_objects_by_way_of_eventbridge_are_as_s3_itself_sends_them(wrap: Any) -> None:
    seen: list[S3Object] = []
    event = wrap(of_bus(CREATED, source="aws.s3", kind="Object Created"))
    if wrap is in_envelope:
        event = of_queue(event)
    if event.get("Records", [{}])[0].get("eventSource") == "aws:sqs":
        assert sqs.for_each_object(event, seen.append) == failed()
    else:
        assert s3_events.for_each_object(event, seen.append) == 1
    (found,) = seen
    # EventBridge's keys are not encoded.
    assert (found.bucket, found.key, found.version_id) == ("inbox", "a b+c%20d", "v")
    assert (found.event_name, found.event_time) == ("ObjectCreated:Copy", "2025-01-02T03:04:05Z")
    assert (found.size, found.e_tag, found.sequencer) == (5, "e", "00")


@pytest.mark.parametrize(
    ("kind", "detail", "name"),
    [
        ("Object Created", {"reason": "POST Object"}, "ObjectCreated:Post"),
        ("Object Deleted", {"deletion-type": "Delete Marker Created"}, "ObjectRemoved:DeleteMarkerCreated"),
        ("Object Deleted", {}, "ObjectRemoved:Delete"),
        ("Object Restore Completed", {}, "ObjectRestore:Completed"),
        ("Object Tags Added", {}, "ObjectTagging:Put"),
    ],
)
def test_other_kinds_of_s3s_events_are_named_as_s3_names_them(kind: str, detail: Event, name: str) -> None:
    seen: list[S3Object] = []
    event = of_bus({**CREATED, "reason": None, **detail}, source="aws.s3", kind=kind)
    assert s3_events.for_each_object(event, seen.append, kinds=(name,)) == 1
    assert seen[0].event_name == name


def test_an_event_of_another_kind_than_asked_for_fails() -> None:
    with pytest.raises(RecordsFailed, match=r"record 0: ObjectCreated:Put is not ObjectRemoved: or ObjectRestore:"):
        s3_events.for_each_object(of_s3("a"), print, kinds=("ObjectRemoved:", "ObjectRestore:"))
    with pytest.raises(RecordsFailed, match=r"record 0: not an event of S3: 'Order Placed' of 'shop\.orders'"):
        s3_events.for_each_object(of_bus({}), print)


def test_notifications_are_all_attempted_then_failures_are_raised() -> None:
    seen: list[Any] = []

    def process(message: TopicMessage) -> None:
        seen.append((message.body, message.topic_arn, message.time, message.subject))
        if message.body == "bad":
            raise ZeroDivisionError

    with pytest.raises(RecordsFailed) as raised:
        sns.for_each_notification(of_topic("bad", "good"), process)
    assert str(raised.value) == f"1 of 2 records failed: record 0: {UNEXPECTED}"
    at = datetime(2025, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert seen == [("bad", TOPIC, at, None), ("good", TOPIC, at, None)]
    assert sns.for_each_notification(of_topic("good"), process) == 1


def test_notifications_in_a_queue_come_in_an_envelope_or_raw() -> None:
    attributes = {"kind": {"Type": "String", "Value": "order"}, "code": {"Type": "Binary", "Value": "AP8="}}
    raw = of_queue("raw")
    raw["Records"][0]["messageAttributes"] = {"kind": {"stringValue": "order", "dataType": "String"}}
    seen: list[TopicMessage] = []
    wrapped = of_queue(in_envelope({"a": 1}, Subject="s", MessageAttributes=attributes))
    assert sqs.for_each_notification(wrapped, seen.append) == failed()
    assert sqs.for_each_notification(raw, seen.append) == failed()
    assert (seen[0].json(), seen[0].subject, seen[0].id) == ({"a": 1}, "s", "n1")
    assert seen[0].attributes == {"kind": "order", "code": b"\x00\xff"}
    assert seen[1] == TopicMessage("m0", "raw", None, {"kind": "order"}, "", None)


def test_an_event_of_a_bus_is_read_itself_and_in_a_queue() -> None:
    expected = BusEvent(
        id="e1",
        source="shop.orders",
        detail_type="Order Placed",
        detail={"id": 1},
        time=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        account="000000000000",
        region="us-east-1",
        resources=("arn:aws:s3:::inbox",),
    )
    assert eventbridge.received(of_bus({"id": 1})) == expected
    seen: list[BusEvent] = []
    event = of_queue(of_bus({"id": 1}), {"no": "event"}, in_envelope(of_bus({"id": 1})))
    assert sqs.for_each_event(event, seen.append) == failed("m1")
    assert seen == [expected, expected]


def change(kind: str, number: str, **more: Any) -> Event:
    inside = {"Keys": {"id": {"S": number}}, "SequenceNumber": number, "ApproximateCreationDateTime": 1735787045.0}
    return {"eventName": kind, "dynamodb": {**inside, **more}, "eventSource": "aws:dynamodb", "eventSourceARN": "arn"}


def test_every_change_is_attempted_and_the_first_that_fails_is_reported() -> None:
    seen: list[Any] = []

    def process(one: streams.ItemChange) -> None:
        seen.append((one.kind, one.keys, one.old, one.new))
        if one.sequence_number in ("2", "4"):
            raise ValueError("bad")

    images = {"OldImage": {"n": {"N": "1"}}, "NewImage": {"n": {"N": "1.5"}}}
    records = [change("INSERT", "1"), change("MODIFY", "2", **images), change("REMOVE", "3"), change("REMOVE", "4")]
    assert streams.for_each_change({"Records": records}, process) == failed("2")
    assert seen == [
        ("INSERT", {"id": "1"}, None, None),
        ("MODIFY", {"id": "2"}, {"n": 1}, {"n": Decimal("1.5")}),
        ("REMOVE", {"id": "3"}, None, None),
        ("REMOVE", {"id": "4"}, None, None),
    ]
    assert counted() == {"RecordsFailed": [2]}
    assert streams.for_each_change({"Records": [change("REMOVE", "3")]}, process) == failed()


def test_after_a_failure_an_items_later_changes_wait_for_their_turn() -> None:
    def of(item: str, number: str) -> Event:
        return change("MODIFY", number, Keys={"id": {"S": item}, "at": {"N": "1"}})

    seen = []

    def process(one: streams.ItemChange) -> None:
        seen.append(one.sequence_number)
        if one.sequence_number == "2":
            raise ValueError("bad")

    records = [of("a", "1"), of("b", "2"), of("a", "3"), of("b", "4"), of("c", "5")]
    assert streams.for_each_change({"Records": records}, process) == failed("2")
    assert seen == ["1", "2", "3", "5"]


def test_a_change_says_when_it_was_and_whether_an_item_expired() -> None:
    expiry = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    seen: list[streams.ItemChange] = []
    streams.for_each_change({"Records": [change("REMOVE", "1") | expiry, change("REMOVE", "2")]}, seen.append)
    assert [one.expired for one in seen] == [True, False]
    assert seen[0].time == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_change_without_a_number_brings_the_whole_batch_back() -> None:
    event = {"Records": [change("INSERT", "1"), {"eventName": "INSERT", "dynamodb": {"Keys": {}}}]}
    with pytest.raises(
        RecordsFailed, match="1 of 2 records failed: record 1: not a record of a DynamoDB stream: no 'S"
    ):
        streams.for_each_change(event, lambda one: one)


@pytest.mark.parametrize(
    "damage",
    [
        {"ApproximateCreationDateTime": 1e30},
        {"ApproximateCreationDateTime": 1e300},
        {"ApproximateCreationDateTime": float("nan")},
        {"Keys": {"n": {"N": "1E+999"}}},
        {"Keys": {"n": {"N": "one"}}},
        {"Keys": {"n": {}}},
        {"NewImage": {"b": {"B": "not base64"}}},
        {"NewImage": [1]},
        {"OldImage": {"l": {"L": [1]}}},
    ],
)
def test_a_change_of_another_structure_fails_in_words(damage: Event) -> None:
    event = {"Records": [change("INSERT", "1") | {"dynamodb": {"Keys": {}, "SequenceNumber": "1"} | damage}]}
    assert streams.for_each_change(event, print) == failed("1")
    del event["Records"][0]["dynamodb"]["SequenceNumber"]
    with pytest.raises(RecordsFailed, match="record 0: not a record of a DynamoDB stream: ") as raised:
        streams.for_each_change(event, print)
    assert UNEXPECTED not in str(raised.value)


PLANNED = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "input_"),
    [
        (of_bus({}, source="aws.events", kind="Scheduled Event"), {}),
        (of_bus("{}", source="aws.scheduler", kind="Scheduled Event"), {}),
        ({"time": "2025-01-02T03:04:05Z", "report": "daily"}, {"time": "2025-01-02T03:04:05Z", "report": "daily"}),
    ],
)
def test_a_scheduled_run_has_the_time_that_it_was_planned_for(event: Event, input_: Event) -> None:
    assert schedules.scheduled(event) == schedules.ScheduledRun(PLANNED, input_)


def test_a_run_whose_event_has_no_time_is_now() -> None:
    before = datetime.now(UTC)
    run = schedules.scheduled({"report": "daily"})
    assert before <= run.time <= datetime.now(UTC)
    assert run.input == {"report": "daily"}


@pytest.mark.parametrize(
    ("read", "event", "reason"),
    [
        (lambda event: sqs.for_each_message(event, print), [], "not an event of SQS: it has no list of Records"),
        (lambda event: sns.for_each_notification(event, print), {}, "not an event of SNS: it has no list of Records"),
        (
            lambda event: streams.for_each_change(event, print),
            {"Records": None},
            "not an event of a DynamoDB stream: it has no list of Records",
        ),
        (eventbridge.received, [], "not an event of EventBridge: no JSON object"),
        (eventbridge.received, {"id": "1", "source": "s"}, "not an event of EventBridge: no 'detail-type'"),
        (eventbridge.received, of_bus([]), "not an event of EventBridge: its detail is no JSON object"),
        (eventbridge.received, of_bus({}) | {"time": "now"}, "time 'now' is not an ISO 8601 time"),
        (schedules.scheduled, "daily", "not an event of a schedule: no JSON object"),
        (schedules.scheduled, {"time": 5}, "time 5 is not an ISO 8601 time"),
    ],
)
def test_what_a_source_does_not_send_is_refused_in_words(read: Any, event: Any, reason: str) -> None:
    with pytest.raises(MalformedEvent) as refused:
        read(event)
    assert str(refused.value) == reason
