"""Spans that an OpenTelemetry collector receives for an invocation."""

import contextlib
import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws
from sluice_functions import _otlp
from sluice_functions.tracing import Tracer

TRACE, PARENT = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
HEADER = f"Root=1-{TRACE[:8]}-{TRACE[8:]}; Parent={PARENT}; Sampled=1"

Span = dict[str, Any]


@dataclass
class Collector:
    """An HTTP server that takes OTLP's JSON, as a collector does."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    connections: int = 0
    status: int = 200
    delay: float = 0.0

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for _, _, body in self.requests
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def span(self, name: str) -> Span:
        (span,) = [one for one in self.spans if one["name"] == name]
        return span


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            made.connections += 1
            super().setup()

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(made.delay)
            if self.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            made.requests.append((self.path, dict(self.headers), json.loads(content)))
            self.send_response(made.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    configure(monkeypatch, made.url)
    yield made
    server.shutdown()
    server.server_close()


def configure(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    _otlp._exporter.cache_clear()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)


@pytest.fixture
def warnings() -> Iterator[list[Any]]:
    said: list[Any] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append((record.getMessage(), vars(record)["reason"]))

    handler = Handler()
    own = logging.getLogger("tests")  # POWERTOOLS_SERVICE_NAME
    own.addHandler(handler)
    yield said
    own.removeHandler(handler)


@dataclass
class Context:
    aws_request_id: str = "request-1"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:orders"
    left: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left


def invoke(work: Callable[[Tracer], object] = lambda tracer: None, context: Context | None = None) -> object:
    tracer = Tracer()

    @tracer.capture_method(capture_response=False)
    def step() -> object:
        return work(tracer)

    @tracer.capture_lambda_handler(capture_response=False)
    def handle(event: Any, context: Any) -> object:
        return step()

    return handle({}, context or Context())


def attributes(span: Span) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in span["attributes"]}


STEP = f"{__name__}.invoke.<locals>.step"


def test_an_invocation_and_its_steps_are_spans_of_xrays_trace(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        "OTEL_SERVICE_NAME": "orders",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=te%20st,service.name=other",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "orders-fn",
        "AWS_LAMBDA_FUNCTION_VERSION": "3",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_otlp, "_version", lambda: "1.2.3")
    before = time.time_ns()
    invoke(lambda tracer: tracer.put_annotation("count", 2))
    ((path, headers, body),) = collector.requests
    assert (path, headers["Content-Type"]) == ("/v1/traces", "application/json")
    (resource,) = body["resourceSpans"]
    assert {one["key"]: one["value"]["stringValue"] for one in resource["resource"]["attributes"]} == {
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": "us-east-1",
        "faas.name": "orders-fn",
        "faas.version": "3",
        "telemetry.sdk.name": "sluice_functions",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": "1.2.3",
        "deployment.environment.name": "te st",
        "service.name": "orders",
    }
    step, handle = collector.spans
    times = [int(one[name]) for one in (handle, step) for name in ("startTimeUnixNano", "endTimeUnixNano")]
    assert before - 1000 <= times[0] <= times[2] <= times[3] <= times[1] <= time.time_ns()
    for one in (step, handle):
        del one["startTimeUnixNano"], one["endTimeUnixNano"]
    assert handle == {
        "traceId": TRACE,
        "spanId": handle["spanId"],
        "parentSpanId": PARENT,
        "name": "handle",
        "kind": 2,
        "attributes": [
            {"key": "faas.coldstart", "value": {"boolValue": True}},
            {"key": "faas.invocation_id", "value": {"stringValue": "request-1"}},
            {"key": "cloud.resource_id", "value": {"stringValue": Context.invoked_function_arn}},
        ],
        "events": [],
        "status": {},
    }
    assert step == {
        "traceId": TRACE,
        "spanId": step["spanId"],
        "parentSpanId": handle["spanId"],
        "name": STEP,
        "kind": 1,
        "attributes": [{"key": "count", "value": {"intValue": "2"}}],
        "events": [],
        "status": {},
    }
    assert all(len(one["spanId"]) == 16 and int(one["spanId"], 16) for one in (step, handle))


@pytest.fixture
def dynamodb(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in local_aws.environment().items():
        monkeypatch.setenv(name, value)
    return botocore.session.get_session().create_client("dynamodb")


def test_an_aws_call_is_a_span_of_its_step_with_what_was_called(collector: Collector, dynamodb: Any) -> None:
    invoke(lambda _: dynamodb.list_tables())
    call, step = collector.span("dynamodb.ListTables"), collector.span(STEP)
    assert (call["parentSpanId"], call["traceId"], call["kind"], call["status"]) == (step["spanId"], TRACE, 3, {})
    values = attributes(call)
    assert values.pop("aws.request_id")["stringValue"]
    assert values == {
        "rpc.system": {"stringValue": "aws-api"},
        "rpc.service": {"stringValue": "dynamodb"},
        "rpc.method": {"stringValue": "ListTables"},
        "cloud.region": {"stringValue": "us-east-1"},
        "http.request.resend_count": {"intValue": "0"},
        "http.response.status_code": {"intValue": "200"},
    }


def test_errors_are_events_and_statuses_of_all_spans_that_they_pass(collector: Collector, dynamodb: Any) -> None:
    with pytest.raises(ClientError):
        invoke(lambda _: dynamodb.get_item(TableName="no-such-table", Key={"id": {"S": "1"}}))
    spans = [collector.span(name) for name in ("dynamodb.GetItem", STEP, "handle")]
    for span in spans:
        assert span["status"]["code"] == 2
        assert "ResourceNotFoundException" in span["status"]["message"]
        (event,) = span["events"]
        assert event["name"] == "exception"
        said = {one["key"]: one["value"]["stringValue"] for one in event["attributes"]}
        assert said["exception.message"] == span["status"]["message"]
        assert said["exception.type"] in ("ClientError", "ResourceNotFoundException")
    names = {"arrayValue": {"values": [{"stringValue": "no-such-table"}]}}
    assert attributes(spans[0])["aws.dynamodb.table_names"] == names


def test_headers_path_and_compression_are_those_of_opentelemetrys_variables(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%3Db, x-team = shop")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    invoke()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{collector.url}/prefix/")
    invoke()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.url}/own?a=b")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=other")
    invoke()
    assert [(path, headers["api-key"], headers.get("x-team")) for path, headers, _ in collector.requests] == [
        ("/v1/traces", "a=b", "shop"),
        ("/prefix/v1/traces", "a=b", "shop"),
        ("/own?a=b", "other", None),
    ]
    assert {headers["Content-Encoding"] for _, headers, _ in collector.requests} == {"gzip"}
    assert len(collector.spans) == 6


def test_one_connection_serves_the_invocations_and_is_made_again_when_it_is_closed(collector: Collector) -> None:
    for _ in range(3):
        invoke()
    assert (len(collector.requests), collector.connections) == (3, 1)
    exporter = _otlp.exporter()
    assert exporter
    assert exporter._connection
    exporter._connection.sock.shutdown(socket.SHUT_RDWR)
    invoke()
    assert (len(collector.requests), collector.connections) == (4, 2)


@pytest.mark.parametrize(
    ("sampler", "header", "sent"),
    [
        ("", HEADER, True),
        ("", HEADER.replace("Sampled=1", "Sampled=0"), False),
        ("", "", True),
        ("always_on", HEADER.replace("Sampled=1", "Sampled=0"), True),
        ("always_off", HEADER, False),
        ("parentbased_always_on", "Root=nonsense;Parent=nonsense;Sampled=1", True),
    ],
)
def test_xrays_decision_counts_unless_the_sampler_is_set(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, sampler: str, header: str, sent: bool
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    invoke()
    assert bool(collector.spans) == sent
    if sent:
        step, handle = collector.spans
        assert step["parentSpanId"] == handle["spanId"]
        assert step["traceId"] == handle["traceId"]
        assert handle.get("parentSpanId") == (PARENT if PARENT in header else None)
        assert len(bytes.fromhex(handle["traceId"])) == 16


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
def test_opentelemetrys_switches_turn_it_off(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    invoke()
    assert collector.requests == []


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_a_collector_that_does_not_answer_costs_its_timeout_once_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, warnings: list[Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2500")
        assert invoke(lambda _: "answer") == "answer"
        with pytest.raises(ZeroDivisionError):
            invoke(lambda _: 1 / 0)
        assert min(seconds(invoke) for _ in range(5)) < 2.4  # below the time-out
    assert warnings == [("spans were not sent to the collector", "no answer within 2.5 s")] or (
        warnings[0][1] == "timed out" and len(warnings) == 1
    )


def test_a_collector_that_answers_a_byte_at_a_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, warnings: list[Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def trickle() -> None:
            connection, _ = slow.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(2000):
                    time.sleep(0.1)
                    connection.sendall(b"x")

        threading.Thread(target=trickle, daemon=True).start()
        configure(monkeypatch, f"http://127.0.0.1:{slow.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "400")
        assert seconds(invoke) < 150
    assert warnings == [("spans were not sent to the collector", "no answer within 0.4 s")]


def test_a_collector_that_is_not_there_or_refuses_is_left_out_for_a_while(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, warnings: list[Any]
) -> None:
    collector.status = 503
    invoke()
    invoke()
    assert (len(collector.requests), warnings) == (1, [("spans were not sent to the collector", "it answered 503")])
    exporter = _otlp.exporter()
    assert exporter
    exporter._left_out_until = 0
    collector.status = 200
    invoke()
    assert len(collector.requests) == 2
    configure(monkeypatch, "http://127.0.0.1:1")
    assert invoke(lambda _: "answer") == "answer"
    assert "Connection refused" in warnings[-1][1]


def test_no_more_time_is_taken_than_the_invocation_has_left(collector: Collector, warnings: list[Any]) -> None:
    collector.delay = 30
    assert seconds(lambda: invoke(context=Context(left=500))) < 20
    assert len(warnings) == 1
    collector.delay = 0
    configured = _otlp.exporter()
    assert configured
    configured._left_out_until = 0
    invoke(context=Context(left=100))
    assert (len(collector.requests), len(warnings)) == (0, 1)


def test_an_address_that_is_none_is_said_once(monkeypatch: pytest.MonkeyPatch, warnings: list[Any]) -> None:
    configure(monkeypatch, "collector:4318")
    invoke()
    invoke()
    reason = "OTEL_EXPORTER_OTLP_ENDPOINT must be an address that begins with http:// or https://"
    assert warnings == [("spans were not sent to the collector", reason)]


def test_more_spans_than_fit_are_left_out(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_otlp, "MOST_SPANS", 1)
    invoke()
    assert [one["name"] for one in collector.spans] == [STEP]
