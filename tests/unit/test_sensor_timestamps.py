"""The times that devices send."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sensor_pipeline.timestamps import NotATime, parse

ARRIVED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
NOON = "2026-01-31T11:59:00Z"


def shown(value: Any) -> str:
    return parse(value, earliest=EARLIEST, arrived=ARRIVED).shown


def refused(value: Any, earliest: datetime = EARLIEST) -> str:
    with pytest.raises(NotATime) as reason:
        parse(value, earliest=earliest, arrived=ARRIVED)
    return str(reason.value)


@pytest.mark.parametrize(
    "given",
    [
        "2026-01-31T11:59:00Z",
        "2026-01-31T13:59:00+02:00",
        "2026-01-31T13:59:00+0200",
        "2026-01-31T13:59:00+02",
        "2026-01-30T20:29:00-15:30",
        "2026-01-31T10:59:00\u221201:00",
        "2026-01-31T11:59Z",
        "2026-01-31t11:59:00z",
        "2026-01-31 11:59:00Z",
        "2026-01-31 11:59:00 +0000",
        "2026-01-31 11:59:00 UTC",
        "2026-01-31T11:59:00UTC",
        "2026-01-31 11:59:00 GMT",
        "2026-01-31 11:59:00 +0000 UTC",
        "2026-01-31T11:59:00.000Z",
        "2026-01-31T11:59:00,0Z",
        "20260131T115900Z",
        "20260131T1159Z",
        "1769860740",
        "1769860740.0",
        "1769860740000",
        Decimal(1769860740),
        Decimal("1.76986074E9"),
        Decimal(1769860740000),
        Decimal(1769860740000000),
        Decimal(1769860740000000000),
    ],
)
def test_all_notations_of_a_time_give_the_same_time(given: Any) -> None:
    time = parse(given, earliest=EARLIEST, arrived=ARRIVED)
    assert (time.shown, time.sortable) == (NOON, "2026-01-31T11:59:00.000000000Z")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-31T11:59:00.5Z", "2026-01-31T11:59:00.5Z"),
        ("2026-01-31T11:59:00.123456789Z", "2026-01-31T11:59:00.123456789Z"),
        (Decimal("1769860740.25"), "2026-01-31T11:59:00.25Z"),
        (Decimal(1769860740123456789), "2026-01-31T11:59:00.123456789Z"),
        ("2026-01-30T24:00:00Z", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:05:00Z", "2026-01-31T12:05:00Z"),
        ("2015-01-01T00:00:00Z", "2015-01-01T00:00:00Z"),
    ],
)
def test_fractions_and_limits_are_exact(given: Any, expected: str) -> None:
    assert shown(given) == expected


@pytest.mark.parametrize("given", ["2016-12-31T23:59:60.5Z", "2017-01-01T00:59:60.5+01:00", "20161231T235960.5Z"])
def test_a_leap_second_sorts_between_the_seconds_beside_it(given: str) -> None:
    leap = parse(given, earliest=EARLIEST, arrived=ARRIVED)
    assert leap.shown == "2016-12-31T23:59:60.5Z"
    before, after = (
        parse(one, earliest=EARLIEST, arrived=ARRIVED).sortable
        for one in ("2016-12-31T23:59:59.9Z", "2017-01-01T00:00:00Z")
    )
    assert before < leap.sortable < after


@pytest.mark.parametrize("given", ["2016-12-31T12:59:60Z", "2016-12-15T23:59:60Z", "2016-12-31T23:59:60+01:00"])
def test_a_second_60_elsewhere_does_not_exist(given: str) -> None:
    assert refused(given) == "does not exist: a leap second is 23:59:60 in UTC on the last day of a month"


@pytest.mark.parametrize(
    "given",
    [
        "2026-01-31T11:59:00",
        "2026-01-31",
        "2026-01-31T11Z",
        "2026-01-31 11:59:00 CET",
        "2026-01-31 11:59:00 ZUTC",
        "2026-01-31T11:59:00.1234567890Z",
        "yesterday",
        "",
        "\u0662026-01-31T11:59:00Z",
        "20260131115900",
        "12",
        True,
        None,
        [],
        {},
    ],
)
def test_invalid_times_and_times_without_offset_are_refused(given: Any) -> None:
    assert "must be ISO 8601 with an offset such as 2026-01-31T12:00:00Z, or seconds" in refused(given)


@pytest.mark.parametrize(
    ("given", "lack"),
    [
        ("2026-01-31T11:59:00", "has no offset from UTC, such as Z or +01:00"),
        ("20260131T1159", "has no offset from UTC, such as Z or +01:00"),
        ("2026-01-31", "is a day without a time"),
        ("2026-01-31T11:59:00.1234567890Z", "has more than nine digits of a second"),
        ("01/31/2026 11:59", "is a local date, whose day and month cannot be told"),
        ("31.1.26", "is a local date, whose day and month cannot be told"),
    ],
)
def test_a_time_that_lacks_something_says_what(given: str, lack: str) -> None:
    assert refused(given).startswith(f"{lack}; it must be ISO 8601")


def test_the_name_of_a_zone_adds_nothing_to_the_offset() -> None:
    assert shown("2026-01-31T12:59:00+01:00[Europe/Berlin][u-ca=gregory]") == shown("2026-01-31T11:59:00Z")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("2026-02-30T00:00:00Z", "the calendar has no such day"),
        ("0000-00-00T00:00:00Z", "the calendar has no such day"),
        ("0001-01-01T00:00:00+01:00", "the calendar has no such day"),
        ("2026-01-31T25:00:00Z", "a day has no such hour, minute or second"),
        ("2026-01-31T24:00:01Z", "a day has no such hour, minute or second"),
        ("2026-01-31T11:60:00Z", "a day has no such hour, minute or second"),
        ("2026-01-31T11:59:61Z", "a day has no such hour, minute or second"),
        ("2026-01-31T11:59:00+24:00", "no place has such an offset"),
    ],
)
def test_nonexistent_times_are_refused_with_the_reason(given: str, why: str) -> None:
    assert refused(given) == f"does not exist: {why}"


@pytest.mark.parametrize(
    "given",
    ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z", Decimal(0), Decimal("1E9"), "1000000000"],
)
def test_a_clock_that_was_never_set_is_reported(given: Any) -> None:
    assert refused(given) == (
        "is before 2015-01-01T00:00:00Z, the earliest that is accepted: was the device's clock ever set?"
    )
    assert refused(NOON, datetime(2026, 1, 31, 11, 59, 1, tzinfo=UTC)).startswith("is before 2026-01-31T11:59:01Z")


@pytest.mark.parametrize(
    "given", ["2026-01-31T12:05:01Z", "2026-01-31T11:05:01-01:00", "9999-12-31T23:59:59Z", Decimal("1e10")]
)
def test_a_time_later_than_its_object_and_five_minutes_is_refused(given: Any) -> None:
    assert refused(given) == "is in the future; its object was created at 2026-01-31T12:00:00Z"


@pytest.mark.parametrize("given", [Decimal(-1), Decimal("1E30"), Decimal("1E999999")])
def test_a_number_of_no_unit_is_refused(given: Decimal) -> None:
    assert refused(given).startswith("is a number of neither seconds")
