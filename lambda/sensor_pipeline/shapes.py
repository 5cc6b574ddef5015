"""One measurement as sent, and how messages of platforms are recognized: pure functions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Fields = dict[str, Any]


class Measurement(NamedTuple):
    """One reading as it was sent: `fields` under the own format's names, what is `further` under the sender's.

    `part` says where in its document it is. With `problem` it is none, and that says why.
    """

    fields: Mapping[str, Any] = MappingProxyType({})
    further: Mapping[str, Any] = MappingProxyType({})
    part: str = ""
    problem: str | None = None


def unwrapped(value: Fields) -> Fields:
    """The Things Network's storage integration wraps each message in `result`, an event in `data`."""
    for name in ("result", "data"):
        if isinstance(value.get(name), dict) and "end_device_ids" in value[name]:
            return dict(value[name])
    return value


def is_telemetry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("values"), dict) and ("ts" in value or "timestamp" in value)


def current_shadow(value: Fields) -> Fields:
    """Of the message on the topic update/documents, the shadow after the update."""
    current = value.get("current")
    return {**value, **current} if isinstance(current, dict) and "state" in current else value
