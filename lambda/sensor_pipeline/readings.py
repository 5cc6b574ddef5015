"""What a reading is, what is kept of it, and when it is notified: pure functions."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.items import NUMBERS
from shared.s3_events import MalformedEvent, S3Object

from .payload import LONGEST_RAW, Candidate, Refused

Row = dict[str, Any]

# How much later than its object's upload a reading may say it was taken: devices' clocks differ.
CLOCK_SKEW = timedelta(minutes=5)

# ASCII throughout: both are in the subject of a notification.
DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
SENSOR_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}")
TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types-number
MOST_DIGITS = 38
SMALLEST_EXPONENT, LARGEST_EXPONENT = -128, 125

MANDATORY = ("deviceId", "sensorType", "value", "timestamp")
OPTIONAL = ("unit", "readingId")


class InvalidReading(ValueError):
    """Not a reading; the message says why."""


@dataclass(frozen=True)
class Limits:
    """The values beyond which a sensor type's readings are notified; None: there is none on that side."""

    lower: Decimal | None = None
    upper: Decimal | None = None

    def broken_by(self, value: Decimal) -> Row:
        """Which limit a value is beyond, and the limit; empty when none. The limit itself is not beyond it."""
        if self.upper is not None and value > self.upper:
            return {"breach": "upper", "limit": self.upper}
        if self.lower is not None and value < self.lower:
            return {"breach": "lower", "limit": self.lower}
        return {}


def thresholds(text: str) -> dict[str, Limits]:
    """By sensor type, from the setting `SENSOR_THRESHOLDS`, which settings.py has checked."""
    return {
        name: Limits(**{side: Decimal(repr(float(limit))).normalize() for side, limit in limits.items()})
        for name, limits in json.loads(text).items()
    }


def arrival(found: S3Object) -> datetime:
    """When the object was created, by its event: the same for every delivery of it."""
    try:
        when = datetime.fromisoformat(found.event_time or "")
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedEvent(f"eventTime {found.event_time!r} is not an ISO 8601 time") from error


def row(candidate: Candidate, known: Mapping[str, Limits], arrived: datetime) -> Row:
    """The row of a reading, the same however often and in whichever object it arrives.

    Two readings are the same when all they say is the same. Raises `InvalidReading`.
    """
    if candidate.problem:
        raise InvalidReading(candidate.problem)
    fields = _fields(candidate.value)
    device = _text("deviceId", fields["deviceId"], DEVICE_ID, "1 to 128 letters, digits and . _ : -")
    sensor = _text("sensorType", fields["sensorType"], SENSOR_TYPE, "1 to 40 lower-case letters, digits and _")
    if sensor not in known:
        raise InvalidReading(f"sensorType: {sensor} is unknown; known are {', '.join(sorted(known))}")
    value = _value(fields["value"])
    when, sortable = _timestamp(fields["timestamp"], arrived)
    optional = {
        name: _text(name, fields[name], PRINTABLE, "1 to 128 printable characters")
        for name in OPTIONAL
        if name in fields
    }
    said = json.dumps([str(value.normalize(NUMBERS)), optional.get("unit"), optional.get("readingId")])
    # Device, time and sensor type are in the key as they are.
    other = hashlib.sha256(said.encode()).hexdigest()[:16]
    return {
        "deviceId": device,
        "readingTime": f"{sortable}#{sensor}#{other}",
        "timestamp": when,
        "sensorType": sensor,
        "value": value,
        **optional,
        **known[sensor].broken_by(value),
    }


def origin(found: S3Object, version: str, candidate: Candidate) -> Row:
    return {"bucket": found.bucket, "objectKey": found.key, "versionId": version, "position": position(candidate)}


def position(candidate: Candidate) -> str:
    if candidate.last_line:
        return f"lines {candidate.line} to {candidate.last_line}"
    return f"line {candidate.line}" + (f", element {candidate.element}" if candidate.element else "")


