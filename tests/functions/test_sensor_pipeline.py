"""The sensor pipeline's function with S3's events, against tables and a topic on the local AWS."""

import gzip
import json
import os
import random
import re
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from settings import Settings
from sluice_cli.local_aws.server import LocalAws
from sluice_functions.errors import MalformedEvent, RecordsFailed
from tests.support.faults import Answer, Fault, ProxiedRequest, Reset, refusing
from tests.support.functions import start_process
from tests.support.modelled_calls import modelled_calls, received_calls
from tests.support.s3_events import TEST_EVENT, created, event
from tests.support.sensor_function import PipelineInProcess, running_pipeline
from tests.support.sensor_pipeline import lines, reading


@pytest.fixture(scope="module")
def loaded_pipeline(local_aws: LocalAws) -> Iterator[PipelineInProcess]:
    with running_pipeline(local_aws, Settings()) as running:
        yield running


def is_write(request: ProxiedRequest) -> bool:
    return request.headers.get("X-Amz-Target", "").endswith(".TransactWriteItems")


def is_publish(request: ProxiedRequest) -> bool:
    return request.body.startswith(b"Action=Publish")


def only(matching: Any, fault: Fault) -> Fault:
    return lambda request: fault(request) if matching(request) else None


def cancelled(*codes: str) -> Answer:
    """DynamoDB's answer to a cancelled transaction."""
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons {codes}",
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return Answer(400, json.dumps(body).encode())


def test_an_object_takes_the_calls_that_are_explained_and_no_other(pipeline: PipelineInProcess, device: str) -> None:
    pipeline.ingest("readings/counted.jsonl", lines(*(reading(number, 20.5, deviceId=device) for number in range(100))))
    assert received_calls(pipeline.proxy.requests) == modelled_calls("sensor-pipeline")


