"""Requests and answers of a REST API's Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .observability import logger

Answer = dict[str, Any]

UNREAD = "the body is not JSON within this API's limits"
MOST_DIGITS = 1000  # of a whole number; parsing takes time quadratic in its length


class InvalidRequest(ValueError):
    """A malformed request; the message says why, for its sender."""


class RequestTooLarge(InvalidRequest):
    """The request's body is longer than the function reads."""


def is_request(event: Any) -> bool:
    return isinstance(event, dict) and "httpMethod" in event


def header(event: Mapping[str, Any], name: str) -> str:
    """A request's header, case-insensitive; empty if it is missing."""
    headers: Mapping[str, str] = event.get("headers") or {}
    return next((value for one, value in headers.items() if one.lower() == name.lower()), "")


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


def answer(status: int, body: Mapping[str, Any]) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body, ensure_ascii=False),
    }


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
    try:
        body = json.loads(
            content,
            object_pairs_hook=_fields,
            parse_constant=_refuse_constant,
            parse_float=parse_float,
            parse_int=_integer,
        )
    except InvalidRequest:
        raise
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not JSON: line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise InvalidRequest(f"{UNREAD}: it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest("the body is not JSON: its bytes are not UTF-8") from error
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object")
    return body


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest(f"the body names {json.dumps(twice)} twice")
    return fields


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise InvalidRequest(f"{UNREAD}: a number has {len(text)} digits, {MOST_DIGITS} at most")
    return int(text)


def _refuse_constant(name: str) -> None:
    raise InvalidRequest(f"the body is not JSON: {name} is not a JSON number")
