"""Attributes requests to invocations of functions, by request id and X-Ray trace header.

ministack 1.5.33 returns another request id from Invoke than the function receives, gives functions without active
tracing no trace header, and starts a new trace for each function. On AWS a function's calls carry its trace header, and
their events continue the trace: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html
"""

import contextvars
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ministack.services import lambda_svc, sqs

from completing import existing

LONGEST_LISTS = 2_000  # invocations kept to attribute their calls
TRACE_HEADER = b"x-amzn-trace-id"
REQUEST_ID_HEADER = b"x-amzn-requestid"


@dataclass
class FunctionRun:
    """An invocation of a function."""

    function: str
    request_id: str
    trace_id: str
    segment_id: str
    parent_id: str | None
    sampled: bool
    started: float
    arn: str = ""
    worker: Any = None  # the execution environment
    log_lines: list[str] = field(default_factory=list)
    error: str = ""  # the error of a failed invocation

    @property
    def header(self) -> str:
        return f"Root={self.trace_id};Parent={self.segment_id};Sampled={int(self.sampled)}"


# By the id of their segment, which is the parent in the headers of their calls.
invocations: OrderedDict[str, FunctionRun] = OrderedDict()

current: contextvars.ContextVar[FunctionRun | None] = contextvars.ContextVar("current invocation", default=None)
_caller_header: contextvars.ContextVar[str] = contextvars.ContextVar("trace header of the request", default="")
# The ids of the invocations that a request makes, shared with the threads that make them.
_made: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("made invocations", default=None)

_plain_dispatch = existing(lambda_svc, "_execute_function_dispatch")
_plain_trace_header = existing(lambda_svc, "_xray_trace_id_for_invocation")
_plain_emit = existing(lambda_svc, "_emit_lambda_logs")
_plain_attributes = existing(sqs, "_build_send_sys_attrs")

# Called at the start of each invocation, with its event.
start_listeners: list[Any] = []
# Called at the end of each invocation, with whether it failed.
listeners: list[Any] = []


def caller() -> FunctionRun | None:
    """The invocation that sent the current request; None for other callers."""
    return invocations.get(_parsed(_caller_header.get()).get("Parent", ""))


def observed(application: Any) -> Any:
    """The ASGI application, with requests attributed to invocations."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        given = dict(scope["headers"])
        _caller_header.set(given.get(TRACE_HEADER, b"").decode("latin-1"))
        if not scope["path"].endswith("/invocations"):
            await application(scope, receive, send)
            return
        made: list[str] = []
        _made.set(made)

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start" and made:
                others = [one for one in message["headers"] if one[0].lower() != REQUEST_ID_HEADER]
                message = {**message, "headers": [*others, (REQUEST_ID_HEADER, made[0].encode())]}
            await send(message)

        await application(scope, receive, answer)

    return app


def _dispatch(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
    invocation = _begin(config, event, request_id)
    before = current.set(invocation)
    failed = True
    try:
        for listener in start_listeners:
            listener(invocation, event)
        result = _plain_dispatch(func, config, event, request_id, started)
        failed = isinstance(result, dict) and bool(result.get("error"))
        invocation.error = _error_in(result) if failed else ""
        return result
    finally:
        current.reset(before)
        for listener in listeners:
            listener(invocation, failed)


def _begin(config: Any, event: Any, request_id: str) -> FunctionRun:
    header = _parsed(_caller_header.get() or _header_of_message(event) or _plain_trace_header(config) or "")
    invocation = FunctionRun(
        function=config.get("FunctionName", "unknown"),
        request_id=request_id,
        trace_id=header.get("Root") or f"1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        segment_id=secrets.token_hex(8),
        # ministack's own header has a segment that is never sent.
        parent_id=header.get("Parent") if _caller_header.get() or _header_of_message(event) else None,
        # Functions without active tracing receive the header too, not sampled unless the caller's trace is.
        sampled=header.get("Sampled") == "1" or config.get("TracingConfig", {}).get("Mode") == "Active",
        started=time.time(),
        arn=config.get("FunctionArn", ""),
    )
    invocations[invocation.segment_id] = invocation
    while len(invocations) > LONGEST_LISTS:
        invocations.popitem(last=False)
    made = _made.get()
    if made is not None:
        made.append(request_id)
    return invocation


def _error_in(result: Any) -> str:
    body = result.get("body")
    said = body if isinstance(body, dict) else {}
    return str(said.get("errorMessage") or said.get("errorType") or "failed")


def trace_id_of_request() -> str:
    """The trace of the current request; empty if it names none."""
    return _parsed(_caller_header.get()).get("Root", "")


def _trace_header(config: Any, inbound_trace_header: str | None = None) -> Any:
    invocation = current.get()
    return invocation.header if invocation else _plain_trace_header(config, inbound_trace_header)


def _emit(func: Any, request_id: str, log_text: str, *arguments: Any, **options: Any) -> None:
    invocation = current.get()
    lines = invocation.log_lines if invocation else []
    _plain_emit(func, request_id, "\n".join(filter(None, [log_text, *lines])), *arguments, **options)


def _attributes(now: float, given: Any) -> Any:
    """SQS's system attributes of a message, with the trace header of the sender.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    attributes = _plain_attributes(now, given)
    header = current_header()
    return {"AWSTraceHeader": header, **attributes} if header else attributes


def current_header() -> str:
    """The trace header that the current request continues; empty outside of a trace."""
    invocation = current.get()
    return invocation.header if invocation else _caller_header.get()


def _header_of_message(event: Any) -> str:
    """The trace header of a batch of SQS messages: that of the first message."""
    try:
        return str(event["Records"][0]["attributes"]["AWSTraceHeader"])
    except (KeyError, IndexError, TypeError):
        return ""


def _parsed(header: str) -> dict[str, str]:
    return dict(part.strip().split("=", 1) for part in header.split(";") if "=" in part)


lambda_svc._execute_function_dispatch = _dispatch
lambda_svc._xray_trace_id_for_invocation = _trace_header
lambda_svc._emit_lambda_logs = _emit
sqs._build_send_sys_attrs = _attributes
