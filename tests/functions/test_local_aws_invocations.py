"""Invocations on the local AWS: their request ids, traces, log events, and the calls that IAM refused them.

Each test fails without its completion (invocations.py, xray.py, denials.py, log_events.py of sluice_cli/local_aws).
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sluice_cli.denials.model import Denial
from sluice_cli.denials.reading import DenialReader
from sluice_cli.local_aws.server import LocalAws
from tests.support.probe import Probe, probe
from tests.support.waiting import eventually

INVOKE = {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "sqs:*"], "Resource": "*"}
ROOT = "os.environ['_X_AMZN_TRACE_ID']"
SEND = """
import socket
header = dict(part.split("=", 1) for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range({count}):
    document = {{"id": f"{{number:016x}}", "trace_id": header["Root"], "parent_id": header["Parent"], "name": "step",
                "type": "subsegment", "start_time": time.time(), "end_time": time.time()}}
    daemon.sendto(b'{{"format": "json", "version": 1}}\\n' + json.dumps(document).encode(), (host, int(port)))
    if number % 50 == 0: time.sleep(0.01)
answer = header["Root"]
"""


@pytest.fixture(scope="module")
def traced(local_aws: LocalAws) -> Iterator[Probe]:
    with probe(local_aws, statements=[INVOKE]) as made:
        yield made


@pytest.fixture(scope="module")
def untraced(local_aws: LocalAws) -> Iterator[Probe]:
    with probe(local_aws, tracing="PassThrough", statements=[INVOKE]) as made:
        yield made


def segments(local: LocalAws, trace_id: str) -> list[dict[str, Any]]:
    found = local.client("xray").batch_get_traces(TraceIds=[trace_id])["Traces"]
    return [json.loads(one["Document"]) for trace in found for one in trace["Segments"]]


def header(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";"))


def test_who_invokes_gets_the_request_id_of_the_function(traced: Probe) -> None:
    done = traced.run("answer = context.aws_request_id; print('hello')")
    assert done.payload == done.request_id
    assert done.log[0] == f"START RequestId: {done.request_id} Version: $LATEST"
    assert done.log[1] == "hello"


def test_each_log_event_has_an_id_of_its_own(traced: Probe) -> None:
    traced.run("print('same'); print('same')")
    events = traced.local.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{traced.name}")["events"]
    assert len({one["eventId"] for one in events}) == len(events) > 3


def test_an_invocation_is_a_segment_with_its_request_id_and_its_failure(traced: Probe) -> None:
    done = traced.run(f"print({ROOT}); raise ValueError('broken')")
    assert done.error == "Unhandled"
    trace = header(done.log[1])
    (segment,) = segments(traced.local, trace["Root"])
    assert segment["id"] == trace["Parent"]
    assert (segment["name"], segment["fault"]) == (traced.name, True)
    assert segment["aws"]["request_id"] == done.request_id
    assert segment["start_time"] <= segment["end_time"]
    now = time.time()
    summaries = traced.local.client("xray").get_trace_summaries(StartTime=now - 300, EndTime=now + 1)
    (summary,) = [one for one in summaries["TraceSummaries"] if one["Id"] == trace["Root"]]
    assert (summary["HasFault"], summary["ServiceIds"]) == (True, [{"Name": traced.name}])


def test_an_untraced_function_has_a_header_that_is_not_sampled(untraced: Probe) -> None:
    trace = header(untraced.run(f"answer = {ROOT}").payload)
    assert trace["Sampled"] == "0"
    assert segments(untraced.local, trace["Root"]) == []


def test_a_function_that_is_called_by_another_continues_its_trace(traced: Probe, untraced: Probe) -> None:
    inner = json.dumps(json.dumps({"run": f"answer = {ROOT}"}))
    done = traced.run(
        f"import boto3; called = boto3.client('lambda').invoke(FunctionName='{untraced.name}', Payload={inner}); "
        f"answer = [{ROOT}, json.loads(called['Payload'].read())]"
    )
    outer, called = map(header, done.payload)
    assert called["Root"] == outer["Root"]
    assert called["Sampled"] == "1"
    parents = {one["name"]: one.get("parent_id") for one in segments(traced.local, outer["Root"])}
    assert parents == {traced.name: None, untraced.name: outer["Parent"]}


def test_a_message_keeps_the_trace_of_who_sent_it(traced: Probe) -> None:
    sqs = traced.local.client("sqs")
    url = sqs.create_queue(QueueName=traced.name)["QueueUrl"]
    done = traced.run(
        f"import boto3; boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody='x'); answer = {ROOT}"
    )
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    sqs.delete_queue(QueueUrl=url)
    assert header(message["Attributes"]["AWSTraceHeader"])["Root"] == header(done.payload)["Root"]


def test_the_daemon_keeps_a_thousand_subsegments_of_one_trace(traced: Probe) -> None:
    trace_id = traced.run(SEND.format(count=1000)).payload
    assert eventually(lambda: len(segments(traced.local, trace_id)) == 1001, within=10)


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"trace_id": 1}', '{"trace_id": "1-a", "id": "b"}', "\udcff", '{"trace_id": "1-a"']
)
def test_an_invalid_segment_is_refused_without_side_effects(local_aws: LocalAws, document: str) -> None:
    given = document.encode("utf-8", "replace").decode()
    answer = local_aws.client("xray").put_trace_segments(TraceSegmentDocuments=[given])
    assert len(answer["UnprocessedTraceSegments"]) == 1


def test_a_refused_call_is_kept_and_in_the_log_of_the_function(traced: Probe) -> None:
    denials = DenialReader(traced.local)
    done = traced.run(
        "import boto3\n"
        "try: boto3.client('dynamodb').get_item(TableName='orders', Key={'id': {'S': 'a'}})\n"
        "except Exception as error: answer = str(error)"
    )
    (denial,) = denials.read()
    assert denial == Denial(
        principal=f"arn:aws:sts::000000000000:assumed-role/{traced.name}/{traced.name}",
        action="dynamodb:GetItem",
        resource="arn:aws:dynamodb:us-east-1:000000000000:table/orders",
        context=denial.context,
        function=traced.name,
        request_id=done.request_id,
        time=denial.time,
    )
    assert denials.read() == []
    (line,) = [json.loads(one) for one in done.log if one.startswith("{")]
    assert line["missing_statement"] == {"Effect": "Allow", "Action": denial.action, "Resource": denial.resource}
    assert (line["level"], line["function_request_id"]) == ("ERROR", done.request_id)
    # AWS's own message, which the function got, says the same.
    told = Denial.in_text(done.payload)
    assert told is not None
    assert (told.role, told.action, told.resource) == (denial.role, denial.action, denial.resource)


def test_an_explicit_denial_names_its_statement(local_aws: LocalAws) -> None:
    deny = {"Sid": "NoDeletes", "Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}
    denials = DenialReader(local_aws)
    with probe(local_aws, statements=[deny]) as denied:
        denied.run(
            "import boto3\n"
            "try: boto3.client('dynamodb').delete_table(TableName='orders')\n"
            "except Exception as error: answer = str(error)"
        )
    (denial,) = denials.read()
    assert (denial.explicit, denial.sid, denial.action) == (True, "NoDeletes", "dynamodb:DeleteTable")
