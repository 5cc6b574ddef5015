"""Whether an argument moved in its dangerous direction, and the words for it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sluice_cli.text import clean

from ..classification import Classification
from ..hidden import revealed
from ..values import Difference, same
from ..words import difference_words
from .case import is_on, number
from .meanings import WORDS

MOST_NAMED = 4


def moved(rule: Classification, one: Difference, type_: str) -> str:
    """What happened to an argument of a type, in words, if it is dangerous; else nothing."""
    judge = DIRECTIONS[rule.direction]
    before, after = revealed(one.before), revealed(one.after)
    if judge(rule, before, after):
        if rule.direction != "changed" or same(after, None):
            return WORDS.get(f"{type_}.{one.name}") or WORDS.get(one.name) or _words(rule, one, before, after)
        return _words(rule, one, before, after)
    return ""


def _off(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return is_on(before) and not is_on(after)


def _on(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return is_on(after) and not is_on(before)


def _less(rule: Classification, before: Any, after: Any) -> bool:
    old, new = number(before, rule.operand), number(after, rule.operand)
    # A number that is set where AWS's own is not known, or taken away: it may be less.
    return (old is not None or new is not None) if old is None or new is None else new < old


def _more(rule: Classification, before: Any, after: Any) -> bool:
    old, new = number(before, rule.operand), number(after, rule.operand)
    return (old is not None or new is not None) if old is None or new is None else new > old


def _forever(rule: Classification, before: Any, after: Any) -> bool:
    endless = float(rule.operand or 0)
    old, new = (number(value, str(endless)) for value in (before, after))
    if old is None or new is None or new == endless:
        return False
    return old == endless or new < old


def _over(rule: Classification, before: Any, after: Any) -> bool:
    old, new = number(before, "0") or 0, number(after, "0") or 0
    return new > float(rule.operand) and new > old


def _removed(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return not same(before, None) and same(after, None)


def _changed(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return not same(before, None) and not same(before, after)


def _set(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return not same(before, after)


def _fewer(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return bool(_elements(before) - _elements(after))


def _wider(rule: Classification, before: Any, after: Any) -> bool:
    del rule
    return bool(_elements(after) - _elements(before))


def _rank(rule: Classification, before: Any, after: Any) -> bool:
    ranks = rule.operand.split(">")
    old, new = (ranks.index(value) if value in ranks else None for value in (before, after))
    if same(before, None):  # AWS's own: only the worst is known to be no better
        return new == len(ranks) - 1
    if old is None or new is None:
        return not (same(after, None) and old == len(ranks) - 1)
    return new > old


DIRECTIONS: Mapping[str, Callable[[Classification, Any, Any], bool]] = {
    "off": _off,
    "on": _on,
    "less": _less,
    "more": _more,
    "forever": _forever,
    "over": _over,
    "removed": _removed,
    "changed": _changed,
    "set": _set,
    "flipped": _set,
    "fewer": _fewer,
    "wider": _wider,
    "rank": _rank,
}


def _words(rule: Classification, one: Difference, before: Any, after: Any) -> str:
    name = difference_words(one)
    if rule.direction in ("off", "on"):
        return f"{name} turned {rule.direction}"
    if rule.direction == "forever":
        endless = number(before, rule.operand or "0") == float(rule.operand or 0)
        return f"{name} {'for ever' if endless else one.shown_before} → {one.shown_after}"
    if rule.direction in ("fewer", "wider") and not one.sensitive and not isinstance(after, str):
        lost, gained = _elements(before) - _elements(after), _elements(after) - _elements(before)
        named = sorted(lost if rule.direction == "fewer" else gained)
        return f"{name}: {'no longer' if rule.direction == 'fewer' else 'also'} {listed(named)}"
    if same(after, None) and not one.unknown:
        return f"{name} removed"
    if one.sensitive or len(one.shown_before) + len(one.shown_after) > 200:
        return f"{name} changed"
    return f"{name} {one.shown_before} → {one.shown_after}"


def listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(clean(one) for one in names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _elements(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {str(key) for key in value}
    if isinstance(value, list):
        return {one if isinstance(one, str) else json.dumps(one, sort_keys=True) for one in value}
    return {str(value)} if value not in (None, "") else set()
