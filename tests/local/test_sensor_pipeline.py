"""Objects into the sensor pipeline's bucket; rows, notifications and rejects out."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from sluice_cli.local_aws.topic_listener import TopicListener
from tests.support.commands import run_command_here
from tests.support.deployed import Deployment
from tests.support.faults import ProxiedRequest, proxy, refusing
from tests.support.functions import deliver, invoke, reconfigured, try_as
from tests.support.logs import logged
from tests.support.queues import FailureQueueReader
from tests.support.s3_events import TEST_EVENT, created, event
from tests.support.sensor_pipeline import SYSTEM, Row, Sensors, lines, reading
from tests.support.waiting import eventually

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}


@dataclass(frozen=True)
class Deployed(Sensors):
    outputs: dict[str, str]
    failures: FailureQueueReader

    @property
    def function(self) -> str:
        return self.outputs["FunctionArn"]

    def settled(self, key: str, rows: int, rejects: int, notifications: int) -> tuple[list[Row], list[Row], list[Row]]:
        """The results of an object, once they are complete."""

        def complete() -> tuple[list[Row], list[Row], list[Row]] | None:
            found = self.everything(key)
            marked = [row for row in found[0] if "notifiedAt" in row]  # after the topic has answered
            wanted = [rows, rejects, notifications, notifications]
            return found if [len(one) for one in (*found, marked)] == wanted else None

        return eventually(complete)

    def kept(self, key: str) -> list[dict[str, Any]]:
        """The events about a key in the failure queue."""
        return [one for one in self.failures.kept() if key in json.dumps(one["requestPayload"])]

    def log(self, key: str) -> list[dict[str, Any]]:
        """The function's log lines about a key."""
        return logged(self.local.client("logs"), self.outputs["LogGroupName"], key)

    @contextmanager
    def forbidden(self, action: str) -> Iterator[None]:
        """An action is denied to the role while the context lasts."""
        iam, role = self.local.client("iam"), self.outputs["FunctionName"]
        deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        iam.put_role_policy(RoleName=role, PolicyName="test-forbidden", PolicyDocument=policy)
        try:
            yield
        finally:
            iam.delete_role_policy(RoleName=role, PolicyName="test-forbidden")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        return run_command_here(self.local, *arguments, "--local")


@pytest.fixture(scope="session")
def sensors(deployment: Deployment) -> Deployed:
    outputs = deployment.outputs(SYSTEM)
    return Deployed(
        local=deployment.local,
        bucket=outputs["BucketName"],
        table=outputs["TableName"],
        rejects_table=outputs["RejectsTableName"],
        listener=TopicListener(deployment.local, outputs["TopicArn"]),
        outputs=outputs,
        failures=FailureQueueReader(deployment.local, outputs["FailureQueueUrl"]),
    )


@pytest.fixture
def device() -> str:
    """A device used by this test only."""
    return f"device-{uuid4().hex[:8]}"


