"""Requests of tests to APIs on the local AWS (`sluice_cli.testing.http_request`)."""

import json
from collections.abc import Iterator

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import HttpAnswer, http_request
from tests.support.bare_aws import LOGS, BareAws, allow

ECHO = """
import json

def handle(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    body = {"method": event["httpMethod"], "body": event["body"], "type": headers.get("content-type")}
    return {"statusCode": 418, "headers": {"X-Kind": "echo"}, "body": json.dumps(body)}
"""


@pytest.fixture(scope="module")
def url(aws: BareAws) -> Iterator[str]:
    """An API with an open route `/open` and `/signed`, which asks for a signature."""
    function = aws.function("echo", aws.role("echo", allow(LOGS)), ECHO)
    gateway, region = aws.client("apigateway"), "us-east-1"
    aws.permit(function, "apigateway", f"arn:aws:execute-api:{region}:000000000000:*/*")
    api = gateway.create_rest_api(name=f"{aws.prefix}-echo")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    for path, authorization in (("open", "NONE"), ("signed", "AWS_IAM")):
        resource = gateway.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
        gateway.put_method(**method, authorizationType=authorization)
        gateway.put_integration(
            **method,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations",
        )
    gateway.create_deployment(restApiId=api, stageName="live")
    running = aws.local.running()
    assert running
    yield f"{running.url}/_aws/execute-api/{api}/live"
    gateway.delete_rest_api(restApiId=api)


def echoed(answer: HttpAnswer) -> object:
    assert (answer.status, answer.headers["x-kind"]) == (418, "echo")
    return answer.json()


def test_a_body_is_sent_as_json_or_as_it_is(local_aws: LocalAws, url: str) -> None:
    sent = http_request(local_aws, "POST", f"{url}/open", body={"lines": ["é"]})
    assert echoed(sent) == {"method": "POST", "body": json.dumps({"lines": ["é"]}), "type": "application/json"}
    plain = http_request(local_aws, "PUT", f"{url}/open", body=b"{", headers={"content-type": "text/plain"})
    assert echoed(plain) == {"method": "PUT", "body": "{", "type": "text/plain"}
    assert echoed(http_request(local_aws, "GET", f"{url}/open")) == {"method": "GET", "body": None, "type": None}


def test_a_request_is_signed_where_asked(local_aws: LocalAws, url: str) -> None:
    assert http_request(local_aws, "POST", f"{url}/signed", body={}).status == 403
    assert http_request(local_aws, "POST", f"{url}/signed", body={}, signed=True).status == 418
