"""JSON Schemas of request bodies: what API Gateway, which knows draft 4, refuses or ignores is refused."""

from typing import Any

import pytest

from modules import ConfigurationError
from modules._body_schema import check_body_schema

MODEL = "https://apigateway.amazonaws.com/restapis/${aws_api_gateway_rest_api.Api.id}/models/Item"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"const": 1}, "body_schema.const is 1; draft 4 does not have it; use enum with one value"),
        ({"if": {}, "then": {}}, "body_schema.if is {}; draft 4 does not have it; use anyOf"),
        ({"properties": {"a": {"contains": {}}}}, r"body_schema.properties.a.contains is"),
        ({"dependentRequired": {"a": ["b"]}}, "use dependencies"),
        ({"type": "text"}, "body_schema.type is 'text'; give one of array, boolean"),
        ({"type": []}, r"body_schema.type is \[\]"),
        ({"type": ["string", "date"]}, "body_schema.type is"),
        ({"required": []}, "in draft 4 it is a list with a name at least"),
        ({"required": True}, "in draft 4 it is a list with a name at least"),
        ({"enum": []}, "give a list with a value at least"),
        ({"exclusiveMinimum": 5}, "in draft 4 it is True or False, beside minimum"),
        ({"exclusiveMaximum": 5.5}, "in draft 4 it is True or False, beside maximum"),
        ({"anyOf": []}, "give a list with a schema at least"),
        ({"oneOf": {"type": "string"}}, "give a list with a schema at least"),
        ({"allOf": [{}, {"not": {"type": "x"}}]}, r"body_schema.allOf\[1\].not.type is 'x'"),
        ({"items": [{}, {"pattern": "("}]}, r"body_schema.items\[1\].pattern is '\('"),
        ({"pattern": "(?P<year>[0-9]+)"}, "give a regular expression of JavaScript's"),
        ({"$ref": "https://example.com/item.json"}, "give one inside the schema"),
        ({"properties": ["a"]}, "body_schema.properties is .*; give a dict of schemas"),
        ({"properties": {"a": True}}, "body_schema.properties.a is True; draft 4 has no schemas but dicts"),
        ({"additionalProperties": {"type": "none"}}, "body_schema.additionalProperties.type is 'none'"),
        ({"items": False}, "body_schema.items is False"),
        ({"minLength": -1}, "give a whole number from 0 on"),
        ({"maxItems": 1.5}, "give a whole number from 0 on"),
        ({"maximum": "5"}, "body_schema.maximum is '5'; give a number"),
        ({"multipleOf": 0}, "give a number above 0"),
        ({"uniqueItems": "yes"}, "give True or False"),
        ({"exclusiveMinimum": True}, "exclusiveMinimum needs minimum beside it"),
        ({"required": ["a", "a"]}, "each once"),
        ({"dependencies": {"a": 5}}, "give a dict of schemas, or of lists of names"),
        ({"dependencies": {"a": {"type": "x"}}}, "body_schema.dependencies.a.type is 'x'"),
        ({"patternProperties": {"(": {}}}, "by regular expressions of JavaScript's"),
        ({"title": 5}, "give a text"),
        (
            {"properties": {"a": {"$ref": "#/definitions/B"}}, "definitions": {"A": {}}},
            "there is nothing at that place",
        ),
        ([], r"body_schema is \[\]"),
    ],
)
def test_a_schema_that_draft_4_does_not_have_is_refused_with_the_place(schema: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^stack/Api: .*{message}"):
        check_body_schema("stack/Api", schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": ["object", "null"], "additionalProperties": False, "minProperties": 1},
        {"properties": {"const": {"type": "string"}, "if": {"enum": [None]}, "required": {}}, "required": ["const"]},
        {"definitions": {"Item": {"type": "string"}}, "items": {"$ref": "#/definitions/Item"}},
        {"$ref": MODEL},
        {
            "anyOf": [{"$ref": "#"}, {"$ref": "#/anyOf/2"}, {"items": {"$ref": "#/definitions/a~1b"}}],
            "definitions": {"a/b": {}},
        },
        {"minimum": 1, "exclusiveMinimum": True, "multipleOf": 0.5},
        {"pattern": r"^\p{Lu}(?<rest>[^]*)$", "maxLength": 5, "format": "date-time"},
        {"items": [{"type": "integer"}, {}], "additionalItems": {"type": "string"}, "uniqueItems": True},
        {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}, "patternProperties": {"^x-": {}}},
        {"enum": [{"const": 1}, ["if"]], "default": {"const": 1}, "title": "Item", "id": "item"},
    ],
)
def test_a_schema_of_draft_4_is_taken(schema: Any) -> None:
    check_body_schema("stack/Api", schema)
