"""Slimmed clients of the functions send the same requests as botocore's own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointResolutionError

from checks import ROOT
from sluice_functions._fast_botocore import FAST_SERVICES, fast_session

# Operation, parameters, and AWS's answer where it is none that JSON has.
CALLS: dict[str, tuple[str, dict[str, Any], bytes]] = {
    "cloudwatch": ("list_dashboards", {}, b"<ListDashboardsResponse/>"),
    "dynamodb": ("put_item", {"TableName": "table", "Item": {}}, b"{}"),
    "events": ("list_event_buses", {}, b"{}"),
    "firehose": ("list_delivery_streams", {}, b"{}"),
    "kinesis": ("list_streams", {}, b"{}"),
    "kms": ("list_keys", {}, b"{}"),
    "lambda": ("list_functions", {}, b"{}"),
    "logs": ("describe_log_groups", {}, b"{}"),
    "s3": ("put_object", {"Bucket": "bucket", "Key": "key", "Body": b""}, b""),
    "scheduler": ("list_schedules", {}, b"{}"),
    "secretsmanager": ("get_secret_value", {"SecretId": "secret"}, b"{}"),
    "sesv2": ("get_account", {}, b"{}"),
    "sns": (
        "publish",
        {"TopicArn": "arn:aws:sns:us-east-1:000000000000:topic", "Message": "text"},
        b"<PublishResponse><PublishResult/></PublishResponse>",
    ),
    "sqs": ("send_message", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/0/q", "MessageBody": "text"}, b"{}"),
    "ssm": ("get_parameter", {"Name": "name"}, b"{}"),
    "stepfunctions": ("list_state_machines", {}, b"{}"),
    "sts": (
        "get_caller_identity",
        {},
        b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>",
    ),
}

# A region of each kind of partition, and an unknown one.
REGIONS = ("us-east-1", "us-west-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "eu-new-9")
KINDS: tuple[dict[str, Any], ...] = ({}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True})


@dataclass(frozen=True)
class Content:
    body: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.body


def asked(session: Any, service: str, region: str, **kind: Any) -> tuple[str, str]:
    """The URL of a call, and the scope (region and service) of its signature; or the reason why it is not sent."""
    made = session.create_client(
        service,
        region_name=region,
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106
        config=Config(**kind, ignore_configured_endpoint_urls=True),
    )
    operation, parameters, body = CALLS[service]
    seen: list[AWSRequest] = []

    def answer(request: AWSRequest, **_: Any) -> AWSResponse:
        seen.append(request)
        return AWSResponse(request.url, 200, {}, Content(body))

    made.meta.events.register("before-send", answer)
    try:
        getattr(made, operation)(**parameters)
    except EndpointResolutionError as error:
        return "", str(error)
    (request,) = seen
    return request.url, request.headers["Authorization"].decode().split("/", 2)[2].split(",")[0]


@pytest.mark.parametrize("service", CALLS)
def test_calls_go_where_botocores_own_clients_send_them(service: str) -> None:
    assert set(CALLS) == set(FAST_SERVICES)
    usual, fast = botocore.session.get_session(), fast_session()
    for region in REGIONS:
        for kind in KINDS if region == REGIONS[0] or service in ("dynamodb", "s3", "sns", "sqs") else KINDS[:1]:
            assert asked(fast, service, region, **kind) == asked(usual, service, region, **kind), (region, kind)


def test_a_function_looks_for_garbage_seldom() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sluice_functions, gc; print(gc.get_threshold()[0], gc.isenabled())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "100000 True\n"
