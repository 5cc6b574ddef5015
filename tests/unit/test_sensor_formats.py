"""The supported formats of readings: the examples of each public specification, and objects that
match none or several.
"""

import json
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline.documents import Broken, documents
from sensor_pipeline.formats import ADAPTERS, ReadingFormat
from sensor_pipeline.names import FieldNames

KNOWN = frozenset({"temperature", "humidity", "voltage", "current", "rpm", "air_quality", "quality"})
UPLOADED = Decimal(1769860800)
NOON = "2026-01-31T11:59:00Z"
OWN = {"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": NOON}
WIDE = {"deviceId": "d-1", "timestamp": NOON, "temperature": 21.5, "humidity": 40, "location": "hall"}


def read(value: Any, format_: str = "detect", **names: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Device, sensor type, value and time of each measurement; and the problems."""
    (document,) = documents(json.dumps(value))
    assert not isinstance(document, Broken)
    reader = ReadingFormat(
        KNOWN, FieldNames({name.replace("__", "."): own for name, own in names.items()}), format_, UPLOADED
    )
    found = [one for _, measurements in reader.read(document) for one in measurements]
    order = ("deviceId", "sensorType", "value", "timestamp")
    return (
        [tuple(one.fields.get(name) for name in order) for one in found if not one.problem],
        [f"{one.part}: {one.problem}" if one.part else one.problem for one in found if one.problem],
    )


def further(value: Any) -> list[dict[str, Any]]:
    (document,) = documents(json.dumps(value))
    assert not isinstance(document, Broken)
    return [dict(one.further) for _, found in ReadingFormat(KNOWN).read(document) for one in found]


def test_our_format_keeps_additional_fields() -> None:
    assert read(OWN) == ([("d-1", "temperature", 20, NOON)], [])
    assert further({**OWN, "location": "hall", "humidity": 4}) == [{"location": "hall", "humidity": 4}]


def test_a_wide_object_is_a_reading_for_each_column_that_is_a_sensor() -> None:
    assert read(WIDE) == ([("d-1", "temperature", Decimal("21.5"), NOON), ("d-1", "humidity", 40, NOON)], [])
    assert further(WIDE) == [{"location": "hall"}] * 2
    assert read({**WIDE, "humidity": None})[0] == [("d-1", "temperature", Decimal("21.5"), NOON)]


def test_a_wide_object_without_a_sensor_says_so() -> None:
    assert read({"deviceId": "d", "timestamp": NOON, "co2": 5})[1] == [
        'missing: sensorType, value; nor is a column a known sensor type; it has "deviceId", "timestamp", "co2"'
    ]
    assert read({"temperature": 5})[1] == ['missing: deviceId, timestamp; it has "temperature"']
    assert read({**WIDE, "temperature": None, "humidity": None})[1] == [
        'no column is a known sensor type with a value; it has "location"; known are air_quality, '
        "current, humidity, quality, rpm, temperature, voltage"
    ]


def test_a_list_of_readings_takes_common_fields_from_its_object() -> None:
    assert read({"readings": [OWN, {**OWN, "value": 21}]})[0] == [
        ("d-1", "temperature", 20, NOON),
        ("d-1", "temperature", 21, NOON),
    ]
    common = {"deviceId": "gateway", "sensorType": "temperature"}
    assert read(
        {**common, "readings": [{"value": 1, "timestamp": "a"}, {"value": 2, "timestamp": "b", "deviceId": "x"}]}
    )[0] == [("gateway", "temperature", 1, "a"), ("x", "temperature", 2, "b")]
    assert read({"deviceId": "d", "readings": [{"timestamp": "a", "temperature": 1, "rpm": 2}]})[0] == [
        ("d", "temperature", 1, "a"),
        ("d", "rpm", 2, "a"),
    ]
    assert read({"deviceId": "d", "readings": [{"ts": 1, "values": {"rpm": 2}}]})[0] == [("d", "rpm", 2, 1)]
    assert read({"readings": [7, {}]})[1] == [
        "reading 1: a reading is a JSON object; this is a number",
        "reading 2: missing: deviceId, sensorType, value, timestamp; it is empty",
    ]


# The examples of RFC 8428, section 5.
SENML_MULTIPLE = [
    {"bn": "urn:dev:ow:10e2073a01080063:", "n": "voltage", "u": "V", "v": 120.1},
    {"n": "current", "u": "A", "v": 1.2},
]
SENML_TIMES = [
    {
        "bn": "urn:dev:ow:10e2073a01080063:",
        "bt": 1.276020076001e09,
        "bu": "A",
        "bver": 5,
        "n": "voltage",
        "u": "V",
        "v": 120.1,
    },
    {"n": "current", "t": -5, "v": 1.2},
    {"n": "current", "t": -4, "v": 1.3},
]


def test_senml_packs_are_resolved() -> None:
    device = "urn:dev:ow:10e2073a01080063"
    assert read(SENML_MULTIPLE)[0] == [
        (device, "voltage", Decimal("120.1"), UPLOADED),
        (device, "current", Decimal("1.2"), UPLOADED),
    ]
    assert read(SENML_TIMES)[0] == [
        (device, "voltage", Decimal("120.1"), Decimal("1276020076.001")),
        (device, "current", Decimal("1.2"), Decimal("1276020071.001")),
        (device, "current", Decimal("1.3"), Decimal("1276020072.001")),
    ]
    (document,) = documents(json.dumps(SENML_TIMES))
    assert not isinstance(document, Broken)
    units = [one.fields["unit"] for _, found in ReadingFormat(KNOWN).read(document) for one in found]
    assert units == ["V", "A", "A"]


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ([{"n": "urn:dev:ow:10e2073a01080063:temperature", "v": 1}], ("urn:dev:ow:10e2073a01080063", "temperature")),
        ([{"bn": "urn:dev:mac:0b92569229fc9e68/", "n": "rpm", "v": 1}], ("urn:dev:mac:0b92569229fc9e68", "rpm")),
        ([{"bn": "urn:dev:ow:10e2_temperature", "v": 1}], ("urn:dev:ow:10e2", "temperature")),
        ([{"bn": "room1/"}, {"n": "air_quality", "v": 1}], ("room1", "air_quality")),
        ({"bn": "room1-", "n": "rpm", "v": 1}, ("room1", "rpm")),
    ],
)
def test_a_senml_name_ends_with_the_sensor_type(pack: Any, expected: tuple[str, str]) -> None:
    assert read(pack) == ([(*expected, 1, UPLOADED)], [])


def test_senml_base_values_are_added_and_relative_times_are_of_the_upload() -> None:
    pack = [{"bn": "d:", "bv": 20, "n": "rpm", "v": 0.5, "t": -60}, {"n": "rpm", "bv": 0.25, "v": 1, "t": 1}]
    assert read(pack)[0] == [
        ("d", "rpm", Decimal("20.5"), UPLOADED - 60),
        ("d", "rpm", Decimal("1.25"), UPLOADED + 1),
    ]


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"n": "rpm", "vs": "fast"}, "SenML: its value is vs, and only numbers (v) are stored"),
        ({"n": "rpm", "vb": True}, "SenML: its value is vb, and only numbers (v) are stored"),
        ({"n": "rpm", "s": 5}, "SenML: it has a sum only, and only numbers (v) are stored"),
        ({"n": "rpm", "v": 1, "vs": "x"}, "SenML: has both v and vs"),
        ({"n": "rpm", "v": 1, "t": "now"}, "SenML: t must be a number"),
        ({"n": 5, "v": 1}, "SenML: n must be a text"),
        ({"n": "rpm", "v": 1, "new_": 1}, "SenML: the field 'new_' must be understood and is not"),
        ({"n": "rpm"}, "SenML: the record has no value"),
        ({"bver": 11, "n": "rpm", "v": 1}, "SenML: bver is above 10, the version that is read"),
        ({"bt": "x", "n": "rpm", "v": 1}, "SenML: bt must be a number"),
        (
            {"n": "a_air_quality", "v": 1, "bn": "x"},
            "SenML: the name 'xa_air_quality' can end with more than one known sensor type",
        ),
        (7, "SenML: a record is a JSON object"),
    ],
)
def test_a_senml_record_that_cannot_be_stored_says_why(record: Any, problem: str) -> None:
    found, problems = read([{"bn": "d:", "n": "rpm", "v": 1}, record])
    assert (len(found), problems) == (1, [problem])


def test_after_a_broken_base_field_no_record_of_the_pack_is_read() -> None:
    found, problems = read([{"bn": "d:", "n": "rpm", "v": 1}, {"bt": "x"}, {"n": "rpm", "v": 1}])
    assert (len(found), problems) == (1, ["SenML: bt must be a number"] * 2)


# From https://www.thethingsindustries.com/docs/integrations/data-formats/.
UPLINK: dict[str, Any] = {
    "end_device_ids": {
        "device_id": "dev1",
        "application_ids": {"application_id": "app1"},
        "dev_eui": "0004A30B001C0530",
    },
    "correlation_ids": ["as:up:01"],
    "received_at": "2020-02-12T15:15:45.787Z",
    "uplink_message": {
        "session_key_id": "AXA50",
        "f_cnt": 1,
        "f_port": 2,
        "frm_payload": "gkHe",
        "decoded_payload": {"temperature": 1.0, "luminosity": 0.64},
        "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1"}, "rssi": -35}],
        "settings": {"data_rate": {"lora": {"bandwidth": 125000}}},
        "received_at": "2020-02-12T15:15:45.000Z",
    },
}


@pytest.mark.parametrize("message", [UPLINK, {"result": UPLINK}, {"name": "as.up.data.forward", "data": UPLINK}])
def test_an_uplink_of_the_things_network_is_read(message: Any) -> None:
    assert read(message) == ([("dev1", "temperature", Decimal("1.0"), "2020-02-12T15:15:45.000Z")], [])
    assert further(message) == [{"f_port": 2, "f_cnt": 1, "luminosity": Decimal("0.64")}]


def test_an_uplink_that_was_not_decoded_says_so() -> None:
    uplink = {name: one for name, one in UPLINK["uplink_message"].items() if name != "decoded_payload"}
    assert read({**UPLINK, "uplink_message": uplink})[1] == [
        "the uplink has no decoded_payload: set a payload formatter in The Things Stack"
    ]
    join = {name: one for name, one in UPLINK.items() if name != "uplink_message"} | {"join_accept": {}}
    assert read(join)[1] == ["a message of The Things Network, but not an uplink: it has no uplink_message"]


# From https://thingsboard.io/docs/reference/gateway-mqtt-api/.
GATEWAY = {
    "Device A": [
        {"ts": 1483228800000, "values": {"temperature": 42, "humidity": 80}},
        {"ts": 1483228801000, "values": {"temperature": 43, "humidity": 82}},
    ],
    "Device B": [{"ts": 1483228800000, "values": {"temperature": 42, "humidity": None}}],
}


def test_the_telemetry_of_a_thingsboard_gateway_is_read() -> None:
    assert read(GATEWAY) == (
        [
            ("Device A", "temperature", 42, 1483228800000),
            ("Device A", "humidity", 80, 1483228800000),
            ("Device A", "temperature", 43, 1483228801000),
            ("Device A", "humidity", 82, 1483228801000),
            ("Device B", "temperature", 42, 1483228800000),
        ],
        [],
    )
    assert read({"ts": 1, "values": {"temperature": 42}})[1] == ['missing: deviceId; it has "timestamp", "temperature"']
    assert read({"deviceId": "x", "ts": 1, "values": {"temperature": 42}})[0] == [("x", "temperature", 42, 1)]


SHADOW = {
    "state": {"desired": {"temperature": 20}, "reported": {"temperature": 21.5, "humidity": 40, "firmware": "1.2"}},
    "metadata": {"reported": {"temperature": {"timestamp": 1769860000}, "firmware": {"timestamp": 1}}},
    "version": 10,
    "clientToken": "token",
    "timestamp": 1769860740,
}


@pytest.mark.parametrize(
    "shadow",
    [
        {**SHADOW, "thingName": "thing"},
        {**SHADOW, "deviceId": "thing"},
        {"previous": SHADOW, "current": SHADOW, "timestamp": 1769860740, "thingName": "thing"},
        {**SHADOW, "state": {"reported": {**SHADOW["state"]["reported"], "deviceId": "thing"}}},  # type: ignore[index]
    ],
)
def test_a_shadows_reported_state_is_read_with_the_time_of_each_attribute(shadow: Any) -> None:
    assert read(shadow) == (
        [("thing", "temperature", Decimal("21.5"), 1769860000), ("thing", "humidity", 40, 1769860740)],
        [],
    )
    assert further(shadow) == [{}, {}]


def test_a_shadow_that_names_no_thing_or_reports_nothing_says_so() -> None:
    assert read(SHADOW)[1] == [
        "missing: deviceId; a shadow does not name its thing: add topic(3) AS thingName to the rule's SQL"
    ]
    assert read({"state": {"desired": {"temperature": 1}}, "thingName": "x"})[1] == [
        "the shadow reports no state: it has no state.reported"
    ]


@pytest.mark.parametrize(
    ("value", "formats"),
    [
        ({**WIDE, "readings": [OWN]}, "wide, readings"),
        ({**OWN, "readings": [OWN]}, "own, readings"),
        ({**WIDE, "n": "rpm", "v": 1}, "wide, senml"),
        ({"readings": GATEWAY["Device A"]}, "readings, thingsboard"),
        ({**OWN, **UPLINK}, "own, things-network"),
        ({**SHADOW, "temperature": 20}, "wide, iot-shadow"),
    ],
)
def test_an_object_that_fits_several_formats_is_refused(value: Any, formats: str) -> None:
    assert read(value) == ([], [f"can be read as more than one format: {formats}; set SENSOR_FORMAT"])
    for name in formats.split(", "):
        assert not any("more than one" in problem for problem in read(value, name)[1])


def test_a_format_that_is_fixed_is_the_only_one() -> None:
    assert read({**WIDE, "value": 1, "sensorType": "temperature"}, "wide")[0] == [
        ("d-1", "temperature", Decimal("21.5"), NOON),
        ("d-1", "humidity", 40, NOON),
    ]
    for name in set(ADAPTERS) - {"own"}:
        found, problems = read(OWN, name)
        assert (found, len(problems)) == ([], 1), name


def test_senders_names_are_mapped_also_those_inside_of_objects() -> None:
    renamed = {"device": {"id": "d"}, "time": NOON, "data": {"temp": 1, "hum": 2}}
    assert read(renamed, device__id="deviceId", time="timestamp", data__temp="temperature", data__hum="humidity")[
        0
    ] == [
        ("d", "temperature", 1, NOON),
        ("d", "humidity", 2, NOON),
    ]
    assert read({**OWN, "sensorType": "Temp"}, Temp="temperature")[0] == [("d-1", "temperature", 20, NOON)]
    assert read({"bn": "d:", "n": "temp", "v": 1}, temp="temperature")[0] == [("d", "temperature", 1, UPLOADED)]
    payload = {**UPLINK, "uplink_message": {**UPLINK["uplink_message"], "decoded_payload": {"temperature_1": 5}}}
    assert read(payload, temperature_1="temperature")[0] == [("dev1", "temperature", 5, "2020-02-12T15:15:45.000Z")]


def test_a_field_that_is_there_under_both_names_is_refused() -> None:
    assert read({**WIDE, "temp": 1}, temp="temperature")[1] == ["has temperature twice, once as temp"]
