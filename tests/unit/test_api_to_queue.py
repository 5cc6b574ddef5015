"""A route that sends each request's body to a queue."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Cors, Key, Queue, RestApi

from .synthesized import REGION, Terraform, allow

API = "${aws_api_gateway_rest_api.Api/Api.id}"
QUEUE_ARN = "${aws_sqs_queue.Hooks/Queue.arn}"


@pytest.fixture
def made(new_stack: Callable[[], TerraformStack]) -> Callable[..., Terraform]:
    def make(*, fifo: bool = False, keyed: bool = False, **options: Any) -> Terraform:
        stack = new_stack()
        key = Key(stack, "Key", alias="alias/hooks", description="Hooks") if keyed else None
        queue = Queue(stack, "Hooks", name="hooks.fifo" if fifo else "hooks", fifo=fifo, key=key)
        api = RestApi(stack, "Api", name="api", description="Takes hooks", **options)
        api.on_request(queue, "POST", "/hooks", body_schema={"type": "object"})
        return Terraform(stack)

    return make


def test_the_body_becomes_a_message_without_a_function(made: Callable[..., Terraform]) -> None:
    terraform = made()
    assert terraform.one("aws_api_gateway_integration") == {
        "rest_api_id": API,
        "resource_id": "${aws_api_gateway_resource.Api/PathHooks.id}",
        "http_method": "${aws_api_gateway_method.Api/PostHooksMethod.http_method}",
        "type": "AWS",
        "integration_http_method": "POST",
        "uri": "arn:${data.aws_partition.CurrentPartition.partition}:apigateway:"
        f"{REGION}:sqs:path/"
        "${data.aws_caller_identity.CurrentAccount.account_id}/${aws_sqs_queue.Hooks/Queue.name}",
        "credentials": "${aws_iam_role.Api/QueueSender/Role.arn}",
        "passthrough_behavior": "NEVER",
        "request_parameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        "request_templates": {
            "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
        },
        "depends_on": ["aws_iam_role_policy.Api/QueueSender/SendHooks/RolePolicy"],
    }
    assert terraform.all("aws_lambda_permission") == {}


def test_the_apis_role_may_send_to_that_queue_and_nothing_else(made: Callable[..., Terraform]) -> None:
    terraform = made()
    assert terraform.policies()["Api/QueueSender/SendHooks/Policy"] == [allow("Send", ["sqs:SendMessage"], QUEUE_ARN)]
    assert len(terraform.all("aws_iam_role_policy")) == 1
    (trust,) = terraform.policies()["Api/QueueSender/AssumeRole"]
    assert trust["principals"] == [{"type": "Service", "identifiers": ["apigateway.amazonaws.com"]}]
    assert trust["condition"][0]["variable"] == "aws:SourceAccount"


def test_a_key_of_the_queue_is_granted_with_it(made: Callable[..., Terraform]) -> None:
    statements = made(keyed=True).policies()["Api/QueueSender/SendHooks/Policy"]
    assert [one["sid"] for one in statements] == ["Send", "EncryptMessages"]


def test_callers_get_the_status_of_the_message(made: Callable[..., Terraform]) -> None:
    terraform = made()
    answers = {
        path.removeprefix("Api/PostHooksMapping"): (one.get("selection_pattern"), one["response_templates"])
        for path, one in terraform.all("aws_api_gateway_integration_response").items()
    }
    assert {status: pattern for status, (pattern, _) in answers.items()} == {
        "202": None,
        "400": r"4\d{2}",
        "502": r"5\d{2}",
    }
    assert json.loads(answers["202"][1]["application/json"]) == {
        "messageId": "$input.path('$.SendMessageResponse.SendMessageResult.MessageId')"
    }
    waited = terraform.one("aws_api_gateway_deployment")["depends_on"]
    assert {f"aws_api_gateway_integration_response.Api/PostHooksMapping{status}" for status in answers} <= set(waited)


def test_pages_can_read_the_answers(made: Callable[..., Terraform]) -> None:
    terraform = made(cors=Cors(["https://app.example.com", "https://admin.example.com"]))
    answer = terraform.all("aws_api_gateway_integration_response")["Api/PostHooksMapping202"]
    origin = answer["response_parameters"]["method.response.header.Access-Control-Allow-Origin"]
    assert origin == "'https://app.example.com'"
    assert "https://admin.example.com" in answer["response_templates"]["application/json"]
    declared = terraform.all("aws_api_gateway_method_response")["Api/PostHooksAnswer202"]
    assert declared["response_parameters"] == dict.fromkeys(answer["response_parameters"], True)


def test_a_fifo_queue_is_refused(made: Callable[..., Terraform]) -> None:
    with pytest.raises(ConfigurationError, match="is a FIFO queue, whose messages need a group"):
        made(fifo=True)
