"""The trace of an invocation: the function's own steps, and every AWS call.

By default they go to X-Ray: Lambda sends the segment of each invocation itself, and subsegments are sent to the X-Ray
daemon as documented datagrams (https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html). AWS's
X-Ray SDK is not used because it creates another AWS client in each cold start. Interface, names and annotations are
those of Powertools' Tracer.

Where `OTEL_EXPORTER_OTLP_ENDPOINT` is set, they go to an OpenTelemetry collector instead, as spans: see _otlp.py.
"""

import contextlib
import functools
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

import botocore
from botocore.exceptions import ClientError

Function = TypeVar("Function", bound=Callable[..., Any])
Document = dict[str, Any]

# Parameters of a call that X-Ray indexes, with X-Ray's names for them.
SHOWN = {"Bucket": "bucket_name", "Key": "key", "VersionId": "version_id", "TableName": "table_name"} | {
    "TopicArn": "topic_arn",
    "QueueUrl": "queue_url",
}

# maximum size of a datagram
LONGEST_DOCUMENT = 64_000

COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

_current: ContextVar[Document | None] = ContextVar("current subsegment", default=None)


class Tracer:
    """Records subsegments if the invocation is traced and sampled; otherwise does nothing."""

    def __init__(self) -> None:
        self._cold = True

    def capture_lambda_handler(self, *, capture_response: bool) -> Callable[[Function], Function]:
        """Record a subsegment of each invocation, annotated with the service and whether it was a cold start."""

        def annotate() -> None:
            self.put_annotation("ColdStart", self._cold)
            self.put_annotation("Service", os.environ.get("POWERTOOLS_SERVICE_NAME", "service_undefined"))
            self._cold = False

        captured = self._capture(lambda function: str(function.__name__), capture_response, annotate)

        def decorate(function: Function) -> Function:
            traced = captured(function)

            @functools.wraps(function)
            def handle(event: Any, context: Any, *arguments: Any, **options: Any) -> Any:
                try:
                    return traced(event, context, *arguments, **options)
                finally:
                    if (collector := _collector()) is not None:
                        collector.flush(context)

            return handle  # type: ignore[return-value]

        return decorate

    def capture_method(self, *, capture_response: bool) -> Callable[[Function], Function]:
        """Record a subsegment of each call of a function."""
        return self._capture(lambda function: f"{function.__module__}.{function.__qualname__}", capture_response)

    def put_annotation(self, key: str, value: str | float | bool) -> None:
        """Annotate the current subsegment: traces can be searched by it."""
        current = _current.get()
        if current is not None:
            current.setdefault("annotations", {})[key] = value

    def _capture(
        self, name: Callable[[Any], str], capture_response: bool, annotate: Callable[[], None] = lambda: None
    ) -> Callable[[Function], Function]:
        if capture_response:
            raise ValueError("an answer may hold what must not be in a trace")

        def decorate(function: Function) -> Function:
            @functools.wraps(function)
            def traced(*arguments: Any, **options: Any) -> Any:
                with _subsegment(f"## {name(function)}"):
                    annotate()
                    return function(*arguments, **options)

            return traced  # type: ignore[return-value]

        return decorate


@contextlib.contextmanager
def _subsegment(name: str) -> Iterator[None]:
    document = _begun(name)
    if document is None:
        yield
        return
    before = _current.set(document)
    try:
        yield
    except Exception as error:
        _blame(document, error)
        raise
    finally:
        _current.reset(before)
        _send(document)


def _collector() -> Any:
    """The exporter to an OpenTelemetry collector, if a setting asks for it; imported only then."""
    if not any(map(os.environ.get, COLLECTORS)):
        return None
    from . import _otlp

    return _otlp.exporter()


def _begun(name: str) -> Document | None:
    outer = _current.get()
    # Lambda sets it for each invocation:
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    parts = os.environ.get("_X_AMZN_TRACE_ID", "").replace(" ", "").split(";")
    sampled = "Sampled=1" in parts
    collector = _collector()
    if collector is None and not sampled:  # the usual case
        return None
    header = dict(part.split("=", 1) for part in parts if "=" in part)
    root = header.get("Root")
    if collector is not None:
        root = collector.trace(root, sampled, outer)
    if root is None:
        return None
    return {
        "id": secrets.token_hex(8),
        "trace_id": root,
        "parent_id": outer["id"] if outer and outer["trace_id"] == root else header.get("Parent"),
        "type": "subsegment",
        "name": name,
        "start_time": time.time(),
    }


def _blame(document: Document, error: Exception) -> None:
    status = (
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(error, ClientError) else None
    )
    kind = "fault" if status is None or status >= 500 else "error"
    exception = {"id": secrets.token_hex(8), "type": type(error).__name__, "message": str(error)}
    document.update({kind: True, "cause": {"exceptions": [exception]}})


def _send(document: Document) -> None:
    document["end_time"] = time.time()
    if (collector := _collector()) is not None:
        collector.add(document)
        return
    datagram = b'{"format": "json", "version": 1}\n' + json.dumps(document).encode()
    # `127.0.0.1:2000`, or `tcp:127.0.0.1:2000 udp:127.0.0.2:2001`.
    for address in os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000").split():
        protocol, host, port = ("udp:" + address).split(":")[-3:]
        # A failure to send a trace must not fail the traced code.
        if protocol == "udp" and len(datagram) < LONGEST_DOCUMENT:
            with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
                daemon.sendto(datagram, (host, int(port)))


def _call_begins(params: Document, model: Any, context: Document, **_: Any) -> None:
    document = _begun(model.service_model.service_name)
    if document is not None:
        shown = {SHOWN[name]: value for name, value in params.items() if name in SHOWN and isinstance(value, str)}
        document.update({"namespace": "aws", "aws": {"operation": model.name, **shown}})
        context["subsegment"] = document


def _call_ends(http_response: Any, parsed: Document, context: Document, **_: Any) -> None:
    document = context.pop("subsegment", None)
    if document is not None:
        metadata = parsed.get("ResponseMetadata", {})
        document["http"] = {"response": {"status": http_response.status_code}}
        document["aws"].update(
            request_id=metadata.get("RequestId"),
            retries=metadata.get("RetryAttempts", 0),
            region=context.get("client_region"),
        )
        if http_response.status_code >= 300:
            _blame(document, ClientError(parsed, document["aws"]["operation"]))
            document["throttle"] = http_response.status_code == 429
        _send(document)


def _call_fails(exception: Exception, context: Document, **_: Any) -> None:
    document = context.pop("subsegment", None)
    if document is not None:
        _blame(document, exception)
        _send(document)


def _trace_calls(session: Any) -> None:
    session.register("provide-client-params.*.*", _call_begins)
    session.register("after-call.*.*", _call_ends)
    session.register("after-call-error.*.*", _call_fails)


# Applies to every session, and so every client, that is created from now on.
botocore.register_initializer(_trace_calls)
