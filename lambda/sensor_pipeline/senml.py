"""Sensor Measurement Lists: https://www.rfc-editor.org/rfc/rfc8428. Pure functions.

A name ends with the sensor type, after one of `: / . _ -`; what is before is the device.
"""

from collections.abc import Iterator
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Any

from .documents import RefusedValue
from .names import FieldNames
from .senml_names import BASE, VALUES

VERSION = 10  # section 4.4
RELATIVE = 2**28  # smaller values are relative to now: section 4.5.3
SEPARATORS = ":/._-"
KNOWN = {*BASE, *VALUES, "n", "u", "s", "t", "ut"}
MOST_DIGITS = 40


class Pack:
    """Records in order: base fields apply to all records that follow."""

    def __init__(self, known: frozenset[str], names: FieldNames, now: Decimal) -> None:
        self._known = known
        self._names = names
        self._now = now
        self._base: dict[str, Any] = {}
        self._broken: str | None = None

    def read(self, record: Any) -> Iterator[dict[str, Any]]:
        """`fields`, `further` and `part` of the measurement in a record, or its `problem`; None if it has base fields
        only.
        """
        problem = self._broken or self._take_base(record)
        if problem:
            yield {"problem": problem}
            return
        if not VALUES & set(record) and "s" not in record:
            if not record or set(record) - BASE:
                yield {"problem": "SenML: the record has no value"}
            return
        yield self._measurement(record)

    def _take_base(self, record: Any) -> str | None:
        if not isinstance(record, dict):
            return "SenML: a record is a JSON object"
        unknown = next((name for name in record if name.endswith("_")), None)
        if unknown is not None:
            return f"SenML: the field {unknown[:64]!a} must be understood and is not"
        base = {name: record[name] for name in sorted(BASE & set(record))}
        for name, value in base.items():
            right = isinstance(value, str if name in ("bn", "bu") else Decimal)
            if not right:
                what = "a text" if name in ("bn", "bu") else "a number"
                # All records that follow depend on it.
                self._broken = f"SenML: {name} must be {what}"
                return self._broken
        if base.get("bver", self._base.get("bver", VERSION)) > VERSION:
            self._broken = f"SenML: bver is above {VERSION}, the version that is read"
            return self._broken
        self._base.update(base)
        return None

    def _measurement(self, record: dict[str, Any]) -> dict[str, Any]:
        own = record.get("n", "")
        if not isinstance(own, str):
            return {"problem": "SenML: n must be a text"}
        base = self._base.get("bn", "")
        device, sensor = self._named(base, own)
        if device is None:
            return {"problem": sensor}
        time = self._sum("t", "bt", record)
        if not isinstance(time, Decimal):
            return {"problem": "SenML: t must be a number"}
        fields: dict[str, Any] = {
            "deviceId": device,
            "sensorType": sensor,
            "timestamp": time if time.copy_abs() >= RELATIVE else self._now + time,
            "unit": record.get("u", self._base.get("bu")),
        }
        others = sorted(VALUES & set(record) - {"v"})
        if "v" not in record:
            what = f"its value is {others[0]}" if others else "it has a sum only"
            return {"problem": f"SenML: {what}, and only numbers (v) are stored"}
        if others:
            return {"problem": f"SenML: has both v and {others[0]}"}
        value = self._sum("v", "bv", record)
        further = {name: one for name, one in record.items() if name not in KNOWN or name in ("s", "ut")}
        return {"fields": {**fields, "value": value}, "further": further}

    def _sum(self, name: str, base: str, record: dict[str, Any]) -> Any:
        """The exact sum of a field and its base field; the field itself if it is not a number."""
        value = record.get(name, Decimal(0))
        if not isinstance(value, Decimal) or base not in self._base:
            return value
        with localcontext(prec=MOST_DIGITS) as context:
            context.traps[InvalidOperation] = context.traps[Overflow] = context.traps[DivisionByZero] = False
            total = value + self._base[base]
        return total if total.is_finite() else RefusedValue("a number beyond all limits")

    def _named(self, base: str, own: str) -> tuple[str | None, str]:
        """Device and sensor type of a name; None and the reason if it has none."""
        name = base + own
        last = self._names.of(own.lstrip(SEPARATORS))
        if base and last in self._known:
            return base.rstrip(SEPARATORS), last
        found = {
            (name[:at].rstrip(SEPARATORS), self._names.of(name[at + 1 :]))
            for at, character in enumerate(name)
            if character in SEPARATORS and self._names.of(name[at + 1 :]) in self._known
        }
        if len(found) == 1:
            return next(iter(found))
        if found:
            return None, f"SenML: the name {name[-64:]!a} can end with more than one known sensor type"
        if self._names.of(name) in self._known:
            return None, "missing: deviceId; the SenML name is a sensor type alone"
        return (
            None,
            f"SenML: the name {name[-64:]!a} does not end with a known sensor type; known are "
            + ", ".join(sorted(self._known)),
        )
