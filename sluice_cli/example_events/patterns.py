"""Makes an event that an EventBridge pattern matches.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from sluice_cli.intervals import Interval, is_number

EXAMPLE = "example"


def matching(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest event that the pattern matches, without fields that are not in the pattern."""
    made: dict[str, Any] = {}
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list) and wanted:
            made = _merged(made, matching(wanted[0]))
        elif isinstance(wanted, Mapping):
            made[name] = _merged(made.get(name, {}), matching(wanted))
        elif isinstance(wanted, list):
            known, value = _value(wanted)
            if known:
                made[name] = value
    return made


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{name: _merged(one.get(name), value) for name, value in other.items()}}
    return other


def _value(wanted: list[Any]) -> tuple[bool, Any]:
    """A value that one of the alternatives matches; False if the field must be absent."""
    # Plain values first: a value from the pattern itself is the best example.
    for one in sorted(wanted, key=lambda each: isinstance(each, Mapping)):
        if not isinstance(one, Mapping):
            return True, one
        for operator, operand in one.items():
            if operator == "exists":
                return bool(operand), EXAMPLE
            made = _by_operator(operator, operand)
            if made is not None:
                return True, made
    return True, EXAMPLE


def _by_operator(operator: str, operand: Any) -> Any:
    if operator in ("prefix", "suffix", "equals-ignore-case"):
        text = operand["equals-ignore-case"] if isinstance(operand, Mapping) else operand
        if operator == "equals-ignore-case":
            return text
        return f"{text}{EXAMPLE}" if operator == "prefix" else f"{EXAMPLE}{text}"
    if operator == "wildcard":
        return str(operand).replace("\\*", "\0").replace("*", EXAMPLE).replace("\0", "*").replace("\\\\", "\\")
    if operator == "numeric":
        interval = Interval.of_all(operand)
        return interval.example() if interval else None
    if operator == "cidr":
        return str(ipaddress.ip_network(operand, strict=False).network_address)
    if operator == "anything-but":
        return _anything_but(operand)
    return None


def _anything_but(operand: Any) -> Any:
    refused = operand.values() if isinstance(operand, Mapping) else operand if isinstance(operand, list) else [operand]
    flat = [one for each in refused for one in (each if isinstance(each, list) else [each])]
    if flat and all(map(is_number, flat)):
        return max(flat) + 1
    text = EXAMPLE
    while any(str(one) in text or text in str(one) for one in flat):
        text += "x"
        if len(text) > 40:
            return "zzz"
    return text