def test_valid_readings_become_rows_invalid_ones_rejects_and_breaches_notifications(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = "readings/mixed.jsonl"
    good, high = reading(1, 20.50, deviceId=device), reading(2, 60.001, deviceId=device, unit="°C")
    content = lines(good, {**good, "value": "warm"}, "garbage", high)
    version = pipeline.upload(key, content)
    assert pipeline.handle(event(created(pipeline.bucket, key, version))) == {"processed": 1}

    origin = {"bucket": pipeline.bucket, "objectKey": key, "versionId": version}
    first, second = pipeline.rows(key)
    assert re.fullmatch(r"2026-01-01T00:00:01\.0{9}Z#temperature#[0-9a-f]{16}", first.pop("readingTime"))
    assert first == {
        "deviceId": device,
        "timestamp": "2026-01-01T00:00:01Z",
        "sensorType": "temperature",
        "value": "20.5",
        **origin,
        "position": "line 1",
    }
    assert (second["value"], second["breach"], second["limit"], second["unit"]) == ("60.001", "upper", "60", "°C")
    assert second["notifiedAt"] > "2026"
    assert "notificationLease" not in second
    assert pipeline.reasons(key) == [
        ("line 2", "value: must be a number, and is the text 'warm'"),
        ("line 3", "not JSON: unexpected 'g' (line 3, column 1)"),
    ]
    assert {row["rejectedAt"] for row in pipeline.rejects(key)} == {"2026-01-02T03:04:05.678Z"}
    (said,) = pipeline.notifications(key)
    assert (said["deviceId"], said["sensorType"], said["value"], said["limit"], said["breach"]) == (
        device,
        "temperature",
        "60.001",
        "60",
        "upper",
    )


@pytest.mark.parametrize("shape", ["one", "array", "pretty array", "lines"])
def test_readings_arrive_alone_in_an_array_or_as_json_lines(
    pipeline: PipelineInProcess, device: str, shape: str
) -> None:
    some = [reading(number, deviceId=device) for number in range(3)]
    contents = {
        "one": json.dumps(some[0]).encode(),
        "array": json.dumps(some).encode(),
        "pretty array": json.dumps(some, indent=2).encode(),
        "lines": lines(*some),
    }
    key = f"readings/{shape} of {device}.json"
    pipeline.ingest(key, contents[shape])
    assert [row["timestamp"] for row in pipeline.rows(key)] == [
        one["timestamp"] for one in (some[:1] if shape == "one" else some)
    ]
    assert pipeline.reasons(key) == []


def test_one_devices_readings_over_time_are_one_query_in_order(pipeline: PipelineInProcess, device: str) -> None:
    times = ["2026-01-01T00:00:10Z", "2026-01-01T00:00:09.5Z", "2026-01-01T02:00:09+02:00", "2025-12-31T23:59:59Z"]
    pipeline.ingest(f"readings/{device}.json", [reading(timestamp=one, deviceId=device) for one in times])
    found = pipeline.local.client("dynamodb").query(
        TableName=pipeline.table,
        KeyConditionExpression="deviceId = :device AND readingTime BETWEEN :first AND :last",
        ExpressionAttributeValues={
            ":device": {"S": device},
            ":first": {"S": "2026-01-01T00:00:09"},
            ":last": {"S": "2026-01-01T00:00:11"},
        },
    )
    assert [item["timestamp"]["S"] for item in found["Items"]] == [
        "2026-01-01T00:00:09Z",
        "2026-01-01T00:00:09.5Z",
        "2026-01-01T00:00:10Z",
    ]


def test_a_repeated_event_changes_nothing(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/again {device}.jsonl"
    again = pipeline.ingest(key, lines(reading(1, deviceId=device), reading(2, 99, deviceId=device), "garbage", "{}"))
    before = pipeline.everything(key)
    assert [len(one) for one in before] == [2, 2, 1]
    assert pipeline.handle(again) == {"processed": 1}
    assert pipeline.everything(key) == before


def test_the_same_event_many_times_at_once_adds_everything_once(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/rush {device}.jsonl"
    some = [reading(number, 99 if number % 40 == 0 else 20, deviceId=device) for number in range(120)]
    again = event(created(pipeline.bucket, key, pipeline.upload(key, lines(*some, "{}"))))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: pipeline.handle(again), range(4))) == [{"processed": 1}] * 4
    assert [len(one) for one in pipeline.everything(key)] == [120, 1, 3]


def test_events_of_many_versions_shuffled_doubled_and_at_once_add_every_versions_readings_once(
    pipeline: PipelineInProcess, device: str
) -> None:
    key, chance = f"readings/storm {device}.jsonl", random.Random(1)  # noqa: S311 - not a secret
    records = [
        created(
            pipeline.bucket,
            key,
            pipeline.upload(key, lines(reading(version, deviceId=device), reading(version, 99, deviceId=device), "{}")),
            sequencer=f"0055AED6DCD90281{version:02X}",
        )
        for version in range(6)
    ]
    events = [event(one) for one in records for _ in range(chance.randint(1, 3))]
    chance.shuffle(events)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pipeline.handle, events))
    before = pipeline.everything(key)
    assert [len(one) for one in before] == [12, 6, 6]
    assert {row["versionId"] for row in before[0]} == {one["s3"]["object"]["versionId"] for one in records}
    pipeline.handle(event(records[0]))  # the oldest version, late
    assert pipeline.everything(key) == before


def test_a_reading_that_comes_again_in_another_object_is_neither_stored_nor_notified_again(
    pipeline: PipelineInProcess, device: str
) -> None:
    some = [reading(1, deviceId=device), reading(2, -30, deviceId=device)]
    pipeline.ingest(f"readings/first {device}.json", some)
    pipeline.ingest(f"readings/second {device}.json", some)
    assert [len(one) for one in pipeline.everything(f"readings/first {device}.json")] == [2, 0, 1]
    assert pipeline.everything(f"readings/second {device}.json") == ([], [], [])


def test_different_readings_of_the_same_time_are_all_stored(pipeline: PipelineInProcess, device: str) -> None:
    some = [
        reading(deviceId=device),
        reading(value=21, deviceId=device),
        reading(sensorType="humidity", deviceId=device),
        reading(readingId="a", deviceId=device),
        reading(readingId="b", deviceId=device),
        reading(readingId="b", deviceId=device),
    ]
    pipeline.ingest(f"readings/moment {device}.json", some)
    assert len(pipeline.rows(f"readings/moment {device}.json")) == 5


