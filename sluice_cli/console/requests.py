"""Requests to the console, whose parameters are checked, and answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

from .guard import Headers, HttpError

LONGEST_JSON = 8 * 1024 * 1024  # an event of 6 MB, escaped
LIMIT, MOST = 50, 200


class Readable(Protocol):
    """What comes after the headers."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class PageRequest:
    """One request. `body` reads what comes after the headers, `length` bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    length: int = 0
    body: Readable | None = field(default=None, repr=False)

    def needed(self, name: str) -> str:
        """A parameter of the query. Raises `HttpError` where it is missing."""
        value = self.query.get(name)
        if not value:
            raise HttpError(400, f"the parameter {name} is missing")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, from 1 to `most`. Raises `HttpError`."""
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdigit() and int(text[:12]) >= 1):
            raise HttpError(400, f"{name} has to be a whole number from 1 to {most:,}")
        return min(int(text[:12]), most)

    @property
    def limit(self) -> int:
        return self.number("limit", LIMIT, MOST)

    def json(self) -> dict[str, Any]:
        """The body's JSON object. Raises `HttpError`."""
        if (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower() != "application/json":
            raise HttpError(415, "Content-Type has to be application/json")
        if self.length > LONGEST_JSON:
            raise HttpError(413, f"the body is larger than {LONGEST_JSON:,} bytes")
        try:
            content = json.loads(self.body.read(self.length) if self.body else b"")
        except (ValueError, RecursionError):
            raise HttpError(400, "the body is not JSON") from None
        if not isinstance(content, dict):
            raise HttpError(400, "the body has to be a JSON object")
        return content


@dataclass
class Reply:
    """An answer with its body: JSON, or bytes in parts with their number in `length`."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: Iterator[bytes] | None = None
    length: int | None = None  # None with `parts`: until the connection ends


def text_of(content: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text in a JSON object. Raises `HttpError` where it is missing or no text."""
    value = content.get(name, default)
    if not isinstance(value, str):
        raise HttpError(400, f"{name} has to be a text")
    return value


def query_of(text: str) -> dict[str, str]:
    """The first value of each parameter. Raises `HttpError` for more than a page sends."""
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise HttpError(400, "the query has too many parameters") from None
    return {name: values[0] for name, values in found.items()}
