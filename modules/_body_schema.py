"""JSON Schemas of request bodies, checked against draft 4, which is what API Gateway knows.

Keywords of later drafts are refused: API Gateway would ignore them, and let through what they forbid.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ._checks import is_token, shown
from .errors import ConfigurationError

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
LATER = {
    "const": "enum with one value",
    "contains": "items",
    **dict.fromkeys(("if", "then", "else"), "anyOf"),
    "propertyNames": "patternProperties",
    "prefixItems": "a list as items",
    **dict.fromkeys(("dependentRequired", "dependentSchemas"), "dependencies"),
    "unevaluatedProperties": "additionalProperties",
    "unevaluatedItems": "additionalItems",
}
OF_SCHEMAS = ("definitions", "patternProperties", "properties")
LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")
COUNTS = ("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties")
MODELS = "https://apigateway.amazonaws.com/restapis/"
# Of ECMA's regular expressions, and not of Python's.
ONLY_ECMA = re.compile(r"\\[pPuc]|\(\?<|\[\^?\]")


def check_body_schema(where: str, schema: object, place: str = "body_schema", root: object = None) -> None:
    """Raises `ConfigurationError` for a schema that API Gateway refuses, or does not apply."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping):
        raise _refuse(
            where, place, schema, "draft 4 has no schemas but dicts; {} takes everything, {'not': {}} nothing"
        )
    for keyword, value in schema.items():
        below = f"{place}.{keyword}"
        if keyword in LATER:
            raise _refuse(where, below, value, f"draft 4 does not have it; use {LATER[keyword]}")
        if keyword in ALLOWED and not ALLOWED[keyword][0](value):
            raise _refuse(where, below, value, ALLOWED[keyword][1])
        if keyword == "$ref" and value.startswith("#") and not _is_there(root, value):
            raise _refuse(where, below, value, "there is nothing at that place of the schema")
        for inner, one in _schemas(keyword, value):
            check_body_schema(where, one, f"{below}{inner}", root)
    for limit in ("Maximum", "Minimum"):
        if f"exclusive{limit}" in schema and limit.lower() not in schema:
            raise _refuse(where, place, schema, f"exclusive{limit} needs {limit.lower()} beside it")


def _is_there(root: object, reference: str) -> bool:
    """Whether a JSON pointer leads to something."""
    found = root
    for part in reference.removeprefix("#").strip("/").split("/") if reference != "#" else []:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list | tuple) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return False
    return True


def _schemas(keyword: str, value: Any) -> Iterator[tuple[str, Any]]:
    if keyword in (*OF_SCHEMAS, "dependencies"):
        yield from (
            (f".{name}", one) for name, one in value.items() if isinstance(one, Mapping) or keyword in OF_SCHEMAS
        )
    elif keyword in LISTS_OF_SCHEMAS or (keyword == "items" and isinstance(value, list | tuple)):
        yield from ((f"[{number}]", one) for number, one in enumerate(value))
    elif keyword in ("items", "not") or (
        keyword in ("additionalItems", "additionalProperties") and not isinstance(value, bool)
    ):
        yield "", value


def _is_type(value: object) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(one in TYPES for one in value)
    return value in TYPES


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and (value.startswith(("#", MODELS)) or is_token(value))


def _is_expression(value: object) -> bool:
    if not isinstance(value, str) or "(?P" in value:
        return False
    try:
        re.compile(value)
    except re.error:
        return ONLY_ECMA.search(value) is not None
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_names(value: object) -> bool:
    return (
        isinstance(value, list | tuple) and all(isinstance(one, str) for one in value) and len(set(value)) == len(value)
    )


def _is_dependency(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, Mapping) or _is_names(one) for one in value.values())


def _is_filled(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value)


ALLOWED = {
    "$ref": (_is_reference, f"give one inside the schema (#/definitions/name), or a model of the API ({MODELS}...)"),
    **dict.fromkeys(COUNTS, (_is_count, "give a whole number from 0 on")),
    **dict.fromkeys(("maximum", "minimum"), (_is_number, "give a number")),
    **dict.fromkeys(("description", "id", "title"), (lambda value: isinstance(value, str), "give a text")),
    "dependencies": (_is_dependency, "give a dict of schemas, or of lists of names"),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "give a number above 0"),
    "uniqueItems": (lambda value: isinstance(value, bool), "give True or False"),
    "enum": (_is_filled, "give a list with a value at least"),
    "exclusiveMaximum": (lambda value: isinstance(value, bool), "in draft 4 it is True or False, beside maximum"),
    "exclusiveMinimum": (lambda value: isinstance(value, bool), "in draft 4 it is True or False, beside minimum"),
    "pattern": (_is_expression, "give a regular expression of JavaScript's"),
    "required": (
        lambda value: _is_names(value) and bool(value),
        "in draft 4 it is a list with a name at least, each once; leave it out where nothing is required",
    ),
    "type": (_is_type, f"give one of {', '.join(TYPES)}, or a list of them"),
    **dict.fromkeys(LISTS_OF_SCHEMAS, (_is_filled, "give a list with a schema at least")),
    **{name: (lambda value: isinstance(value, Mapping), "give a dict of schemas") for name in OF_SCHEMAS},
    "patternProperties": (
        lambda value: isinstance(value, Mapping) and all(map(_is_expression, value)),
        "give a dict of schemas by regular expressions of JavaScript's",
    ),
}


def _refuse(where: str, place: str, value: object, reason: str) -> ConfigurationError:
    return ConfigurationError(f"{where}: {place} is {shown(value)}; {reason}")
