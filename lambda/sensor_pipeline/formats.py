"""The formats that readings arrive in, each an adapter to the fields of the own format: pure functions.

docs/readings.md documents the mappings. An adapter says of a JSON object whether it has the format's shape, and gives
the measurements in it. Where more than one shape fits, nothing is read: which is meant cannot be told. The setting
`SENSOR_FORMAT` fixes one instead.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from .documents import Array, RefusedValue, Value
from .names import FieldNames
from .senml_names import BASE as SENML_BASE
from .senml_names import VALUES as SENML_VALUES
from .shapes import Fields, Measurement, current_shadow, is_telemetry, unwrapped
from .words import kind

MANDATORY = ("deviceId", "sensorType", "value", "timestamp")
OPTIONAL = ("unit", "readingId")
OWN = {*MANDATORY, *OPTIONAL}
WHOSE = {"deviceId", "timestamp", "readingId"}  # what all columns of an object have in common


@dataclass(frozen=True)
class ReadingFormat:
    """How documents are read: `known` are the sensor types, `names` what senders call the fields.

    `format` is a name of `ADAPTERS`, or `detect`. `uploaded` is when the object was, in seconds since 1970: where a
    format allows a time relative to now, to that.
    """

    known: frozenset[str]
    names: FieldNames = field(default_factory=FieldNames)
    format: str = "detect"
    uploaded: Decimal = Decimal(0)

    def read(self, document: Value | Array) -> Iterator[tuple[Value, list[Measurement]]]:
        """Each value of a document that may hold readings, with its measurements."""
        if isinstance(document, Value):
            yield document, list(self.measurements(document.value))
            return
        pack: Any = None
        for element in document.elements():
            if element.place.element == 1 and self._is_pack(element.value):
                pack = self.pack()
            if pack:
                yield element, [Measurement(**one) for one in pack.read(element.value)]
            else:
                yield element, list(self.measurements(element.value))

    def pack(self) -> Any:
        """Starts a SenML pack. (Imported on first use, to keep cold starts short.)"""
        from . import senml

        return senml.Pack(self.known, self.names, self.uploaded)

    def _is_pack(self, first: Any) -> bool:
        if self.format == "detect":
            return isinstance(first, dict) and self._shapes(self.names.apply(first)) == ["senml"]
        return self.format == "senml"

    def _shapes(self, value: Fields, among: Iterable[str] = ()) -> list[str]:
        names = [name for name in ADAPTERS if not among or name in among]
        return [name for name in names if ADAPTERS[name].recognizes(value, self)]

    def measurements(
        self, value: Any, among: Iterable[str] = (), part: str = "", *, named: bool = False
    ) -> Iterator[Measurement]:
        """`named` says whether the value's fields already have our names."""
        if not isinstance(value, dict):
            what = kind(value)
            if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
                what = f"a text, JSON that was encoded twice: {what}"
            yield Measurement(part=part, problem=f"a reading is a JSON object; this is {what}")
            return
        value = value if named else self.names.apply(value)
        if isinstance(value, RefusedValue):
            yield Measurement(part=part, problem=value.reason)
            return
        name = self.format
        if name == "detect" or (among and name == "readings"):
            shapes = self._shapes(value, among) or ["own"]
            if len(shapes) > 1:
                several = ", ".join(shapes)
                yield Measurement(
                    part=part, problem=f"can be read as more than one format: {several}; set SENSOR_FORMAT"
                )
                return
            name = shapes[0]
        for one in ADAPTERS[name].read(value, self):
            whole = " ".join(filter(None, (part, one.part)))
            yield Measurement(one.fields, one.further, whole, one.problem)

    def columns(self, columns: Any, common: Fields, further: Mapping[str, Any]) -> Iterator[Measurement]:
        """A measurement for each column that is a known sensor type; all other columns become further fields of each.
        Columns may have senders' names.
        """
        if not isinstance(columns, dict):
            yield Measurement(problem=f"has no columns of sensors; in their place is {kind(columns)}")
            return
        columns = self.names.apply(columns)
        if isinstance(columns, RefusedValue):
            yield Measurement(problem=columns.reason)
            return
        yield from self.named_columns(columns, common, further)

    def named_columns(self, columns: Fields, common: Fields, further: Mapping[str, Any]) -> Iterator[Measurement]:
        """As `columns`, for an object whose fields have our names."""
        missing = [name for name in ("deviceId", "timestamp") if common.get(name) is None]
        if missing:
            from . import other_formats

            seen = other_formats.names_of({**common, **columns})
            yield Measurement(problem=f"missing: {', '.join(missing)}; {seen}")
            return
        sensors = {name: value for name, value in columns.items() if name in self.known and value is not None}
        if not sensors:
            from . import other_formats

            seen = f"{other_formats.names_of(columns)}; known are {', '.join(sorted(self.known))}"
            hint = other_formats.nested(columns, self.known)
            yield Measurement(problem=f"no column is a known sensor type with a value; {seen}{hint}")
        rest = {**further, **{name: value for name, value in columns.items() if name not in self.known}}
        for name, value in sensors.items():
            yield Measurement({**common, "sensorType": name, "value": value}, rest, name)


