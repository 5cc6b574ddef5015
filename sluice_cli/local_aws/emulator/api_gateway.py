"""API Gateway's messages for request bodies that violate a schema, and the response overrides of mapping templates.

Imported by app.py in the local AWS's own environment. Depends on nothing of ministack but the arguments.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Valid = Callable[[Schema, Any], bool]

OVERRIDE = re.compile(r"\s*\$context\.responseOverride\.header\.([\w-]+)\s*=(.*)", re.DOTALL)
DIRECTIVE = re.compile(r"#(set|if)\(")
BLOCK_EDGE = re.compile(r"#(if\(|end\b)")


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), "null")


def _allowed(types: str | list[str]) -> str:
    named = {types} if isinstance(types, str) else set(types)
    return _compact(sorted(named | ({"integer"} if "number" in named else set())))


def _unknown(schema: Schema, value: Any) -> str:
    patterns = schema.get("patternProperties", {})
    known = schema.get("properties", {})
    return _compact(
        sorted(name for name in value if name not in known and not any(re.search(p, name) for p in patterns))
    )


# Messages of json-schema-validator, which API Gateway uses, by keyword of JSON Schema draft 4.
WORDS: dict[str, Callable[[Schema, Any], str]] = {
    "type": lambda schema, value: (
        f"instance type ({_type(value)}) does not match any allowed primitive type "
        f"(allowed: {_allowed(schema['type'])})"
    ),
    "required": lambda schema, value: (
        f"object has missing required properties ({_compact(sorted(set(schema['required']) - set(value)))})"
    ),
    "additionalProperties": lambda schema, value: (
        f"object instance has properties which are not allowed by the schema: {_unknown(schema, value)}"
    ),
    "enum": lambda schema, value: (
        f"instance value ({_compact(value)}) not found in enum (possible values: {_compact(schema['enum'])})"
    ),
    "pattern": lambda schema, value: f'ECMA 262 regex "{schema["pattern"]}" does not match input string "{value}"',
    "minLength": lambda schema, value: (
        f'string "{value}" is too short (length: {len(value)}, required minimum: {schema["minLength"]})'
    ),
    "maxLength": lambda schema, value: (
        f'string "{value}" is too long (length: {len(value)}, maximum allowed: {schema["maxLength"]})'
    ),
    "minimum": lambda schema, value: (
        f"numeric instance is lower than the required minimum (minimum: {schema['minimum']}, found: {value})"
    ),
    "maximum": lambda schema, value: (
        f"numeric instance is greater than the required maximum (maximum: {schema['maximum']}, found: {value})"
    ),
    "multipleOf": lambda schema, value: f"remainder of division is not zero ({value} / {schema['multipleOf']})",
    "minItems": lambda schema, value: (
        f"array is too short: must have at least {schema['minItems']} elements but instance has {len(value)} elements"
    ),
    "maxItems": lambda schema, value: (
        f"array is too long: must have at most {schema['maxItems']} elements but instance has {len(value)} elements"
    ),
    "uniqueItems": lambda schema, value: "array must not contain duplicate elements",
    "minProperties": lambda schema, value: "object has too few properties",
    "maxProperties": lambda schema, value: "object has too many properties",
    "format": lambda schema, value: f'string "{value}" is invalid against requested {schema["format"]} format',
    "not": lambda schema, value: "instance matched a schema which it should not have",
    "allOf": lambda schema, value: f"instance failed to match all required schemas (of {len(schema['allOf'])})",
    "anyOf": lambda schema, value: (
        f"instance failed to match at least one required schema among {len(schema['anyOf'])}"
    ),
    "oneOf": lambda schema, value: f"instance failed to match exactly one schema out of {len(schema['oneOf'])}",
}


def violations(schema: Schema, value: Any, valid: Valid) -> list[str]:
    """The violations of a schema, keyword by keyword; `valid` says whether a value matches a schema."""
    found = [say(schema, value) for keyword, say in WORDS.items() if not valid(_alone(schema, keyword), value)]
    if isinstance(value, dict):
        inner = [(schema.get("properties", {}).get(name), one) for name, one in value.items()]
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        inner = [(schema["items"], one) for one in value]
    else:
        inner = []
    return found + [text for sub, one in inner if sub for text in violations(sub, one, valid)]


def _alone(schema: Schema, keyword: str) -> Schema:
    """The schema reduced to one keyword and the keywords that it depends on."""
    if keyword not in schema:
        return {}
    beside = {name: schema[name] for name in ("exclusiveMinimum", "exclusiveMaximum") if name in schema}
    if keyword == "additionalProperties":
        if schema[keyword] is not False:
            return {}
        beside = {name: {key: {} for key in schema.get(name, {})} for name in ("properties", "patternProperties")}
    return {keyword: schema[keyword], **beside}


def overrides(template: str, vtl: Any, state: dict[str, Any]) -> dict[str, str]:
    """The headers that a template sets as `$context.responseOverride.header.NAME`, under `#if` or not.

    `vtl` has ministack's functions for the parts of the template language; `state` is what they work on. Conditions are
    comparisons (`==`) with `||` between them.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
    """
    set_: dict[str, str] = {}
    at = 0
    while directive := DIRECTIVE.search(template, at):
        close = vtl._vtl_close_paren(template, directive.end() - 1)
        inside = template[directive.end() : close]
        at = close + 1
        if directive[1] == "if":
            block, at = _block(template, at)
            if any(_equal(comparison, vtl, state) for comparison in inside.split("||")):
                set_ |= overrides(block, vtl, state)
        elif override := OVERRIDE.fullmatch(inside):
            set_[override[1]] = str(vtl._vtl_value(override[2], state))
        else:
            vtl._vtl_set(inside, state)
    return set_


def _block(template: str, start: int) -> tuple[str, int]:
    depth = 1
    for edge in BLOCK_EDGE.finditer(template, start):
        depth += 1 if edge[1].startswith("if") else -1
        if not depth:
            return template[start : edge.start()], edge.end()
    raise ValueError(f"#if without #end: {template}")


def _equal(comparison: str, vtl: Any, state: dict[str, Any]) -> bool:
    left, _, right = comparison.partition("==")
    return bool(vtl._vtl_value(left, state) == vtl._vtl_value(right, state))
