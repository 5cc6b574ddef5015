"""Protection of every system's resources: tags, TLS only, signed requests only."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from sluice_cli.local_aws.signed_request import send
from tests.support.deployed import ENVIRONMENT, Deployment


def test_every_taggable_resource_carries_the_six_tags(deployment: Deployment) -> None:
    tagged = untagged = 0
    for system in deployment.systems:
        expected = {
            "Project": "sluice",
            "Environment": ENVIRONMENT,
            "System": system,
            "Owner": "platform-team",
            "CostCenter": "unassigned",
            "ManagedBy": "cdktf",
        }
        for resource in deployment.resources(system):
            if "tags_all" in resource:
                tags = resource["tags_all"] or {}
                assert {name: tags.get(name) for name in expected} == expected, resource["address"]
                tagged += 1
            else:
                untagged += 1
    assert tagged > 0
    assert untagged > 0


# A request without TLS as AWS receives it. The local AWS only speaks TLS, and trusts this header of a load balancer.
def claim_plain(request: AWSRequest, **_: Any) -> None:
    request.headers["X-Forwarded-Proto"] = "http"


def client(deployment: Deployment, system: str, service: str, *, tls: bool = True) -> Any:
    config = Config(s3={"addressing_style": "path"})  # a client of its own, which the handler below does not share
    made = deployment.local.client(service, region_name=deployment.region(system), config=config)
    if not tls:
        made.meta.events.register("before-sign.*.*", claim_plain)
    return made


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    try:
        call(**parameters)
    except ClientError as error:
        return str(error)
    return ""


USES: dict[str, Callable[[Any, dict[str, Any]], tuple[Callable[..., Any], dict[str, Any]]]] = {
    "aws_s3_bucket": lambda s3, bucket: (s3.list_objects_v2, {"Bucket": bucket["bucket"]}),
    "aws_sqs_queue": lambda sqs, queue: (sqs.get_queue_attributes, {"QueueUrl": queue["url"]}),
    "aws_sns_topic": lambda sns, topic: (sns.publish, {"TopicArn": topic["arn"], "Message": '{"objectKey": ""}'}),
}


@pytest.mark.parametrize("kind", USES)
def test_requests_without_tls_are_refused_by_policy(deployment: Deployment, kind: str) -> None:
    service = kind.split("_")[1]
    found = [(system, one) for system in deployment.systems for one in deployment.resources(system, kind)]
    assert found
    for system, resource in found:
        call, parameters = USES[kind](client(deployment, system, service), resource)
        assert refusal(call, **parameters) == ""
        call, parameters = USES[kind](client(deployment, system, service, tls=False), resource)
        assert "explicit deny in a resource-based policy" in refusal(call, **parameters), resource["arn"]


def test_unsigned_requests_to_buckets_are_refused(deployment: Deployment) -> None:
    local = deployment.local
    running = local.running()
    assert running is not None
    for system in deployment.systems:
        s3 = client(deployment, system, "s3")
        for bucket in deployment.resources(system, "aws_s3_bucket"):
            name = bucket["bucket"]
            assert send(local, "GET", f"{running.url}/{name}?list-type=2")[0] == 403
            assert send(local, "PUT", f"{running.url}/{name}/unsigned", b"x")[0] == 403
            assert "Contents" not in s3.list_objects_v2(Bucket=name, Prefix="unsigned")
            blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
            assert set(blocked.values()) == {True}
