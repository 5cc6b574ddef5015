"""The JSON documents in a text, one after another however separated, each with its place: pure functions.

That covers a document alone, JSON Lines, JSON text sequences (RFC 7464) and documents without anything between them, as
Kinesis Data Firehose writes them. A document that is broken is kept aside whole, and those around it are read.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from .breakage import TOO_DEEP, Breakage, bad_byte

LARGEST_DOCUMENT = 10 * 1024 * 1024  # characters: its values take ten times that in memory
TOO_LONG = (
    f"longer than the size limit of one JSON document, {LARGEST_DOCUMENT} characters; nothing of it is stored. "
    "Send JSON Lines, or several objects"
)
LONGEST_RAW = 4096  # characters of an invalid reading that are stored

# Blanks, line breaks, record separators of RFC 7464, and byte order marks of concatenated files.
BETWEEN = re.compile("[ \t\r\n\x1e\ufeff]*")
SPACE = re.compile("[ \t\r\n]*")


@dataclass(frozen=True)
class RefusedValue:
    """Replaces a value that some parsers accept but JSON does not define, or not unambiguously."""

    reason: str


class TextPosition(NamedTuple):
    """A position in an object's text; all numbers start at 1. `element` is the index in an array, 0 outside of one."""

    line: int = 1
    column: int = 1
    element: int = 0
    last_line: int = 0

    def __str__(self) -> str:
        if self.last_line > self.line:
            return f"lines {self.line} to {self.last_line}"
        column = f", column {self.column}" if self.column > 1 else ""
        return f"line {self.line}{column}" + (f", element {self.element}" if self.element else "")


class Value(NamedTuple):
    """A JSON value other than an array. `raw` is its text, truncated to one character more than `LONGEST_RAW`."""

    place: TextPosition
    raw: str
    value: Any


class Array(NamedTuple):
    """An array at the top level. Its elements are decoded one at a time to limit memory."""

    place: TextPosition
    text: str
    begin: int

    def elements(self) -> Iterator[Value]:
        for number, (begin, end, value) in enumerate(_elements(self.text, self.begin), 1):
            yield Value(self.place._replace(element=number), raw(self.text, begin, end), value)


class Broken(NamedTuple):
    """Text that is not a JSON document; `problem` says why. Adjacent broken texts are merged."""

    place: TextPosition
    raw: str
    problem: str


def documents(text: str) -> Iterator[Value | Array | Broken]:
    """All documents of a text. An empty text gives one `Broken` that says so."""
    run: Broken | None = None
    for one in _documents(text):
        if isinstance(one, Broken):
            run = _joined(run, one) if run else one
            continue
        if run:
            yield run
            run = None
        yield one
    if run:
        yield run


def raw(text: str, begin: int, end: int) -> str:
    part = text[begin : min(end, begin + LONGEST_RAW + 1)]
    if not part.isascii() and bad_byte(part, 0, len(part)) is not None:
        part = part.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")[: LONGEST_RAW + 1]
    return part


def _joined(run: Broken, one: Broken) -> Broken:
    last_line = max(one.place.last_line, one.place.line)
    return Broken(run.place._replace(last_line=last_line), f"{run.raw}\n{one.raw}"[: LONGEST_RAW + 1], run.problem)


