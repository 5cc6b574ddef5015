"""Generated files of readings."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sensor_pipeline import notifications, readings
from sensor_pipeline.content import Unreadable, read_text
from sensor_pipeline.documents import LONGEST_RAW, Broken, documents
from sensor_pipeline.formats import ADAPTERS, ReadingFormat
from sensor_pipeline.readings import InvalidReading, Reject, Rules, SourceObject, judged
from sluice_functions.items import plain, typed

from .strategies import ANY_TEXT, JSON

ARRIVED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KNOWN = readings.thresholds('{"temperature": {"lower": -20, "upper": 60.5}}')
RULES = Rules(KNOWN)
SOURCE = SourceObject("bucket", "readings/1.json", "version", ARRIVED)
READING = {"deviceId": "d-1", "sensorType": "temperature", "value": 20, "timestamp": "2026-01-31T11:59:00Z"}
PART = st.one_of(JSON, ANY_TEXT, st.sampled_from(["temperature", "2026-01-31T11:59:00Z", "0000-00-00T00:00:00Z"]))
# Field names of all formats, so that objects match formats partly and completely.
NAMES = [
    *READING,
    "temperature",
    "readings",
    "bn",
    "bt",
    "bver",
    "n",
    "v",
    "t",
    "end_device_ids",
    "uplink_message",
    "received_at",
    "decoded_payload",
    "ts",
    "values",
    "state",
    "reported",
    "metadata",
    "current",
    "device_id",
]
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.text('[]{}",:0123456789.eE-+ \n\r\ttruefalsn\\u', max_size=80).map(str.encode),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.lists(JSON, max_size=5).map(lambda lines: "\n".join(map(json.dumps, lines)).encode()),
    st.builds(
        lambda names, values: json.dumps(dict(zip(names, values, strict=False))).encode(),
        st.lists(st.sampled_from(NAMES), max_size=6),
        st.lists(st.one_of(PART, st.dictionaries(st.sampled_from(NAMES), PART), st.lists(PART)), max_size=6),
    ),
    st.dictionaries(st.sampled_from([*READING, "unit", "readingId"]), PART).map(
        lambda changes: json.dumps([READING, {**READING, **changes}]).encode()
    ),
)


@given(CONTENT, st.sampled_from(["detect", *ADAPTERS]))
def test_all_that_a_file_holds_becomes_a_row_or_a_reject_that_the_table_keeps_as_it_is(
    content: bytes, format_: str
) -> None:
    try:
        text = read_text(content)
    except Unreadable:
        return
    places = []
    for document in documents(text):
        found: list[Any] = []
        if isinstance(document, Broken):
            found = [Reject(document.place, document.raw, document.problem)]
        else:
            for value, measurements in ReadingFormat(frozenset(KNOWN), format=format_).read(document):
                found.extend(judged(value.place, value.raw, measurements, SOURCE, RULES))
        for one in found:
            row = one
            if isinstance(one, Reject):
                row = one.row(SOURCE, RULES)
                assert 0 < len(row["reason"]) < 1000
                assert len(row["raw"]) <= LONGEST_RAW
                places.append(row["place"])
            assert plain(typed(row)) == row
            json.dumps(row, default=str, ensure_ascii=False).encode()
    assert len(set(places)) == len(places)


@given(CONTENT, CONTENT, st.sampled_from([b"\n", b"", b" ", b"\r\n", b"\x1e"]))
def test_documents_one_after_another_are_those_of_each(first: bytes, second: bytes, between: bytes) -> None:
    texts = [one.decode(errors="replace") for one in (first, second)]
    alone = [list(documents(text)) for text in texts]
    whole = all(len(found) == 1 and not isinstance(found[0], Broken) for found in alone)
    if whole and all(text.strip()[:1] in "[{" for text in texts):
        assert len(list(documents(between.decode().join(texts)))) == 2


@given(st.text("0123456789.eE+-", min_size=1, max_size=60))
@example("1" * 39)
@example("1" * 38)
def test_a_value_in_any_notation_is_kept_exactly_or_refused(value: str) -> None:
    text = json.dumps(READING).replace("20,", f"{value},", 1)
    try:
        row = row_of(text)
    except InvalidReading:
        return
    assert row["value"] == Decimal(value) == plain(typed({"value": row["value"]}))["value"]


@given(st.decimals(-100, 100, places=3))
def test_a_value_is_notified_exactly_when_it_is_beyond_a_limit(value: Decimal) -> None:
    row = row_of(json.dumps(READING).replace("20,", f"{value},", 1))
    assert row.get("breach") == ("upper" if value > Decimal("60.5") else "lower" if value < -20 else None)
    if "breach" in row:
        notification = notifications.of_reading(row | SOURCE.origin("line 1"))
        assert Decimal(json.loads(notification["Message"])["value"]) == value


def row_of(text: str) -> dict[str, Any]:
    (document,) = documents(text)
    if isinstance(document, Broken):
        raise InvalidReading(document.problem)
    ((_, (measurement,)),) = ReadingFormat(frozenset(KNOWN)).read(document)
    return readings.row(measurement, RULES, ARRIVED)
