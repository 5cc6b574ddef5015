"""Timestamps of readings, in the formats that devices send: pure functions."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

# How far a reading's time may lie after its object's upload: device clocks differ.
CLOCK_SKEW = timedelta(minutes=5)

# ISO 8601 and RFC 3339, extended or basic, down to minutes at least, with an offset; U+2212 is ISO 8601's minus.
ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})[Tt ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r" ?(?:[Zz]|UTC|GMT|([+-]|\u2212)([0-9]{2})(?::?([0-9]{2}))?(?: UTC)?)"  # Go writes +0000 UTC
    # The name of the zone adds nothing to the offset: https://www.rfc-editor.org/rfc/rfc9557
    r"(?:\[[A-Za-z0-9_+/=.-]{1,64}\])*"
)
# What is left of one, and what that lacks.
WITHOUT = (
    (r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", "is a day without a time"),
    (r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ][0-9:]{2,8}(?:[.,][0-9]*)?", "has no offset from UTC, such as Z or +01:00"),
    (r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ][0-9:]{2,8}[.,][0-9]{10,}.*", "has more than nine digits of a second"),
    (r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})\b.*", "is a local date, whose day and month cannot be told"),
)
# As many digits as seconds, milli-, micro- or nanoseconds since 1970 have from 2001 to 2286.
EPOCH_TEXT = re.compile(r"[0-9]{10}(\.[0-9]{1,9})?|[0-9]{13}|[0-9]{16}|[0-9]{19}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A number below is of the unit: 1E11 seconds are the year 5138, 1E11 milliseconds are 1973.
UNITS = ((Decimal(10) ** 11, 0), (Decimal(10) ** 14, 3), (Decimal(10) ** 17, 6), (Decimal(10) ** 20, 9))

ALLOWED = (
    "must be ISO 8601 with an offset such as 2026-01-31T12:00:00Z, or seconds, milliseconds, microseconds or "
    "nanoseconds since 1970"
)


class NotATime(ValueError):
    """An invalid time; the message says why, without the value."""


class Time(NamedTuple):
    """A time in UTC, to the second and nine digits of it. A leap second is the second 60."""

    second: str  # 2026-01-31T12:00:00
    nanoseconds: str
    at: datetime  # to the second; of a leap second, the one after it

    @property
    def shown(self) -> str:
        fraction = self.nanoseconds.rstrip("0")
        return f"{self.second}.{fraction}Z" if fraction else f"{self.second}Z"

    @property
    def sortable(self) -> str:
        """The time in a format of fixed width that sorts as text."""
        return f"{self.second}.{self.nanoseconds}Z"


def parse(value: Any, *, earliest: datetime, arrived: datetime) -> Time:
    """The time that a text or number represents. Raises `NotATime`.

    `earliest` is the lowest plausible time (a clock that was never set is below), `arrived` is when the reading's
    object was created.
    """
    time = _parse(value)
    if time.at < earliest:
        raise NotATime(f"is before {earliest:%FT%TZ}, the earliest that is accepted: was the device's clock ever set?")
    if time.at > arrived + CLOCK_SKEW:
        raise NotATime(f"is in the future; its object was created at {arrived:%FT%TZ}")
    return time


def _parse(value: Any) -> Time:
    if isinstance(value, Decimal):
        return _epoch(value)
    if not isinstance(value, str):
        raise NotATime(ALLOWED)
    if EPOCH_TEXT.fullmatch(value):
        return _epoch(Decimal(value))
    parts = ISO.fullmatch(value)
    if not parts:
        lack = next((lack for pattern, lack in WITHOUT if re.fullmatch(pattern, value, re.ASCII)), None)
        raise NotATime(f"{lack}; it {ALLOWED}" if lack else ALLOWED)
    return _iso(*(part or "" for part in parts.groups()))


def _epoch(number: Decimal) -> Time:
    for limit, digits in UNITS:
        if 0 <= number < limit:
            nanoseconds = int(number * 10 ** (9 - digits))
            seconds, rest = divmod(nanoseconds, 10**9)
            at = EPOCH + timedelta(seconds=seconds)
            return Time(at.replace(tzinfo=None).isoformat(), f"{rest:09d}", at)
    raise NotATime("is a number of neither seconds, milliseconds, microseconds nor nanoseconds since 1970")


def _iso(
    day: str, hour: str, minute: str, second: str, fraction: str, sign: str, offset_hours: str, offset_minutes: str
) -> Time:
    if int(offset_hours or 0) > 23 or int(offset_minutes or 0) > 59:
        raise NotATime("does not exist: no place has such an offset")
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    leap = second == "60"
    try:
        midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    except ValueError as error:
        raise NotATime("does not exist: the calendar has no such day") from error
    of_day = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    last = timedelta(days=1)
    # ISO 8601 allows 24:00 as the end of a day.
    if (
        int(minute) > 59
        or int(second or 0) > 60
        or of_day > last
        or (of_day == last and not leap and int(fraction or 0))
    ):
        raise NotATime("does not exist: a day has no such hour, minute or second")
    try:
        at = midnight + of_day - (offset if sign == "+" else -offset)
    except OverflowError as error:
        raise NotATime("does not exist: the calendar has no such day") from error
    nanoseconds = fraction.ljust(9, "0")
    if not leap:
        return Time(at.replace(tzinfo=None).isoformat(), nanoseconds, at)
    # Leap seconds occur at the end of a month in UTC: https://www.itu.int/rec/R-REC-TF.460
    if (at.day, at.time()) != (1, datetime.min.time()):
        raise NotATime("does not exist: a leap second is 23:59:60 in UTC on the last day of a month")
    return Time(f"{at - last:%Y-%m-%d}T23:59:60", nanoseconds, at)
