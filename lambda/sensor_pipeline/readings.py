"""Readings and rejects, and their rows: pure functions."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sluice_functions.errors import MalformedEvent
from sluice_functions.items import NUMBERS
from sluice_functions.s3_events import S3Object

from . import timestamps
from .documents import LONGEST_RAW, TextPosition
from .shapes import Measurement
from .words import kind, shown

Row = dict[str, Any]

SENSOR_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST_TEXT = 128  # maximum characters of a device's name, of a unit and of a reading's id

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types-number
MOST_DIGITS = 38
SMALLEST_EXPONENT, LARGEST_EXPONENT = -128, 125


class InvalidReading(ValueError):
    """An invalid reading; the message says why."""


class Limits(NamedTuple):
    """The thresholds of a sensor type; None: no threshold on that side."""

    lower: Decimal | None = None
    upper: Decimal | None = None

    def broken_by(self, value: Decimal) -> Row:
        """The threshold that a value exceeds, and its name; empty if there is none. A value equal to the threshold does
        not exceed it.
        """
        if self.upper is not None and value > self.upper:
            return {"breach": "upper", "limit": self.upper}
        if self.lower is not None and value < self.lower:
            return {"breach": "lower", "limit": self.lower}
        return {}


def thresholds(text: str) -> dict[str, Limits]:
    """Thresholds by sensor type, from the setting `SENSOR_THRESHOLDS`, which settings.py has validated."""
    return {
        name: Limits(**{side: Decimal(repr(float(limit))).normalize() for side, limit in limits.items()})
        for name, limits in json.loads(text).items()
    }


class Rules(NamedTuple):
    """Validation rules: sensor types with their thresholds, the `earliest` accepted time, and how long rejects are
    kept.
    """

    known: Mapping[str, Limits]
    earliest: datetime = datetime(2015, 1, 1, tzinfo=UTC)
    rejects_kept: timedelta = timedelta(days=90)


class SourceObject(NamedTuple):
    """The object version that is read, with its creation time from the event: the same for every delivery."""

    bucket: str
    key: str
    version: str
    arrived: datetime

    @classmethod
    def of(cls, found: S3Object, version: str) -> "SourceObject":
        return cls(found.bucket, found.key, version, arrival(found))

    def origin(self, position: str) -> Row:
        return {"bucket": self.bucket, "objectKey": self.key, "versionId": self.version, "position": position}


def arrival(found: S3Object) -> datetime:
    """When the object was created, by its event. Raises `MalformedEvent`."""
    try:
        when = datetime.fromisoformat(found.event_time or "")
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedEvent(f"eventTime {found.event_time!r} is not an ISO 8601 time") from error


def row(measurement: Measurement, rules: Rules, arrived: datetime) -> Row:
    """The row of a reading, the same however often and in whichever object it arrives.

    Two readings are the same when all they say is the same. Raises `InvalidReading`.
    """
    if measurement.problem:
        raise InvalidReading(measurement.problem)
    fields = measurement.fields
    device = _text("deviceId", fields["deviceId"], _is_name, "1 to 128 printable characters, no blank at either end")
    sensor = _text(
        "sensorType", fields["sensorType"], SENSOR_TYPE.fullmatch, "1 to 40 lower-case letters, digits and _"
    )
    if sensor not in rules.known:
        raise InvalidReading(f"sensorType: {sensor} is unknown; known are {', '.join(sorted(rules.known))}")
    value = _value(fields["value"])
    time = _time(fields["timestamp"], rules.earliest, arrived)
    optional = {
        name: _text(name, fields[name], _is_printable, "1 to 128 printable characters")
        for name in ("unit", "readingId")
        if fields.get(name) not in (None, "")
    }
    kept = _further(measurement.further) if measurement.further else {}
    said: list[Any] = [str(value.normalize(NUMBERS)), optional.get("unit"), optional.get("readingId")]
    if kept:
        said.append(sorted((name, str(one)) for name, one in kept["further"].items()))
    # Device, time and sensor type are in the key already.
    other = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    return {
        "deviceId": device,
        "readingTime": f"{time.sortable}#{sensor}#{other}",
        "timestamp": time.shown,
        "sensorType": sensor,
        "value": value,
        **optional,
        **kept,
        **rules.known[sensor].broken_by(value),
    }


def _further(fields: Mapping[str, Any]) -> Row:
    # Loaded where it is used: a function starts faster without.
    from . import further

    return further.kept(fields)


class Reject(NamedTuple):
    """An invalid reading: its position, its text, and the reason. `part` is the reading's number in its document."""

    place: TextPosition
    raw: str
    reason: str
    part: int = 0
    part_name: str = ""

    @property
    def position(self) -> str:
        return f"{self.place}, {self.part_name}" if self.part_name else str(self.place)

    def row(self, source: SourceObject, rules: Rules) -> Row:
        """The row of a reject. `rawCut` says that `raw` is truncated; the object has the whole text."""
        place = f"{source.version}#{self.place.line:09d}#{self.place.element:09d}"
        if self.place.column > 1 or self.part:
            place += f"#{self.place.column:09d}#{self.part:09d}"
        return {
            **source.origin(self.position),
            "place": place,
            "reason": self.reason,
            "raw": self.raw[:LONGEST_RAW],
            "rawCut": len(self.raw) > LONGEST_RAW,
            "rejectedAt": source.arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "expiresAt": int((source.arrived + rules.rejects_kept).timestamp()),
        }


