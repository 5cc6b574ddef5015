"""The routes of an API with their parameters and bodies, from its methods, models, or OpenAPI document."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluice_cli.deployed.resources import Resource

from .schema_examples import example_of

Document = dict[str, Any]

JSON = "application/json"
TEXT: Document = {"type": "string"}
WITH_BODY = ("POST", "PUT", "PATCH", "ANY")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
PLACES = {"querystring": "query", "header": "header", "path": "path"}
METHODS = ("get", "put", "post", "delete", "head", "patch", "x-amazon-apigateway-any-method")


def routes_of(api: Resource, resources: Sequence[Resource]) -> list[Document]:
    """The routes of a REST or HTTP API; preflights are left out."""
    document = _openapi(api)
    if document is not None:
        found = list(_documented(document))
    elif api.type == "aws_api_gateway_rest_api":
        found = list(_methods(api, resources))
    else:
        found = list(_routes(api, resources))
    return sorted(found, key=lambda one: (one["path"], one["method"]))


def _methods(api: Resource, resources: Sequence[Resource]) -> Iterator[Document]:
    own = [one for one in resources if one.attributes.get("rest_api_id") == api.attributes.get("id")]
    paths = {
        one.attributes.get("id"): one.attributes.get("path") for one in own if one.type == "aws_api_gateway_resource"
    }
    models = {one.attributes.get("name"): one.attributes for one in own if one.type == "aws_api_gateway_model"}
    for one in own:
        values = one.attributes
        if one.type != "aws_api_gateway_method" or values.get("http_method") == "OPTIONS":
            continue
        path = str(paths.get(values.get("resource_id")) or "/")
        authorization = str(values.get("authorization"))
        # `method.request.querystring.limit`
        named = {tuple(name.split(".", 3)): need for name, need in (values.get("request_parameters") or {}).items()}
        parameters = [
            _parameter(name[3], PLACES[name[2]], required=bool(need))
            for name, need in named.items()
            if len(name) == 4 and name[2] in PLACES
        ]
        model = models.get((values.get("request_models") or {}).get(JSON)) or {}
        yield _route(
            str(values.get("http_method")),
            path,
            "API key" if values.get("api_key_required") and authorization == "NONE" else authorization,
            parameters,
            _parsed(model.get("schema")),
            str(values.get("operation_name") or ""),
        )


def _routes(api: Resource, resources: Sequence[Resource]) -> Iterator[Document]:
    for one in resources:
        values = one.attributes
        if one.type == "aws_apigatewayv2_route" and values.get("api_id") == api.attributes.get("id"):
            method, _, path = str(values.get("route_key")).partition(" ")
            method, path = ("ANY", "/{proxy+}") if method == "$default" else (method, path)
            if method != "OPTIONS" and path:
                yield _route(method, path, str(values.get("authorization_type") or "NONE"), [], None)


def _openapi(api: Resource) -> Document | None:
    document = _parsed(api.attributes.get("body"))
    return document if document and isinstance(document.get("paths"), dict) else None


def _documented(document: Document) -> Iterator[Document]:
    """https://spec.openapis.org/oas/v3.0.3.html"""
    for path, item in document["paths"].items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method not in METHODS or not isinstance(operation, dict):
                continue
            given = [*item.get("parameters", []), *operation.get("parameters", [])]
            known = [_within(document, one) for one in given if isinstance(one, dict)]
            parameters = [
                _parameter(str(one["name"]), one["in"], required=bool(one.get("required")), schema=one.get("schema"))
                for one in known
                if one.get("in") in PLACES.values() and one.get("name")
            ]
            content = _within(document, operation.get("requestBody") or {}).get("content") or {}
            media: Any = content.get(JSON) or next(iter(content.values()), {})
            schema = media.get("schema") if isinstance(media, dict) else None
            security = operation.get("security", document.get("security")) or [{}]
            yield _route(
                "ANY" if method.startswith("x-") else method.upper(),
                path,
                ", ".join(security[0]) or "NONE",
                parameters,
                {**schema, "components": document.get("components")} if isinstance(schema, dict) else None,
                str(operation.get("summary") or operation.get("operationId") or ""),
            )


def _within(document: Document, value: Document) -> Document:
    """What a `$ref` within the document names; other values as they are."""
    reference = value.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return value
    found: Any = document
    for part in reference[2:].split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _route(
    method: str,
    path: str,
    authorization: str,
    parameters: list[Document],
    schema: Document | None,
    operation: str = "",
) -> Document:
    in_path = [_parameter(name, "path", required=True) for name in re.findall(r"\{([^{}]+?)\+?\}", path)]
    named = {(one["name"], one["in"]) for one in parameters}
    body = None
    if schema or method in WITH_BODY:
        example = json.dumps(example_of(schema or {"type": "object"}), indent=2, ensure_ascii=False)
        body = {"content_type": JSON, "schema": schema, "example": example}
    return {
        "method": method,
        "path": path,
        "authorization": authorization,
        "operation": operation,
        "parameters": [*(one for one in in_path if (one["name"], "path") not in named), *parameters],
        "body": body,
    }


def _parameter(name: str, place: str, *, required: bool, schema: Mapping[str, Any] | None = None) -> Document:
    return {"name": name, "in": place, "required": required or place == "path", "schema": dict(schema or TEXT)}


def _parsed(text: Any) -> Document | None:
    try:
        found = json.loads(text) if isinstance(text, str) and text else None
    except (ValueError, RecursionError):
        return None  # an OpenAPI document in YAML, whose routes the API's resources do not have
    return found if isinstance(found, dict) else None