def test_the_first_verdict_on_a_reading_stands_when_the_thresholds_have_changed(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/verdict {device}.json"
    again = pipeline.ingest(key, [reading(1, 50, deviceId=device), reading(2, 70, deviceId=device)])
    before = pipeline.everything(key)
    with pytest.MonkeyPatch.context() as patch:
        for upper in (40, 90):
            known = pipeline.handler.readings.thresholds(json.dumps({"temperature": {"upper": upper}}))
            patch.setattr(pipeline.handler, "RULES", pipeline.handler.RULES._replace(known=known))
            pipeline.handle(again)
    assert pipeline.everything(key) == before
    assert len(before[2]) == 1


def test_processing_an_object_again_renews_the_dates_of_its_rejects_unless_it_is_older(
    pipeline: PipelineInProcess,
) -> None:
    key = "readings/dated.json"
    again = pipeline.ingest(key, b"{}")
    for when in ("2026-03-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"):
        again["Records"][0]["eventTime"] = when
        pipeline.handle(again)
    assert [row["rejectedAt"] for row in pipeline.rejects(key)] == ["2026-03-01T00:00:00.000Z"]


def test_the_version_that_the_event_names_is_read_and_each_version_has_its_rejects(pipeline: PipelineInProcess) -> None:
    key = "readings/overwritten.json"
    versions = [pipeline.upload(key, content) for content in (b"{}", b"[1, 2]")]
    for version in reversed(versions):
        pipeline.handle(event(created(pipeline.bucket, key, version)))
    places = {(row["versionId"], row["position"]) for row in pipeline.rejects(key)}
    assert places == {(versions[0], "line 1"), (versions[1], "line 1, element 1"), (versions[1], "line 1, element 2")}


@pytest.mark.parametrize("key", ["readings/a b+c & 100%.json", "readings/länder/日本.json", "readings/%41.json"])
def test_a_key_is_decoded_exactly_once(pipeline: PipelineInProcess, device: str, key: str) -> None:
    pipeline.ingest(key, reading(deviceId=device))
    assert [row["deviceId"] for row in pipeline.rows(key)] == [device]


def test_s3s_test_event_is_no_failure(pipeline: PipelineInProcess) -> None:
    assert pipeline.handle(TEST_EVENT) == {"processed": 0}


@pytest.mark.parametrize("nonsense", [{}, {"Records": None}, [], "text"])
def test_an_event_that_s3_does_not_send_raises_an_error(pipeline: PipelineInProcess, nonsense: Any) -> None:
    with pytest.raises(MalformedEvent):
        pipeline.handle(nonsense)


def test_bad_records_are_raised_after_the_good_ones_are_processed(pipeline: PipelineInProcess, device: str) -> None:
    good = created(
        pipeline.bucket, "readings/good.json", pipeline.upload("readings/good.json", reading(deviceId=device))
    )
    timeless = {**good, "eventTime": None}
    gone = created(pipeline.bucket, "readings/gone.json")
    with pytest.raises(RecordsFailed, match=r"^2 of 3 records failed: record 0: .*NoSuchKey.*; record 1: .*event"):
        pipeline.handle(event(gone, timeless, good))
    assert len(pipeline.rows("readings/good.json")) == 1
    assert pipeline.everything("readings/gone.json") == ([], [], [])


def test_a_cancelled_transaction_is_repeated_with_the_missing_rows(pipeline: PipelineInProcess, device: str) -> None:
    answers = [
        cancelled("TransactionConflict", "None", "ThrottlingError"),
        cancelled("None", "TransactionConflict", "None"),
    ]
    pipeline.proxy.fault = only(is_write, lambda request: answers.pop(0) if answers else None)
    key = f"readings/conflict {device}.json"
    pipeline.ingest(key, [reading(number, deviceId=device) for number in range(3)])
    assert len(pipeline.rows(key)) == 3
    assert len(pipeline.requests(".TransactWriteItems")) == 3


def test_a_table_that_keeps_refusing_fails_the_event(pipeline: PipelineInProcess, device: str) -> None:
    pipeline.proxy.fault = only(is_write, lambda request: cancelled("ThrottlingError"))
    with pytest.raises(RecordsFailed, match="record 0: the table kept refusing 1 rows"):
        pipeline.ingest(f"readings/refusing {device}.json", reading(deviceId=device))
    assert pipeline.rows(f"readings/refusing {device}.json") == []


def test_a_write_that_dynamodb_calls_invalid_fails_the_event_at_once(pipeline: PipelineInProcess, device: str) -> None:
    pipeline.proxy.fault = only(is_write, lambda request: cancelled("ValidationError"))
    with pytest.raises(RecordsFailed, match="TransactionCanceledException"):
        pipeline.ingest(f"readings/invalid {device}.json", reading(deviceId=device))
    assert len(pipeline.requests(".TransactWriteItems")) == 1


def test_a_topic_that_refuses_fails_the_event_and_the_next_attempt_notifies(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/topic {device}.json"
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, reading(value=99, deviceId=device))))
    pipeline.proxy.fault = only(is_publish, refusing(500))
    with pytest.raises(RecordsFailed, match="Publish"):
        pipeline.handle(arrived)
    assert ["notifiedAt" in row for row in pipeline.rows(key)] == [False]
    pipeline.proxy.fault = lambda request: None
    pipeline.handle(arrived)
    pipeline.handle(arrived)
    assert ["notifiedAt" in row for row in pipeline.rows(key)] == [True]
    assert len(pipeline.notifications(key)) == 1


