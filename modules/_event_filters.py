"""Content filters of EventBridge rules, SNS subscriptions and Lambda event source mappings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from constructs import Construct

from ._checks import is_token, shown
from ._paths import path
from .errors import ConfigurationError

OR = "$or"
NUMERIC = ("=", "<", "<=", ">", ">=")
MOST_NUMERIC = 4  # two comparisons of two parts each
# A wildcard, an escaped asterisk or backslash, or another character; no two wildcards side by side.
WILDCARD = re.compile(r"\*?(?:(?:[^*\\]|\\[*\\])\*?)*")


@dataclass(frozen=True)
class Operators:
    """The comparison operators of a service's patterns, other than equality."""

    names: frozenset[str]
    but: frozenset[str]  # inside `anything-but`
    largest: float  # of numbers that are compared, and the negative of the smallest
    link: str


_ALL = frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"})
OF_RULES = Operators(
    _ALL,
    frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"}),
    5e9,
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html",
)
OF_SUBSCRIPTIONS = Operators(
    _ALL,
    frozenset({"prefix", "suffix", "wildcard"}),
    1e9,
    "https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html",
)
OF_STREAMS = Operators(
    _ALL - {"wildcard", "cidr"},
    frozenset(),
    5e9,
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax",
)


def check_pattern(where: Construct, parameter: str, pattern: object, operators: Operators) -> None:
    """Raises `ConfigurationError` for a pattern or operator that the service refuses."""
    if not isinstance(pattern, Mapping):
        raise _refuse(where, parameter, pattern, "give a dict", operators)
    if not pattern:
        raise _refuse(where, parameter, pattern, "name a field; the services refuse empty objects", operators)
    for name, allowed in pattern.items():
        below = f"{parameter}[{name!r}]"
        if not isinstance(name, str) or not name:
            raise _refuse(where, parameter, name, "names are texts with a character at least", operators)
        if name == OR:
            if not isinstance(allowed, list | tuple) or len(allowed) < 2:
                raise _refuse(where, below, allowed, "give a list of two patterns or more", operators)
            for number, alternative in enumerate(allowed):
                check_pattern(where, f"{below}[{number}]", alternative, operators)
        elif isinstance(allowed, Mapping):
            check_pattern(where, below, allowed, operators)
        elif not isinstance(allowed, list | tuple) or not allowed:
            raise _refuse(where, below, allowed, "give a list of the accepted values", operators)
        else:
            for value in allowed:
                _check_value(where, below, value, operators)


def _check_value(where: Construct, parameter: str, value: object, operators: Operators) -> None:
    if _is_plain(value):
        return
    if not isinstance(value, Mapping) or len(value) != 1:
        raise _refuse(where, parameter, value, "give a text, a number, True, False, None or one comparison", operators)
    ((name, operand),) = value.items()
    if name not in operators.names:
        known = ", ".join(sorted(operators.names))
        raise _refuse(where, parameter, value, f"{name!r} is none of the comparisons {known}", operators)
    if not _takes(name, operand, operators):
        raise _refuse(where, parameter, value, f"{name} does not take {shown(operand)}", operators)


def _takes(name: str, operand: object, operators: Operators) -> bool:
    match name:
        case "exists":
            return isinstance(operand, bool)
        case "numeric":
            return _is_numeric(operand, operators.largest)
        case "anything-but":
            if isinstance(operand, Mapping):
                return len(operand) == 1 and all(
                    one in operators.but and (isinstance(text, str) or _are_texts(text)) and _fits(one, text)
                    for one, text in operand.items()
                )
            return _are_alike(operand if isinstance(operand, list | tuple) else [operand])
        case "wildcard":
            return isinstance(operand, str) and _fits(name, operand)
        case "cidr":
            return isinstance(operand, str) and (is_token(operand) or _is_network(operand))
        case "prefix" | "suffix" if isinstance(operand, Mapping):
            return list(operand) == ["equals-ignore-case"] and isinstance(operand["equals-ignore-case"], str)
        case _:
            return isinstance(operand, str)


def _is_numeric(operand: object, largest: float) -> bool:
    if not isinstance(operand, list | tuple) or len(operand) % 2 or not 0 < len(operand) <= MOST_NUMERIC:
        return False
    numbers = [one for one in operand[1::2] if not is_token(one)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) <= largest for one in numbers):
        return False
    if len(operand) == MOST_NUMERIC:
        # A lower and then an upper bound, with something between them.
        return operand[0] in (">", ">=") and operand[2] in ("<", "<=") and (len(numbers) < 2 or numbers[0] < numbers[1])
    return operand[0] in NUMERIC


def _are_alike(operand: Sequence[object]) -> bool:
    """Whether a list holds texts only, or numbers only."""
    if not operand or not all(_is_plain(one) and not isinstance(one, bool | None) for one in operand):
        return False
    return len({isinstance(one, str) for one in operand if not is_token(one)}) <= 1


def _fits(name: str, texts: object) -> bool:
    """Whether wildcards are written as the services take them."""
    listed = texts if isinstance(texts, list | tuple) else [texts]
    return name != "wildcard" or all(is_token(one) or WILDCARD.fullmatch(str(one)) for one in listed)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _are_texts(values: object) -> bool:
    return isinstance(values, list | tuple) and bool(values) and all(isinstance(one, str) for one in values)


def _is_plain(value: object) -> bool:
    if isinstance(value, float) and not is_token(value):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int | float) or is_token(value)


def _refuse(where: Construct, parameter: str, value: object, reason: str, operators: Operators) -> ConfigurationError:
    return ConfigurationError(f"{path(where)}: {parameter} has {shown(value)}; {reason} ({operators.link})")
