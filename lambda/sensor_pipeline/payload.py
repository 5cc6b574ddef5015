"""The JSON values that an object holds, each with the place where it was found: pure functions.

An object is one JSON document - a reading, or an array of readings - or JSON Lines, each line such a document.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import IO, Any, cast

# bytes. No more than this is in memory at once: whatever is larger is read line by line.
LARGEST_DOCUMENT = 10 * 1024 * 1024
LONGEST_RAW = 4096  # characters kept of what is no reading

SPACE = re.compile(r"[ \t\r\n]*")


class Unreadable(ValueError):
    """Not a JSON document; says why."""


@dataclass(frozen=True)
class Refused:
    """Stands for a value that some parsers take and JSON does not have, or has in no one meaning."""

    reason: str


@dataclass(frozen=True)
class Candidate:
    """What may be a reading.

    `line`, and `element` where it was in an array, say where it is; both count from 1. `raw` is its text, of which no
    more than one character above `LONGEST_RAW` is there. Where it is no JSON, `problem` says why; neighbouring lines
    of this kind, up to `last_line`, are one candidate.
    """

    line: int
    raw: str
    value: Any = None
    element: int | None = None
    problem: str | None = None
    last_line: int | None = None


def candidates(body: IO[bytes]) -> Iterator[Candidate]:
    """All that an object's content holds. An empty object has one candidate, which says so."""
    rest = io.BufferedReader(cast(io.RawIOBase, body))
    start = rest.read(LARGEST_DOCUMENT + 1)
    if len(start) <= LARGEST_DOCUMENT:
        if not start.strip():
            yield Candidate(line=1, raw="", problem="the object is empty")
            return
        try:
            document = _document(start, line=1)
        except Unreadable as error:
            # No single document; its lines may be. Where none is, this says best what is wrong.
            yield from _runs(_each_line(start, rest), str(error))
        else:
            yield from document
        return
    yield from _runs(_each_line(start, rest))


def _each_line(start: bytes, rest: IO[bytes]) -> Iterator[Candidate]:
    begun = io.BytesIO(start)

    def read_line(longest: int) -> bytes:
        line = begun.readline(longest)
        return line if line.endswith(b"\n") else line + rest.readline(longest - len(line))

    number = 0
    while line := read_line(LARGEST_DOCUMENT + 1):
        number += 1
        content = line.rstrip()
        if not content:
            continue
        try:
            if len(line) > LARGEST_DOCUMENT and not line.endswith(b"\n"):
                _skip_line(read_line)
                raise Unreadable(f"longer than {LARGEST_DOCUMENT} bytes")
            yield from _document(content, number)
        except Unreadable as error:
            raw = content[: LONGEST_RAW + 1].decode(errors="backslashreplace")
            yield Candidate(number, raw[: LONGEST_RAW + 1], problem=str(error))


def _skip_line(read_line: Callable[[int], bytes]) -> None:
    while (more := read_line(LARGEST_DOCUMENT)) and not more.endswith(b"\n"):
        pass


def _runs(found: Iterator[Candidate], problem_of_all: str | None = None) -> Iterator[Candidate]:
    """Neighbouring lines that are no JSON become one: else a file of another kind would be as many as it has lines."""
    run: Candidate | None = None
    others = False
    for one in found:
        if run and one.problem:
            run = replace(run, last_line=one.line, raw=f"{run.raw}\n{one.raw}"[: LONGEST_RAW + 1])
            continue
        if run:
            others = True
            yield run
        run = one if one.problem else None
        if not run:
            others = True
            yield one
    if run:
        yield run if others or not problem_of_all else replace(run, problem=problem_of_all)


def _document(content: bytes, line: int) -> Iterator[Candidate]:
    """The document itself or, of an array, its elements. Raises `Unreadable` before it gives anything."""
    try:
        text = content.decode("utf-8-sig")
        begin = _after_space(text, 0)
        if not text.startswith("[", begin):
            value, end = DECODER.raw_decode(text, begin)
            _expect_end(text, end)
            return iter([Candidate(line, _raw(text, begin, end), value)])
        spans = _elements(text, begin + 1)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 (byte {error.start + 1})") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except json.JSONDecodeError as error:
        where = f"line {line + error.lineno - 1}, column {error.colno}"
        raise Unreadable(f"not JSON: {error.msg} ({where})") from error
    # Decoded a second time, one by one: the values of a large array would take several times the room of its text.
    return (
        Candidate(line, _raw(text, begin, end), DECODER.raw_decode(text, begin)[0], number)
        for number, (begin, end) in enumerate(spans, 1)
    )


def _elements(text: str, index: int) -> list[tuple[int, int]]:
    """Where the elements of an array begin and end that is all the text from `index`, after its bracket."""
    spans: list[tuple[int, int]] = []
    index = _after_space(text, index)
    while spans or text[index : index + 1] != "]":
        end = DECODER.raw_decode(text, index)[1]
        spans.append((index, end))
        index = _after_space(text, end)
        if text[index : index + 1] == "]":
            break
        if text[index : index + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, index)
        index = _after_space(text, index + 1)
    _expect_end(text, index + 1)
    return spans


def _after_space(text: str, index: int) -> int:
    return cast(re.Match[str], SPACE.match(text, index)).end()


def _expect_end(text: str, index: int) -> None:
    end = _after_space(text, index)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _raw(text: str, begin: int, end: int) -> str:
    return text[begin : min(end, begin + LONGEST_RAW + 1)]


def _number(text: str) -> Decimal | Refused:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Refused("a number beyond all limits")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Refused:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else Refused("an object that has a name twice")


DECODER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=lambda name: Refused(f"{name}, which is not JSON"),
    object_pairs_hook=_object,
)
