"""Differences of two values, in lines with each place and both values."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

LONGEST_VALUE = 300
# Keys that identify a block in a list: a statement, a rule, a header.
NAMES = ("sid", "id", "name", "key", "path")


class Compared:
    """A dict or list that describes its differences from another value."""

    title: str = ""

    def difference(self, other: object) -> list[str]:
        """A line for each difference; `this` is this value, `other` the one it was compared with. Empty if equal."""
        return list(_differences("", self, other))


def near(wanted: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` if a known name is similar to the wanted one."""
    matches = get_close_matches(wanted, list(known), 1, 0.6)
    return f" (did you mean {matches[0]}?)" if matches else ""


def _differences(place: str, this: Any, other: Any) -> Iterator[str]:
    this, other = _parsed(this, other)
    if this == other:
        return
    if isinstance(this, dict) and isinstance(other, dict):
        yield from _of_dicts(place, this, other)
    elif isinstance(this, list) and isinstance(other, list):
        yield from _of_lists(place, this, other)
    else:
        yield f"{place or 'value'}: {_shown(this)} != {_shown(other)}"


def _of_dicts(place: str, this: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name in [*this, *(name for name in other if name not in this)]:
        below = f"{place}.{name}" if place else str(name)
        if name not in other:
            yield f"{below}: only in this: {_shown(this[name])}"
        elif name not in this:
            yield f"{below}: only in the other: {_shown(other[name])}"
        else:
            yield from _differences(below, this[name], other[name])


def _of_lists(place: str, this: list[Any], other: list[Any]) -> Iterator[str]:
    key = next((key for key in NAMES if _unique(key, this) and _unique(key, other)), None)
    if key is not None:
        order = [one[key] for one in this], [one[key] for one in other]
        named = [{f"[{one[key]}]": one for one in whole} for whole in (this, other)]
        yield from (line.replace(".[", "[") for line in _of_dicts(place, *named))
        if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
            yield f"{place or 'list'}: the order differs: {_shown(order[0])} != {_shown(order[1])}"
        return
    only_this = [one for one in this if one not in other]
    only_other = [one for one in other if one not in this]
    if len(only_this) == len(only_other) and any(isinstance(one, dict | list) for one in only_this):
        for mine, theirs in zip(only_this, only_other, strict=True):
            yield from _differences(f"{place}[{this.index(mine)}]", mine, theirs)
        return
    yield from (f"{place or 'list'}: only in this: {_shown(one)}" for one in only_this)
    yield from (f"{place or 'list'}: only in the other: {_shown(one)}" for one in only_other)
    if not only_this and not only_other:
        yield f"{place or 'list'}: order or repetitions differ: {_shown(this)} != {_shown(other)}"


def _unique(key: str, blocks: list[Any]) -> bool:
    values = [one.get(key) for one in blocks if isinstance(one, dict)]
    return len(values) == len(blocks) == len({str(value) for value in values}) and all(
        isinstance(value, str) for value in values
    )


def _parsed(this: Any, other: Any) -> tuple[Any, Any]:
    """JSON texts are compared by their content."""
    if isinstance(this, str) and isinstance(other, str) and this != other:
        try:
            parsed = json.loads(this), json.loads(other)
        except ValueError:
            return this, other
        if parsed[0] != parsed[1] and all(isinstance(one, dict | list) for one in parsed):
            return parsed
    return this, other


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
