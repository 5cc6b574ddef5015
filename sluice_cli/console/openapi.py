"""Routes of an API that is an OpenAPI document, version 3 or 2 (Swagger): API Gateway imports both."""

from collections.abc import Iterator
from typing import Any

from .documents import Document
from .schema_examples import named

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PLACES = ("query", "header", "path")
METHODS = ("get", "put", "post", "delete", "head", "patch", "x-amazon-apigateway-any-method")
# Of version 2, whose parameters have a schema's words beside their name.
SCHEMA_WORDS = ("type", "format", "enum", "items", "default", "pattern", "minimum", "maximum", "minLength", "maxLength")


def operations(document: Document) -> Iterator[Document]:
    """The method, path, summary, security, parameters, and the body with its content type of each operation. Bodies are
    schemas whose references lead into the document.
    https://spec.openapis.org/oas/v3.0.3.html https://swagger.io/specification/v2/
    """
    for path, item in document["paths"].items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method not in METHODS or not isinstance(operation, dict):
                continue
            # A parameter of the operation overrides the path's.
            given = [_within(document, one) for one in _dicts(item.get("parameters"), operation.get("parameters"))]
            parameters = {(one.get("name"), one.get("in")): one for one in given if one.get("name")}
            schema, content_type = _body(document, operation, list(parameters.values()))
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
                "body": schema,
                "content_type": content_type,
            }


def is_json(content_type: str) -> bool:
    """Whether a content type is JSON, or of its family such as `application/problem+json`."""
    return content_type.partition(";")[0].strip().lower().endswith(("/json", "+json"))


def _body(document: Document, operation: Document, parameters: list[Document]) -> tuple[Document | None, str]:
    """The schema of the body, and its content type: JSON where the operation takes that."""
    of_form = [one for one in parameters if one.get("in") == "formData"]
    schema: Any
    if of_form:  # version 2
        properties = {str(one["name"]): {word: one[word] for word in SCHEMA_WORDS if word in one} for one in of_form}
        required = [str(one["name"]) for one in of_form if one.get("required")]
        schema = {"type": "object", "properties": properties, "required": required}
        return schema, MULTIPART if any(one.get("type") == "file" for one in of_form) else FORM
    in_body = [one for one in parameters if one.get("in") == "body"]
    if in_body:  # version 2
        types = operation.get("consumes") or document.get("consumes") or [JSON]
        content = {str(one): in_body[0] for one in types} if isinstance(types, list) else {JSON: in_body[0]}
    else:
        content = _within(document, operation.get("requestBody") or {}).get("content") or {}
    content_type = next(filter(is_json, content), next(iter(content), JSON))
    media: Any = content.get(content_type)
    schema = media.get("schema") if isinstance(media, dict) else None
    if isinstance(schema, dict) and "example" in media:
        schema = {**schema, "example": media["example"]}
    if not isinstance(schema, dict) and content and not is_json(content_type):
        schema = {"type": "string"}
    return (_of(document, schema) if isinstance(schema, dict) else None), content_type


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
