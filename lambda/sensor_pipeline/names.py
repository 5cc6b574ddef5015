"""Mapping of senders' field names to ours: pure functions."""

import json
from dataclasses import dataclass, field
from typing import Any

from .documents import RefusedValue

MISSING = object()


@dataclass(frozen=True)
class FieldNames:
    """Our field names by senders' names, from the setting `SENSOR_FIELD_NAMES`. A name with dots is a path into
    objects: `{"temp": "temperature", "device.id": "deviceId"}`.
    """

    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "FieldNames":
        return cls(json.loads(text))

    def of(self, name: str) -> str:
        return self.names.get(name, name)

    def apply(self, value: dict[str, Any]) -> Any:
        """An object with our field names; `RefusedValue` if two of its fields map to the same one."""
        found = {name: one for name in self.names if (one := _at(value, name)) is not MISSING}
        if not found:
            return value
        named = {name: one for name, one in value.items() if name not in found}
        for name, one in found.items():
            own = self.names[name]
            if own in named:
                return RefusedValue(f"has {own} twice, once as {name}")
            named[own] = one
        return named


def _at(value: dict[str, Any], name: str) -> Any:
    """A field by its exact name, else by its name as a path."""
    if name in value or "." not in name:
        return value.get(name, MISSING)
    found: Any = value
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return MISSING
        found = found[part]
    return found
