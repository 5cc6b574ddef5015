"""A short text that a regular expression of a JSON schema matches."""

import importlib
import re
from collections.abc import Iterable
from typing import Any

# Tried before a text is made from the pattern: they look like what people write. Short: a pattern may take a time that
# doubles with each character.
CANDIDATES = (
    "example",
    "1",
    "1.0",
    "A1",
    "example-1",
    "EXAMPLE",
    "2026-01-31",
    "2026-01-31T12:00:00Z",
    "someone@example.com",
    "https://example.com/",
    "ZXhhbXBsZQ==",
    "text/plain",
    "/example",
    "+15555550100",
    "",
)
LONGEST = 1_000
NAMED_GROUP = re.compile(r"\(\?<(?![=!])")  # of ECMA 262
# One character of each class, for patterns that name classes.
OF_CLASSES = {"DIGIT": "1", "NOT_DIGIT": "a", "SPACE": " ", "NOT_SPACE": "a", "WORD": "a", "NOT_WORD": "-"}
ALPHABET = "aA1-_.:/ +@#" + "".join(map(chr, range(33, 127))) + "éあ"


def matching(pattern: str, shortest: int = 0, longest: int = LONGEST) -> str | None:
    """A text of a length within the limits that the pattern matches. None where none is found, as for a pattern that
    is not Python's: JSON schemas have those of ECMA 262."""
    pattern = NAMED_GROUP.sub("(?P<", pattern)
    try:
        compiled = re.compile(pattern)
        parts = importlib.import_module("re._parser").parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    made = (_Text(more).of(parts) for more in (0, 1, shortest, longest))
    for text in (*CANDIDATES, *made):
        if shortest <= len(text) <= longest and compiled.search(text):
            return text
    return None


class _Text:
    """Makes a text from a parsed pattern. `repeats`: how often what may be repeated is, if it may so often."""

    def __init__(self, repeats: int) -> None:
        self._repeats = repeats
        self._groups: dict[int, str] = {}

    def of(self, parts: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._part(str(kind), value) for kind, value in parts)[:LONGEST]

    def _part(self, kind: str, value: Any) -> str:
        if kind == "LITERAL":
            return chr(value)
        if kind == "NOT_LITERAL":
            return next(one for one in ALPHABET if ord(one) != value)
        if kind == "ANY":
            return "a"
        if kind == "IN":
            return _of_set([(str(name), one) for name, one in value])
        if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            times = min(max(least, self._repeats), int(most), LONGEST)
            return "".join(self.of(inner) for _ in range(times))
        if kind == "BRANCH":
            return self.of(value[1][0])
        if kind == "SUBPATTERN":
            number, text = value[0], self.of(value[3])
            self._groups[number or 0] = text
            return text
        if kind == "ATOMIC_GROUP":
            return self.of(value)
        if kind == "GROUPREF":
            return self._groups.get(value, "")
        return ""  # anchors and what is looked at only; the whole text is tried at the end


def _of_set(members: list[tuple[str, Any]]) -> str:
    if members[0][0] != "NEGATE":
        name, value = members[0]
        if name == "LITERAL":
            return chr(value)
        return chr(value[0]) if name == "RANGE" else OF_CLASSES.get(str(value).removeprefix("CATEGORY_"), "a")
    return next((one for one in ALPHABET if not any(_is_in(one, *of) for of in members[1:])), "")


def _is_in(character: str, name: str, value: Any) -> bool:
    if name == "LITERAL":
        return bool(ord(character) == value)
    if name == "RANGE":
        return bool(value[0] <= ord(character) <= value[1])
    category = str(value).removeprefix("CATEGORY_")
    classes = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w", "NOT_DIGIT": r"\D", "NOT_SPACE": r"\S", "NOT_WORD": r"\W"}
    return bool(re.fullmatch(classes.get(category, r"."), character))
