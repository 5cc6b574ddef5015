"""DynamoDB's typed items as plain dicts, and back."""

import base64
import json
from collections.abc import Callable, Mapping, Set
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

# Numbers that DynamoDB stores exactly; others raise an error instead of being rounded. The same as boto3's context,
# without importing boto3.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
NUMBERS = Context(Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])

MOST_DIGITS = 17  # of a number that readers of JSON keep


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """A plain item as DynamoDB's client takes it. Raises `TypeError` for a value that DynamoDB has no type for, such as
    a float: its digits are not what was meant."""
    return {name: _typed(value) for name, value in values.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers are returned as int, others as Decimal."""
    return {name: _plain(value) for name, value in item.items()}


def as_json(values: Any) -> str:
    """The JSON of a plain item, for messages and answers: a Decimal is a number, a set a sorted list, and bytes are
    base64.

    Raises `ValueError` for a number with more digits than readers of JSON keep (17): give it as a text.
    """
    return json.dumps(values, ensure_ascii=False, allow_nan=False, default=json_value)


def json_value(value: Any) -> Any:
    """What JSON has for one value that Python's encoder does not know. Raises as `as_json`, or `TypeError`."""
    match value:
        case Decimal():
            return _json_number(value)
        case set() | frozenset():
            return sorted(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case Mapping():
            return dict(value)
    raise TypeError(f"JSON has no form for {value!r}")


def _json_number(value: Decimal) -> int | float:
    if value.is_finite() and value == value.to_integral_value() and value.adjusted() < MOST_DIGITS:
        return int(value)
    if not value.is_finite() or Decimal(repr(float(value))) != value:
        raise ValueError(f"{value} has more digits than readers of JSON keep; give it as a text")
    return float(value)


def plain_of_stream(item: Mapping[str, Any]) -> dict[str, Any]:
    """As `plain`, for an item in an event of a stream, where binary values are base64."""
    return {name: _plain(value, base64.b64decode) for name, value in item.items()}


def _whole(number: Decimal) -> int | Decimal:
    if not number.is_finite():
        raise ValueError("a number of an item is none")
    return int(number) if number == number.to_integral_value() else number


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            number = NUMBERS.create_decimal(value)
            if not number.is_finite():
                raise TypeError(f"DynamoDB cannot hold {number}")
            return {"N": str(number)}
        case Mapping():
            return {"M": typed(value)}
        case list() | tuple():
            return {"L": [_typed(one) for one in value]}
        case bytes() | bytearray():
            return {"B": bytes(value)}
        case set() | frozenset() if value:
            return _typed_set(value)
    raise TypeError(f"DynamoDB has no attribute type for {value!r}")


def _typed_set(values: Set[Any]) -> dict[str, Any]:
    members = [_typed(one) for one in values]
    kinds = {kind for one in members for kind in one}
    if len(kinds) > 1 or not kinds <= {"S", "N", "B"}:
        raise TypeError(f"DynamoDB has no set of {values!r}: all texts, all numbers or all bytes")
    (kind,) = kinds
    return {f"{kind}S": sorted(one[kind] for one in members)}


def _plain(typed_value: Mapping[str, Any], binary: Callable[[Any], bytes] = bytes) -> Any:
    ((kind, value),) = typed_value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _whole(NUMBERS.create_decimal(value))
        case "M":
            return {name: _plain(one, binary) for name, one in value.items()}
        case "L":
            return [_plain(one, binary) for one in value]
        case "B":
            return binary(value)
        case "SS" | "NS" | "BS":
            return {_plain({kind[0]: one}, binary) for one in value}
    return value  # a str or bool
