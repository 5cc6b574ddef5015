"""JSON schemas for forms: with what they refer to in its place, and an example value to begin with."""

import re
from collections.abc import Mapping
from typing import Any

from .pattern_examples import matching

DEEPEST = 8
MOST_PARTS = 2_000  # of a schema whose references are replaced
LONGEST_TEXT = 1_000
BASE64 = "ZXhhbXBsZQ=="
# https://json-schema.org/understanding-json-schema/reference/string#built-in-formats
FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "www.example.com",
    "idn-hostname": "www.example.com",
    "uri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "iri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "6f1c7d52-2c0f-4a3e-9c55-0a8b4d1f9e10",
    "ipv4": "192.0.2.10",
    "ipv6": "2001:db8::10",
    "json-pointer": "/example",
    "regex": "^example$",
    "byte": BASE64,
    "binary": "example",
}
# `https://apigateway.amazonaws.com/restapis/ID/models/NAME`
MODEL = re.compile(r"https?://apigateway\.[^/]+/restapis/[^/]+/models/([^/#]+)")


def expanded(schema: Any, models: Mapping[str, Any] | None = None) -> Any:
    """A schema with what its `$ref`s name in their place, and the objects of `allOf` merged; `models` has those that an
    API's models name. What contains itself ends after a few levels with {}, which takes everything."""
    return _Expansion(schema, models or {}).of(schema)


class _Expansion:
    def __init__(self, root: Any, models: Mapping[str, Any]) -> None:
        self._root = root
        self._models = models
        self._left = MOST_PARTS

    def of(self, schema: Any, depth: int = 0, root: Any = None) -> Any:
        """`depth` counts the references on the way here, `root` is the document that they are of."""
        root = self._root if root is None else root
        self._left -= 1
        if isinstance(schema, list):
            return [self.of(one, depth, root) for one in schema]
        if not isinstance(schema, Mapping):
            return schema
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if depth >= DEEPEST or self._left <= 0:
                return {}
            model = MODEL.fullmatch(reference)
            root = self._models.get(model[1]) if model else root
            found = root if model else named(root, reference)
            beside = {name: one for name, one in schema.items() if name != "$ref"}
            return {**beside, **self.of(found, depth + 1, root)} if isinstance(found, Mapping) else beside
        kept = (one for one in schema.items() if one[0] not in ("definitions", "components", "$defs"))
        made = {
            name: one if name in ("enum", "const", "example", "default") else self.of(one, depth, root)
            for name, one in kept
        }
        parts = made.get("allOf")
        if isinstance(parts, list) and all(isinstance(one, Mapping) for one in parts):
            del made["allOf"]
            made = _merged([made, *parts])
        return made


def named(root: Any, reference: str) -> Any:
    """What a reference within a document names. https://www.rfc-editor.org/rfc/rfc6901"""
    found = root
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdigit() and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _merged(schemas: list[Any]) -> dict[str, Any]:
    """One schema that accepts what all of them accept, as far as a form needs it."""
    made: dict[str, Any] = {}
    for one in schemas:
        for name, value in one.items():
            if name == "properties" and isinstance(value, Mapping):
                known = made.get(name, {})
                both = {
                    key: _merged([known[key], of])
                    for key, of in value.items()
                    if key in known and isinstance(of, Mapping)
                }
                made[name] = {**known, **value, **both}
            elif name == "required" and isinstance(value, list):
                made[name] = [*dict.fromkeys([*made.get(name, []), *value])]
            else:
                made.setdefault(name, value)
    return made


def example_of(schema: Any) -> Any:
    """A value that an expanded schema takes, with what is required; where nothing is, with all that it names."""
    if not isinstance(schema, Mapping):
        return None
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if isinstance(schema.get(name), list) and schema[name]:
            return schema[name][0]
    choices = [
        one
        for name in ("oneOf", "anyOf")
        if isinstance(schema.get(name), list)
        for one in schema[name][:1]
        if isinstance(one, Mapping)
    ]
    if isinstance(schema.get("properties"), Mapping):
        return _object(_merged([schema, *choices]) if choices else schema)
    if choices:
        return example_of(
            _merged([*choices, {name: one for name, one in schema.items() if name not in ("oneOf", "anyOf")}])
        )
    type_ = schema.get("type")
    type_ = next((one for one in type_ if one != "null"), "null") if isinstance(type_, list) else type_
    if type_ == "array" or "items" in schema:
        return _array(schema)
    if type_ in ("integer", "number"):
        return _number(schema)
    if type_ == "string" or "pattern" in schema:
        return _text(schema)
    return {"boolean": True, "null": None, "object": {}}.get(str(type_), {})


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    return {name: example_of(one) for name, one in schema["properties"].items() if not required or name in required}


def _array(schema: Mapping[str, Any]) -> list[Any]:
    items, least = schema.get("items", {}), schema.get("minItems")
    if isinstance(items, list):  # one schema for each place
        return [example_of(one) for one in items]
    made = example_of(items)
    if not schema.get("uniqueItems"):
        return [made] * min(max(least if isinstance(least, int) else 1, 1), 20)
    return (
        list(items["enum"][: least or 1])
        if isinstance(items, Mapping) and isinstance(items.get("enum"), list)
        else [made]
    )


def _number(schema: Mapping[str, Any]) -> Any:
    step = schema.get("multipleOf")
    step = step if isinstance(step, int | float) and step > 0 else 1
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if isinstance(above, int | float) and not isinstance(above, bool):  # as of draft 6
        low, above = above, True
    if isinstance(below, int | float) and not isinstance(below, bool):
        high, below = below, True
    if isinstance(low, int | float):
        made = -(-low // step) * step
        return made + step if above and made <= low else made
    if isinstance(high, int | float) and high < step:
        made = high // step * step
        return made - step if below and made >= high else made
    return step


def _text(schema: Mapping[str, Any]) -> str:
    shortest, longest = (schema.get(name) for name in ("minLength", "maxLength"))
    least = shortest if isinstance(shortest, int) and 0 <= shortest < LONGEST_TEXT else 0
    most = longest if isinstance(longest, int) and longest >= least else LONGEST_TEXT
    if takes_base64(schema):
        return BASE64 if len(BASE64) <= most else ""
    known = FORMATS.get(str(schema.get("format")))
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not (known and re.search(r"\S", known) and _matches(pattern, known)):
        text = matching(pattern, least, most)
        if text is not None:
            return text
    return (known or "example").ljust(least, "x")[:most]


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(re.search(pattern, text))
    except re.error:
        return False


def takes_base64(schema: Mapping[str, Any]) -> bool:
    """Whether a text is base64, by the schema's words: draft 4, which API Gateway takes, has none of its own for it."""
    if schema.get("format") == "byte" or str(schema.get("contentEncoding", "")).lower().startswith("base64"):
        return True
    return bool(re.search(r"\bbase-?64\b", str(schema.get("description", "")), re.IGNORECASE))
