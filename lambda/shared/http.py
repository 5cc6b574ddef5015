"""Requests and answers of a REST API's Lambda proxy integration.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from .observability import logger

Answer = dict[str, Any]


class InvalidRequest(ValueError):
    """The request is malformed; the message tells the sender why."""


class RequestTooLarge(InvalidRequest):
    """The request's body is longer than the function reads."""


def is_request(event: Any) -> bool:
    return isinstance(event, dict) and "httpMethod" in event


def header(event: Mapping[str, Any], name: str) -> str:
    """A request's header, whatever its case; empty where it is missing."""
    headers: Mapping[str, str] = event.get("headers") or {}
    return next((value for one, value in headers.items() if one.lower() == name.lower()), "")


def answer(status: int, body: Mapping[str, Any]) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body, ensure_ascii=False),
    }


def respond(errors: Mapping[type[Exception], int], handle: Callable[[], Answer]) -> Answer:
    """Answer a request; exceptions in `errors` become their status with the reason as `message`.

    Anything else is raised: API Gateway then answers 502 with no detail, and the function's error alarm rings.
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

    `instead` tells the sender of too large a request what else to do. `parse_float` may raise `ValueError`.
    """
    text = event.get("body") or ""
    # UTF-8 takes at least one byte a character and base64 never shrinks: too long is refused before decoding.
    if len(text) > longest * 4 / 3 + 4:
        raise RequestTooLarge(f"the body is longer than {longest} bytes{instead}")
    try:
        content = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
        if len(content) > longest:
            raise RequestTooLarge(f"the body is longer than {longest} bytes{instead}")
        body = json.loads(content, parse_constant=_refuse_constant, parse_float=parse_float)
    except RequestTooLarge:
        raise
    except (binascii.Error, UnicodeError, RecursionError, ValueError) as error:
        raise InvalidRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object")
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
