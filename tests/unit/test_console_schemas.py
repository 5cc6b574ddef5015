"""Schemas of routes in the console: what they refer to in its place, and examples that they take."""

import base64
import json
import re
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks import ROOT
from sluice_cli.console.api_routes import routes_of
from sluice_cli.console.pattern_examples import matching
from sluice_cli.console.schema_examples import example_of, expanded
from sluice_cli.deployed.resources import Resource

Schema = dict[str, Any]

PATTERNS = [
    "^[A-Z]{3}-\\d{4}$",
    "^(red|green|blue)$",
    "^\\+?[1-9]\\d{6,14}$",
    "^arn:aws:sns:[a-z0-9-]+:\\d{12}:[\\w-]+$",
    "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    "^(?<year>\\d{4})/(?:0[1-9]|1[0-2])$",
    "^[^/\\s]+/[^/\\s]+$",
    "(?=.*[A-Z])(?=.*\\d).{8,12}",
    "^(\\w)\\1$",
    "^\\/[a-z]+\\/$",
    "^$",
    "x",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_is_made_that_a_pattern_takes(pattern: str) -> None:
    text = matching(pattern)
    assert text is not None
    assert re.search(pattern.replace("(?<", "(?P<").replace("(?P<=", "(?<="), text) or "(?=" in pattern


@pytest.mark.parametrize("pattern", ["(", "^\\p{L}+$", "^[^\\s\\S]$", "(?=a)b", "(" * 5_000, "a{99999999999999999999}"])
def test_a_pattern_that_takes_nothing_or_is_not_pythons_has_no_text(pattern: str) -> None:
    assert matching(pattern) is None


SCALARS: list[Schema] = [
    {"type": "string"},
    {"type": "string", "minLength": 3, "maxLength": 5},
    {"type": "string", "format": "date-time"},
    {"type": "integer", "minimum": 3, "maximum": 9},
    {"type": "integer", "maximum": -4},
    {"type": "number", "exclusiveMinimum": 2.5},
    {"type": "number", "minimum": 7, "multipleOf": 5},
    {"type": "boolean"},
    {"type": ["null", "string"]},
    {"enum": [3, "a", None]},
    {"const": {"a": 1}},
    *({"type": "string", "pattern": one} for one in PATTERNS if "?<" not in one),
]


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _composed(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.sampled_from(["a", "b", "c d", "é"])
    properties = st.dictionaries(names, inner, min_size=1, max_size=3)
    return st.one_of(
        properties.flatmap(
            lambda known: st.lists(st.sampled_from(sorted(known)), unique=True).map(lambda need: _object(known, need))
        ),
        st.builds(lambda one, least: {"type": "array", "items": one, "minItems": least}, inner, st.integers(0, 3)),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
        inner.map(lambda one: {"allOf": [one, {"description": "more"}]}),
    )


@settings(max_examples=80, deadline=None)
@given(st.recursive(st.sampled_from(SCALARS), _composed, max_leaves=8))
def test_an_example_is_taken_by_its_schema(schema: Schema) -> None:
    fastjsonschema.validate(
        schema, example_of(expanded({"definitions": {"here": schema}, "$ref": "#/definitions/here"}))
    )


def test_the_example_of_an_upload_is_a_valid_upload() -> None:
    schema = json.loads((ROOT / "lambda" / "upload_api" / "upload.schema.json").read_text())
    example = example_of(expanded(schema))
    fastjsonschema.validate(schema, example)
    assert base64.b64decode(example["content"], validate=True) == b"example"


@pytest.mark.parametrize(
    "words",
    [
        {"format": "byte"},
        {"contentEncoding": "base64"},
        {"description": "the image, Base64-encoded"},
    ],
)
def test_what_is_base64_has_an_example_in_base64(words: Schema) -> None:
    assert example_of({"type": "string", **words}) == "ZXhhbXBsZQ=="


def test_references_are_replaced_also_those_to_other_models_and_into_lists() -> None:
    models = {
        "Item": {
            "type": "object",
            "properties": {"price": {"$ref": "#/definitions/price"}},
            "definitions": {"price": {"type": "number"}},
        },
        "Order": {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {"$ref": "https://apigateway.amazonaws.com/restapis/a1/models/Item"},
                }
            },
            "allOf": [{"required": ["items"]}, {"properties": {"note": {"type": "string"}}, "required": ["note"]}],
        },
    }
    assert expanded(models["Order"], models) == {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
            "note": {"type": "string"},
        },
        "required": ["items", "note"],
    }
    assert expanded({"a~b/c": [{"type": "null"}], "not": {"$ref": "#/a~0b~1c/0"}})["not"] == {"type": "null"}


