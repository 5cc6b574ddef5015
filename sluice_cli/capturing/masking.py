"""Replaces personal data by pseudonyms. Equal values have equal pseudonyms, so that references still match."""

import base64
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from sluice_cli.capturing.recognizing import (
    PERSON,
    PLAIN_NAME,
    Kind,
    found_in,
    is_luhn,
    kind_of_field,
)

# Shorter values are replaced only where they were recognized, not in other texts.
SHORTEST_ANYWHERE = 3
DEEPEST = 200
# Kinds whose values may be numbers in JSON.
NUMERIC = (Kind.PHONE, Kind.CARD, Kind.ADDRESS, Kind.NUMBER)
DELIMITERS = (",", ";", "\t", "|")
# `<lastName>Doe</lastName>`, `lastName: Doe`, `lastName=Doe`
ELEMENT = re.compile(r"<(?:\w+:)?([\w-]{1,60})(?: [^<>]*)?>([^<>]{1,500})</(?:\w+:)?\1>")
# `"lastName": "Doe"` in truncated or invalid JSON
PAIR = re.compile(r'"([^"\\]{1,60})"\s*:\s*"?((?:[^"\\,}\]]|\\.){1,500})')
LINE = re.compile(r"^[ \t\"']*([A-Za-z][\w .-]{1,40})[\"']?[ \t]*[:=][ \t]*(.{1,500}?)[ \t]*$", re.MULTILINE)
ENCODED = re.compile(r"%[0-9A-Fa-f]{2}|\+")


class Masker:
    """Collects the personal data of all captured files, and masks it."""

    def __init__(self) -> None:
        self._pseudonyms: dict[tuple[Kind, str], str] = {}
        self._counts: dict[Kind, int] = {}
        self._numbers: set[int] = set()
        # Values recognized by the name of their field; they are masked in all texts.
        self._anywhere: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The number of masked values of each kind."""
        return {kind.value: number for kind, number in sorted(self._counts.items())}

    def learn(self, value: Any) -> None:
        """Collect the personal values of a JSON document."""
        for kind, text in _by_field(value):
            self._learn(kind, text)

    def learn_text(self, text: str) -> None:
        """Collect the personal values of a text: JSON, JSON lines, CSV, XML, or lines of names and values."""
        for document in _documents(text):
            self.learn(document)
        for row in _rows(text):
            self.learn(row)
        for pattern in (ELEMENT, PAIR, LINE):
            for name, value in pattern.findall(text):
                plain = _unescaped(value.strip().strip("\"',")) if pattern is PAIR else value.strip().strip("\"',")
                kind = _kind(name.strip(), plain, {})
                if kind:
                    self._learn(kind, plain)

    def mask(self, value: Any, *, depth: int = 0) -> Any:
        """A JSON document with pseudonyms, also inside strings that are JSON or encoded."""
        if isinstance(value, str):
            return self.mask_text(value)
        if depth > DEEPEST:
            return value
        if isinstance(value, list):
            return [self.mask(one, depth=depth + 1) for one in value]
        if not isinstance(value, dict):
            return value
        masked = {self.mask_text(name): self._mask_field(name, one, value, depth) for name, one in value.items()}
        if "md5OfBody" in masked and isinstance(masked.get("body"), str):
            masked["md5OfBody"] = hashlib.md5(masked["body"].encode(), usedforsecurity=False).hexdigest()
        return masked

    def mask_text(self, text: str) -> str:
        """A text with pseudonyms."""
        # From the end, so that earlier positions stay valid.
        for start, end, kind in sorted(found_in(text), reverse=True):
            text = f"{text[:start]}{self._pseudonym(kind, text[start:end])}{text[end:]}"
        text = self._replace_known(text)
        return self._mask_encoded(text) if ENCODED.search(text) else text

    def _mask_field(self, name: str, value: Any, of: dict[str, Any], depth: int) -> Any:
        kind = _kind(name, value, of)
        if kind and isinstance(value, str) and value:
            return self._pseudonym(kind, value)
        if kind in NUMERIC and isinstance(value, int) and not isinstance(value, bool):
            if value in self._numbers:  # already a pseudonym
                return value
            number = int(re.sub(r"\D", "", self._pseudonym(kind, str(value))))
            self._numbers.add(number)
            return number
        # DynamoDB's JSON: {"email": {"S": "..."}}.
        if kind and isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("S", "N"):
            ((type_, inner),) = value.items()
            return {type_: self._pseudonym(kind, str(inner))}
        if kind and isinstance(value, list) and all(isinstance(one, str) for one in value):
            return [self._pseudonym(kind, one) for one in value]
        if name == "body" and of.get("isBase64Encoded") is True and isinstance(value, str):
            return self._mask_base64(value)
        if isinstance(value, str) and value[:1] in ("{", "["):
            return self._mask_json(value)
        return self.mask(value, depth=depth + 1)

    def _mask_json(self, text: str) -> str:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return self.mask_text(text)
        masked = self.mask(document)
        if masked == document:
            return text
        compact = (",", ":") if '": ' not in text else None
        return json.dumps(masked, ensure_ascii=text.isascii(), separators=compact)

    def _mask_base64(self, text: str) -> str:
        try:
            plain = base64.b64decode(text, validate=True).decode()
        except ValueError:
            return text
        return base64.b64encode(self.mask_text(plain).encode()).decode()

    def _mask_encoded(self, text: str) -> str:
        """A key that is encoded as in S3's events: `jane%40example.org`."""
        plain = unquote_plus(text)
        if plain == text or quote_plus(plain, safe="/").lower() != text.lower():
            return text
        masked = self.mask_text(plain) if not ENCODED.search(plain) else plain
        return quote_plus(masked, safe="/") if masked != plain else text

    def _learn(self, kind: Kind, value: str) -> None:
        if not value or value.startswith("${"):
            return
        pseudonym = self._pseudonym(kind, value)
        if len(value) >= SHORTEST_ANYWHERE and pseudonym != value:
            for written in {value, json.dumps(value)[1:-1]}:
                self._anywhere[written] = pseudonym
            self._pattern = None

    def _replace_known(self, text: str) -> str:
        if not self._anywhere:
            return text
        if self._pattern is None:
            longest = sorted(self._anywhere, key=len, reverse=True)
            self._pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)")
        return self._pattern.sub(lambda found: self._anywhere[found[0]], text)

    def _pseudonym(self, kind: Kind, value: str) -> str:
        # Upper and lower case do not matter in mail addresses and names.
        key = (kind, value.lower() if kind in (Kind.EMAIL, Kind.NAME) else value)
        if kind in (Kind.PHONE, Kind.CARD):
            key = (kind, re.sub(r"\D", "", value))
        if value in self._pseudonyms.values() or value.startswith("${"):
            return value  # already masked, or a reference to a resource
        if key not in self._pseudonyms:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._pseudonyms[key] = MAKERS[kind](self._counts[kind], value)
        return self._pseudonyms[key]