def reject(found: S3Object, version: str, candidate: Candidate, reason: str, arrived: datetime) -> Row:
    """What is kept of an invalid reading. `rawCut` says that `raw` is but its beginning: the object has it all."""
    return {
        **origin(found, version, candidate),
        "place": f"{version}#{candidate.line:09d}#{candidate.element or 0:09d}",
        "reason": reason,
        "raw": candidate.raw[:LONGEST_RAW],
        "rawCut": len(candidate.raw) > LONGEST_RAW,
        "rejectedAt": arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def notification(row: Row) -> dict[str, str]:
    """Subject and message for the topic. Numbers are texts: they are exact decimals of up to 38 digits."""
    beyond = "above its upper" if row["breach"] == "upper" else "below its lower"
    said = ("deviceId", "sensorType", "value", "unit", "breach", "limit", "timestamp", "readingId", "objectKey")
    unit = f" {row['unit']}" if "unit" in row else ""
    message = {
        "message": f"{row['sensorType']} of {row['deviceId']} is {row['value']:f}{unit}, {beyond} limit "
        f"{row['limit']:f}",
        **{name: f"{row[name]:f}" if isinstance(row[name], Decimal) else row[name] for name in said if name in row},
    }
    return {
        "Subject": f"{row['sensorType']} of {row['deviceId']} is {beyond} limit"[:100],
        "Message": json.dumps(message, ensure_ascii=False, indent=2),
    }


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidReading(f"a reading is a JSON object; this is {_kind(value)}")
    missing = [name for name in MANDATORY if name not in value]
    if missing:
        raise InvalidReading(f"missing: {', '.join(missing)}")
    unknown = sorted(set(value) - {*MANDATORY, *OPTIONAL})
    if unknown:
        raise InvalidReading(f"unknown field {_shown(unknown[0])}; a reading may have {', '.join(OPTIONAL)} beside")
    return value


def _text(name: str, value: Any, pattern: re.Pattern[str], rule: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidReading(f"{name}: must be {rule}, and is {_kind(value)}")
    return value


def _value(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise InvalidReading(f"value: must be a number, and is {_kind(value)}")
    if len(value.as_tuple().digits) > MOST_DIGITS:
        raise InvalidReading(f"value: has more than {MOST_DIGITS} digits, which could not be kept exactly")
    if value and not SMALLEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT:
        raise InvalidReading(f"value: is beyond 1E{SMALLEST_EXPONENT} to 1E{LARGEST_EXPONENT}")
    return value or Decimal(0)  # -0 and 0E999 are 0


def _timestamp(value: Any, arrived: datetime) -> tuple[str, str]:
    """The time in UTC, as it is shown and in a form of fixed width, in which texts sort by time."""
    parts = TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if not parts:
        raise InvalidReading(
            f"timestamp: must be ISO 8601 with an offset such as 2026-01-31T12:00:00Z, and is {_kind(value)}"
        )
    seconds, fraction, offset = parts.groups(default="")
    try:
        when = datetime.fromisoformat(seconds + offset).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidReading(f"timestamp: {value} does not exist: {error}") from error
    if when > arrived + CLOCK_SKEW:
        raise InvalidReading(f"timestamp: {value} is in the future; its object was created at {arrived:%FT%TZ}")
    second = when.replace(tzinfo=None).isoformat()
    shown = f"{second}.{fraction}Z" if fraction else f"{second}Z"
    return shown, f"{second}.{fraction.ljust(9, '0')}Z"


def _kind(value: Any) -> str:
    match value:
        case Refused(reason):
            return reason
        case str():
            return _shown(value)
        case bool() | None:
            return json.dumps(value)
        case list():
            return "an array"
        case dict():
            return "an object"
    return "a number"


def _shown(text: str) -> str:
    """A bounded part of what a stranger wrote, escaped."""
    return ascii(text if len(text) <= 64 else f"{text[:63]}…")
