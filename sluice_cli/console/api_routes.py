"""The routes of an API with their parameters and bodies, from its methods, models, or OpenAPI document."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluice_cli.deployed.resources import Resource

from .documents import Document, document_of
from .openapi import JSON, is_json, operations
from .schema_examples import example_of, expanded

TEXT: Document = {"type": "string"}
WITH_BODY = ("POST", "PUT", "PATCH", "ANY")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
PLACES = {"querystring": "query", "header": "header", "path": "path"}
IDENTITY = re.compile(r"(?:method|\$?request)\.(?:request\.)?(header|querystring)\.([\w.-]+)")


def routes_of(api: Resource, resources: Sequence[Resource]) -> list[Document]:
    """The routes of a REST or HTTP API; preflights are left out. A document in OpenAPI may be JSON or YAML."""
    document = document_of(api.attributes.get("body"))
    if document and isinstance(document.get("paths"), dict):
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
    schemas = (one.attributes for one in own if one.type == "aws_api_gateway_model")
    models = {str(one.get("name")): document_of(one.get("schema")) for one in schemas}
    authorizers = {one.attributes.get("id"): one.attributes for one in own if one.type == "aws_api_gateway_authorizer"}
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
        parameters += _credentials(authorizers.get(values.get("authorizer_id")))
        if values.get("api_key_required"):
            parameters.append(_api_key(resources))
            authorization = "API key" if authorization == "NONE" else f"{authorization} and API key"
        schema = models.get(str((values.get("request_models") or {}).get(JSON)))
        body = expanded(schema, models) if schema else None
        yield _route(
            str(values.get("http_method")),
            path,
            authorization,
            parameters,
            body,
            str(values.get("operation_name") or ""),
        )


def _routes(api: Resource, resources: Sequence[Resource]) -> Iterator[Document]:
    own = [one for one in resources if one.attributes.get("api_id") == api.attributes.get("id")]
    authorizers = {one.attributes.get("id"): one.attributes for one in own if one.type == "aws_apigatewayv2_authorizer"}
    for one in own:
        values = one.attributes
        if one.type == "aws_apigatewayv2_route":
            method, _, path = str(values.get("route_key")).partition(" ")
            method, path = ("ANY", "/{proxy+}") if method == "$default" else (method, path)
            if method != "OPTIONS" and path:
                parameters = _credentials(authorizers.get(values.get("authorizer_id")))
                yield _route(method, path, str(values.get("authorization_type") or "NONE"), parameters, None)


def _documented(document: Document) -> Iterator[Document]:
    for one in operations(document):
        keys = [
            _parameter(str(scheme["name"]), str(scheme["in"]), required=False)
            for scheme in one["schemes"]
            if scheme.get("type") == "apiKey"
            and scheme.get("name")
            and scheme.get("in") in ("header", "query")
            # IAM's signature is documented as a key, too, and is the console's own.
            and scheme.get("x-amazon-apigateway-authtype") != "awsSigv4"
        ]
        parameters = [{**of, "schema": expanded(of["schema"]) or TEXT} for of in one["parameters"]]
        body = expanded(one["body"]) if one["body"] else None
        authorization = ", ".join(scheme["called"] for scheme in one["schemes"]) or "NONE"
        route = _route(one["method"], one["path"], authorization, [*parameters, *keys], body, one["operation"])
        yield with_content_type(route, one["content_type"])


def _credentials(authorizer: Mapping[str, Any] | None) -> list[Document]:
    """The parameters by which an authorizer knows the caller: what is given there is sent in place of a signature."""
    if authorizer is None:
        return []
    given = (
        authorizer.get("identity_source") or authorizer.get("identity_sources") or "method.request.header.Authorization"
    )
    texts = given if isinstance(given, list) else [given]
    found = (part for text in texts for part in IDENTITY.findall(str(text)))
    return [_parameter(name, PLACES[place], required=False) for place, name in found]


def _api_key(resources: Sequence[Resource]) -> Document:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html"""
    keys = (one.attributes.get("value") for one in resources if one.type == "aws_api_gateway_api_key")
    value = next((one for one in keys if isinstance(one, str) and one), None)
    schema = {**TEXT, "default": value} if value else TEXT
    return {"name": "x-api-key", "in": "header", "required": True, "schema": schema}


def _route(
    method: str,
    path: str,
    authorization: str,
    parameters: list[Document],
    schema: Any,
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


def with_content_type(route: Document, content_type: str) -> Document:
    """The route with another content type of its body: a text is not written as JSON there."""
    body = route["body"]
    if body is None or is_json(content_type):
        return {**route, "body": body and {**body, "content_type": content_type}}
    example = example_of(body["schema"])
    text = example if isinstance(example, str) else body["example"]
    return {**route, "body": {**body, "content_type": content_type, "example": text}}


def _parameter(name: str, place: str, *, required: bool) -> Document:
    return {"name": name, "in": place, "required": required or place == "path", "schema": TEXT}
