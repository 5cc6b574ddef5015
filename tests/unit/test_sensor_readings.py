"""Validation of readings, and their rows."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline import notifications, readings
from sensor_pipeline.documents import LONGEST_RAW, Broken, TextPosition, documents
from sensor_pipeline.formats import ReadingFormat
from sensor_pipeline.readings import InvalidReading, Limits, Reject, Rules, SourceObject
from sluice_functions.errors import MalformedEvent
from sluice_functions.items import typed
from sluice_functions.s3_events import S3Object

ARRIVED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KNOWN = readings.thresholds('{"temperature": {"lower": -20, "upper": 60.5}, "load": {"upper": 0}, "co2": {}}')
RULES = Rules(KNOWN)
READING = {"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": "2026-01-31T11:59:00Z"}


def judged(**changes: Any) -> readings.Row:
    return judged_text(json.dumps({**READING, **changes}))


def judged_text(text: str) -> readings.Row:
    (document,) = documents(text)
    assert not isinstance(document, Broken)
    ((_, (measurement,)),) = ReadingFormat(frozenset(KNOWN)).read(document)
    return readings.row(measurement, RULES, ARRIVED)


class TestReadings:
    def test_a_row_has_all_fields_of_its_reading(self) -> None:
        row = judged(value=20.5, unit="°C", readingId="r 1")
        assert row == {
            "deviceId": "d-1",
            "readingTime": f"2026-01-31T11:59:00.000000000Z#temperature#{row['readingTime'][-16:]}",
            "timestamp": "2026-01-31T11:59:00Z",
            "sensorType": "temperature",
            "value": Decimal("20.5"),
            "unit": "°C",
            "readingId": "r 1",
        }

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"value": "20"}, "value: must be a number, and is the text '20'"),
            ({"value": True}, "value: must be a number, and is true"),
            ({"value": None}, "value: must be a number, and is null"),
            ({"value": [[[]]]}, "value: must be a number, and is an array"),
            ({"value": {"a": {}}}, "value: must be a number, and is an object"),
            ({"value": float("nan")}, "value: must be a number, and is NaN, which is not JSON"),
            ({"value": float("-inf")}, "value: must be a number, and is -Infinity, which is not JSON"),
            ({"deviceId": ""}, "deviceId: must be 1 to 128 printable characters, no blank at either end, and is ''"),
            (
                {"deviceId": 7},
                "deviceId: must be 1 to 128 printable characters, no blank at either end, and is a number",
            ),
            (
                {"deviceId": " d"},
                "deviceId: must be 1 to 128 printable characters, no blank at either end, and is ' d'",
            ),
            (
                {"deviceId": "d\n"},
                r"deviceId: must be 1 to 128 printable characters, no blank at either end, and is 'd\n'",
            ),
            (
                {"deviceId": "x" * 129},
                f"deviceId: must be 1 to 128 printable characters, no blank at either end, and is '{'x' * 63}\\u2026'",
            ),
            ({"sensorType": "flux"}, "sensorType: flux is unknown; known are co2, load, temperature"),
            (
                {"sensorType": "Temperature"},
                "sensorType: must be 1 to 40 lower-case letters, digits and _, and is 'Temperature'",
            ),
            ({"unit": "\x00"}, r"unit: must be 1 to 128 printable characters, and is '\x00'"),
            ({"unit": "\ud800"}, r"unit: must be 1 to 128 printable characters, and is '\ud800'"),
            ({"readingId": 5}, "readingId: must be 1 to 128 printable characters, and is a number"),
        ],
    )
    def test_an_invalid_field_is_reported_with_its_rule(self, changes: dict[str, Any], reason: str) -> None:
        with pytest.raises(InvalidReading) as refused:
            judged(**changes)
        assert str(refused.value) == reason

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("7", "a reading is a JSON object; this is a number"),
            ('"text"', "a reading is a JSON object; this is 'text'"),
            ("null", "a reading is a JSON object; this is null"),
            ("NaN", "a reading is a JSON object; this is NaN, which is not JSON"),
            ("[[]]", "a reading is a JSON object; this is an array"),
            ("{}", "missing: deviceId, sensorType, value, timestamp; it is empty"),
            (
                '{"deviceId": "a", "deviceId": "b"}',
                "a reading is a JSON object; this is an object that has the name 'deviceId' twice",
            ),
        ],
    )
    def test_a_value_that_is_not_a_reading_is_reported_as_such(self, text: str, reason: str) -> None:
        with pytest.raises(InvalidReading) as refused:
            judged_text(text)
        assert str(refused.value) == reason

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("20", "20"),
            ("-0.0", "0"),
            ("0e5", "0"),
            ("1.10", "1.10"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("1.7E2", "170"),
            ("1e125", "1e125"),
            ("-1e-128", "-1e-128"),
        ],
    )
    def test_values_are_exact(self, text: str, value: str) -> None:
        row = judged_text(json.dumps(READING).replace("20,", f"{text},"))
        assert row["value"] == Decimal(value)
        assert Decimal(typed(row)["value"]["N"]) == Decimal(value)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("1" * 39, "value: has more than 38 digits, which could not be kept exactly"),
            ("0." + "1" * 39, "value: has more than 38 digits, which could not be kept exactly"),
            ("1" * 5000, "value: has more than 38 digits, which could not be kept exactly"),
            ("1e126", "value: is beyond 1E-128 to 1E125"),
            ("1e-129", "value: is beyond 1E-128 to 1E125"),
            ("1e" + "9" * 30, "value: must be a number, and is a number beyond all limits"),
        ],
        ids=lambda one: one[:8],
    )
    def test_values_that_the_table_cannot_hold_exactly_are_refused(self, text: str, reason: str) -> None:
        with pytest.raises(InvalidReading) as refused:
            judged_text(json.dumps(READING).replace("20,", f"{text},"))
        assert str(refused.value) == reason

    def test_a_null_or_empty_unit_counts_as_absent(self) -> None:
        assert judged(unit=None, readingId="") == judged(unit="") == judged()

    @pytest.mark.parametrize("device", ["Device A", "Küche", "site/line 1#3", "urn:dev:ow:10e2073a01080063"])
    def test_names_of_devices_are_kept_as_they_are(self, device: str) -> None:
        assert judged(deviceId=device)["deviceId"] == device

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            (
                "yesterday",
                "timestamp: must be ISO 8601 with an offset such as 2026-01-31T12:00:00Z, or seconds, "
                "milliseconds, microseconds or nanoseconds since 1970, and is 'yesterday'",
            ),
            ("2026-02-30T00:00:00Z", "timestamp: 2026-02-30T00:00:00Z does not exist: the calendar has no such day"),
            (
                "2000-01-01T00:00:00Z",
                "timestamp: 2000-01-01T00:00:00Z is before 2015-01-01T00:00:00Z, the earliest that "
                "is accepted: was the device's clock ever set?",
            ),
            (
                12,
                "timestamp: 12 is before 2015-01-01T00:00:00Z, the earliest that is accepted: was the device's clock "
                "ever set?",
            ),
            (
                "9999-12-31T23:59:59Z",
                "timestamp: 9999-12-31T23:59:59Z is in the future; its object was created at 2026-01-31T12:00:00Z",
            ),
        ],
    )
    def test_a_time_that_is_refused_is_shown(self, given: Any, reason: str) -> None:
        with pytest.raises(InvalidReading) as refused:
            judged(timestamp=given)
        assert str(refused.value) == reason

    def test_further_fields_are_kept_within_bounds(self) -> None:
        row = judged(location="hall", floor=2, wired=True, note=None, at={"x": 1.5, "y": [1]}, long="x" * 3000)
        assert row["further"] == {
            "location": "hall",
            "floor": Decimal(2),
            "wired": True,
            "at": '{"x": "1.5", "y": ["1"]}',
        }
        assert row["furtherCut"] is True
        assert typed(row)
        assert "further" not in judged(note=None)

    @pytest.mark.parametrize("value", [float("nan"), 10**60, "\ud800", {"a": float("nan")}])
    def test_further_fields_that_the_table_cannot_hold_are_kept_as_text(self, value: Any) -> None:
        row = judged(odd=value)
        json.dumps(typed(row), ensure_ascii=False).encode()
        assert isinstance(row["further"]["odd"], str)

    def test_readings_that_say_the_same_have_the_same_key_and_others_have_not(self) -> None:
        same = [
            judged(value=20),
            judged_text(json.dumps(READING).replace("20,", "20.00,")),
            judged(timestamp="2026-01-31T12:59:00.000+01:00"),
            judged_text(json.dumps(dict(reversed(READING.items())))),
        ]
        others = [
            judged(value=21),
            judged_text(json.dumps(READING).replace("20,", "1.0000000000000000000000000000000000001,")),
            judged_text(json.dumps(READING).replace("20,", "1.0000000000000000000000000000000000002,")),
            judged(unit="K"),
            judged(readingId="K"),
            judged(sensorType="load"),
            judged(timestamp="2026-01-31T11:59:00.000000001Z"),
            judged(channel=1),
            judged(channel=2),
        ]
        assert len({row["readingTime"] for row in same}) == 1
        assert len({row["readingTime"] for row in [same[0], *others]}) == 10


class TestThresholds:
    @pytest.mark.parametrize(
        ("sensor", "value", "expected"),
        [
            ("temperature", "60.5", {}),
            ("temperature", "60.50000000000000000000000000000000001", {"breach": "upper", "limit": Decimal("60.5")}),
            ("temperature", "-20", {}),
            ("temperature", "-20.1", {"breach": "lower", "limit": Decimal(-20)}),
            ("load", "-1e9", {}),
            ("load", "0", {}),
            ("load", "1e-9", {"breach": "upper", "limit": Decimal(0)}),
        ],
    )
    def test_a_value_beyond_a_limit_is_a_breach_and_the_limit_itself_is_not(
        self, sensor: str, value: str, expected: dict[str, Any]
    ) -> None:
        assert KNOWN[sensor].broken_by(Decimal(value)) == expected

    def test_a_type_without_limits_on_one_side_is_never_beyond_it(self) -> None:
        assert Limits(lower=Decimal(1)).broken_by(Decimal("1e100")) == {}

    def test_a_notification_says_device_sensor_value_and_limit(self) -> None:
        row = {**judged(value=75.25, unit="°C", readingId="r"), "objectKey": "readings/a b.json"}
        said = notifications.of_reading(row)
        assert said["Subject"] == "temperature of d-1 is above its upper limit"
        assert json.loads(said["Message"]) == {
            "message": "temperature of d-1 is 75.25 °C, above its upper limit 60.5",
            "deviceId": "d-1",
            "sensorType": "temperature",
            "value": "75.25",
            "unit": "°C",
            "breach": "upper",
            "limit": "60.5",
            "timestamp": "2026-01-31T11:59:00Z",
            "readingId": "r",
            "objectKey": "readings/a b.json",
        }
        below = notifications.of_reading({**judged(value=-21), "objectKey": "k"})
        assert json.loads(below["Message"])["message"] == "temperature of d-1 is -21, below its lower limit -20"

    def test_a_subject_is_what_sns_takes(self) -> None:
        row = {**judged(value=99, deviceId="d" * 128), "objectKey": "k"}
        subject = notifications.of_reading(row)["Subject"]
        assert len(subject) == 100
        assert subject.isascii()


class TestRejects:
    FOUND = S3Object("landing", "readings/a.jsonl", "v1", event_time="2026-01-31T12:00:00.123Z")
    SOURCE = SourceObject.of(FOUND, "v1")

    def test_a_reject_has_its_reason_its_place_its_text_and_its_end(self) -> None:
        rules = Rules(KNOWN, rejects_kept=timedelta(days=2))
        assert Reject(TextPosition(), "oops", "because").row(self.SOURCE, rules) == {
            "bucket": "landing",
            "objectKey": "readings/a.jsonl",
            "versionId": "v1",
            "position": "line 1",
            "place": "v1#000000001#000000000",
            "reason": "because",
            "raw": "oops",
            "rawCut": False,
            "rejectedAt": "2026-01-31T12:00:00.123Z",
            "expiresAt": int(datetime(2026, 2, 2, 12, tzinfo=UTC).timestamp()),
        }

    def test_rejects_of_one_line_have_places_of_their_own(self) -> None:
        kept = [
            Reject(TextPosition(1, 9), "", "").row(self.SOURCE, RULES),
            Reject(TextPosition(1), "", "", 2, "humidity").row(self.SOURCE, RULES),
            Reject(TextPosition(1, element=3), "", "").row(self.SOURCE, RULES),
        ]
        assert [(row["place"], row["position"]) for row in kept] == [
            ("v1#000000001#000000000#000000009#000000000", "line 1, column 9"),
            ("v1#000000001#000000000#000000001#000000002", "line 1, humidity"),
            ("v1#000000001#000000003", "line 1, element 3"),
        ]

    def test_a_text_that_was_cut_says_so(self) -> None:
        kept = {
            length: Reject(TextPosition(), "x" * length, "because").row(self.SOURCE, RULES)
            for length in (LONGEST_RAW, LONGEST_RAW + 1)
        }
        assert {length: (len(row["raw"]), row["rawCut"]) for length, row in kept.items()} == {
            LONGEST_RAW: (LONGEST_RAW, False),
            LONGEST_RAW + 1: (LONGEST_RAW, True),
        }

    @pytest.mark.parametrize("time", [None, "", "yesterday", "0001-01-01T00:00:00+10:00"])
    def test_an_event_that_does_not_say_when_it_happened_is_malformed(self, time: str | None) -> None:
        with pytest.raises(MalformedEvent, match="eventTime"):
            readings.arrival(S3Object("b", "k", event_time=time))