def test_a_process_killed_between_row_and_notification_loses_nothing(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/killed {device}.json"
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, reading(value=99, deviceId=device))))

    def kill(request: ProxiedRequest) -> Answer | None:
        del request
        os.kill(process.pid, signal.SIGKILL)
        raise Reset

    pipeline.proxy.fault = only(is_publish, kill)
    process = start_process("sensor_pipeline", pipeline.variables, arrived)
    process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL
    (row,) = pipeline.rows(key)
    assert "notifiedAt" not in row
    pipeline.proxy.fault = lambda request: None
    pipeline.local.client("dynamodb").update_item(
        TableName=pipeline.table,
        Key={name: {"S": row[name]} for name in ("deviceId", "readingTime")},
        UpdateExpression="SET notificationLease = :past",  # as Lambda's retry after a minute
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    pipeline.handle(arrived)
    assert len(pipeline.rows(key)) == len(pipeline.notifications(key)) == 1


def test_every_log_line_is_json_and_shows_no_content(pipeline: PipelineInProcess, device: str) -> None:
    key = 'readings/innocent\n{"level":"ERROR"}.jsonl'
    content = lines(reading(1, 99, deviceId=device), '{"secret": "hidden"}', "secret")
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, content)))
    output, errors = start_process("sensor_pipeline", pipeline.variables, arrived).communicate(timeout=600)
    assert errors == ""
    said = [json.loads(line) for line in output.splitlines()]
    assert [
        (line["message"], line["objectKey"], line["stored"], line["notified"], line["rejected"])
        for line in said
        if "message" in line
    ] == [("processed", key, 1, 1, 2)]
    assert "secret" not in output
    assert [line["ReadingsRejected"] for line in said if "_aws" in line] == [[2.0]]


def test_missing_variables_are_named_at_once(pipeline: PipelineInProcess) -> None:
    variables = {**pipeline.variables, "REJECTS_TABLE_NAME": "", "SENSOR_THRESHOLDS": ""}
    _, errors = start_process("sensor_pipeline", variables, {}).communicate(timeout=600)
    assert errors.splitlines()[-1].endswith("are not set: REJECTS_TABLE_NAME, SENSOR_THRESHOLDS")


NOON = "2026-01-01T12:00:00Z"


def of(device: str) -> dict[str, tuple[bytes, int]]:
    """Readings in all formats that devices and gateways send, and their number."""
    one, two, three = (json.dumps(reading(number, deviceId=device)) for number in range(3))
    wide = {"deviceId": device, "timestamp": NOON, "temperature": 21.5, "humidity": 40, "location": "hall"}
    uplink = {"decoded_payload": {"temperature": 20}, "received_at": NOON}
    shadow = {"thingName": device, "state": {"reported": {"temperature": 21.5}}, "timestamp": 1767268800}
    return {
        "Firehose, nothing between": (f"{one}{two}{three}".encode(), 3),
        "Firehose, with a line end": (f"{one}{two}\n{three}".encode(), 3),
        "blanks between": (f"{one} {two}".encode(), 2),
        "pretty-printed in a row": (b"\n".join(json.dumps(json.loads(x), indent=2).encode() for x in (one, two)), 2),
        "arrays in a row": (f"[{one},{two}][{three}]".encode(), 3),
        "gzip": (gzip.compress(f"{one}\n{two}".encode()), 2),
        "gzip members": (gzip.compress(one.encode()) + gzip.compress(two.encode()), 2),
        "UTF-16": (f"{one}\n{two}".encode("utf-16"), 2),
        "offsets": (
            lines(*(reading(timestamp=t, deviceId=device) for t in ("2026-01-01T12:00+01", "20260101t120000z"))),
            2,
        ),
        "epochs": (lines(*(reading(timestamp=t, deviceId=device) for t in (1767268800, 1767268801000))), 2),
        "wide": (json.dumps(wide).encode(), 2),
        "readings": (json.dumps({"deviceId": device, "readings": [wide, json.loads(one)]}).encode(), 3),
        "SenML": (json.dumps([{"bn": f"{device}/", "bt": 1767268800}, {"n": "temperature", "v": 1}]).encode(), 1),
        "uplink": (json.dumps({"end_device_ids": {"device_id": device}, "uplink_message": uplink}).encode(), 1),
        "ThingsBoard": (json.dumps({device: [{"ts": 1767268800000, "values": {"humidity": 80}}]}).encode(), 1),
        "shadow": (json.dumps(shadow).encode(), 1),
        "further fields and null": (lines(reading(location="hall", unit=None, deviceId=device)), 1),
    }


