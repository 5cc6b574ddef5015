"""Content in other formats is rejected with advice."""

import base64
import json
import re
import zlib
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline.content import Unreadable, read_text
from sensor_pipeline.documents import Broken, documents
from sensor_pipeline.formats import ReadingFormat
from sensor_pipeline.names import FieldNames

KNOWN = frozenset({"temperature", "humidity"})
NOON = "2026-01-31T11:59:00Z"
ROW = ("d-1", "temperature", Decimal("21.5"), NOON)
WHOLE_HINT = re.compile(r"SENSOR_FIELD_NAMES=(\{.*\})")


def read(value: Any, names: str = "{}") -> tuple[list[tuple[Any, ...]], list[str]]:
    (document,) = documents(json.dumps(value))
    assert not isinstance(document, Broken)
    reader = ReadingFormat(KNOWN, FieldNames.parse(names))
    found = [one for _, measurements in reader.read(document) for one in measurements]
    order = ("deviceId", "sensorType", "value", "timestamp")
    return (
        [tuple(one.fields.get(name) for name in order) for one in found if not one.problem],
        [one.problem for one in found if one.problem],
    )


MAPPED: dict[str, Any] = {
    "an uplink of The Things Network's version 2": {
        "app_id": "a",
        "dev_id": "d-1",
        "payload_raw": "AQ==",
        "payload_fields": {"temperature": 21.5},
        "metadata": {"time": NOON, "gateways": []},
    },
    "an uplink of ChirpStack": {
        "time": NOON,
        "deviceInfo": {"deviceName": "name", "devEui": "d-1"},
        "object": {"temperature": 21.5},
    },
    "a message of Azure IoT Hub": {
        "EnqueuedTimeUtc": NOON,
        "Properties": {},
        "SystemProperties": {"iothub-connection-device-id": "d-1"},
        "Body": {"temperature": 21.5},
    },
    "an export of Azure IoT Central": {
        "applicationId": "a",
        "deviceId": "d-1",
        "enqueuedTime": NOON,
        "telemetry": {"temperature": 21.5},
    },
    "an EventBridge event": {
        "detail-type": "reading",
        "source": "own",
        "time": NOON,
        "detail": {"deviceId": "d-1", "temperature": 21.5},
    },
    "a CloudEvent": {"specversion": "1.0", "source": "d-1", "time": NOON, "data": {"temperature": 21.5}},
}


@pytest.mark.parametrize("platform", MAPPED)
def test_the_mapping_that_an_error_suggests_makes_the_message_readable(platform: str) -> None:
    rows, (problem,) = read(MAPPED[platform])
    assert rows == []
    assert f"; this is {platform}: read with SENSOR_FIELD_NAMES=" in problem
    names = WHOLE_HINT.search(problem)
    assert names
    assert read(MAPPED[platform], names[1]) == ([ROW], [])


TYPED = {"deviceId": {"S": "d-1"}, "temp": {"N": "21.5"}}


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"deviceInfo": {"devEui": "d"}, "data": "AQ=="}, "an uplink of ChirpStack that is not decoded: set a codec"),
        ({"dev_eui": "d", "decoded": {"payload": []}}, "an uplink of Helium"),
        ({"DevEUI_uplink": {"Time": NOON}}, "an uplink of Actility ThingPark: send its decoded payload"),
        ({"SystemProperties": {}, "Body": "eyJ0IjoxfQ=="}, "a message of Azure IoT Hub: set its content type"),
        ({"timestamp": 1, "metrics": [{"name": "t"}], "seq": 1}, "a Sparkplug B payload: it does not name its device"),
        ({"ep": "d-1", "val": [{"id": 5700}]}, "a LwM2M message: name its resources"),
        ({"@iot.id": 1, "result": 2}, "an entity of OGC SensorThings: send device, sensor type"),
        ({"value": [{"@iot.id": 1}]}, "an entity of OGC SensorThings: send device, sensor type"),
        ({"id": "urn:1", "type": "D", "t": {"type": "Number", "value": 1}}, "an NGSI entity: send it with options="),
        ({"payload": {"assetId": "a", "values": [1]}}, "a property of AWS IoT SiteWise: it names no device"),
        ({"state": {"t": 1}, "version": 2, "timestamp": 3}, "a device shadow's delta: it says what is desired"),
        ({"t": [{"ts": 1, "value": "4"}]}, "a time series of ThingsBoard's REST API: it names no device"),
        ({"TopicArn": "arn", "Message": "{}"}, "an SNS notification: turn on raw message delivery"),
        ({"Records": [{"eventName": "x"}]}, "an event of an AWS service: send what it carries"),
        ({"message": {"data": "e30="}, "subscription": "s"}, "a push message of Google Pub/Sub: send its decoded data"),
        (TYPED, "JSON as DynamoDB has it: send plain JSON"),
    ],
)
def test_other_platforms_are_named_with_what_to_do(message: Any, named: str) -> None:
    rows, (problem,) = read(message)
    assert rows == []
    assert f"; this is {named}" in problem


