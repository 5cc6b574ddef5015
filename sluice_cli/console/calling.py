"""Calls of an API's routes, signed by the local AWS's deployer."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from sluice_cli.example_events.triggers import stage_of
from sluice_cli.local_aws.signed_request import answered, signed_headers

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .requests import PageRequest, text_of

LONGEST_BODY = 256 * 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
REQUEST_ID = "x-amzn-requestid"


def call(console: Console, request: PageRequest) -> Any:
    content = request.json()
    node = console.deployment.node(text_of(content, "node"))
    if node.resource is None or "call" not in node.actions:
        raise HttpError(400, f"{node.title} is no API")
    method, path = text_of(content, "method").upper(), text_of(content, "path")
    if method not in METHODS:
        raise HttpError(400, f"method has to be one of {', '.join(METHODS)}")
    parameters = content.get("parameters") or {}
    in_path, in_header = (_texts(parameters, name) for name in ("path", "header"))
    url = _base(console, node.resource) + filled_in(path, in_path)
    if in_query := _lists(parameters, "query"):
        url += f"?{urlencode(in_query, doseq=True)}"
    headers = {name: value for name, value in in_header.items() if HEADER.fullmatch(name) and value.isprintable()}
    body = content.get("body")
    if isinstance(body, str) and body:
        headers["Content-Type"] = text_of(content, "content_type", "application/json")
    sent = body.encode() if isinstance(body, str) and body else None
    # The call begins a trace, by which it can be followed.
    trace_id = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    headers["X-Amzn-Trace-Id"] = f"Root={trace_id};Sampled=1"
    started = time.monotonic()
    local = console.connection.local
    if not any(name.lower() == "authorization" for name in headers):  # which an authorizer of the API wants
        headers = signed_headers(local, method, url, sent, headers)
    answer = answered(local, method, url, sent, headers)
    found = {name.lower(): value for name, value in answer.headers.items()}
    return {
        "status": answer.status_code,
        "seconds": time.monotonic() - started,
        "headers": found,
        "body": answer.content[:LONGEST_BODY].decode("utf-8", "replace"),
        "truncated": len(answer.content) > LONGEST_BODY,
        "request_id": found.get(REQUEST_ID),
        "follow": follow_text((("trace", trace_id),)),
    }


def filled_in(route: str, values: Mapping[str, str]) -> str:
    """A route with its parameters, each as one segment; a greedy one (`{path+}`) may have several. Raises `HttpError`
    where one is missing."""

    def value_of(found: re.Match[str]) -> str:
        name, greedy = found[1], found[2]
        if not values.get(name):
            raise HttpError(400, f"the parameter {name} of the path is missing")
        return quote(values[name], safe="/" if greedy else "")

    path = re.sub(r"\{([^{}+]+)(\+?)\}", value_of, route)
    return quote(path if path.startswith("/") else f"/{path}", safe="/%")


def _base(console: Console, api: Any) -> str:
    stage = stage_of(api, console.deployment.resources)
    return f"{console.connection.running().url}/_aws/execute-api/{api.attributes.get('id')}/{quote(stage, safe='$')}"


def _lists(parameters: Any, name: str) -> dict[str, list[str]]:
    """Parameters that may be given several times."""
    given = parameters.get(name) or {} if isinstance(parameters, Mapping) else {}
    is_object = isinstance(given, Mapping)
    lists = {key: one if isinstance(one, list) else [one] for key, one in given.items()} if is_object else {}
    if not is_object or not all(isinstance(one, str) for found in lists.values() for one in found):
        raise HttpError(400, f"parameters.{name} has to be an object of texts or lists of texts")
    return {key: [one for one in found if one] for key, found in lists.items()}


def _texts(parameters: Any, name: str) -> dict[str, str]:
    given = parameters.get(name) or {} if isinstance(parameters, Mapping) else {}
    if not (isinstance(given, Mapping) and all(isinstance(one, str) for one in given.values())):
        raise HttpError(400, f"parameters.{name} has to be an object of texts")
    return {key: value for key, value in given.items() if value}