@pytest.mark.parametrize("what", of(""))
def test_formats_of_other_platforms_are_read(pipeline: PipelineInProcess, device: str, what: str) -> None:
    content, count = of(device)[what]
    key = f"readings/{device}/{what}"
    again = pipeline.ingest(key, content)
    before = pipeline.everything(key)
    assert [len(one) for one in before] == [count, 0, 0]
    assert {row["deviceId"] for row in before[0]} == {device}
    pipeline.handle(again)
    assert pipeline.everything(key) == before


def test_further_fields_are_in_the_row(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/{device}/further.json"
    pipeline.ingest(key, reading(location="hall", floor=2, deviceId=device))
    (row,) = pipeline.rows(key)
    assert row["further"] == {"location": {"S": "hall"}, "floor": {"N": "2"}}


def test_valid_parts_of_a_wide_object_are_stored_and_the_others_kept(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/{device}/parts.json"
    wide = {
        "deviceId": device,
        "timestamp": NOON,
        "temperature": 21,
        "humidity": "wet",
        "pressure": "high",
        "battery": 50,
    }
    pipeline.ingest(key, lines(wide, {"deviceId": device, "timestamp": "never", "temperature": 21, "battery": 50}))
    assert sorted(row["sensorType"] for row in pipeline.rows(key)) == ["battery", "temperature"]
    humidity, pressure, never = pipeline.rejects(key)
    assert {(one["position"], one["reason"]) for one in (humidity, pressure)} == {
        ("line 1, humidity", "value: must be a number, and is the text 'wet'"),
        ("line 1, pressure", "value: must be a number, and is the text 'high'"),
    }
    assert never["position"] == "line 2"  # one id for all of its columns


@pytest.mark.parametrize("key", ["readings/x/", "readings/x_$folder$"])
def test_a_folder_marker_is_ignored(pipeline: PipelineInProcess, key: str) -> None:
    pipeline.ingest(key, b"")
    assert pipeline.everything(key) == ([], [], [])


def test_an_array_of_eleven_megabytes_is_refused_whole_with_the_limits_name(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/{device}/eleven.json"
    some = [json.dumps(reading(number, deviceId=device)).ljust(500) for number in range(22_000)]
    pipeline.ingest(key, ("[\n" + ",\n".join(some) + "\n]").encode())
    ((where, reason),) = pipeline.reasons(key)
    assert where == "lines 1 to 22002"
    assert reason.startswith("longer than the size limit of one JSON document, 10485760 characters; nothing of it is")
    assert pipeline.rows(key) == []


def test_an_object_beyond_the_size_limit_is_refused_without_being_read(
    pipeline: PipelineInProcess, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("store", "ingestion", "content"):
        monkeypatch.setattr(sys.modules[f"sensor_pipeline.{module}"], "LARGEST_CONTENT", 100)
    key = f"readings/{device}/large.json"
    pipeline.ingest(key, lines(reading(deviceId=device), reading(deviceId=device)))
    ((_, reason),) = pipeline.reasons(key)
    assert reason.endswith("beyond the size limit of 100 bytes; nothing of it is stored")


def test_rejects_of_an_object_are_kept_one_by_one_up_to_a_number(
    pipeline: PipelineInProcess, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["sensor_pipeline.ingestion"], "MOST_REJECTS", 3)
    key = f"readings/{device}/many.json"
    pipeline.ingest(key, lines(*["{}"] * 7, reading(deviceId=device)))
    assert pipeline.reasons(key)[-1] == (
        "line 4",
        "4 more are invalid from here on; this one: missing: deviceId, sensorType, value, timestamp; it is empty",
    )
    assert [len(one) for one in pipeline.everything(key)] == [1, 4, 0]


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("InvalidObjectState", "The operation is not valid for the object's storage class", "the object is archived"),
        (
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object.",
            "the object is encrypted with a key of the sender's own (SSE-C)",
        ),
    ],
)
def test_an_object_that_s3_does_not_hand_out_is_a_reject(
    pipeline: PipelineInProcess, device: str, code: str, message: str, reason: str
) -> None:
    key = f"readings/{device}/locked.json"
    answer = Answer(
        403 if code == "InvalidObjectState" else 400,
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
    )
    pipeline.proxy.fault = only(lambda request: request.method == "GET", lambda request: answer)
    pipeline.ingest(key, reading(deviceId=device))
    ((where, said),) = pipeline.reasons(key)
    assert (where, said.startswith(reason)) == ("line 1", True)


def test_messages_that_sns_refuses_within_a_batch_are_published_by_the_next_attempt(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/{device}/partly.jsonl"
    arrived = event(
        created(pipeline.bucket, key, pipeline.upload(key, lines(*(reading(n, 99, deviceId=device) for n in range(3)))))
    )

    def refuse_second(request: ProxiedRequest) -> Answer:
        del request
        body = (
            b"<PublishBatchResponse><PublishBatchResult><Successful><member><Id>0</Id><MessageId>m</MessageId></member>"
            b"</Successful><Failed><member><Id>1</Id><Code>InternalError</Code><Message>again</Message>"
            b"<SenderFault>false</SenderFault></member><member><Id>2</Id><Code>InternalError</Code>"
            b"<Message>again</Message><SenderFault>false</SenderFault></member></Failed></PublishBatchResult>"
            b"</PublishBatchResponse>"
        )
        return Answer(200, body, {"Content-Type": "text/xml"})

    pipeline.proxy.fault = only(is_publish, refuse_second)
    with pytest.raises(RecordsFailed, match="SNS refused 2 of 3 notifications: InternalError: again"):
        pipeline.handle(arrived)
    assert sum("notifiedAt" in row for row in pipeline.rows(key)) == 1
    pipeline.proxy.fault = lambda request: None
    pipeline.handle(arrived)
    assert all("notifiedAt" in row for row in pipeline.rows(key))
    assert len(pipeline.notifications(key)) == 2  # the proxy claimed that the first was accepted


# Last, because all other tests scan the whole table.


def test_a_hundred_readings_take_one_write(pipeline: PipelineInProcess, device: str) -> None:
    key = f"readings/many {device}.jsonl"
    pipeline.ingest(key, lines(*(reading(number, deviceId=device, readingId=str(number)) for number in range(2_500))))
    assert len(pipeline.rows(key)) == 2_500
    assert len(pipeline.requests(".TransactWriteItems")) == 25
    assert pipeline.requests(".PutItem") == []


def test_hundreds_of_breaches_are_stored_first_and_notified_in_batches_by_one_invocation(
    pipeline: PipelineInProcess, device: str
) -> None:
    key, count = f"readings/{device}/stuck.jsonl", 300
    stuck = [
        reading(timestamp=f"2026-01-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z", value=99, deviceId=device)
        for n in range(count)
    ]
    arrived = event(
        created(pipeline.bucket, key, pipeline.upload(key, lines(*stuck, reading(deviceId=f"{device}-other"))))
    )
    assert pipeline.handle(arrived) == {"processed": 1}
    requests = [
        "publish" if is_publish(one) else "write" for one in pipeline.proxy.requests if is_publish(one) or is_write(one)
    ]
    assert requests.index("publish") > count // 100
    assert requests.count("publish") == count // 10
    rows, rejects, notifications = pipeline.everything(key)
    pipeline.listener.forget()  # otherwise later tests would receive all notifications
    assert [len(rows), len(rejects), len(notifications)] == [count + 1, 0, count]
    assert sum("notifiedAt" in row for row in rows) == count