# Own: one object is one reading.


def _is_own(value: Fields, reader: ReadingFormat) -> bool:
    return "value" in value or ("sensorType" in value and not isinstance(value.get("readings"), list))


def _read_own(value: Fields, reader: ReadingFormat) -> Iterator[Measurement]:
    missing = [name for name in MANDATORY if name not in value]
    if missing:
        from . import other_formats

        hint = "; nor is a column a known sensor type" if set(missing) == {"sensorType", "value"} else ""
        seen = f"; {other_formats.looks_like(value, reader.known)}" if {"sensorType", "value"} & set(missing) else ""
        yield Measurement(problem=f"missing: {', '.join(missing)}{hint}{seen}")
        return
    fields = {name: one for name, one in value.items() if name in OWN}
    sensor = fields["sensorType"]
    if isinstance(sensor, str):
        fields["sensorType"] = reader.names.of(sensor)
    yield Measurement(fields, {name: one for name, one in value.items() if name not in OWN})


# Wide: one object has a column for each sensor.


def _is_wide(value: Fields, reader: ReadingFormat) -> bool:
    columns = (one for name, one in value.items() if name in reader.known)
    return not _is_own(value, reader) and any(not isinstance(one, dict | list) for one in columns)


def _read_wide(value: Fields, reader: ReadingFormat) -> Iterator[Measurement]:
    common = {name: one for name, one in value.items() if name in WHOSE}
    columns = {name: one for name, one in value.items() if name not in WHOSE}
    yield from reader.named_columns(columns, common, {})


# Readings: one object has a list of readings, and what they have in common beside it.


def _is_list(value: Fields, reader: ReadingFormat) -> bool:
    return isinstance(value.get("readings"), list)


def _read_list(value: Fields, reader: ReadingFormat) -> Iterator[Measurement]:
    readings = value.get("readings")
    if not isinstance(readings, list):
        yield Measurement(problem=f"readings: must be an array, and is {kind(readings)}")
        return
    common = {name: one for name, one in value.items() if name != "readings"}
    for number, one in enumerate(readings, 1):
        part = f"reading {number}"
        whole = reader.names.apply(one) if isinstance(one, dict) else one
        if isinstance(one, dict) and isinstance(whole, RefusedValue):
            yield Measurement(part=part, problem=whole.reason)
            continue
        whole = {**common, **whole} if isinstance(whole, dict) else whole
        yield from reader.measurements(whole, ("own", "wide", "thingsboard"), part, named=True)


# SenML: a record outside of an array is a pack of one. In an array the pack goes through all of it.


def _is_senml(value: Fields, reader: ReadingFormat) -> bool:
    return bool(SENML_BASE & set(value)) or ("n" in value and bool(SENML_VALUES & set(value)))


def _read_senml(value: Fields, reader: ReadingFormat) -> Iterator[Measurement]:
    yield from (Measurement(**one) for one in reader.pack().read(value))


# Platforms: how they are read is loaded for the first of their documents: a function starts faster without.


def _is_things_network(value: Fields, reader: ReadingFormat) -> bool:
    return "end_device_ids" in unwrapped(value)


def _is_thingsboard(value: Fields, reader: ReadingFormat) -> bool:
    return is_telemetry(value) or (
        bool(value) and all(isinstance(one, list) and one and all(map(is_telemetry, one)) for one in value.values())
    )


def _is_shadow(value: Fields, reader: ReadingFormat) -> bool:
    state = current_shadow(value).get("state")
    return isinstance(state, dict) and bool({"reported", "desired", "delta"} & set(state))


def _read_platform(name: str) -> Callable[[Fields, ReadingFormat], Iterator[Measurement]]:
    def read(value: Fields, reader: ReadingFormat) -> Iterator[Measurement]:
        from . import platforms

        return platforms.READERS[name](value, reader)

    return read


class Adapter(NamedTuple):
    recognizes: Callable[[Fields, ReadingFormat], bool]
    read: Callable[[Fields, ReadingFormat], Iterator[Measurement]]


ADAPTERS = {
    "own": Adapter(_is_own, _read_own),
    "wide": Adapter(_is_wide, _read_wide),
    "readings": Adapter(_is_list, _read_list),
    "senml": Adapter(_is_senml, _read_senml),
    "things-network": Adapter(_is_things_network, _read_platform("things-network")),
    "thingsboard": Adapter(_is_thingsboard, _read_platform("thingsboard")),
    "iot-shadow": Adapter(_is_shadow, _read_platform("iot-shadow")),
}