def test_readings_become_rows_breaches_notifications_and_the_rest_rejects(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/a b+c.jsonl"
    sensors.upload(key, lines(reading(1, deviceId=device), reading(2, 60.5, deviceId=device), '{"value": 7}'))
    rows, rejects, (notification,) = sensors.settled(key, 2, 1, 1)
    assert [(row["deviceId"], row["value"], "notifiedAt" in row) for row in rows] == [
        (device, "20", False),
        (device, "60.5", True),
    ]
    assert [(row["reason"], row["raw"]) for row in rejects] == [
        ('missing: deviceId, sensorType, timestamp; it has "value"', '{"value": 7}')
    ]
    assert notification["message"] == f"temperature of {device} is 60.5, above its upper limit 60"


def beside(bad: bytes) -> Callable[[str], bytes]:
    """JSON Lines with an invalid line between two valid ones."""
    return lambda device: lines(reading(1, deviceId=device)) + b"\n" + bad + b"\n" + lines(reading(2, deviceId=device))


def changed(**fields: Any) -> Callable[[str], bytes]:
    """The same with an invalid field."""
    return lambda device: beside(lines(reading(3, **{"deviceId": device, **fields})))(device)


FUTURE = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1, day=1).strftime("%Y-%m-%dT%H:%M:%SZ")
BAD: dict[str, tuple[Callable[[str], bytes], int, str]] = {
    "no text at all": (lambda device: b"\xc3\x28\x80\n" * 1000, 0, "not UTF-8 (line 1, byte 1)"),
    "UTF-16 that is no JSON": (lambda device: "temperature;20".encode("utf-16"), 0, "not JSON: unexpected 't' (line 1"),
    "a line that is no UTF-8": (beside(b'{"deviceId": "\xff"}'), 2, "not UTF-8 (line 2, byte 15)"),
    "no JSON at all": (lambda device: b"temperature;20\n" * 1000, 0, "CSV, not JSON; send JSON Lines"),
    "a line that is no JSON": (beside(b"temperature;20"), 2, "not JSON: unexpected 't' (line 2, column 1)"),
    "nested garbage": (changed(value={"a": [[{}]]}), 2, "value: must be a number, and is an object"),
    "garbage nested without end": (beside(b"[" * 100_000), 2, "nested too deeply"),
    "NaN": (changed(value=float("nan")), 2, "value: must be a number, and is NaN, which is not JSON"),
    "Infinity": (changed(value=float("inf")), 2, "value: must be a number, and is Infinity, which is not JSON"),
    "39 digits": (changed(value=10**38), 2, "value: has more than 38 digits, which could not be kept exactly"),
    "a text for a number": (changed(value="20"), 2, "value: must be a number, and is the text '20'"),
    "a time in the future": (changed(timestamp=FUTURE), 2, f"timestamp: {FUTURE} is in the future; its object was"),
    "no time zone": (
        changed(timestamp="2026-01-01T00:00:00"),
        2,
        "timestamp: 2026-01-01T00:00:00 has no offset",
    ),
    "a clock never set": (changed(timestamp="2000-01-01T00:00:00Z"), 2, "timestamp: 2000-01-01T00:00:00Z is before "),
    "an unknown sensor type": (changed(sensorType="phlogiston"), 2, "sensorType: phlogiston is unknown; known are"),
    "no device": (changed(deviceId=None), 2, "deviceId: must be 1 to 128 printable characters, no blank at either "),
    "an empty object": (lambda device: b"", 0, "the object is empty"),
    "a picture": (lambda device: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, 0, "a PNG image, not JSON"),
    "gzip cut off": (lambda device: gzip.compress(lines(reading(1)))[:-9], 0, "gzip: cut off, the compressed data"),
    "a compressed bomb": (lambda device: gzip.compress(bytes(80_000_000)), 0, "gzip: decompresses to more than the"),
    "two formats at once": (
        beside(b'{"deviceId": "d", "timestamp": "t", "temperature": 1, "readings": []}'),
        2,
        "can be read as more than one format: wide, readings; set SENSOR_FORMAT",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_kept_with_its_reason_and_stops_nothing(sensors: Deployed, device: str, what: str) -> None:
    content, stored, reason = BAD[what]
    key = f"readings/{device}/{what}.jsonl"
    version = sensors.upload(key, content(device))
    _, (reject,), _ = sensors.settled(key, stored, 1, 0)
    assert reject["reason"].startswith(reason)
    assert (reject["bucket"], reject["versionId"]) == (sensors.bucket, version)
    assert sensors.kept(key) == []


def test_objects_outside_the_prefix_do_not_call_the_function(sensors: Deployed, device: str) -> None:
    outside = [f"{prefix}{device}.json" for prefix in ("", "other/", "Readings/", "other/readings/", "reading/")]
    for key in outside:
        sensors.upload(key, reading(deviceId=device))
    inside = f"readings/{device}.json"
    sensors.upload(inside, reading(deviceId=device))
    sensors.settled(inside, 1, 0, 0)
    assert [line["objectKey"] for line in eventually(lambda: sensors.log(device))] == [inside]
    assert [sensors.everything(key) for key in outside] == [([], [], [])] * len(outside)


def test_the_same_event_delivered_again_changes_nothing(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/again.jsonl"
    version = sensors.upload(key, lines(reading(1, deviceId=device), reading(2, 99, deviceId=device), "garbage"))
    before = sensors.settled(key, 2, 1, 1)
    (reject,) = before[1]
    again = created(sensors.bucket, key, version)
    again["eventTime"] = reject["rejectedAt"]
    for _ in range(2):
        assert invoke(sensors.local, sensors.function, event(again, again)).answer == {"processed": 2}
    assert sensors.everything(key) == before


def test_the_event_s3_sends_to_try_a_notification_is_no_failure(sensors: Deployed) -> None:
    assert invoke(sensors.local, sensors.function, TEST_EVENT).answer == {"processed": 0}


def test_lambdas_own_retry_notifies_when_the_topic_refused_at_first(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/refused.json"
    with (
        proxy(sensors.local) as sns,
        reconfigured(sensors.local, sensors.function, {"AWS_ENDPOINT_URL_SNS": sns.url}),
    ):
        sns.fault = refusing(500, times=2)  # both requests of the first attempt
        sensors.upload(key, reading(value=99, deviceId=device))
        ((row,), _, _) = sensors.settled(key, 1, 0, 1)
    assert len(sns.requests) == 3
    assert row["notifiedAt"]


def test_a_version_purged_before_it_is_read_is_logged_and_leaves_nothing(sensors: Deployed, device: str) -> None:
    key, reading_it, deleted = f"readings/{device}/deleted.json", threading.Event(), threading.Event()

    def hold(request: ProxiedRequest) -> None:
        del request
        reading_it.set()
        deleted.wait(20)

    with (
        proxy(sensors.local) as s3,
        reconfigured(sensors.local, sensors.function, {"AWS_ENDPOINT_URL_S3": s3.url}),
    ):
        s3.fault = hold
        version = sensors.upload(key, reading(deviceId=device))
        assert reading_it.wait(20)
        sensors.local.client("s3").delete_object(Bucket=sensors.bucket, Key=key, VersionId=version)
        deleted.set()
        eventually(lambda: "gone before it was read" in [line["message"] for line in sensors.log(key)], within=60)
    assert sensors.kept(key) == []
    assert sensors.everything(key) == ([], [], [])


def test_a_malformed_record_is_kept_while_its_good_neighbours_are_processed(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/neighbour.json"
    good = created(sensors.bucket, key, sensors.upload(key, reading(deviceId=device)))
    deliver(sensors.local, sensors.function, event({"eventName": "ObjectCreated:Put", "marker": device}, good))
    (kept,) = eventually(lambda: sensors.kept(device), within=60)
    assert "1 of 2 records failed: record 0: not a record of an S3 event" in kept["responsePayload"]["errorMessage"]
    sensors.settled(key, 1, 0, 0)


def test_failures_are_listed_and_replayed_without_duplicates(sensors: Deployed, device: str) -> None:
    sensors.local.client("sqs").purge_queue(QueueUrl=sensors.outputs["FailureQueueUrl"])
    key = f"readings/{device}/forbidden.jsonl"
    with sensors.forbidden("dynamodb:PutItem"):
        version = sensors.upload(key, lines(reading(1, deviceId=device), reading(2, 99, deviceId=device), "garbage"))
        (kept,) = eventually(lambda: sensors.kept(key), within=60)
    eventually(lambda: "\t" in sensors.run("failures", SYSTEM)[1])  # once the read above releases it
    code, listed, _ = sensors.run("failures", SYSTEM)
    (line,) = [one.split("\t") for one in listed.splitlines()]
    assert (code, line[3]) == (0, f"1 record: {key}")
    assert "TransactWriteItems" in line[2]
    assert sensors.everything(key) == ([], [], [])

    code, said, _ = sensors.run("failures", SYSTEM, "--replay", line[0])
    assert (code, said.splitlines()[-1]) == (0, "1 of 1 processed and removed, 0 kept")
    before = sensors.settled(key, 2, 1, 1)
    again = kept["requestPayload"]
    assert again["Records"][0]["s3"]["object"]["versionId"] == version
    assert invoke(sensors.local, sensors.function, again).answer == {"processed": 1}
    assert sensors.everything(key) == before
    assert "the failure queue is empty" in sensors.run("failures", SYSTEM)[1]


def test_refused_readings_are_listed_and_replayed_once_they_would_be_accepted(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/unknown [red]type.jsonl"
    unknown = reading(1, 7, sensorType="radiation", deviceId=device)
    version = sensors.upload(key, lines(unknown, reading(2, deviceId=device), {**unknown, "value": "x"}))
    sensors.settled(key, 1, 2, 0)
    code, out, err = sensors.run("rejects")
    listed = [line.split("\t") for line in out.splitlines() if device in line]
    assert (code, err) == (0, "")
    assert [(line[0], line[1], line[2]) for line in listed] == [(key, version, "line 1"), (key, version, "line 3")]
    assert listed[0][4].startswith("sensorType: radiation is unknown; known are battery,")
    assert json.loads(listed[0][5]) == unknown

    code, out, _ = sensors.run("rejects", "--replay", key)
    assert (code, out.splitlines()[-1]) == (1, "0 of 2 accepted and removed, 2 kept")
    sensors.settled(key, 1, 2, 0)

    known = {"SENSOR_THRESHOLDS": '{"radiation": {"upper": 5}, "temperature": {"upper": 60}}'}
    with reconfigured(sensors.local, sensors.function, known):
        code, out, _ = sensors.run("rejects", "--replay", key)
    assert (code, out.splitlines()) == (
        1,
        [f"{key} (version {version}): 1 of 2 accepted", "1 of 2 accepted and removed, 1 kept"],
    )
    rows, rejects, (notification,) = sensors.settled(key, 2, 1, 1)
    assert {row["sensorType"] for row in rows} == {"radiation", "temperature"}
    assert [row["position"] for row in rejects] == ["line 3"]
    assert notification["limit"] == "5"


def test_a_replay_of_a_deleted_object_keeps_the_reject(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/removed.json"
    version = sensors.upload(key, b"{}")
    before = sensors.settled(key, 0, 1, 0)
    sensors.local.client("s3").delete_object(Bucket=sensors.bucket, Key=key, VersionId=version)
    code, out, _ = sensors.run("rejects", "--replay", key)
    assert code == 1
    assert f"{key} (version {version}): kept: its object version is gone: discard it" in out
    assert sensors.everything(key) == before


def test_with_an_unknown_key_nothing_is_replayed(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/beside.json"
    sensors.upload(key, b"{}")
    before = sensors.settled(key, 0, 1, 0)
    code, _, err = sensors.run("rejects", "--replay", key, "readings/unknown")
    assert (code, err) == (2, "no refused reading is in: readings/unknown; nothing was replayed\n")
    assert sensors.everything(key) == before


def test_the_role_may_do_its_work_and_nothing_else(sensors: Deployed, device: str) -> None:
    key = f"readings/{device}/read by the role.json"
    sensors.upload(key, reading(deviceId=device))
    sensors.upload(f"other/{device}", b"")
    table, rejects, topic = sensors.table, sensors.rejects_table, sensors.outputs["TopicArn"]
    row = {"deviceId": {"S": device}, "readingTime": {"S": "put by the role"}, "objectKey": {"S": "-"}}
    reject = {"objectKey": {"S": device}, "place": {"S": "put by the role"}}
    puts = [{"Put": {"TableName": table, "Item": row}}, {"Put": {"TableName": rejects, "Item": reject}}]
    where = {name: row[name] for name in ("deviceId", "readingTime")}
    queue = sensors.outputs["FailureQueueUrl"]
    mine: dict[str, tuple[str, str, dict[str, Any]]] = {
        "read an object": ("s3", "get_object", {"Bucket": sensors.bucket, "Key": key}),
        "put readings and rejects": ("dynamodb", "transact_write_items", {"TransactItems": puts}),
        "put a reading": ("dynamodb", "put_item", {"TableName": table, "Item": row}),
        "publish": ("sns", "publish", {"TopicArn": topic, "Message": '{"objectKey": "published by the role"}'}),
        "keep a failure": ("sqs", "send_message", {"QueueUrl": queue, "MessageBody": '{"requestPayload": ""}'}),
    }
    foreign: dict[str, tuple[str, str, dict[str, Any]]] = {
        "read outside the prefix": ("s3", "get_object", {"Bucket": sensors.bucket, "Key": f"other/{device}"}),
        "list objects": ("s3", "list_objects_v2", {"Bucket": sensors.bucket, "Prefix": "readings/"}),
        "write an object": ("s3", "put_object", {"Bucket": sensors.bucket, "Key": "readings/new", "Body": ""}),
        "delete an object": ("s3", "delete_object", {"Bucket": sensors.bucket, "Key": key}),
        "get a row": ("dynamodb", "get_item", {"TableName": table, "Key": where}),
        "update a row": ("dynamodb", "update_item", {"TableName": table, "Key": where}),
        "delete a row": ("dynamodb", "delete_item", {"TableName": table, "Key": where}),
        "delete a row in a transaction": (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Delete": {"TableName": table, "Key": where}}]},
        ),
        "write a batch": (
            "dynamodb",
            "batch_write_item",
            {"RequestItems": {table: [{"DeleteRequest": {"Key": where}}]}},
        ),
        "query rows": (
            "dynamodb",
            "query",
            {
                "TableName": table,
                "KeyConditionExpression": "deviceId = :device",
                "ExpressionAttributeValues": {":device": {"S": device}},
            },
        ),
        "scan rejects": ("dynamodb", "scan", {"TableName": rejects}),
        "put elsewhere": ("dynamodb", "put_item", {"TableName": "another", "Item": row}),
        "publish alarms": ("sns", "publish", {"TopicArn": sensors.outputs["AlarmTopicArn"], "Message": "x"}),
        "subscribe": ("sns", "subscribe", {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}),
        "read kept failures": ("sqs", "receive_message", {"QueueUrl": queue}),
        "invoke itself": ("lambda", "invoke", {"FunctionName": sensors.outputs["FunctionName"]}),
        "list tables": ("dynamodb", "list_tables", {}),
        "list buckets": ("s3", "list_buckets", {}),
    }
    calls = {**mine, **foreign}
    answers = dict(zip(calls, try_as(sensors.local, sensors.function, list(calls.values())), strict=True))
    assert {name: answers[name] for name in mine} == dict.fromkeys(mine, "allowed")
    assert {name: answers[name] for name in foreign if answers[name] not in REFUSALS} == {}


def test_refused_readings_are_discarded_with_a_reason_that_is_in_the_log(sensors: Deployed, device: str) -> None:
    key, other = f"readings/{device}/discarded.jsonl", f"readings/{device}/stays.json"
    version = sensors.upload(key, lines("{}", reading(deviceId=device), "garbage"))
    sensors.upload(other, b"{}")
    sensors.settled(key, 1, 2, 0)
    sensors.settled(other, 0, 1, 0)
    assert (
        sensors.run("rejects", "--discard", key)[2] == "--discard needs --reason: why these will never be processed\n"
    )
    code, out, err = sensors.run("rejects", "--discard", key, "--reason", "a broken prototype")
    assert (code, err, out.splitlines()[-1:]) == (0, "", ["2 of 2 discarded, 0 kept"])
    sensors.settled(key, 1, 0, 0)
    sensors.settled(other, 0, 1, 0)
    said = [one for one in sensors.log(key) if one.get("message") == "discarded"]
    assert [(one["reason"], one["discarded"]["position"], one["discarded"]["version"]) for one in said] == [
        ("a broken prototype", "line 1", version),
        ("a broken prototype", "line 3", version),
    ]


# Last, as the local AWS filters all rows for each further test.
def test_ten_megabytes_of_json_lines_are_processed_in_one_invocation(sensors: Deployed, device: str) -> None:
    key, count = f"readings/{device}/large.jsonl", 4_000
    readings = [
        # Blanks between the fields, as pretty printers write them, make it 10 MB.
        json.dumps(reading(1, 99 if number % 400 == 0 else 20, deviceId=device, readingId=str(number))) + " " * 2500
        for number in range(count)
    ]
    content = lines(*readings[:2000], "garbage", *readings[2000:], '{"deviceId": "only"}')
    assert 10_000_000 < len(content) < 11_000_000
    sensors.upload(key, content)
    eventually(lambda: [one for one in sensors.log(key) if one.get("message") == "processed"], within=120)
    (line,) = sensors.log(key)
    assert (line["stored"], line["notified"], line["rejected"]) == (count, 10, 2)
    sensors.settled(key, count, 2, 10)
    assert sensors.kept(key) == []
