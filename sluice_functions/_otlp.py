"""Spans for an OpenTelemetry collector: OTLP over HTTP, in its JSON encoding (https://opentelemetry.io/docs/specs/otlp/).

Configured by OpenTelemetry's own environment variables
(https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Its SDK is not used: with the exporter over HTTP it adds
61 % to the processor time of a cold start, and needs compiled libraries.

An invocation's spans are sent at its end, in one request. A collector that does not answer costs the timeout once, is
left out for a while, and fails nothing.
"""

import gzip
import http.client
import json
import os
import re
import secrets
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any
from urllib.parse import unquote, urlsplit

Document = dict[str, Any]

MOST_SPANS = 2048  # kept for one request, as in OpenTelemetry's SDK
TIMEOUT_MS, LONGEST_TIMEOUT_MS = 1000, 3000
LEFT_OUT_SECONDS = 30  # after a failure
RESERVE_SECONDS = 0.2  # of the invocation's time
SPAN_ID = re.compile(r"[0-9a-f]{16}")
TRACE_ID = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")

SERVER, INTERNAL, CLIENT = 2, 1, 3
ERROR = 2

# https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/, by the names in X-Ray's documents
OF_CALLS = {
    "operation": "rpc.method",
    "request_id": "aws.request_id",
    "region": "cloud.region",
    "retries": "http.request.resend_count",
    "bucket_name": "aws.s3.bucket",
    "key": "aws.s3.key",
    "version_id": "aws.s3.version_id",
    "topic_arn": "aws.sns.topic.arn",
    "queue_url": "aws.sqs.queue.url",
}


class Exporter:
    """Collects the spans of an invocation and sends them at its end."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = urlsplit(url)
        self._target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        self._headers = headers
        self._spans: list[Document] = []
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._left_out_until = 0.0

    def trace(self, root: str | None, sampled: bool, outer: Document | None) -> str | None:
        """The id, in X-Ray's form, of the trace that a span belongs to: X-Ray's, or a new one where there is none. None
        if the invocation is not traced.

        X-Ray's decision counts if there is one. `OTEL_TRACES_SAMPLER` may be `always_on` or `always_off` instead of
        `parentbased_always_on`.
        """
        known = root if root and TRACE_ID.fullmatch(root) else None
        sampler = os.environ.get("OTEL_TRACES_SAMPLER", "")
        if sampler == "always_off" or (sampler != "always_on" and known and not sampled):
            return None
        return known or (outer["trace_id"] if outer else f"1-{int(time.time()):08x}-{secrets.token_hex(12)}")

    def add(self, document: Document) -> None:
        """Keep a span until `flush`. Beyond `MOST_SPANS` of them the latest are left out."""
        with self._lock:
            if len(self._spans) < MOST_SPANS:
                self._spans.append(document)

    def flush(self, context: Any) -> None:
        """Send the spans within the timeout and the time that the invocation has left."""
        with self._lock:
            documents, self._spans = self._spans, []
        seconds = min(_timeout_seconds(), _seconds_left(context) - RESERVE_SECONDS)
        if not documents or time.monotonic() < self._left_out_until or seconds <= 0:
            return
        failure: list[str] = []
        # Name resolution has no timeout, and a slow collector may trickle: a thread bounds both.
        sender = threading.Thread(target=self._send, args=(_body(documents, context), seconds, failure), daemon=True)
        try:
            sender.start()
        except RuntimeError as error:  # no more threads
            failure.append(str(error))
        else:
            sender.join(seconds)
        if sender.is_alive() or failure:
            self._connection = None
            self._left_out_until = time.monotonic() + LEFT_OUT_SECONDS
            _warn(failure[0] if failure else f"no answer within {seconds:.1f} s", len(documents))

    def _send(self, body: bytes, seconds: float, failure: list[str]) -> None:
        headers = {"Content-Type": "application/json", **self._headers}
        if os.environ.get("OTEL_EXPORTER_OTLP_COMPRESSION") == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        connection, kept = self._connection, self._connection is not None
        while True:
            try:
                connection = connection or self._connect(seconds)
                connection.request("POST", self._target, body, headers)
                answer = connection.getresponse()
                answer.read(65536)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if kept:  # the collector may have closed an idle connection
                    connection, kept = None, False
                    continue
                failure.append(str(error) or type(error).__name__)
                return
            if answer.status >= 300:
                failure.append(f"it answered {answer.status}")
            self._connection = connection if answer.isclosed() and not answer.will_close else None
            return

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            file = os.environ.get("OTEL_EXPORTER_OTLP_CERTIFICATE")
            context = ssl.create_default_context(cafile=file)
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        return http.client.HTTPConnection(host, port, timeout=seconds)


def exporter() -> Exporter | None:
    """The exporter that the environment asks for; None where it turns traces off."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    url = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    url = url or f"{os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'].rstrip('/')}/v1/traces"
    names = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
    return _exporter(url, next(filter(None, map(os.environ.get, names)), ""))


@cache
def _exporter(url: str, headers: str) -> Exporter | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        _warn("OTEL_EXPORTER_OTLP_ENDPOINT must be an address that begins with http:// or https://", 0)
        return None
    return Exporter(url, _pairs(headers))


def _pairs(text: str) -> dict[str, str]:
    """`name=value,name=value`, with values percent-encoded as in W3C Baggage."""
    pairs = (part.split("=", 1) for part in text.split(",") if "=" in part)
    return {name.strip(): unquote(value.strip()) for name, value in pairs}


def _timeout_seconds() -> float:
    names = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
    text = next(filter(None, map(os.environ.get, names)), "")
    return min(int(text) if text.isdecimal() else TIMEOUT_MS, LONGEST_TIMEOUT_MS) / 1000


def _seconds_left(context: Any) -> float:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining() / 1000 if remaining else LONGEST_TIMEOUT_MS / 1000 + RESERVE_SECONDS


def _warn(reason: str, spans: int) -> None:
    from aws_lambda_powertools import Logger  # the same logger as observability's, which imports this package's tracing

    Logger().warning("spans were not sent to the collector", extra={"reason": reason, "spans": spans})


@cache
def _version() -> str:
    try:
        return metadata.version("sluice-functions")
    except metadata.PackageNotFoundError:  # packed as a folder
        return "unknown"


def _body(documents: list[Document], context: Any) -> bytes:
    scope = {"name": "sluice_functions", "version": _version()}
    spans = [_span(one, context) for one in documents]
    resource = {"attributes": _attributes(_resource())}
    traces = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}
    return json.dumps(traces, ensure_ascii=False).encode("utf-8", "replace")


