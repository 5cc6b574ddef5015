"""Requests and answers of a REST API's Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html

Requests of HTTP APIs and function URLs (payload format 2.0) and of Application Load Balancers are read too.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

import base64
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from . import _strict_json
from .observability import logger

Answer = dict[str, Any]

LIMITS = "this API's limits"
UNREAD = f"the body is not JSON within {LIMITS}"


class InvalidRequest(ValueError):
    """A malformed request; the message says why, for its sender."""


class RequestTooLarge(InvalidRequest):
    """The request's body is longer than the function reads."""


def is_request(event: Any) -> bool:
    """Whether it is a request, of whichever API or load balancer."""
    return isinstance(event, dict) and ("httpMethod" in event or _is_format_2(event))


def method(event: Mapping[str, Any]) -> str:
    """The request's method, in capitals. Raises `InvalidRequest` for what is no request."""
    inside = _part(_part(event, "requestContext"), "http") if _is_format_2(event) else event
    return _text(inside.get("method" if _is_format_2(event) else "httpMethod"), "method")


def path(event: Mapping[str, Any]) -> str:
    """The request's path, percent-encoded as it came. Raises `InvalidRequest` for what is no request."""
    return _text(event.get("rawPath" if _is_format_2(event) else "path"), "path")


def header(event: Mapping[str, Any], name: str) -> str:
    """A request's header, case-insensitive; empty if it is missing."""
    if _is_format_2(event) and name.lower() == "cookie":
        return "; ".join(map(str, event.get("cookies") or ()))
    values = [value for one, value in _part(event, "headers").items() if one.lower() == name.lower()]
    if not values:  # load balancers send one of the two
        several = [value for one, value in _part(event, "multiValueHeaders").items() if one.lower() == name.lower()]
        values = several[0][-1:] if several and isinstance(several[0], list) else []
    return str(values[0]) if values and values[0] is not None else ""


def path_parameter(event: Mapping[str, Any], name: str) -> str:
    """A parameter in the request's path, such as `id` of `/orders/{id}`, decoded. Raises `InvalidRequest` if it is
    missing.

    REST APIs hand it over percent-encoded, and decode the query's parameters; HTTP APIs decode both.
    """
    value = _part(event, "pathParameters").get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"the path has no {name}")
    if _is_format_2(event):
        return value
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{name} in the path is not UTF-8") from error


def query_parameter(event: Mapping[str, Any], name: str) -> str | None:
    """A parameter of the query, decoded; None if it is missing. Raises `InvalidRequest` where it is given more than
    once, which HTTP APIs do not tell from a value with commas.
    """
    values = _part(event, "multiValueQueryStringParameters").get(name)
    if isinstance(values, list) and len(values) > 1:
        raise InvalidRequest(f"{name} is given {len(values)} times in the query; give it once")
    value = _part(event, "queryStringParameters").get(name)
    if value is None and isinstance(values, list) and values:
        value = values[0]
    if value is not None and "elb" in _part(event, "requestContext"):  # a load balancer decodes nothing
        return unquote_plus(str(value))
    return None if value is None else str(value)


def caller(event: Mapping[str, Any]) -> str:
    """Who calls, as the API's authorization knows it: the authorizer's principal, a Cognito user, an IAM user or role,
    an API key's id; empty for an open API."""
    context = _part(event, "requestContext")
    authorizer, identity = _part(context, "authorizer"), _part(context, "identity")
    claims = {**_part(authorizer, "claims"), **_part(_part(authorizer, "jwt"), "claims")}
    known = {
        "principal": authorizer.get("principalId"),
        "user": claims.get("sub"),
        "iam": identity.get("userArn") or _part(authorizer, "iam").get("userArn"),
        "key": identity.get("apiKeyId"),
    }
    return next((f"{kind}:{value}" for kind, value in known.items() if value), "")


def _is_format_2(event: Mapping[str, Any]) -> bool:
    """Whether it has the payload format 2.0, of HTTP APIs and function URLs."""
    return event.get("version") == "2.0" and isinstance(event.get("requestContext"), Mapping)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"not a request: it has no {what}")
    return value


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name) or {}
    if not isinstance(part, Mapping):
        raise InvalidRequest(f"not a request of API Gateway: its {name} is no JSON object")
    return part


def origins(text: str) -> frozenset[str]:
    """The origins in a comma-separated text."""
    return frozenset(filter(None, text.split(",")))


def readable_by_pages(answer: Answer, event: Mapping[str, Any], origins: Collection[str]) -> Answer:
    """The answer with CORS headers, if the request's origin is one of `origins`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html: with a proxy integration the function
    has to add them.
    """
    if not origins:
        return answer
    headers = {**answer["headers"], "Vary": "Origin"}
    origin = header(event, "Origin")
    if origin in origins:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "x-amzn-ErrorType,x-amzn-RequestId",
        }
    return {**answer, "headers": headers}


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body, or without a body for None, which no cache keeps.

    Decimals, sets and bytes are written as `items.as_json` does.
    """
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
        "body": "" if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False, default=_plain),
    }


def _plain(value: Any) -> Any:
    from .items import json_value  # imported on first use: most answers have only what JSON has

    return json_value(value)


def respond(errors: Mapping[type[Exception], int], handle: Callable[[], Answer]) -> Answer:
    """Answer a request. Exceptions in `errors` become their status, with the reason as `message`.

    Other exceptions are raised: API Gateway then answers 502 without detail, and the function's error alarm goes off.
    """
    try:
        return handle()
    except tuple(errors) as error:
        status = next(errors[kind] for kind in type(error).__mro__ if kind in errors)
        logger.info("request refused", extra={"status": status, "reason": str(error)})
        return answer(status, {"message": str(error)})


def json_body(
    event: Mapping[str, Any], *, longest: int, instead: str = "", parse_float: Callable[[str], Any] = float
) -> dict[str, Any]:
    """The request's JSON object. Raises `InvalidRequest`, or `RequestTooLarge` above `longest` bytes.

    An object that names a field twice is refused, as readers disagree on which of both counts (RFC 8259, 4).
    `instead` says what the sender of too large a request can do. `parse_float` may raise `InvalidRequest`.
    """
    text = event.get("body") or ""
    if not isinstance(text, str):
        raise InvalidRequest("not a request of API Gateway: its body is no text")
    if not text:
        raise InvalidRequest("the body is not JSON: it is empty")
    # UTF-8 takes at least one byte a character, and base64 is longer than its content: too long a body is refused
    # before decoding.
    if len(text) > longest * 4 / 3 + 4:
        raise RequestTooLarge(f"the body is longer than {longest} bytes{instead}")
    try:
        content = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError as error:
        raise InvalidRequest(
            "the body is not JSON: it is not Unicode, or not the base64 that it claims to be"
        ) from error
    if len(content) > longest:
        raise RequestTooLarge(f"the body is longer than {longest} bytes{instead}")
    body = _strict_json.parse(content, InvalidRequest, limits=LIMITS, parse_float=parse_float)
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object")
    return body