@pytest.mark.parametrize(
    "reference", ["#", "#/properties/a", "#/nothing", "#/required/9", "https://example.com/other.json", ""]
)
def test_references_in_circles_and_to_nothing_end(reference: str) -> None:
    schema = {"type": "object", "properties": {name: {"$ref": reference} for name in "abcdef"}, "required": ["a"]}
    text = json.dumps(expanded(schema))
    assert len(text) < 500_000
    assert set(example_of(expanded(schema))) == {"a"}


def _resource(type_: str, **attributes: Any) -> Resource:
    return Resource("stack", type_, "Name", "", attributes)


def test_a_route_names_what_its_authorizer_reads() -> None:
    api = _resource("aws_api_gateway_rest_api", id="a")
    resources = [
        api,
        _resource("aws_api_gateway_resource", id="r", rest_api_id="a", path="/own"),
        _resource(
            "aws_api_gateway_authorizer",
            id="lambda",
            rest_api_id="a",
            identity_source="method.request.header.X-Token, method.request.querystring.q",
        ),
        _resource("aws_api_gateway_authorizer", id="cognito", rest_api_id="a", identity_source=""),
        *(
            _resource(
                "aws_api_gateway_method",
                rest_api_id="a",
                resource_id="r",
                http_method=method,
                authorization=kind,
                authorizer_id=id_,
            )
            for method, kind, id_ in (("GET", "CUSTOM", "lambda"), ("HEAD", "COGNITO_USER_POOLS", "cognito"))
        ),
    ]
    named = [
        [(one["in"], one["name"], one["required"]) for one in route["parameters"]]
        for route in routes_of(api, resources)
    ]
    assert named == [[("header", "X-Token", False), ("query", "q", False)], [("header", "Authorization", False)]]
    http = _resource("aws_apigatewayv2_api", id="h")
    own = [
        http,
        _resource(
            "aws_apigatewayv2_authorizer", id="jwt", api_id="h", identity_sources=["$request.header.Authorization"]
        ),
        _resource(
            "aws_apigatewayv2_route", api_id="h", route_key="GET /me", authorization_type="JWT", authorizer_id="jwt"
        ),
    ]
    assert [one["parameters"][0]["name"] for one in routes_of(http, own)] == ["Authorization"]


def test_a_document_of_swagger_has_parameters_bodies_and_keys() -> None:
    document = {
        "swagger": "2.0",
        "paths": {
            "/orders/{id}": {
                "parameters": [{"name": "id", "in": "path", "type": "string", "pattern": "^o"}],
                "post": {
                    "parameters": [
                        {"name": "limit", "in": "query", "type": "integer", "minimum": 2},
                        {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/Order"}},
                    ],
                    "security": [{"key": [], "iam": []}],
                },
            }
        },
        "definitions": {
            "Order": _object({"lines": {"type": "array", "items": {"$ref": "#/definitions/Line"}}}, []),
            "Line": {"enum": ["a"]},
        },
        "securityDefinitions": {
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "iam": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        },
    }
    api = _resource("aws_api_gateway_rest_api", id="a", body=json.dumps(document))
    (route,) = routes_of(api, [api])
    assert route["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^o"}},
        {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 2}},
        {"name": "x-api-key", "in": "header", "required": False, "schema": {"type": "string"}},
    ]
    assert (route["authorization"], json.loads(route["body"]["example"])) == ("key, iam", {"lines": ["a"]})
