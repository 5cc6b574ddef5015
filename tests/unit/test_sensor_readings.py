"""What the sensor pipeline takes for a reading, where it finds it, and what it makes of it."""

import io
import json
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline import payload, readings
from sensor_pipeline.payload import LARGEST_DOCUMENT, LONGEST_RAW, Candidate
from sensor_pipeline.readings import InvalidReading, Limits
from shared.items import typed
from shared.s3_events import MalformedEvent, S3Object

ARRIVED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KNOWN = readings.thresholds('{"temperature": {"lower": -20, "upper": 60.5}, "load": {"upper": 0}}')
READING = {"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": "2026-01-31T11:59:00Z"}


def found(content: bytes) -> list[Candidate]:
    return list(payload.candidates(io.BytesIO(content)))


def values(content: bytes) -> list[Any]:
    """What is readable, with its place."""
    return [(readings.position(one), one.value) for one in found(content) if one.problem is None]


def problems(content: bytes) -> list[Any]:
    return [(readings.position(one), one.problem) for one in found(content) if one.problem is not None]


def judged(**changes: Any) -> readings.Row:
    return judged_text(json.dumps({**READING, **changes}))


def judged_text(text: str) -> readings.Row:
    (candidate,) = found(text.encode())
    return readings.row(candidate, KNOWN, ARRIVED)


ONE, TWO = {"a": Decimal(1)}, {"a": Decimal(2)}


