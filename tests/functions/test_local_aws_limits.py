"""Limits of functions and REST APIs on the local AWS: each test fails without payload_limits.py of its emulator."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.signed_request import send
from tests.support.bare_aws import ACCOUNT, LOGS, REGION, BareAws, allow

MEGABYTE = 1024 * 1024
ANSWERS = """
import json, time

def handle(event, context):
    asked = json.loads(event["body"]) if "body" in event else event
    time.sleep(asked.get("seconds", 0))
    if asked.get("raise"):
        raise ValueError("a secret of the function")
    return asked["answer"] if "answer" in asked else "x" * asked.get("length", 0)
"""
INTERNAL_ERROR = {"message": "Internal server error"}


@pytest.fixture(scope="module")
def function(aws: BareAws) -> str:
    return aws.function("answers", aws.role("answers", allow(LOGS)), ANSWERS, Timeout=300)


@pytest.mark.parametrize(("kind", "most"), [("RequestResponse", 6 * MEGABYTE), ("Event", MEGABYTE)])
def test_an_event_that_is_too_large_is_refused(aws: BareAws, function: str, kind: str, most: int) -> None:
    client = aws.client("lambda")

    def event(size: int) -> bytes:
        text = json.dumps({"length": 1, "text": ""})
        return text.replace('""', f'"{"x" * (size - len(text))}"').encode()

    client.invoke(FunctionName=function, InvocationType=kind, Payload=event(most))
    with pytest.raises(ClientError, match=f"payload is too large for the {kind} invocation type"):
        client.invoke(FunctionName=function, InvocationType=kind, Payload=event(most + 200))


def test_an_answer_that_is_too_large_is_an_error(aws: BareAws, function: str) -> None:
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"length": 6 * MEGABYTE + 200}))
    assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


class Api:
    def __init__(self, aws: BareAws, function: str, *, waits: int = 29_000) -> None:
        gateway = aws.client("apigateway")
        self._aws, self.id = aws, gateway.create_rest_api(name=f"{aws.prefix}-limits-{waits}")["id"]
        aws.cleanup(gateway.delete_rest_api, restApiId=self.id)
        root = gateway.get_resources(restApiId=self.id)["items"][0]["id"]
        route = {"restApiId": self.id, "resourceId": root, "httpMethod": "POST"}
        gateway.put_method(**route, authorizationType="NONE")
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
        gateway.put_integration(**route, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, timeoutInMillis=waits)
        gateway.create_deployment(restApiId=self.id, stageName="live")
        aws.permit(function, "apigateway", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.id}/*", f"waits-{waits}")

    def post(self, content: Any) -> tuple[int, Any]:
        running = self._aws.local.running()
        assert running
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        url = f"{running.url}/restapis/{self.id}/live/_user_request_/"
        status, answer = send(self._aws.local, "POST", url, body, {"Content-Type": "application/json"})
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode()


@pytest.fixture(scope="module")
def api(aws: BareAws, function: str) -> Api:
    return Api(aws, function)


def test_a_request_beyond_ten_megabytes_is_refused(api: Api) -> None:
    assert api.post(b" " * (10 * MEGABYTE + 1)) == (413, {"message": "Request Too Long"})


def test_a_function_that_takes_longer_than_the_integration_is_a_timeout(aws: BareAws, function: str) -> None:
    assert Api(aws, function, waits=1000).post({"seconds": 2, "answer": {"statusCode": 200}}) == (
        504,
        {"message": "Endpoint request timed out"},
    )


@pytest.mark.parametrize(
    "answer",
    [
        "a text",
        7,
        ["a", "list"],
        {},
        {"message": "no status"},
        {"statusCode": "many"},
        {"statusCode": 200, "body": {"not": "a text"}},
        {"statusCode": 200, "unknown": 1},
    ],
)
def test_what_is_no_answer_to_a_request_is_a_bad_gateway(api: Api, answer: Any) -> None:
    assert api.post({"answer": answer}) == (502, INTERNAL_ERROR)


@pytest.mark.parametrize("answer", [{"statusCode": 201, "body": "made"}, {"statusCode": "201", "body": "made"}])
def test_an_answer_is_given_as_the_function_gave_it(api: Api, answer: Any) -> None:
    assert api.post({"answer": answer}) == (201, "made")


def test_the_error_of_a_function_is_not_shown_to_the_caller(api: Api) -> None:
    assert api.post({"raise": True}) == (502, INTERNAL_ERROR)