def judged(
    place: TextPosition, raw: str, measurements: list[Measurement], source: SourceObject, rules: Rules
) -> Iterator[Row | Reject]:
    """The rows of a value's readings, and its rejects: one for each reason."""
    reasons: dict[str, list[tuple[int, str]]] = {}
    for number, one in enumerate(measurements, 1):
        position = f"{place}, {one.part}" if one.part else str(place)
        try:
            yield row(one, rules, source.arrived) | source.origin(position)
        except InvalidReading as reason:
            reasons.setdefault(str(reason), []).append((number, one.part))
    for why, parts in reasons.items():
        if len(parts) == len(measurements):
            yield Reject(place, raw, why)  # all of it
            continue
        number, name = parts[0]
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        yield Reject(place, raw, why, number, f"{name}{more}")


def _is_printable(text: str) -> bool:
    # Not compiled at import: that takes a while, and it is rarely needed.
    return 0 < len(text) <= LONGEST_TEXT and (
        text.isprintable() or not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    )


def _is_name(text: str) -> bool:
    return _is_printable(text) and text == text.strip(" ")


def _text(name: str, value: Any, is_right: Callable[[str], Any], rule: str) -> str:
    if not isinstance(value, str) or not is_right(value):
        raise InvalidReading(f"{name}: must be {rule}, and is {kind(value)}")
    return value


def _value(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        what = f"the text {kind(value)}" if isinstance(value, str) else kind(value)
        raise InvalidReading(f"value: must be a number, and is {what}")
    if len(value.as_tuple().digits) > MOST_DIGITS:
        raise InvalidReading(f"value: has more than {MOST_DIGITS} digits, which could not be kept exactly")
    if value and not SMALLEST_EXPONENT <= value.adjusted() <= LARGEST_EXPONENT:
        raise InvalidReading(f"value: is beyond 1E{SMALLEST_EXPONENT} to 1E{LARGEST_EXPONENT}")
    return value or Decimal(0)  # -0 and 0E999 are 0


def _time(value: Any, earliest: datetime, arrived: datetime) -> timestamps.Time:
    try:
        return timestamps.parse(value, earliest=earliest, arrived=arrived)
    except timestamps.NotATime as reason:
        if str(reason) == timestamps.ALLOWED:
            raise InvalidReading(f"timestamp: {reason}, and is {kind(value)}") from reason
        given = shown(value) if isinstance(value, str) else _number(value)
        raise InvalidReading(f"timestamp: {given.strip(chr(39))} {reason}") from reason


def _number(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 64 else f"{text[:63]}..."
