"""Documents that the X-Ray daemon receives for an invocation."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.tracing import Tracer

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
HEADER = f"Root={ROOT}; Parent=53995c3f42cd8ad8; Sampled=1; Lineage=1:a87bd80c:0"

Document = dict[str, Any]


class Daemon:
    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]

    def received(self) -> list[Document]:
        documents: list[Document] = []
        while True:
            try:
                header, _, body = self._socket.recv(65536).partition(b"\n")
            except BlockingIOError:
                return documents
            assert json.loads(header) == {"format": "json", "version": 1}
            documents.append(json.loads(body))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    made = Daemon()
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{made.port}")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    yield made
    made.close()


@pytest.fixture
def dynamodb(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in local_aws.environment().items():
        monkeypatch.setenv(name, value)
    return botocore.session.get_session().create_client("dynamodb")


def traced(tracer: Tracer, work: Any) -> Any:
    @tracer.capture_method(capture_response=False)
    def step() -> Any:
        return work()

    @tracer.capture_lambda_handler(capture_response=False)
    def handle(event: Any, context: Any) -> Any:
        return step()

    return handle({}, None)


def test_steps_are_subsegments_in_each_other_and_in_the_functions_segment(daemon: Daemon) -> None:
    tracer = Tracer()
    traced(tracer, lambda: tracer.put_annotation("device", "one"))
    traced(tracer, lambda: None)
    step, handle, _, again = daemon.received()
    assert (step["name"], handle["name"]) == (f"## {__name__}.traced.<locals>.step", "## handle")
    assert (handle["parent_id"], step["parent_id"]) == ("53995c3f42cd8ad8", handle["id"])
    assert step["annotations"] == {"device": "one"}
    assert [one["annotations"] for one in (handle, again)] == [
        {"ColdStart": True, "Service": "tests"},
        {"ColdStart": False, "Service": "tests"},
    ]
    for one in (step, handle, again):
        assert one["trace_id"] == ROOT
        assert one["type"] == "subsegment"
        assert int(one["id"], 16) >= 0
        assert len(one["id"]) == 16
        assert one["start_time"] <= one["end_time"]
        assert "fault" not in one
    assert handle["start_time"] <= step["start_time"]
    assert step["end_time"] <= handle["end_time"]


def test_an_aws_call_is_a_subsegment_with_what_was_called_and_how_it_ended(daemon: Daemon, dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="test-traced",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    daemon.received()
    traced(Tracer(), lambda: dynamodb.put_item(TableName="test-traced", Item={"id": {"S": "1"}}))
    call, step, _ = daemon.received()
    assert call["name"] == "dynamodb"
    assert call["namespace"] == "aws"
    assert call["parent_id"] == step["id"]
    assert call["aws"].pop("request_id")
    assert call["aws"] == {
        "operation": "PutItem",
        "table_name": "test-traced",
        "region": "us-east-1",
        "retries": 0,
    }
    assert call["http"] == {"response": {"status": 200}}


def test_errors_are_marked_as_fault_error_or_throttle(daemon: Daemon, dynamodb: Any) -> None:
    with pytest.raises(ClientError):
        traced(Tracer(), lambda: dynamodb.get_item(TableName="test-none", Key={"id": {"S": "1"}}))
    refused = daemon.received()
    assert [one["name"] for one in refused] == ["dynamodb", f"## {__name__}.traced.<locals>.step", "## handle"]
    for one in refused:
        assert one["error"] is True
        assert "fault" not in one
        assert "ResourceNotFoundException" in one["cause"]["exceptions"][0]["message"]
    with pytest.raises(ZeroDivisionError):
        traced(Tracer(), lambda: 1 / 0)
    assert [(one["fault"], one["cause"]["exceptions"][0]["type"]) for one in daemon.received()] == [
        (True, "ZeroDivisionError")
    ] * 2


def test_a_call_that_gets_no_answer_is_a_fault(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    client = botocore.session.get_session().create_client(
        "sns", region_name="us-east-1", endpoint_url="http://127.0.0.1:1"
    )
    with pytest.raises(EndpointConnectionError):
        client.publish(TopicArn="arn:aws:sns:us-east-1:000000000000:none", Message="hello")
    (call,) = daemon.received()
    assert call["fault"] is True
    assert call["aws"]["topic_arn"] == "arn:aws:sns:us-east-1:000000000000:none"


@pytest.mark.parametrize("header", ["", f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=0", "Sampled=1", "nonsense"])
def test_unsampled_traces_are_not_sent(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    assert traced(Tracer(), lambda: "answer") == "answer"
    assert daemon.received() == []


def test_the_daemon_may_have_an_address_for_each_protocol(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"tcp:127.0.0.1:1 udp:127.0.0.1:{daemon.port}")
    traced(Tracer(), lambda: None)
    assert len(daemon.received()) == 2


@pytest.mark.parametrize("address", ["no-such-host.invalid:2000", "127.0.0.1:1"])
def test_a_trace_that_cannot_be_sent_fails_nothing(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    assert traced(Tracer(), lambda: "answer") == "answer"


def test_a_document_too_large_for_a_datagram_is_left_out(daemon: Daemon) -> None:
    tracer = Tracer()
    traced(tracer, lambda: tracer.put_annotation("large", "x" * 64_000))
    assert [one["name"] for one in daemon.received()] == ["## handle"]


def test_answers_are_never_captured() -> None:
    with pytest.raises(ValueError, match="must not be in a trace"):
        Tracer().capture_method(capture_response=True)
