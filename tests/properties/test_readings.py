"""Files of readings that hypothesis invents."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sensor_pipeline import payload, readings
from sensor_pipeline.payload import LONGEST_RAW
from sensor_pipeline.readings import InvalidReading
from shared.items import plain, typed
from shared.s3_events import S3Object

from .strategies import ANY_TEXT, JSON

ARRIVED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KNOWN = readings.thresholds('{"temperature": {"lower": -20, "upper": 60.5}}')
FOUND = S3Object("bucket", "readings/1.json", "version")
READING = {"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": "2026-01-31T11:59:00Z"}
PART = st.one_of(JSON, ANY_TEXT, st.sampled_from(["temperature", "2026-01-31T11:59:00Z", "0000-00-00T00:00:00Z"]))
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.text('[]{}",:0123456789.eE-+ \n\r\ttruefalsn\\u', max_size=80).map(str.encode),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.lists(JSON, max_size=5).map(lambda lines: "\n".join(map(json.dumps, lines)).encode()),
    st.dictionaries(st.sampled_from([*READING, "unit", "readingId"]), PART).map(
        lambda changes: json.dumps([READING, {**READING, **changes}]).encode()
    ),
)


@given(CONTENT)
def test_all_that_a_file_holds_becomes_a_row_or_a_reject_that_the_table_keeps_as_it_is(content: bytes) -> None:
    for candidate in payload.candidates(io.BytesIO(content)):
        try:
            row = readings.row(candidate, KNOWN, ARRIVED) | readings.origin(FOUND, "version", candidate)
        except InvalidReading as reason:
            row = readings.reject(FOUND, "version", candidate, str(reason), ARRIVED)
            assert 0 < len(row["reason"]) < 1000
            assert len(row["raw"]) <= LONGEST_RAW
        assert plain(typed(row)) == row
        json.dumps(row, default=str, ensure_ascii=False).encode()


@given(st.text("0123456789.eE+-", min_size=1, max_size=60))
@example("1" * 39)
@example("1" * 38)
def test_a_value_in_any_notation_is_kept_exactly_or_refused(value: str) -> None:
    text = json.dumps(READING).replace("20,", f"{value},", 1)
    (candidate,) = payload.candidates(io.BytesIO(text.encode()))
    try:
        row = readings.row(candidate, KNOWN, ARRIVED)
    except InvalidReading:
        return
    assert row["value"] == Decimal(value) == plain(typed({"value": row["value"]}))["value"]


@given(st.decimals(-100, 100, places=3))
def test_a_value_is_notified_exactly_when_it_is_beyond_a_limit(value: Decimal) -> None:
    (candidate,) = payload.candidates(io.BytesIO(json.dumps(READING).replace("20,", f"{value},", 1).encode()))
    row = readings.row(candidate, KNOWN, ARRIVED)
    assert row.get("breach") == ("upper" if value > Decimal("60.5") else "lower" if value < -20 else None)
    if "breach" in row:
        notification: dict[str, Any] = readings.notification(row | readings.origin(FOUND, "version", candidate))
        assert Decimal(json.loads(notification["Message"])["value"]) == value
