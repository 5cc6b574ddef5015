"""Events that hypothesis invents, and keys as S3 encodes them."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_metadata import metadata
from invocation_log import invocations
from object_tracker import objects
from sensor_pipeline import readings
from sluice_functions.errors import MalformedEvent, RecordsFailed
from sluice_functions.http import InvalidRequest
from sluice_functions.items import plain, typed
from sluice_functions.s3_events import S3Object, for_each_object
from tests.support.s3_events import created, event

from .strategies import JSON, KEYS, heads


@given(JSON)
def test_an_event_is_processed_or_refused_as_malformed(anything: Any) -> None:
    seen: list[S3Object] = []
    with suppress(MalformedEvent, RecordsFailed):
        for_each_object(anything, seen.append)
    assert all(one.bucket and one.key for one in seen)


@given(st.lists(JSON, min_size=1))
def test_invalid_records_fail_by_number_and_valid_ones_are_processed(records: list[Any]) -> None:
    seen: list[S3Object] = []
    with pytest.raises(RecordsFailed) as failed:
        for_each_object({"Records": [*records, created("bucket", "key")]}, seen.append)
    assert [one.key for one in seen] == ["key"]
    assert str(failed.value).startswith(f"{len(records)} of {len(records) + 1} records failed: record 0: ")


@given(st.sampled_from(["eventName", "eventTime", "s3", "bucket", "object", "name", "key", "versionId"]), JSON)
def test_a_record_with_any_value_in_one_field_is_processed_or_refused(part: str, anything: Any) -> None:
    record = created("bucket", "key", "version")
    for place in (record, record["s3"], record["s3"]["bucket"], record["s3"]["object"]):
        if isinstance(place, dict) and part in place:
            place[part] = anything
    seen: list[S3Object] = []
    refusal = ""
    try:
        for_each_object(event(record), seen.append)
    except RecordsFailed as failed:
        refusal = str(failed)
    assert bool(seen) != bool(refusal)
    assert all(isinstance(one.key, str) and one.key and isinstance(one.bucket, str) and one.bucket for one in seen)


@given(KEYS)
def test_a_key_is_read_exactly_as_it_was_uploaded(key: str) -> None:
    seen: list[str] = []
    for encoded in (quote_plus(key), quote_plus(key, safe="/")):
        record = created("bucket", "key")
        record["s3"]["object"]["key"] = encoded
        for_each_object(event(record), lambda found: seen.append(found.key))
    assert seen == [key, key]


@given(KEYS, heads(), st.binary(max_size=600))
def test_every_object_has_a_row_that_the_table_keeps_as_it_is(key: str, head: dict[str, Any], start: bytes) -> None:
    found = S3Object("bucket", key, "version")
    for row in (metadata.row(found, head, start), objects.row(found, head)):
        assert plain(typed(row)) == row
        assert row["objectKey"] == key
        assert row["name"]
        assert row["contentType"]


@given(KEYS)
def test_the_subject_of_a_notification_is_short_ascii_whatever_the_key(key: str) -> None:
    head = {"LastModified": readings.arrival(moment("2026-01-02T03:04:05Z")), "ContentLength": 0, "ETag": '"e"'}
    subject = objects.notification(objects.row(S3Object("bucket", key), head))["Subject"]
    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) <= 100


@given(st.text(), st.one_of(st.none(), st.text()))
def test_a_time_is_one_or_the_event_is_refused(when: str, sequencer: str | None) -> None:
    found = S3Object("bucket", "key", None, "ObjectCreated:Put", when, sequencer)
    for read in (lambda: invocations.row(found, "function", "request"), lambda: readings.arrival(found)):
        with suppress(MalformedEvent):
            assert read()


@given(st.datetimes(), st.sampled_from(["", "Z", "+05:30", "-12:00"]))
def test_the_log_sorts_as_time_does(when: Any, zone: str) -> None:
    try:
        row = invocations.row(moment(when.isoformat() + zone), "function", "request")
    except MalformedEvent:
        assert not zone or when.year in (1, 9999)  # before and after all times
        return
    assert len(row["timestamp"]) == len("2026-01-02T03:04:05.678Z")
    assert row["timestamp"].endswith("Z")


@given(st.one_of(JSON, KEYS))
def test_a_requested_key_is_one_that_s3_takes_or_the_request_is_refused(given_key: Any) -> None:
    try:
        key = objects.checked_key(given_key)
    except InvalidRequest:
        return
    assert key == given_key
    assert 1 <= len(key.encode()) <= 1024
    depth = 0
    for element in key.split("/"):
        depth += -1 if element == ".." else 1
        assert depth >= 0, "S3 refuses keys that lead above their bucket"


@given(JSON)
def test_a_request_names_one_object_or_is_refused(body: Any) -> None:
    if not isinstance(body, dict):
        return
    try:
        wanted = objects.requested_object("bucket", body)
    except InvalidRequest:
        return
    assert (wanted.bucket, wanted.key) == ("bucket", body["key"])


def moment(text: str) -> S3Object:
    return S3Object("bucket", "key", None, "ObjectCreated:Put", text, "1")
