"""The documented JSON schema of readings agrees with the code."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from sensor_pipeline.documents import Broken, documents
from sensor_pipeline.formats import ADAPTERS, ReadingFormat
from sensor_pipeline.readings import InvalidReading, Rules, row, thresholds
from settings import SENSOR_FORMATS

DOCS = Path(__file__).parents[2] / "docs"
VALID = fastjsonschema.compile(json.loads((DOCS / "readings.schema.json").read_text()))
RULES = Rules(thresholds('{"temperature": {}, "humidity": {}}'))
ARRIVED = datetime(2026, 1, 31, 12, tzinfo=UTC)
OWN = {"deviceId": "d", "sensorType": "temperature", "value": 1, "timestamp": "2026-01-31T11:00:00Z"}
WIDE = {"deviceId": "d", "timestamp": 1769857200, "temperature": 1, "humidity": None}
FIELDS: dict[str, list[Any]] = {
    "deviceId": ["d", "Device A", "ü", "x" * 128, "", " d", "d ", "x" * 129, "a\n", "\u2028", 7, None],
    "sensorType": ["temperature", "Temperature", "", 1, None],
    "value": [1, -1.5, 1e100, "1", None, True, [], {}],
    "timestamp": [
        *("2026-01-31T11:00:00Z", "20260131t1100z", "2026-01-31 12:00+01", "1769857200", 1769857200, 1769857200000),
        *("2026-01-31T11:00:00", "now", "", "12345", -1, 1e21, None, True, []),
    ],
    "unit": ["K", "", None, "\x00", "x" * 129, 5],
    "readingId": ["r", "", None, 5],
    "location": ["hall", None, {"x": 1}],
}


def is_read(value: Any) -> bool:
    (document,) = documents(json.dumps(value))
    assert not isinstance(document, Broken)
    try:
        for _, measurements in ReadingFormat(frozenset(RULES.known)).read(document):
            for one in measurements:
                row(one, RULES, ARRIVED)
    except InvalidReading:
        return False
    return True


def is_valid(value: Any) -> bool:
    try:
        VALID(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@pytest.mark.parametrize(("name", "values"), FIELDS.items())
def test_the_schemas_rules_for_a_field_match_the_function(name: str, values: list[Any]) -> None:
    for value in values:
        for whole in ({**OWN, name: value}, [{**OWN, name: value}]):
            assert is_read(whole) == is_valid(whole), value
        if name in WIDE:
            assert is_read({**WIDE, name: value}) == is_valid({**WIDE, name: value}), value


@pytest.mark.parametrize("missing", OWN)
def test_fields_that_the_schema_requires_are_required(missing: str) -> None:
    without = {name: value for name, value in OWN.items() if name != missing}
    assert (is_read(without), is_valid(without)) == (False, False)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (WIDE, True),
        ({"readings": [OWN, WIDE]}, True),
        ([OWN, WIDE, {"readings": [OWN]}], True),
        ([], True),
        ({**OWN, "readings": [OWN]}, False),
        ({**WIDE, "readings": [OWN]}, False),
        ({"readings": [7]}, False),
        ([7], False),
        ([[OWN]], False),
        ({}, False),
    ],
)
def test_the_shapes_of_the_schema_are_those_that_are_read(value: Any, read: bool) -> None:
    assert is_read(value) == read
    if value != {**WIDE, "readings": [OWN]}:  # a schema cannot know which columns are sensors
        assert is_valid(value) == read


def test_every_format_is_documented_and_can_be_set() -> None:
    text = (DOCS / "readings.md").read_text()
    assert ("detect", *ADAPTERS) == SENSOR_FORMATS
    assert [name for name in ADAPTERS if f"| `{name}`" not in text] == []
