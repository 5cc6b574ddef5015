"""Contents of strangers in the console: what counts as an image and as text, and what is read from a schema."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.console.api_routes import routes_of
from sluice_cli.console.calling import filled_in
from sluice_cli.console.documents import document_of
from sluice_cli.console.guard import HttpError
from sluice_cli.console.objects import image_type, text_in
from sluice_cli.console.readings import reading_in
from sluice_cli.console.schema_examples import example_of, expanded
from sluice_cli.deployed.resources import Resource


@pytest.mark.parametrize(
    ("start", "type_"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>", None),
        (b"<!doctype html><img src=x onerror=alert(1)>", None),
        (b"\n\x89PNG\r\n\x1a\n", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes_only(start: bytes, type_: str | None) -> None:
    assert image_type(start) == type_


def test_html_and_svg_are_text() -> None:
    assert text_in(b"<script>alert(1)</script>", whole=True) == "<script>alert(1)</script>"
    assert text_in("\ufeffäöü €".encode(), whole=True) == "äöü €"


def test_a_character_that_the_end_cuts_in_two_is_left_out() -> None:
    assert text_in("aä€😀".encode()[:-1], whole=False) == "aä€"
    assert text_in("aä€😀".encode()[:-1], whole=True) is None
    assert text_in("\ufeffaä€😀".encode()[:-1], whole=False) == "aä€"


@pytest.mark.parametrize(
    "text", ["\u200f\u202e", "\ue000\ue001", "\uffff\u2028", "👩\u200d🔬", "\x1b[31m", "\t\r\n\f", ""]
)
def test_characters_without_a_picture_are_text(text: str) -> None:
    assert text_in(text.encode(), whole=True) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_none(start: bytes) -> None:
    text = text_in(start, whole=True)
    assert text is None or "\0" not in text


def test_binary_is_no_text() -> None:
    assert text_in(b"\x00\x01\x02" * 10, whole=True) is None
    assert text_in(b"\x01\x02\x03\x04abc", whole=True) is None


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=30))
def test_a_parameter_of_a_path_stays_one_segment(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    path = filled_in("/items/{id}/parts", {"id": value})
    assert path.startswith("/items/")
    assert path.count("/") == 3
    assert "?" not in path
    assert "#" not in path


def test_a_greedy_parameter_keeps_its_slashes_and_a_missing_one_is_an_error() -> None:
    assert filled_in("/files/{path+}", {"path": "a b/c?d"}) == "/files/a%20b/c%3Fd"
    with pytest.raises(HttpError, match="the parameter id of the path is missing"):
        filled_in("/items/{id}", {})


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        (b'{"deviceId": "a", "value": 1}', {"deviceId": "a", "value": 1}),
        (b'[{"value": 1}, {"value": 2}]', {"value": 1}),
        (b'{"value": 1}\n{"value": 2}\n', {"value": 1}),
        (b'{"nested": {"value": 1}}', None),
        (b"{}", None),
        (b"[]", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b"", None),
    ],
)
def test_a_reading_is_like_the_first_flat_object(body: bytes, reading: dict[str, Any] | None) -> None:
    assert reading_in(body) == reading


def test_an_example_has_what_a_schema_requires() -> None:
    schema = {
        "type": "object",
        "required": ["id", "tags", "when", "kind"],
        "properties": {
            "id": {"type": "integer", "minimum": 5},
            "tags": {"type": "array", "items": {"$ref": "#/definitions/tag"}},
            "when": {"type": "string", "format": "date-time"},
            "kind": {"enum": ["a", "b"]},
            "left out": {"type": "string"},
        },
        "definitions": {"tag": {"type": ["null", "string"], "minLength": 9, "maxLength": 10}},
    }
    assert example_of(expanded(schema)) == {"id": 5, "tags": ["examplexx"], "when": "2026-01-31T12:00:00Z", "kind": "a"}


def test_a_schema_that_contains_itself_has_an_example_too() -> None:
    schema = {"type": "object", "properties": {"child": {"$ref": "#"}}}
    assert "child" in example_of(expanded(schema))
    assert example_of({"type": "string", "minLength": 10**12}) == "example"


def _resource(type_: str, **attributes: Any) -> Resource:
    return Resource("stack", type_, "Name", "", attributes)


@pytest.mark.parametrize("written", [json.dumps, yaml.safe_dump])
def test_routes_are_read_from_an_openapi_document(written: Callable[[Any], str]) -> None:
    document = {
        "openapi": "3.0.3",
        "security": [{"key": []}],
        "paths": {
            "/items/{id}": {
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
                "get": {"summary": "One item", "parameters": [{"$ref": "#/components/parameters/q"}], "security": []},
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/i"}}}}
                },
                "options": {},
            },
            "/broken": "text",
        },
        "components": {
            "parameters": {"q": {"name": "q", "in": "query", "required": True}},
            "schemas": {"i": {"type": "object", "properties": {"name": {"type": "string"}}}},
        },
    }
    api = _resource("aws_api_gateway_rest_api", id="a", body=written(document))
    get, post = routes_of(api, [api])
    assert get == {
        "method": "GET",
        "path": "/items/{id}",
        "authorization": "NONE",
        "operation": "One item",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
            {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
        ],
        "body": None,
    }
    assert (post["authorization"], json.loads(post["body"]["example"])) == ("key", {"name": "example"})


STRING = {"type": "string"}
OBJECT = {"type": "object", "properties": {"a": STRING}, "required": ["a"]}


@pytest.mark.parametrize(
    ("operation", "content_type", "example"),
    [
        (
            {"requestBody": {"content": {"text/csv": {}, "application/json": {"schema": OBJECT}}}},
            "application/json",
            {"a": "example"},
        ),
        (
            {"requestBody": {"content": {"text/csv": {}, "application/hal+json": {"schema": OBJECT}}}},
            "application/hal+json",
            {"a": "example"},
        ),
        ({"requestBody": {"content": {"text/csv": {"schema": STRING, "example": "a;b"}}}}, "text/csv", "a;b"),
        ({"requestBody": {"content": {"text/csv": {}}}}, "text/csv", "example"),
        (
            {"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": OBJECT}}}},
            "application/x-www-form-urlencoded",
            {"a": "example"},
        ),
        (
            {"consumes": ["text/plain"], "parameters": [{"in": "body", "name": "b", "schema": STRING}]},
            "text/plain",
            "example",
        ),
        ({"parameters": [{"in": "body", "name": "b", "schema": OBJECT}]}, "application/json", {"a": "example"}),
        (
            {"parameters": [{"in": "formData", "name": "a", "type": "string", "required": True}]},
            "application/x-www-form-urlencoded",
            {"a": "example"},
        ),
        ({"parameters": [{"in": "formData", "name": "a", "type": "file"}]}, "multipart/form-data", {"a": {}}),
    ],
)
def test_a_body_has_the_content_type_of_its_document(operation: Any, content_type: str, example: Any) -> None:
    api = _resource("aws_apigatewayv2_api", id="a", body=json.dumps({"paths": {"/a": {"post": operation}}}))
    (route,) = routes_of(api, [api])
    assert route["body"]["content_type"] == content_type
    assert (
        route["body"]["example"] == example
        if isinstance(example, str)
        else json.loads(route["body"]["example"]) == example
    )


def test_yaml_is_read_as_the_json_that_it_stands_for() -> None:
    text = """
    paths: &all
      /a:
        get: {responses: {200: {description: 2020-01-01}}, deprecated: yes}
        on: {x-since: 2020-13-45, x-size: 0x10}
    again: *all
    merged: {<<: {a: 1}, b: !!timestamp 2020-01-01, c: !!binary aGk=, d: !!set {x, y}}
    """
    paths = {
        "/a": {
            "get": {"responses": {"200": {"description": "2020-01-01"}}, "deprecated": True},
            "on": {"x-since": "2020-13-45", "x-size": 16},
        }
    }
    found = document_of(text)
    assert found is not None
    assert (found["paths"], found["again"], found["merged"]["a"]) == (paths, paths, 1)
    assert json.loads(json.dumps(found)) == found


LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10) if n else 'x'}]\n" for n in range(12))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: &a {b: *a}",
        "[" * 100_000,
        "{" * 100_000,
        "a: " + "- " * 100_000,
        '{"a":' * 100_000,
        "a: !Ref b",
        "a: !!timestamp 2020-13-45",
        "a: !!python/object/apply:os.system [ls]",
        "a: {? [1, 2] : 3}",
        "a: \x00",
        "a: b: c",
        "- a",
        "a",
        " ",
        "",
        None,
        3,
    ],
    ids=lambda one: str(one)[:20],
)
def test_what_is_no_document_is_none(text: Any) -> None:
    assert document_of(text) is None


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.dictionaries(st.text(), one)))
def test_any_document_is_the_same_in_json_and_yaml(value: Any) -> None:
    document = {"paths": value}
    assert document_of(yaml.safe_dump(document)) == document_of(json.dumps(document)) == document


def test_routes_of_a_rest_api_have_their_parameters_and_models() -> None:
    api = _resource("aws_api_gateway_rest_api", id="a")
    resources = [
        api,
        _resource("aws_api_gateway_resource", id="r", rest_api_id="a", path="/orders/{id}"),
        _resource("aws_api_gateway_model", name="Order", rest_api_id="a", schema='{"type": "array"}'),
        _resource(
            "aws_api_gateway_method",
            rest_api_id="a",
            resource_id="r",
            http_method="PUT",
            authorization="NONE",
            api_key_required=True,
            request_parameters={"method.request.querystring.dry.run": True, "method.request.header.X-A": False},
            request_models={"application/json": "Order"},
        ),
        _resource("aws_api_gateway_api_key", value="k"),
        _resource("aws_api_gateway_method", rest_api_id="a", resource_id="r", http_method="OPTIONS"),
        _resource("aws_api_gateway_method", rest_api_id="another", resource_id="r", http_method="GET"),
    ]
    assert routes_of(api, resources) == [
        {
            "method": "PUT",
            "path": "/orders/{id}",
            "authorization": "API key",
            "operation": "",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "dry.run", "in": "query", "required": True, "schema": {"type": "string"}},
                {"name": "X-A", "in": "header", "required": False, "schema": {"type": "string"}},
                {"name": "x-api-key", "in": "header", "required": True, "schema": {"type": "string", "default": "k"}},
            ],
            "body": {"content_type": "application/json", "schema": {"type": "array"}, "example": "[\n  {}\n]"},
        }
    ]


def test_routes_of_an_http_api() -> None:
    api = _resource("aws_apigatewayv2_api", id="a")
    routes = [_resource("aws_apigatewayv2_route", api_id="a", route_key=key) for key in ("GET /items", "$default")]
    assert [(one["method"], one["path"]) for one in routes_of(api, [api, *routes])] == [
        ("GET", "/items"),
        ("ANY", "/{proxy+}"),
    ]
