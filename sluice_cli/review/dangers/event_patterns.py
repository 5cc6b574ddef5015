"""Event patterns of EventBridge and Lambda, and filter policies of SNS: whether one lets through all that another does.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from collections.abc import Mapping
from typing import Any

from sluice_cli.intervals import Interval

from ..globs import covers, has_wildcard


def lets_through(after: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether all that the pattern before let through certainly passes the one after."""
    return all(key in before and _passes(value, before[key]) for key, value in after.items())


def _passes(after: Any, before: Any) -> bool:
    if isinstance(after, Mapping) and isinstance(before, Mapping):
        return lets_through(after, before)
    if isinstance(after, list) and isinstance(before, list):
        # Of several matchers of a field, one is enough.
        return all(any(_matches_all_of(wide, narrow) for wide in after) for narrow in before)
    return bool(after == before)


def _matches_all_of(wide: Any, narrow: Any) -> bool:
    if wide == narrow:
        return type(wide) is type(narrow)
    if not isinstance(wide, Mapping) or len(wide) != 1:
        return False
    ((operator, operand),) = wide.items()
    inner = narrow if isinstance(narrow, Mapping) else {}
    if operator == "exists":
        return operand is True and inner.get("exists") is not False
    if operator == "anything-but":
        return _anything_but(operand, narrow)
    if operator == "numeric":
        return _numeric(operand, narrow)
    text = _as_glob(narrow)
    pattern = _as_glob(wide)
    return text is not None and pattern is not None and covers(pattern, text)


def _as_glob(matcher: Any) -> str | None:
    """The texts that a matcher takes, as one pattern with `*`; None where that cannot be written."""
    if isinstance(matcher, str):
        return None if has_wildcard(matcher) else matcher
    if not isinstance(matcher, Mapping) or len(matcher) != 1:
        return None
    ((operator, operand),) = matcher.items()
    if not isinstance(operand, str) or "?" in operand or (operator != "wildcard" and "*" in operand):
        return None
    return {"prefix": f"{operand}*", "suffix": f"*{operand}", "wildcard": operand}.get(operator)


def _anything_but(refused: Any, narrow: Any) -> bool:
    """Whether nothing that `narrow` takes is refused."""
    if isinstance(narrow, Mapping):
        other = narrow.get("anything-but")
        if isinstance(refused, Mapping) or isinstance(other, Mapping) or other is None:
            return False
        listed = other if isinstance(other, list) else [other]
        return all(one in listed for one in (refused if isinstance(refused, list) else [refused]))
    if isinstance(refused, Mapping):
        pattern = _as_glob(refused)
        return isinstance(narrow, str) and pattern is not None and not covers(pattern, narrow)
    return narrow not in (refused if isinstance(refused, list) else [refused])


def _numeric(operand: Any, narrow: Any) -> bool:
    wide = Interval.of_all(operand)
    inner = Interval.of_all(narrow.get("numeric") if isinstance(narrow, Mapping) else ["=", narrow])
    return wide is not None and inner is not None and wide.contains(inner)
