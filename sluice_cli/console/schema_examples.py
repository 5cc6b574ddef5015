"""An example value of a JSON schema, to begin with in a form."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 8
LONGEST_TEXT = 1_000
# https://json-schema.org/understanding-json-schema/reference/string#built-in-formats
FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "6f1c7d52-2c0f-4a3e-9c55-0a8b4d1f9e10",
    "ipv4": "192.0.2.10",
    "byte": "ZXhhbXBsZQ==",
}


def example_of(schema: Any, root: Any = None, depth: int = 0) -> Any:
    """A value that has what the schema requires and names; a pattern is not met."""
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    root = schema if root is None else root
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if isinstance(schema.get(name), list) and schema[name]:
            return schema[name][0]
    if isinstance(schema.get("$ref"), str):
        return example_of(_named(root, schema["$ref"]), root, depth + 1)
    if isinstance(schema.get("allOf"), list):
        parts = [example_of(one, root, depth + 1) for one in schema["allOf"]]
        return {name: value for one in parts if isinstance(one, dict) for name, value in one.items()}
    choices: list[Any] = next((schema[name] for name in ("oneOf", "anyOf") if isinstance(schema.get(name), list)), [])
    if isinstance(schema.get("properties"), Mapping):
        return _object(schema, choices, root, depth)
    if choices:
        return example_of(choices[0], root, depth + 1)
    type_ = schema.get("type")
    type_ = next((one for one in type_ if one != "null"), None) if isinstance(type_, list) else type_
    if type_ == "array":
        return [example_of(schema.get("items", {}), root, depth + 1)]
    if type_ in ("integer", "number"):
        return schema.get("minimum", schema.get("maximum", 1))
    if type_ == "string":
        text = FORMATS.get(str(schema.get("format")), "example")
        shortest, longest = schema.get("minLength"), schema.get("maxLength")
        text = text.ljust(shortest, "x") if isinstance(shortest, int) and shortest < LONGEST_TEXT else text
        return text[:longest] if isinstance(longest, int) else text
    return {"boolean": True, "null": None, "object": {}}.get(str(type_), {})


def _object(schema: Mapping[str, Any], choices: Any, root: Any, depth: int) -> dict[str, Any]:
    """The properties that are required; all where none is, but of alternatives only the first's."""
    required = list(schema.get("required") or [])
    first = choices[0] if choices and isinstance(choices[0], Mapping) else {}
    required += first.get("required") or []
    properties = {**schema["properties"], **(first.get("properties") or {})}
    return {
        name: example_of(one, root, depth + 1) for name, one in properties.items() if not required or name in required
    }


def _named(root: Any, reference: str) -> Any:
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
