"""Converts strings of Terraform JSON, which are templates, to expressions of the Terraform language.

https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
"""

import json
import re
from collections.abc import Callable
from typing import Any

from sluice_cli.export.tree import Expression, map_texts

WIDTH = 100  # a longer expression is broken into lines
SHORT, IN_A_ROW = 6, 12  # numbers stand side by side
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MARK = "\ufdd0"  # not a character: stands for an expression while a text is parsed as JSON
OPENING, CLOSING = "([{", ")]}"


def split(text: str) -> list[str]:
    """The parts of a template in order: literal texts, and an `Expression` for each `${...}`."""
    parts: list[str] = []
    start = at = 0
    while (at := text.find("${", at)) >= 0:
        if at and text[at - 1] == "$":  # `$${` is a literal `${`
            at += 2
            continue
        end = _end(text, at + 1)
        parts += [text[start:at], Expression(text[at + 2 : end])]
        start = at = end + 1
    return [part for part in [*parts, text[start:]] if part]


def map_expressions(text: str, change: Callable[[str], str]) -> str:
    """A template with each `${...}` changed; its literal parts are kept."""
    if isinstance(text, Expression):
        return Expression(change(text))
    return "".join(f"${{{change(part)}}}" if isinstance(part, Expression) else part for part in split(text))


def as_expression(text: str) -> str:
    """A template as an expression, without quotes if it is a single `${...}`."""
    if isinstance(text, Expression):
        return str(text)
    parts = split(text)
    if len(parts) == 1 and isinstance(parts[0], Expression):
        return str(parts[0])
    return '"' + "".join(f"${{{part}}}" if isinstance(part, Expression) else _quoted(part) for part in parts) + '"'


def key(name: str) -> str:
    """A key of a map, with quotes only if necessary."""
    return name if IDENTIFIER.fullmatch(name) else as_expression(name)


def json_document(text: str) -> Any:
    """The object or list whose JSON the template is, with the templates of its strings; None if it is not JSON."""
    marked = ""
    expressions: list[str] = []
    for part in split(text):
        if isinstance(part, Expression):
            marked += f"{_MARK}{len(expressions)}{_MARK}"
            expressions.append(part)
        else:
            marked += part
    try:
        document = json.loads(marked)
    except ValueError:
        return None

    def unmark(one: str) -> str:
        return re.sub(f"{_MARK}(\\d+){_MARK}", lambda match: f"${{{expressions[int(match[1])]}}}", one)

    return map_texts(document, unmark) if isinstance(document, dict | list) else None


def pretty(expression: str) -> str:
    """An expression with long objects, lists and calls broken into lines."""
    text = expression.strip()
    if len(text) <= WIDTH and "\n" not in text:
        return _plain_keys(text)
    call = re.match(r"[A-Za-z_][\w:]*\(", text)
    if call and _end(text, call.end() - 1) == len(text) - 1:
        arguments = _items(text[call.end() : -1])
        if len(arguments) == 1:
            return f"{call[0]}{pretty(arguments[0])})"
        return f"{call[0]}\n" + "".join(f"{pretty(one)},\n" for one in arguments).removesuffix(",\n") + "\n)"
    if text[:1] in ("{", "[") and _end(text, 0) == len(text) - 1 and not re.match(r"[{\[]\s*for\b", text):
        items = _items(text[1:-1])
        if text[0] == "[" and all(len(one) <= SHORT for one in items):
            rows = [", ".join(items[at : at + IN_A_ROW]) for at in range(0, len(items), IN_A_ROW)]
            return "[\n" + "".join(f"{row},\n" for row in rows) + "]"
        if text[0] == "[":
            return "[\n" + "".join(f"{pretty(one)},\n" for one in items) + "]"
        return "{\n" + "".join(f"{_entry(one)}\n" for one in items) + "}"
    return text


def _entry(text: str) -> str:
    name, value = _key_and_value(text)
    return f"{name} = {pretty(value)}"


def _plain_keys(text: str) -> str:
    """Short objects with unquoted keys: `{ stat = "Sum" }` for `{"stat" = "Sum"}`."""
    if text[:1] == "{" and _end(text, 0) == len(text) - 1 and not re.match(r"\{\s*for\b", text):
        entries = [_key_and_value(one) for one in _items(text[1:-1])]
        if not entries:
            return "{}"
        return "{ " + ", ".join(f"{name} = {_plain_keys(value)}" for name, value in entries) + " }"
    if text[:1] == "[" and _end(text, 0) == len(text) - 1 and not re.match(r"\[\s*for\b", text):
        return "[" + ", ".join(_plain_keys(one) for one in _items(text[1:-1])) + "]"
    return text


def _key_and_value(text: str) -> tuple[str, str]:
    at = 0
    while at < len(text):
        if text[at] == '"' or text[at] in OPENING:
            at = _end(text, at) + 1
        elif text[at] in "=:" and text[at : at + 2] not in ("==", "=>"):
            break
        else:
            at += 1
    name = text[:at].strip()
    if name.startswith('"') and IDENTIFIER.fullmatch(name[1:-1]):
        name = name[1:-1]
    return name, text[at + 1 :].strip()


def _items(text: str) -> list[str]:
    """The items between the commas of a list, an object or a call."""
    items, start, at = [], 0, 0
    while at < len(text):
        if text[at] == '"' or text[at] in OPENING:
            at = _end(text, at) + 1
        elif text[at] == ",":
            items.append(text[start:at].strip())
            at += 1
            start = at
        else:
            at += 1
    return [one for one in [*items, text[start:].strip()] if one]


def _end(text: str, at: int) -> int:
    """The position of the bracket or quote that closes the one at a position."""
    opening = text[at]
    position = at + 1
    while position < len(text):
        character = text[position]
        if opening == '"':
            if character == "\\":
                position += 1
            elif character == '"':
                return position
            elif text.startswith(("${", "%{"), position) and text[position - 1] != character:
                position = _end(text, position + 1)
        elif character == '"' or character in OPENING:
            position = _end(text, position)
        elif character in CLOSING:
            return position
        position += 1
    return len(text) - 1


def _quoted(text: str) -> str:
    """A quoted string: Terraform has JSON's escapes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def is_call(text: str) -> bool:
    """Whether an expression is a single call of a function."""
    opening = re.match(r"[A-Za-z_][\w:]*\(", text)
    return opening is not None and _end(text, opening.end() - 1) == len(text) - 1
