"""What Lambda may do as a function's role, on the local AWS: each test fails without
sluice_cli/local_aws/emulator/function_roles.py, the last without app.py."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.bare_aws import LOGS, BareAws, allow, policy, stays_empty
from tests.support.waiting import eventually
from tests.support.watched_function import Watched, a_text

WITHOUT_TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
# Sends a subsegment to the daemon; gives the id of its trace.
TRACES = """
import json, os, socket, time

def handle(event, context):
    header = dict(part.split("=", 1) for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    document = {"id": "0123456789abcdef", "trace_id": header["Root"], "parent_id": header["Parent"], "name": "step",
                "type": "subsegment", "start_time": time.time(), "end_time": time.time()}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    datagram = b'{"format": "json", "version": 1}\\n' + json.dumps(document).encode()
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(datagram, (host, int(port)))
    time.sleep(0.2)
    return header["Root"]
"""


def test_lambda_takes_only_roles_that_trust_it(aws: BareAws) -> None:
    role = aws.role("untrusting", allow(LOGS), trusted="ec2")
    with pytest.raises(ClientError, match="The role defined for the function cannot be assumed by Lambda"):
        aws.function("untrusted", role, "def handle(event, context): return 1")
    aws.trust(role, "lambda")
    function, client = aws.function("trusted", role, "def handle(event, context): return 1"), aws.client("lambda")
    assert client.invoke(FunctionName=function)["Payload"].read() == b"1"
    aws.trust(role, "ec2")
    answer = client.invoke(FunctionName=function)
    assert "cannot be assumed by Lambda" in answer["Payload"].read().decode()


def test_a_function_without_the_right_to_its_traces_leaves_none(aws: BareAws) -> None:
    role, xray = aws.role("untraced", allow(LOGS)), aws.client("xray")
    function = aws.function("untraced", role, TRACES, TracingConfig={"Mode": "Active"})
    name = function.rpartition(":")[2]

    def traces() -> list[Any]:
        id_ = sent()
        now = time.time()
        found = xray.get_trace_summaries(StartTime=now - 300, EndTime=now + 60)["TraceSummaries"]
        return [one for one in found if {"Name": name} in one["ServiceIds"] or one["Id"] == id_]

    def sent() -> str:
        return str(json.loads(aws.client("lambda").invoke(FunctionName=function)["Payload"].read()))

    assert traces() == []
    aws.grant(role, allow([*LOGS, "xray:PutTraceSegments"]))
    assert traces()


@pytest.mark.parametrize("missing", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_function_without_the_right_to_its_log_leaves_none(aws: BareAws, missing: str) -> None:
    role = aws.role(f"log-{missing[5:]}", allow([one for one in LOGS if one != missing]))
    function = aws.function(f"log-{missing[5:]}", role, "def handle(event, context): print('said')")
    group, logs = f"/aws/lambda/{function.rpartition(':')[2]}", aws.client("logs")
    logs.create_log_group(logGroupName=group)
    aws.cleanup(logs.delete_log_group, logGroupName=group)
    aws.client("lambda").invoke(FunctionName=function)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    aws.grant(role, allow(LOGS))
    aws.client("lambda").invoke(FunctionName=function)
    assert "said" in [one["message"] for one in logs.filter_log_events(logGroupName=group)["events"]]


def test_a_failed_event_is_kept_only_where_the_role_may_send_it(aws: BareAws, watched: Watched) -> None:
    client, cloudwatch = aws.client("lambda"), aws.client("cloudwatch")
    aws.grant(watched.role, *watched.rights[:2])
    try:
        payload = json.dumps({"text": (text := f"fail {a_text()}")})
        client.invoke(FunctionName=watched.arn, InvocationType="Event", Payload=payload)

        def lost() -> float:
            found = cloudwatch.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="DestinationDeliveryFailures",
                Dimensions=[{"Name": "FunctionName", "Value": watched.arn.rpartition(":")[2]}],
                StartTime=datetime.now(UTC) - timedelta(minutes=5),
                EndTime=datetime.now(UTC) + timedelta(minutes=5),
                Period=3600,
                Statistics=["Sum"],
            )
            return sum(float(one["Sum"]) for one in found["Datapoints"])

        eventually(lambda: lost() == 1)
        assert watched.failures(text) == []
    finally:
        aws.grant(watched.role, *watched.rights)


@pytest.mark.parametrize("missing", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"])
def test_a_queue_is_polled_only_with_the_rights_of_the_functions_role(
    aws: BareAws, watched: Watched, missing: str
) -> None:
    needed = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    # As AWS's services do, Lambda reads it over TLS.
    url, arn = aws.queue(f"work-{missing[4:]}", WITHOUT_TLS)
    client = aws.client("lambda")
    few = allow([one for one in needed if one != missing], arn)
    aws.grant(watched.role, *watched.rights, few)
    with pytest.raises(ClientError, match=f"does not have permissions to call {missing[4:]} on SQS"):
        client.create_event_source_mapping(FunctionName=watched.arn, EventSourceArn=arn)
    aws.grant(watched.role, *watched.rights, allow(needed, arn))
    mapping = client.create_event_source_mapping(FunctionName=watched.arn, EventSourceArn=arn)["UUID"]
    try:
        aws.grant(watched.role, *watched.rights, few)
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=(text := a_text()))
        assert stays_empty(lambda: watched.seen(text))
        aws.grant(watched.role, *watched.rights, allow(needed, arn))
        eventually(lambda: watched.seen(text))
    finally:
        client.delete_event_source_mapping(UUID=mapping)
        aws.grant(watched.role, *watched.rights)


def test_a_functions_session_is_its_role_to_conditions_on_the_principal(aws: BareAws) -> None:
    bucket, role = aws.bucket("principal"), aws.role("principal", allow(LOGS), allow(["s3:PutObject"]))
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}},
    }
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(deny))
    aws.client("s3", role).put_object(Bucket=bucket, Key="mine", Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("s3").put_object(Bucket=bucket, Key="not-mine", Body=b"")
