"""No reason that a sender or an operator reads has the words of Python: hypothesis invents the input."""

import builtins
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from invocation_log import invocations
from object_tracker import objects
from sensor_pipeline import readings
from sensor_pipeline.content import Unreadable
from sensor_pipeline.formats import ADAPTERS, ReadingFormat
from sensor_pipeline.ingestion import _judged
from sensor_pipeline.names import FieldNames
from sensor_pipeline.readings import Reject, Rules, SourceObject
from sensor_pipeline.store import Content
from sluice_functions import http
from sluice_functions.errors import ExplainedError, reason
from sluice_functions.http import InvalidRequest
from sluice_functions.s3_events import S3Object, for_each_object
from sluice_functions.s3_objects import head_from_event
from tests.support.s3_events import created, event
from upload_api import uploads

from .strategies import JSON

NOON = "2026-01-31T12:00:00Z"
# Class names of errors and values, and what Python's parsers and conversions say.
CLASSES = [name for name, one in vars(builtins).items() if isinstance(one, type) and issubclass(one, BaseException)]
WORDS = """
JSONDecodeError Decimal NoneType None dict str tuple isoformat Expecting delimiter Unterminated positional argument
subscriptable iterable unhashable Traceback InvalidOperation ordinal recursion
"""
PHRASES = (
    r"codec can|object at 0x[0-9a-f]+|invalid literal|could not convert|out of range|has no attribute"
    r"|<class|line \d+ column \d+ \("
)
PYTHON = re.compile(rf"\b(?:{'|'.join([*CLASSES, *WORDS.split()])})\b|{PHRASES}")
# What the sender wrote is not ours.
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def assert_plain(text: str) -> None:
    found = PYTHON.search(QUOTED.sub("", text))
    assert not found, f"{found[0]!r} in {text}"


NAMES = """
deviceId sensorType value timestamp unit readingId temperature readings n v t bn bt bv bver state reported desired
metadata thingName ts values end_device_ids device_id uplink_message decoded_payload received_at result data current
dev_id payload_fields deviceInfo object metrics ep @iot.id type id Records specversion SystemProperties Body
"""
FIELDS = st.sampled_from(NAMES.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([NOON, "2026-01-31", "31.1.2026", "temperature", "d-1", "1e999999999999", 1769860740, "24:00"]),
)
PAYLOADS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=5)),
    max_leaves=12,
)


def breakages(text: str) -> st.SearchStrategy[bytes]:
    """A document that is damaged somewhere, or none at all."""
    content = text.encode()
    return st.one_of(
        st.just(content),
        st.integers(0, len(content)).map(lambda at: content[:at]),
        st.tuples(st.integers(0, len(content)), st.binary(min_size=1, max_size=3)).map(
            lambda cut: content[: cut[0]] + cut[1] + content[cut[0] :]
        ),
        st.binary(max_size=40),
        st.text(max_size=40).map(lambda other: other.encode("utf-8", "surrogatepass")),
    )


RULES = Rules(
    known=readings.thresholds('{"temperature": {"upper": 60}, "humidity": {}}'),
    earliest=datetime(2015, 1, 1, tzinfo=UTC),
    rejects_kept=timedelta(days=1),
)
SOURCE = SourceObject.of(S3Object("b", "k", "v", "ObjectCreated:Put", NOON, "1"), "v")


@given(PAYLOADS.flatmap(lambda value: breakages(json.dumps(value))), st.sampled_from(["detect", *ADAPTERS]))
def test_reasons_of_rejects_are_in_the_senders_words(content: bytes, format_: str) -> None:
    known = ReadingFormat(frozenset(RULES.known), FieldNames({"device.id": "deviceId"}), format_, Decimal(1769860800))
    try:
        found = list(_judged(Content("v", Decimal(0), None, len(content), content), "k", known, SOURCE, RULES))
    except Unreadable as refused:
        assert_plain(str(refused))
        return
    for one in found:
        if isinstance(one, Reject):
            assert_plain(f"{one.position}: {one.reason}")


def refusal(call: Callable[[], Any], *kinds: type[Exception]) -> str:
    try:
        call()
    except kinds as error:
        return str(error)
    return ""


BODY_FIELDS = "productId productName price fileName contentType content size key versionId other"
BODIES = st.dictionaries(st.sampled_from(BODY_FIELDS.split()), SCALARS, max_size=7)


@given(BODIES.flatmap(lambda value: breakages(json.dumps(value))), st.text(max_size=8), st.booleans())
def test_refusals_of_requests_are_in_the_senders_words(content: bytes, header: str, encoded: bool) -> None:
    request = {
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json", "Idempotency-Key": header},
        "body": content.decode("utf-8", "surrogateescape"),
        "isBase64Encoded": encoded,
    }
    assert_plain(refusal(lambda: uploads.requested(request), InvalidRequest))

    def requested() -> None:
        objects.requested_object("bucket", http.json_body(request, longest=1024))

    assert_plain(refusal(requested, InvalidRequest))


@given(st.one_of(JSON, PAYLOADS), st.sampled_from(["eventName", "eventTime", "s3", "bucket", "object", "key", "size"]))
@example("yesterday", "eventTime")
@example("9999-12-31T23:59:59-23:59", "eventTime")
def test_reasons_of_failed_events_are_in_the_operators_words(anything: Any, part: str) -> None:
    record = created("bucket", "key", "version")
    for place in (record, record["s3"], record["s3"]["object"]):
        if part in place:
            place[part] = anything

    readers = (head_from_event, readings.arrival, lambda found: invocations.row(found, "function", "request"))
    for sent in (event(record), anything, {"Records": anything}):
        for read in readers:
            assert_plain(refusal(lambda sent=sent, read=read: for_each_object(sent, read), ExplainedError))  # type: ignore[misc]


@given(st.sampled_from([ValueError, KeyError, TypeError, ArithmeticError, RuntimeError]), st.text())
def test_an_error_that_nobody_expected_is_told_without_its_text(kind: type[Exception], text: str) -> None:
    assert_plain(reason(kind(text)))
