"""DynamoDB's typed items as plain dicts, and back."""

from collections.abc import Mapping
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

# Numbers that DynamoDB stores exactly; others raise an error instead of being rounded. The same as boto3's context,
# without importing boto3.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
NUMBERS = Context(Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(value) for name, value in values.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers are returned as int, others as Decimal."""
    return {name: _plain(value) for name, value in item.items()}


def _whole(number: Decimal) -> int | Decimal:
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
    raise TypeError(f"DynamoDB has no attribute type for {value!r}")


def _plain(typed_value: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed_value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return _whole(NUMBERS.create_decimal(value))
        case "M":
            return {name: _plain(one) for name, one in value.items()}
        case "L":
            return [_plain(one) for one in value]
    return value  # a str or bool
