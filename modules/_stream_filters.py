"""Filters of table streams that no record could pass.

The form of records: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs import Construct

from ._checks import is_token, shown
from ._event_filters import OR
from ._paths import path
from .errors import ConfigurationError

FIELDS = frozenset(
    {
        *("awsRegion", "dynamodb", "eventID", "eventName"),
        *("eventSource", "eventSourceARN", "eventVersion", "userIdentity"),
    }
)
FIELDS_OF_CHANGE = frozenset(
    {
        *("ApproximateCreationDateTime", "Keys", "NewImage", "OldImage"),
        *("SequenceNumber", "SizeBytes", "StreamViewType"),
    }
)
IMAGES = ("Keys", "NewImage", "OldImage")
EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html
NUMBERS = ("N", "NS")
TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})
PATTERN = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html"


def check_records(where: Construct, pattern: Mapping[str, Any]) -> None:
    """Raises `ConfigurationError` for a pattern that no record of a stream matches, whatever changes."""
    for name, allowed in _entries(pattern):
        _check_name(where, "filters", name, FIELDS)
        if name == "eventName" and isinstance(allowed, list | tuple):
            for event in allowed:
                if isinstance(event, str) and not is_token(event) and event not in EVENT_NAMES:
                    raise _refuse(where, "filters['eventName']", event, f"changes are {', '.join(EVENT_NAMES)}")
        if name == "dynamodb" and isinstance(allowed, Mapping):
            for field, attributes in _entries(allowed):
                below = f"filters['dynamodb'][{field!r}]"
                _check_name(where, "filters['dynamodb']", field, FIELDS_OF_CHANGE)
                if field in IMAGES:
                    _check_attributes(where, below, attributes)


def _check_attributes(where: Construct, place: str, attributes: object) -> None:
    if not isinstance(attributes, Mapping):
        raise _refuse(where, place, attributes, "name attributes in it, as in {'state': {'S': ['open']}}")
    for attribute, value in _entries(attributes):
        _check_value(where, f"{place}[{attribute!r}]", value)


def _check_value(where: Construct, place: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise _refuse(where, place, value, "name the attribute's type, as in {'S': ['open']} or {'N': ['5']}")
    for type_, allowed in _entries(value):
        if type_ not in TYPES:
            raise _refuse(where, place, type_, f"the types of attributes are {', '.join(sorted(TYPES))}")
        if type_ == "M":
            _check_attributes(where, f"{place}['M']", allowed)
        elif type_ == "L" and isinstance(allowed, Mapping):
            _check_value(where, f"{place}['L']", allowed)
        elif type_ in NUMBERS and isinstance(allowed, list | tuple):
            for number in allowed:
                if isinstance(number, int | float) or (isinstance(number, Mapping) and "numeric" in number):
                    raise _refuse(where, f"{place}[{type_!r}]", number, "streams write numbers as texts: ['5']")


def _entries(pattern: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values of a pattern, and of its alternatives."""
    for name, allowed in pattern.items():
        if name == OR:
            for alternative in allowed:
                yield from _entries(alternative)
        else:
            yield name, allowed


def _check_name(where: Construct, place: str, name: str, known: frozenset[str]) -> None:
    if name not in known:
        raise _refuse(where, place, name, f"a record of a stream has {', '.join(sorted(known))}")


def _refuse(where: Construct, place: str, value: object, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path(where)}: {place} has {shown(value)}, which would match no change; {reason} ({PATTERN})"
    )
