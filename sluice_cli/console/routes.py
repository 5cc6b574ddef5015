"""The console's answers by method and path. A module is imported when it is first asked."""

import importlib

from .console import Console
from .guard import HttpError
from .requests import PageRequest, Reply

# Each function gets the console and the request, and gives JSON or an `Reply`.
ROUTES = {
    ("GET", "/api/session"): "overview:session",
    ("GET", "/api/stacks"): "overview:stacks",
    ("GET", "/api/stream"): "overview:live",
    ("GET", "/api/happenings"): "overview:happenings",
    ("GET", "/api/node"): "details:node",
    ("GET", "/api/objects"): "objects:listed",
    ("GET", "/api/object"): "objects:preview",
    ("GET", "/api/object/image"): "objects:image",
    ("GET", "/api/object/content"): "objects:download",
    ("PUT", "/api/object"): "objects:upload",
    ("GET", "/api/rows"): "rows:listed",
    ("GET", "/api/row"): "rows:whole",
    ("GET", "/api/messages"): "messages:waiting",
    ("GET", "/api/sent"): "messages:sent",
    ("POST", "/api/message"): "messages:send",
    ("GET", "/api/logs"): "logs:lines",
    ("GET", "/api/traces"): "tracing:listed",
    ("GET", "/api/trace"): "tracing:whole",
    ("GET", "/api/metrics"): "metrics:points",
    ("GET", "/api/alarms"): "metrics:alarms",
    ("GET", "/api/failures"): "failing:listed",
    ("POST", "/api/failures/replay"): "failing:replay",
    ("POST", "/api/failures/discard"): "failing:discard",
    ("POST", "/api/failures/capture"): "failing:capture",
    ("POST", "/api/call"): "calling:call",
    ("GET", "/api/example"): "invoking:example",
    ("POST", "/api/invoke"): "invoking:invoke",
    ("POST", "/api/event"): "invoking:put_event",
    ("GET", "/api/devices"): "readings:fields",
    ("POST", "/api/reading"): "readings:send",
    ("GET", "/api/follow"): "following:whole_way",
}


def answer_of(console: Console, request: PageRequest) -> Reply:
    """The answer to a request. Raises `HttpError` where there is none."""
    method = "GET" if request.method == "HEAD" else request.method
    place = ROUTES.get((method, request.path))
    if place is None:
        others = [one for one, path in ROUTES if path == request.path]
        raise HttpError(405 if others else 404, f"only {', '.join(others)}" if others else "there is no such answer")
    module, _, function = place.partition(":")
    given = getattr(importlib.import_module(f".{module}", __package__), function)(console, request)
    return given if isinstance(given, Reply) else Reply(given)
