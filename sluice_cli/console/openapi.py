"""Routes of an API that is an OpenAPI document, version 3 or 2 (Swagger): API Gateway imports both."""

from collections.abc import Iterator
from typing import Any

from .schema_examples import named

Document = dict[str, Any]

JSON = "application/json"
PLACES = ("query", "header", "path")
METHODS = ("get", "put", "post", "delete", "head", "patch", "x-amazon-apigateway-any-method")
# Of version 2, whose parameters have a schema's words beside their name.
SCHEMA_WORDS = ("type", "format", "enum", "items", "default", "pattern", "minimum", "maximum", "minLength", "maxLength")


def operations(document: Document) -> Iterator[Document]:
    """The method, path, summary, security, parameters and body of each operation. Bodies are schemas whose references
    lead into the document.
    https://spec.openapis.org/oas/v3.0.3.html https://swagger.io/specification/v2/
    """
    for path, item in document["paths"].items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method not in METHODS or not isinstance(operation, dict):
                continue
            # A parameter of the operation overrides the path's.
            given = [_within(document, one) for one in _dicts(item.get("parameters"), operation.get("parameters"))]
            parameters = {(one.get("name"), one.get("in")): one for one in given if one.get("name")}
            yield {
                "method": "ANY" if method.startswith("x-") else method.upper(),
                "path": path,
                "operation": str(operation.get("summary") or operation.get("operationId") or ""),
                "schemes": _schemes(document, operation),
                "parameters": [
                    {
                        "name": str(name),
                        "in": place,
                        "required": bool(one.get("required")) or place == "path",
                        "schema": _of(
                            document, one.get("schema") or {word: one[word] for word in SCHEMA_WORDS if word in one}
                        ),
                    }
                    for (name, place), one in parameters.items()
                    if place in PLACES
                ],
                "body": _body(document, operation, [one for (_, place), one in parameters.items() if place == "body"]),
            }


def _body(document: Document, operation: Document, in_body: list[Document]) -> Document | None:
    if in_body:
        schema = in_body[0].get("schema")
    else:
        content = _within(document, operation.get("requestBody") or {}).get("content") or {}
        media: Any = content.get(JSON) or next(iter(content.values()), {})
        schema = media.get("schema") if isinstance(media, dict) else None
        if isinstance(schema, dict) and isinstance(media, dict) and "example" in media:
            schema = {**schema, "example": media["example"]}
    return _of(document, schema) if isinstance(schema, dict) else None


def _schemes(document: Document, operation: Document) -> list[Document]:
    """The security schemes of the first alternative, each with its name."""
    security = operation.get("security", document.get("security")) or [{}]
    known = (document.get("components") or {}).get("securitySchemes") or document.get("securityDefinitions") or {}
    return [{"called": name, **_within(document, known.get(name) or {})} for name in security[0]]


def _of(document: Document, schema: Document) -> Document:
    """A schema with what its references lead to beside it."""
    beside: Document = {name: document[name] for name in ("components", "definitions") if name in document}
    return {**schema, **beside} if schema else schema


def _within(document: Document, value: Document) -> Document:
    """What a `$ref` within the document names; other values as they are."""
    found = named(document, value["$ref"]) if isinstance(value.get("$ref"), str) else value
    return found if isinstance(found, dict) else {}


def _dicts(*lists: Any) -> list[Document]:
    return [one for each in lists if isinstance(each, list) for one in each if isinstance(one, dict)]
