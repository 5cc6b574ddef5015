"""An event that an EventBridge pattern matches.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

EXAMPLE = "example"


def matching(pattern: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest event that a pattern matches; fields that it says nothing about are left out."""
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
    """A value that one of the alternatives matches; False where the field has to be absent."""
    # A plain value before an operator: what somebody wrote out is the best example.
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
        return _number(operand)
    if operator == "cidr":
        return str(ipaddress.ip_network(operand, strict=False).network_address)
    if operator == "anything-but":
        return _anything_but(operand)
    return None


def _number(comparisons: list[Any]) -> Any:
    """A number within what pairs of an operator and a number say: `[">", 0, "<=", 5]`."""
    low, high = float("-inf"), float("inf")
    for operator, number in zip(comparisons[::2], comparisons[1::2], strict=False):
        if operator == "=":
            return float(number) if isinstance(number, float) else int(number)
        if operator.startswith(">"):
            low = number if operator == ">=" else number + _step(number)
        else:
            high = number if operator == "<=" else number - _step(number)
    if low != float("-inf") and high != float("inf") and low > high:
        return (comparisons[1] + comparisons[3]) / 2  # an open range narrower than a step
    return low if low != float("-inf") else high if high != float("inf") else 0


def _step(number: float) -> float:
    return 1 if float(number).is_integer() else abs(number) / 1000


def _anything_but(operand: Any) -> Any:
    refused = operand.values() if isinstance(operand, Mapping) else operand if isinstance(operand, list) else [operand]
    flat = [one for each in refused for one in (each if isinstance(each, list) else [each])]
    if flat and all(isinstance(one, int | float) for one in flat):
        return max(flat) + 1
    text = EXAMPLE
    while any(str(one) in text or text in str(one) for one in flat):
        text += "x"
        if len(text) > 40:
            return "zzz"
    return text