def _resource() -> dict[str, Any]:
    """https://opentelemetry.io/docs/specs/semconv/resource/faas/"""
    own = {
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": os.environ.get("AWS_REGION"),
        "faas.name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        "faas.version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        "faas.instance": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        "telemetry.sdk.name": "sluice_functions",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": _version(),
    }
    given = _pairs(os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    names = (
        os.environ.get("OTEL_SERVICE_NAME"),
        given.get("service.name"),
        os.environ.get("POWERTOOLS_SERVICE_NAME"),
        own["faas.name"],
    )
    return {**own, **given, "service.name": next(filter(None, names), "unknown_service")}


def _span(document: Document, context: Any) -> Document:
    call = document.get("aws", {})
    handler = "ColdStart" in document.get("annotations", {})
    if call:
        known = {OF_CALLS[name]: value for name, value in call.items() if name in OF_CALLS}
        attributes = {"rpc.system": "aws-api", "rpc.service": document["name"], **known}
        if "table_name" in call:
            attributes["aws.dynamodb.table_names"] = [call["table_name"]]
        attributes["http.response.status_code"] = document.get("http", {}).get("response", {}).get("status")
        name, kind = f"{document['name']}.{call['operation']}", CLIENT
    else:
        attributes = dict(document.get("annotations", {}))
        name, kind = document["name"].removeprefix("## "), SERVER if handler else INTERNAL
    if handler:
        attributes["faas.coldstart"] = attributes.pop("ColdStart")
        attributes.pop("Service", None)
        attributes["faas.invocation_id"] = getattr(context, "aws_request_id", None)
        attributes["cloud.resource_id"] = getattr(context, "invoked_function_arn", None)
    exceptions = document.get("cause", {}).get("exceptions", [])
    parent = document.get("parent_id") or ""
    return {
        "traceId": "".join(document["trace_id"].split("-")[1:]),
        "spanId": document["id"],
        **({"parentSpanId": parent} if SPAN_ID.fullmatch(parent) else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": _nanoseconds(document["start_time"]),
        "endTimeUnixNano": _nanoseconds(document["end_time"]),
        "attributes": _attributes(attributes),
        "events": [
            {
                "timeUnixNano": _nanoseconds(document["end_time"]),
                "name": "exception",
                "attributes": _attributes({"exception.type": one["type"], "exception.message": one["message"]}),
            }
            for one in exceptions
        ],
        "status": {"code": ERROR, "message": exceptions[0]["message"]} if exceptions else {},
    }


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1_000_000) * 1000)


def _attributes(values: Mapping[str, Any]) -> list[Document]:
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value is not None]


def _value(value: Any) -> Document:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": str(value)}