def _documents(text: str) -> Iterator[Value | Array | Broken]:
    position = _after(BETWEEN, text, 0)
    if position == len(text):
        yield Broken(TextPosition(), "", "the object is empty")
        return
    clean = text.isascii() or bad_byte(text, 0, len(text)) is None
    reader = DocumentReader(text)
    # The search for ends of broken documents may scan the same text repeatedly: it is limited.
    effort = 4 * len(text) + 1_000_000
    line, line_start, line_end, counted, end = 1, 0, -1, 0, 0
    while position < len(text):
        line += text.count("\n", counted, position)
        line_start = max(line_start, text.rfind("\n", counted, position) + 1)
        counted = position
        place = TextPosition(line, position - line_start + 1 if end > line_start else 1)
        try:
            end, value = reader.read(position)
            bad = None if clean else bad_byte(text, position, end)
            if bad is not None:
                raise Breakage("", bad)
        except Breakage as problem:
            from . import broken

            if line_end < position:
                line_end = text.find("\n", position) % (len(text) + 1)  # the end of the text if there is none
            end = looked_at = len(text)
            if effort > 0:
                longest = len(text) if problem.message == TOO_LONG else LARGEST_DOCUMENT
                too_deep = problem.message == TOO_DEEP
                end, looked_at = broken.end_of_broken(text, position, line_end, longest, too_deep=too_deep)
            effort -= looked_at - position + problem.effort
            yield Broken(
                place._replace(last_line=line + text.count("\n", position, max(position, end - 1))),
                raw(text, position, end),
                broken.explain(problem, text, position, end, line, line_start),
            )
        else:
            yield Array(place, text, position) if value is ARRAY else Value(place, raw(text, position, end), value)
        position = _after(BETWEEN, text, end)


ARRAY = object()
# Sizes of the part that is read for a document; it grows until the document is complete.
SIZES = (4 * 1024, 128 * 1024, 1024 * 1024, LARGEST_DOCUMENT)


class DocumentReader:
    """Reads documents of a text. It sees no more of the text than a document may have, so that a larger one does not
    fill the memory, and at first a small part, so that what is broken does not take the time of what follows it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._part = text[: SIZES[0]]

    def read(self, begin: int) -> tuple[int, Any]:
        """The end of the document at `begin`, and its value, or `ARRAY`. Raises `Breakage`."""
        if begin - self._offset > SIZES[0] // 2:
            self._offset, self._part = begin, self._text[begin : begin + SIZES[0]]
        offset, part = self._offset, self._part
        for size in SIZES:
            if size > len(part):
                offset, part = begin, self._text[begin : begin + size]
            cut = offset + len(part) < len(self._text)
            try:
                end, value = _decode(part, begin - offset)
            except RecursionError as error:
                raise Breakage(TOO_DEEP, begin) from error
            except json.JSONDecodeError as error:
                # A text or an escape truncated by the end of the part, or nothing where a value is expected.
                if not cut or (error.pos < len(part) - 8 and not error.msg.startswith("Unterminated")):
                    raise Breakage(error.msg, offset + error.pos) from error
            else:
                if not cut or end < len(part):
                    return offset + end, value
        raise Breakage(TOO_LONG, begin)


VALUE_BEGINS = frozenset('[{"-0123456789tfnNI')


def _decode(text: str, begin: int) -> tuple[int, Any]:
    if text[begin] not in VALUE_BEGINS:
        raise json.JSONDecodeError("Expecting value", "", begin)
    if not text.startswith("[", begin):
        value, end = DECODER.raw_decode(text, begin)
        return end, value
    end = begin + 1
    for element in _elements(text, begin):
        end = element[1]
    return _after(SPACE, text, end) + 1, ARRAY


def _elements(text: str, begin: int) -> Iterator[tuple[int, int, Any]]:
    """The elements of the array at `begin`, each with its begin and end. Raises `JSONDecodeError`."""
    index = _after(SPACE, text, begin + 1)
    if text.startswith("]", index):
        return
    while True:
        value, end = DECODER.raw_decode(text, index)
        yield index, end, value
        index = _after(SPACE, text, end)
        if text.startswith("]", index):
            return
        if not text.startswith(",", index):
            raise json.JSONDecodeError("Expecting ',' delimiter", text, index)
        index = _after(SPACE, text, index + 1)


def _after(pattern: re.Pattern[str], text: str, index: int) -> int:
    match = pattern.match(text, index)
    return match.end() if match else index


def _number(text: str) -> Decimal | RefusedValue:
    try:
        return Decimal(text)
    except InvalidOperation:
        return RefusedValue("a number beyond all limits")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | RefusedValue:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    names = [name for name, _ in pairs]
    twice = next(name for name in fields if names.count(name) > 1)
    return RefusedValue(f"an object that has the name {twice[:64]!a} twice")


DECODER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=lambda name: RefusedValue(f"{name}, which is not JSON"),
    object_pairs_hook=_object,
)