class TestPlaces:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b'{"a": 1}', [("line 1", ONE)]),
            (b'\n {"a":\n\t1\n}\r\n ', [("line 1", ONE)]),
            (b'\xef\xbb\xbf{"a": 1}', [("line 1", ONE)]),
            (b'[{"a": 1}, {"a": 2}]', [("line 1, element 1", ONE), ("line 1, element 2", TWO)]),
            (b'[\n  {"a": 1},\n  {"a": 2}\n]\n', [("line 1, element 1", ONE), ("line 1, element 2", TWO)]),
            (b'{"a": 1}\n{"a": 2}', [("line 1", ONE), ("line 2", TWO)]),
            (b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r\n', [("line 1", ONE), ("line 3", TWO)]),
            (b'[{"a": 1}]\n{"a": 2}\n', [("line 1, element 1", ONE), ("line 2", TWO)]),
            (b"[]", []),
            (b"[[1], 2]", [("line 1, element 1", [Decimal(1)]), ("line 1, element 2", Decimal(2))]),
        ],
    )
    def test_one_reading_an_array_and_json_lines_are_told_apart(self, content: bytes, expected: list[Any]) -> None:
        assert values(content) == expected
        assert problems(content) == []

    @pytest.mark.parametrize(
        ("bad", "problem"),
        [
            (b"\xff\xfe\xfd", "not UTF-8 (byte 1)"),
            (b'{"a": "\xed\xa0\x80"}', "not UTF-8 (byte 8)"),
            (b"[" * 200_000, "nested too deeply"),
            (b'{"a":' * 200_000, "nested too deeply"),
            (b'{"a": 2', "not JSON: Expecting ',' delimiter (line 2, column 8)"),
            (b'{"a": 2},', "not JSON: Extra data (line 2, column 9)"),
            (b'[{"a": 2}', "not JSON: Expecting ',' delimiter (line 2, column 10)"),
            (b'[{"a": 2},]', "not JSON: Expecting value (line 2, column 11)"),
            (b'[1, 2] "more"', "not JSON: Extra data (line 2, column 8)"),
            (b"[", "not JSON: Expecting value (line 2, column 2)"),
        ],
        ids=lambda one: one[:20] if isinstance(one, bytes) else None,
    )
    def test_a_line_that_is_no_json_does_not_stop_the_others(self, bad: bytes, problem: str) -> None:
        content = b'{"a": 1}\n' + bad + b'\n{"a": 2}\n'
        assert values(content) == [("line 1", ONE), ("line 3", TWO)]
        assert problems(content) == [("line 2", problem)]

    def test_neighbouring_lines_that_are_no_json_are_kept_together(self) -> None:
        content = b'x\ny\n{"a": 1}\n\nz\n'
        assert problems(content) == [
            ("lines 1 to 2", "not JSON: Expecting value (line 1, column 1)"),
            ("line 5", "not JSON: Expecting value (line 5, column 1)"),
        ]
        assert [one.raw for one in found(content) if one.problem] == ["x\ny", "z"]

    def test_a_document_with_a_slip_is_one_problem_that_says_where_the_slip_is(self) -> None:
        content = b'[\n  {"a": 1},\n  {"a" 2},\n  {"a":\n 3}\n]'
        assert problems(content) == [("lines 1 to 6", "not JSON: Expecting ':' delimiter (line 3, column 8)")]

    @pytest.mark.parametrize("content", [b"", b" \r\n\n\t"])
    def test_an_object_with_nothing_in_it_says_so(self, content: bytes) -> None:
        assert problems(content) == [("line 1", "the object is empty")]

    def test_a_wholly_unreadable_object_is_one_problem_however_many_lines_it_has(self) -> None:
        assert problems(b"\xff\xfe garbage\n" * 50_000) == [("lines 1 to 50000", "not UTF-8 (byte 1)")]

    def test_raw_text_is_bounded_and_bytes_that_are_no_text_stay_visible(self) -> None:
        (bad,) = found(b"\xff" + b"x" * 10_000)
        assert bad.raw.startswith("\\xffx")
        assert len(bad.raw) == LONGEST_RAW + 1
        (element, _) = found(b'[{"a": "%s"}, 1]' % (b"y" * 10_000))
        assert len(element.raw) == LONGEST_RAW + 1

    def test_a_line_longer_than_the_largest_document_is_refused_and_the_next_is_read(self) -> None:
        content = b'{"a": "' + b"x" * (LARGEST_DOCUMENT * 2) + b'"}\n{"a": 2}\n'
        assert problems(content) == [("line 1", f"longer than {LARGEST_DOCUMENT} bytes")]
        assert values(content) == [("line 2", TWO)]

    def test_what_is_beyond_the_first_ten_megabytes_is_read_line_by_line_to_its_end(self) -> None:
        line = b'{"a": 1, "padding": "' + b"x" * 99_999 + b'"}\n'
        content = line * 250 + b'{"a": 2}'
        seen = values(content)
        assert len(content) > 2 * LARGEST_DOCUMENT
        assert [where for where, _ in seen] == [f"line {number}" for number in range(1, 252)]
        assert seen[-1][1] == TWO

    @pytest.mark.parametrize("shape", ["lines", "array"])
    def test_ten_megabytes_take_little_more_room_than_their_text(self, shape: str) -> None:
        reading = json.dumps(READING).encode().ljust(498)
        count = 10_000_000 // 500
        content = b"\n".join([reading] * count) if shape == "lines" else b"[" + b",\n".join([reading] * count) + b"]"
        tracemalloc.start()
        seen = sum(1 for _ in payload.candidates(io.BytesIO(content)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == count
        assert peak < 35_000_000


class TestReadings:
    def test_a_row_says_what_the_reading_says(self) -> None:
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
            ({"value": "20"}, "value: must be a number, and is '20'"),
            ({"value": True}, "value: must be a number, and is true"),
            ({"value": None}, "value: must be a number, and is null"),
            ({"value": [[[]]]}, "value: must be a number, and is an array"),
            ({"value": {"a": {}}}, "value: must be a number, and is an object"),
            ({"value": float("nan")}, "value: must be a number, and is NaN, which is not JSON"),
            ({"value": float("-inf")}, "value: must be a number, and is -Infinity, which is not JSON"),
            ({"deviceId": ""}, "deviceId: must be 1 to 128 letters, digits and . _ : -, and is ''"),
            ({"deviceId": 7}, "deviceId: must be 1 to 128 letters, digits and . _ : -, and is a number"),
            ({"deviceId": "ü"}, r"deviceId: must be 1 to 128 letters, digits and . _ : -, and is '\xfc'"),
            ({"deviceId": "d\n"}, r"deviceId: must be 1 to 128 letters, digits and . _ : -, and is 'd\n'"),
            (
                {"deviceId": "x" * 129},
                f"deviceId: must be 1 to 128 letters, digits and . _ : -, and is '{'x' * 63}\\u2026'",
            ),
            ({"sensorType": "flux"}, "sensorType: flux is unknown; known are load, temperature"),
            (
                {"sensorType": "Temperature"},
                "sensorType: must be 1 to 40 lower-case letters, digits and _, and is 'Temperature'",
            ),
            ({"unit": ""}, "unit: must be 1 to 128 printable characters, and is ''"),
            ({"unit": "\x00"}, r"unit: must be 1 to 128 printable characters, and is '\x00'"),
            ({"unit": "\ud800"}, r"unit: must be 1 to 128 printable characters, and is '\ud800'"),
            ({"readingId": 5}, "readingId: must be 1 to 128 printable characters, and is a number"),
            ({"firmware": "1"}, "unknown field 'firmware'; a reading may have unit, readingId beside"),
        ],
    )
    def test_a_field_that_is_wrong_is_named_with_what_it_must_be(self, changes: dict[str, Any], reason: str) -> None:
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
            ("{}", "missing: deviceId, sensorType, value, timestamp"),
            (
                '{"deviceId": "a", "deviceId": "b"}',
                "a reading is a JSON object; this is an object that has a name twice",
            ),
        ],
    )
    def test_what_is_no_reading_at_all_is_said_to_be_what_it_is(self, text: str, reason: str) -> None:
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

    @pytest.mark.parametrize(
        ("given", "shown", "sortable"),
        [
            ("2026-01-31T11:59:00Z", "2026-01-31T11:59:00Z", "2026-01-31T11:59:00.000000000Z"),
            ("2026-01-31T13:59:00+02:00", "2026-01-31T11:59:00Z", "2026-01-31T11:59:00.000000000Z"),
            ("2026-01-30T20:29:00.5-15:30", "2026-01-31T11:59:00.5Z", "2026-01-31T11:59:00.500000000Z"),
            ("2026-01-31T11:59:00.123456789Z", "2026-01-31T11:59:00.123456789Z", "2026-01-31T11:59:00.123456789Z"),
            ("2026-01-31T12:05:00Z", "2026-01-31T12:05:00Z", "2026-01-31T12:05:00.000000000Z"),
            ("0987-01-31T00:00:00Z", "0987-01-31T00:00:00Z", "0987-01-31T00:00:00.000000000Z"),
        ],
    )
    def test_times_are_kept_in_utc_and_in_a_form_that_sorts(self, given: str, shown: str, sortable: str) -> None:
        row = judged(timestamp=given)
        assert row["timestamp"] == shown
        assert row["readingTime"].split("#")[0] == sortable

    @pytest.mark.parametrize(
        "given",
        [
            "2026-01-31T11:59:00",
            "2026-01-31",
            "2026-01-31 11:59:00Z",
            "20260131T115900Z",
            "2026-01-31T11:59:00.1234567890Z",
            "2026-01-31T11:59:00+0200",
            "yesterday",
            "\u0662026-01-31T11:59:00Z",
            1769860740,
            None,
        ],
    )
    def test_times_without_an_offset_or_in_other_forms_are_refused(self, given: Any) -> None:
        with pytest.raises(InvalidReading, match=r"^timestamp: must be ISO 8601 with an offset"):
            judged(timestamp=given)

    @pytest.mark.parametrize("given", ["2026-02-30T00:00:00Z", "2026-01-31T25:00:00Z", "0001-01-01T00:00:00+01:00"])
    def test_times_that_do_not_exist_are_refused(self, given: str) -> None:
        with pytest.raises(InvalidReading, match=r"^timestamp: .* does not exist"):
            judged(timestamp=given)

    @pytest.mark.parametrize("given", ["2026-01-31T12:05:01Z", "2026-01-31T11:05:01-01:00", "9999-12-31T23:59:59Z"])
    def test_a_reading_from_later_than_its_object_and_five_minutes_is_refused(self, given: str) -> None:
        with pytest.raises(InvalidReading, match=r"is in the future; its object was created at 2026-01-31T12:00:00Z$"):
            judged(timestamp=given)

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
        ]
        assert len({row["readingTime"] for row in same}) == 1
        assert len({row["readingTime"] for row in [same[0], *others]}) == 8


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
        said = readings.notification(row)
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
        below = readings.notification({**judged(value=-21), "objectKey": "k"})
        assert json.loads(below["Message"])["message"] == "temperature of d-1 is -21, below its lower limit -20"

    def test_a_subject_is_what_sns_takes(self) -> None:
        row = {**judged(value=99, deviceId="d" * 128), "objectKey": "k"}
        subject = readings.notification(row)["Subject"]
        assert len(subject) == 100
        assert subject.isascii()


class TestRejects:
    FOUND = S3Object("landing", "readings/a.jsonl", "v1", event_time="2026-01-31T12:00:00.123Z")

    def test_a_reject_has_its_reason_its_place_and_its_text(self) -> None:
        (candidate,) = found(b"oops")
        arrived = readings.arrival(self.FOUND)
        assert readings.reject(self.FOUND, "v1", candidate, "because", arrived) == {
            "bucket": "landing",
            "objectKey": "readings/a.jsonl",
            "versionId": "v1",
            "position": "line 1",
            "place": "v1#000000001#000000000",
            "reason": "because",
            "raw": "oops",
            "rawCut": False,
            "rejectedAt": "2026-01-31T12:00:00.123Z",
        }

    def test_a_text_that_was_cut_says_so(self) -> None:
        kept = {
            length: readings.reject(self.FOUND, "v1", found(b"x" * length)[0], "because", ARRIVED)
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