def _unescaped(text: str) -> str:
    """A JSON string without its escapes."""
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _by_field(value: Any) -> Iterator[tuple[Kind, str]]:
    """The values of fields with personal names, at any depth of a document."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and one[:1] in ("{", "["):
            waiting += _documents(one)
        elif isinstance(one, dict):
            for name, inner in one.items():
                kind = _kind(name, inner, one)
                plain = next(iter(inner.values())) if _is_typed(inner) else inner
                if kind and isinstance(plain, str):
                    yield kind, plain
                elif kind in NUMERIC and isinstance(plain, int) and not isinstance(plain, bool):
                    yield kind, str(plain)
                elif kind and isinstance(plain, list) and all(isinstance(each, str) for each in plain):
                    yield from ((kind, each) for each in plain)
                else:
                    waiting.append(inner)


def _kind(name: str, value: Any, of: dict[str, Any]) -> Kind | None:
    kind = kind_of_field(name)
    text = next(iter(value.values())) if _is_typed(value) else value
    if kind is None and name.lower() == PLAIN_NAME and isinstance(text, str):
        others = {kind_of_field(other) for other in of} - {None, Kind.TOKEN}
        return Kind.NAME if PERSON.fullmatch(text) or others else None
    if kind is Kind.IP or (kind is Kind.EMAIL and isinstance(text, str) and "@" not in text):
        return None  # by their format
    return kind


def _is_typed(value: Any) -> bool:
    """Whether a value is a string or a number in DynamoDB's JSON."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("S", "N")


def _documents(text: str) -> list[Any]:
    """The JSON documents of a text: a single one, or one on each line."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    found = []
    for line in text.splitlines():
        if line.lstrip()[:1] in ("{", "["):
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
    return found


def _rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of a table with a header, by column name."""
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    if not first.count(delimiter) or first.lstrip()[:1] in ("{", "[", "<"):
        return
    try:
        yield from csv.DictReader(text.splitlines(), delimiter=delimiter, restkey="", restval="")
    except csv.Error:
        return


def _same_shape(number: int, value: str) -> str:
    """The value with other digits in the same format: `+49 30 1234567` becomes `+00 00 0000001`."""
    digits = f"{number:0{sum(map(str.isdigit, value))}}"
    if value.isdigit() and len(value) > 1:
        digits = f"1{digits[1:]}"  # a number in JSON must not begin with zeros
    left = iter(digits)
    return "".join(next(left) if one.isdigit() else one for one in value)


def _card(number: int, value: str) -> str:
    """A card number in the same format with a valid check digit. It begins with 4000, like test card numbers."""
    count = sum(map(str.isdigit, value))
    body = f"4000{number:0{max(count - 5, 1)}}"[: max(count - 1, 1)]
    check = next(one for one in "0123456789" if is_luhn(body + one))
    left = iter(body + check)
    return "".join(next(left, "0") if one.isdigit() else one for one in value)


def _ip(number: int, value: str) -> str:
    """An address from a range reserved for documentation: RFC 5737 and RFC 3849."""
    if ":" in value or number > 3 * 254:
        return f"2001:db8::{number:x}"
    network = ("192.0.2", "198.51.100", "203.0.113")[(number - 1) // 254]
    return f"{network}.{(number - 1) % 254 + 1}"


def _date(number: int, value: str) -> str:
    return f"1900-01-{number % 28 + 1:02}" if re.match(r"\d{4}-\d\d-\d\d", value) else f"date {number}"


MAKERS: dict[Kind, Callable[[int, str], str]] = {
    # https://www.rfc-editor.org/rfc/rfc2606#section-3
    Kind.EMAIL: lambda number, value: f"person{number}@example.com",
    Kind.PHONE: _same_shape,
    Kind.NAME: lambda number, value: f"Person{number}" if " " not in value.strip() else f"Person{number} Masked",
    Kind.ADDRESS: lambda number, value: _same_shape(number, value) if value.isdigit() else f"Address {number}",
    Kind.DATE: _date,
    Kind.IP: _ip,
    Kind.TOKEN: lambda number, value: f"masked-token-{number}",
    Kind.PRINCIPAL: lambda number, value: f"AIDAMASKED{number:010}" if value.isupper() else f"person{number}",
    Kind.CARD: _card,
    Kind.IBAN: lambda number, value: f"XX00MASKED{number:012}",
    Kind.NUMBER: lambda number, value: (
        _same_shape(number, value) if any(map(str.isdigit, value)) else f"number {number}"
    ),
}
