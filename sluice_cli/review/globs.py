"""Patterns of policies, in which `*` stands for any text and `?` for one character."""

import re
from functools import cache


def has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def covers(pattern: str, text: str) -> bool:
    """Whether a pattern matches all that a text, which may be a pattern itself, stands for."""
    return pattern == text or bool(_compiled(pattern).fullmatch(text))


def overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match."""
    if not has_wildcard(one) or not has_wildcard(other):
        return covers(one, other) or covers(other, one)
    # Which ends of `other` may still match, after each character of `one`.
    ends = _closed({0}, other)
    for character in one:
        if character == "*":
            ends = {end for start in ends for end in range(start, len(other) + 1)}
        else:
            ends = _closed({after for end in ends for after in _step(character, end, other)}, other)
    return len(other) in ends


def _step(character: str, end: int, other: str) -> list[int]:
    if end == len(other):
        return []
    if other[end] == "*":
        return [end]
    return [end + 1] if "?" in (character, other[end]) or character == other[end] else []


def _closed(ends: set[int], other: str) -> set[int]:
    """With what follows without a character: behind each `*`."""
    found = set(ends)
    for end in range(len(other)):
        if end in found and other[end] == "*":
            found.add(end + 1)
    return found


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # A wildcard in the text is matched by `*` only: `?` is one character, and `*` is any number of them.
    parts = (".*" if one == "*" else "[^*]" if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)