def test_an_object_of_an_unknown_format_is_described_by_its_fields() -> None:
    many = {f"field {number}": number for number in range(20)} | {"a" * 100: 1}
    assert read(many)[1] == [
        "missing: deviceId, sensorType, value, timestamp; it has "
        + ", ".join(f'"field {number}"' for number in range(8))
        + " and 13 more"
    ]
    assert read({"a" * 100: 1, 'b"\n': 2})[1] == [
        f'missing: deviceId, sensorType, value, timestamp; it has "{"a" * 32}", "b\\"\\n"'
    ]


def test_a_column_inside_of_another_is_named_with_its_path() -> None:
    shadow = {"thingName": "d-1", "state": {"reported": {"env": {"temperature": 21.5}}}, "timestamp": NOON}
    rows, (problem,) = read(shadow)
    assert rows == []
    assert problem == (
        'no column is a known sensor type with a value; it has "env"; known are humidity, temperature; '
        'name what is in \'env\': SENSOR_FIELD_NAMES={"env.temperature": "temperature"}'
    )
    assert read(shadow, '{"env.temperature": "temperature"}') == ([ROW], [])


def test_json_that_was_encoded_twice_is_named() -> None:
    assert read('{"deviceId": "d-1"}')[1] == [
        'a reading is a JSON object; this is a text, JSON that was encoded twice: \'{"deviceId": "d-1"}\''
    ]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (zlib.compress(b"{}"), "compressed with zlib; only gzip is decompressed"),
        (b"ORC\x11\x00\x00", "an ORC file, not JSON"),
        (b"ARROW1\x00\x00", "an Arrow file, not JSON"),
        (b"\x82\xa8deviceId\xa3d-1\xa1t\xcb\x40\x35\x80\x00\x00\x00\x00\x00", "MessagePack, not JSON"),
        (b"\xa2\x68deviceId\x63d-1\x61t\xfb\x40\x35\x80\x00\x00\x00\x00\x00", "CBOR, not JSON"),
        (base64.b64encode(b'{"deviceId": "d-1"}'), "JSON in base64; send it decoded"),
        (b"eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln", "a JSON Web Token, not JSON"),
        (b"deviceId=d-1&value=21.5", "a form (application/x-www-form-urlencoded), not JSON"),
        (b"# HELP t Temperature\n# TYPE t gauge\nt 21.5\n", "metrics of Prometheus, not JSON"),
        (b"weather,location=hall temperature=21.5 1769860740000000000\n", "InfluxDB's line protocol, not JSON"),
        (b"\xef\xbb\xbfdeviceId;timestamp;temperature\r\nd-1;now;21,5\r\n", "CSV, not JSON; send JSON Lines"),
        (b"deviceId,temperature\nd-1,21.5\n", "CSV, not JSON; send JSON Lines"),
        (b"---\ndeviceId: d-1\ntemperature: 21.5\n", "YAML, not JSON"),
    ],
)
def test_other_content_is_named(content: bytes, named: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_text(content)
    assert str(refused.value) == named


@pytest.mark.parametrize("text", ['# a comment\n{"a": 1}\n', 'a,b\n{"a": 1}\n', "hello\n", "\n\n[1]", "7"])
def test_a_text_with_a_line_of_json_or_of_no_known_kind_is_read_as_documents(text: str) -> None:
    assert read_text(text.encode()) == text
