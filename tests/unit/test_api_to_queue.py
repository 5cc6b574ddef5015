"""A route that sends each request's body to a queue."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Cors, Key, PythonFunction, Queue, RestApi

from .synthesized import REGION, Terraform, allow

API = "${aws_api_gateway_rest_api.Api/Api.id}"
ANY_OBJECT = {"type": "object"}
QUEUE_ARN = "${aws_sqs_queue.Hooks/Queue.arn}"


@pytest.fixture
def made(new_stack: Callable[[], TerraformStack]) -> Callable[..., Terraform]:
    def make(
        *,
        fifo: bool = False,
        keyed: bool = False,
        path: str = "/hooks",
        body_schema: dict[str, str] | None = ANY_OBJECT,
        message_attributes: dict[str, str] | None = None,
        **options: Any,
    ) -> Terraform:
        stack = new_stack()
        key = Key(stack, "Key", alias="alias/hooks", description="Hooks") if keyed else None
        queue = Queue(stack, "Hooks", name="hooks.fifo" if fifo else "hooks", fifo=fifo, key=key)
        api = RestApi(stack, "Api", name="api", description="Takes hooks", **options)
        api.on_request(queue, "POST", path, body_schema=body_schema, message_attributes=message_attributes)
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


SIGNED = {"signature": "method.request.header.X-Signature", "sender": "method.request.path.sender"}


def test_parts_of_the_request_become_attributes_of_the_message(made: Callable[..., Terraform]) -> None:
    terraform = made(path="/hooks/{sender}", message_attributes=SIGNED)
    assert terraform.one("aws_api_gateway_integration")["request_templates"] == {
        "application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
        "&MessageAttribute.1.Name=signature&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=$util.urlEncode($input.params('X-Signature'))"
        "&MessageAttribute.2.Name=sender&MessageAttribute.2.Value.DataType=String"
        "&MessageAttribute.2.Value.StringValue=$util.urlEncode($input.params('sender'))"
    }


@pytest.mark.parametrize(("body_schema", "checks_body"), [(ANY_OBJECT, True), (None, None)])
def test_a_request_without_one_of_them_is_refused_by_the_api(
    made: Callable[..., Terraform], body_schema: dict[str, str] | None, checks_body: bool | None
) -> None:
    terraform = made(path="/hooks/{sender}", message_attributes=SIGNED, body_schema=body_schema)
    validator = terraform.one("aws_api_gateway_request_validator")
    assert validator["validate_request_parameters"] is True
    assert validator.get("validate_request_body") is checks_body
    method = terraform.one("aws_api_gateway_method")
    assert method["request_parameters"] == dict.fromkeys(SIGNED.values(), True)
    assert method["request_validator_id"] == "${aws_api_gateway_request_validator.Api/PostHooksSenderValidator.id}"
    assert ("request_models" in method) is bool(checks_body)


FORM = "give a part of the request by API Gateway's name"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"signature": "X-Signature"}, FORM),
        ({"signature": "method.request.header."}, FORM),
        ({"signature": "method.request.body"}, FORM),
        ({"signature": "method.request.header.X') #set($x="}, FORM),
        ({"signature": "${aws_sqs_queue.other.name}"}, FORM),
        ({"id": "method.request.path.id"}, r"has method\.request\.path\.id, and /hooks/\{sender\} has no \{id\}"),
        ({"sender": "method.request.header.sender"}, "tells parameters of a request apart by their names only"),
        (
            {"a": "method.request.header.page", "b": "method.request.querystring.page"},
            "has method.request.querystring.page beside method.request.header.page",
        ),
        ({"AWS.trace": "method.request.header.X-Trace"}, "AWS. and Amazon. are reserved"),
        ({"a..b": "method.request.header.X-Trace"}, "neither at its ends nor side by side"),
        ({"": "method.request.header.X-Trace"}, "message_attributes is ''"),
        ({"a&Action=DeleteMessage": "method.request.header.X-Trace"}, "message_attributes is 'a&Action=DeleteMessage'"),
        ({f"a{number}": f"method.request.header.X-{number}" for number in range(11)}, "message_attributes has 11"),
    ],
)
def test_attributes_that_sqs_or_api_gateway_refuse_are_refused(
    made: Callable[..., Terraform], attributes: dict[str, str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        made(path="/hooks/{sender}", message_attributes=attributes)


def test_a_function_takes_no_message_attributes(new_stack: Callable[[], TerraformStack], tmp_path: Path) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "handler.py").write_text("def handle(event, context): ...\n")
    stack = new_stack()
    api = RestApi(stack, "Api", name="api", description="Takes hooks")
    function = PythonFunction(stack, "Hook", name="hook", packages=[tmp_path / "hook"])
    with pytest.raises(
        ConfigurationError, match=r"message_attributes are for a route to a queue; .*Hook gets the whole"
    ):
        api.on_request(
            function, "POST", "/hooks", message_attributes={"signature": "method.request.header.X-Signature"}
        )
