"""Completions of the local AWS's API Gateway (sluice_cli/local_aws/emulator/api_gateway.py). Each test fails without
them.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSRequest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send, session

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z\\\\]+$"},
        "price": {"type": "number", "minimum": 0, "maximum": 9},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "size": {"type": "integer"},
    },
    "required": ["name", "price"],
    "additionalProperties": False,
    "oneOf": [{"required": ["kind"]}, {"required": ["size"]}],
}
TEMPLATE = """#set($headers = $input.params().header)
#if($headers.get('Origin') == 'https://b' || $headers.get('origin') == 'https://b')
#set($context.responseOverride.header.Access-Control-Allow-Origin = 'https://b')
#end"""


class Api:
    """A REST API without functions: POST validates its body, OPTIONS answers from a template."""

    def __init__(self, local: LocalAws, *, schema: Any, template: str) -> None:
        self.local = local
        api = local.client("apigateway")
        self.id = api.create_rest_api(name=f"test-{uuid4().hex[:8]}")["id"]
        root = {"restApiId": self.id, "resourceId": api.get_resources(restApiId=self.id)["items"][0]["id"]}
        model = api.create_model(
            restApiId=self.id, name="Body", contentType="application/json", schema=json.dumps(schema)
        )["name"]
        validator = api.create_request_validator(restApiId=self.id, name="Body", validateRequestBody=True)["id"]
        checked = {"requestValidatorId": validator, "requestModels": {"application/json": model}}
        for method, status, more in (("POST", "200", checked), ("OPTIONS", "204", {})):
            api.put_method(**root, httpMethod=method, authorizationType="NONE", **more)
            of_method = {**root, "httpMethod": method}
            request = {"application/json": f'{{"statusCode": {status}}}'}
            api.put_integration(**of_method, type="MOCK", requestTemplates=request)
            origin = "method.response.header.Access-Control-Allow-Origin"
            api.put_method_response(**of_method, statusCode=status, responseParameters={origin: True})
            api.put_integration_response(
                **of_method,
                statusCode=status,
                responseParameters={origin: "'https://a'"},
                responseTemplates={"application/json": template},
            )
        said = json.dumps({"message": "$context.error.message: $context.error.validationErrorString"})
        api.put_gateway_response(
            restApiId=self.id, responseType="BAD_REQUEST_BODY", responseTemplates={"application/json": said}
        )
        api.create_deployment(restApiId=self.id, stageName="live")
        running = local.running()
        assert running
        self.url = f"{running.url}/_aws/execute-api/{self.id}/live/"

    def refusal(self, body: bytes) -> str:
        status, answer = send(self.local, "POST", self.url, body, {"Content-Type": "application/json"})
        assert status == 400
        return str(json.loads(answer)["message"])


@pytest.fixture(scope="module")
def api(local_aws: LocalAws) -> Iterator[Api]:
    made = Api(local_aws, schema=SCHEMA, template=TEMPLATE)
    yield made
    local_aws.client("apigateway").delete_rest_api(restApiId=made.id)


WRONG_TYPE = "does not match any allowed primitive type"
NAME, PRICE = '"name": "abc"', '"price": 1'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", 'object has missing required properties (["name","price"])'),
        ('"text"', f'instance type (string) {WRONG_TYPE} (allowed: ["object"])'),
        (f'{{{NAME}, {PRICE}, "b": 1}}', 'object instance has properties which are not allowed by the schema: ["b"]'),
        (f'{{{NAME}, {PRICE}, "a\\"b\'": 1}}', 'properties which are not allowed by the schema: ["a\\"b\'"]'),
        (f'{{"name": "A\\n\\"é", {PRICE}}}', 'ECMA 262 regex "^[a-z\\\\]+$" does not match input string "A\n"é"'),
        (f'{{"name": "a", {PRICE}}}', 'string "a" is too short (length: 1, required minimum: 2)'),
        (f'{{"name": "abcde", {PRICE}}}', 'string "abcde" is too long (length: 5, maximum allowed: 4)'),
        (f'{{{NAME}, "price": -1}}', "numeric instance is lower than the required minimum (minimum: 0, found: -1)"),
        (f'{{{NAME}, "price": 10}}', "numeric instance is greater than the required maximum (maximum: 9, found: 10)"),
        (f'{{{NAME}, "price": "1"}}', f'instance type (string) {WRONG_TYPE} (allowed: ["integer","number"])'),
        (f'{{{NAME}, {PRICE}, "kind": "c"}}', 'instance value ("c") not found in enum (possible values: ["a","b"])'),
        (f'{{{NAME}, {PRICE}, "tags": []}}', "array is too short: must have at least 1 elements but instance has 0"),
        (f'{{{NAME}, {PRICE}, "tags": ["a", 1]}}', f'instance type (integer) {WRONG_TYPE} (allowed: ["string"])'),
        (f"{{{NAME}, {PRICE}}}", "instance failed to match exactly one schema out of 2"),
    ],
)  # fmt: skip
def test_a_refused_body_is_answered_with_its_violations_in_valid_json(api: Api, body: str, said: str) -> None:
    message = api.refusal(body.encode())
    assert message.startswith("Invalid request body: [")
    assert message.endswith("]")
    assert said in message


@pytest.mark.parametrize("body", [b"", b"{", b'{"name": "\xff"}', b"[" * 100_000])
def test_a_body_that_is_not_json_has_no_violations(api: Api, body: bytes) -> None:
    assert api.refusal(body) == "Invalid request body: "


def test_several_violations_are_all_named(api: Api) -> None:
    message = api.refusal(b'{"price": -1, "kind": "a", "x": 1}')
    assert message == (
        'Invalid request body: [object has missing required properties (["name"]), '
        'object instance has properties which are not allowed by the schema: ["x"], '
        "numeric instance is lower than the required minimum (minimum: 0, found: -1)]"
    )


def test_an_integration_that_calls_nothing_has_no_method_to_call_by(api: Api) -> None:
    client = api.local.client("apigateway")
    root = client.get_resources(restApiId=api.id)["items"][0]["id"]
    made = client.get_integration(restApiId=api.id, resourceId=root, httpMethod="OPTIONS")
    assert (made["type"], made.get("httpMethod")) == ("MOCK", None)


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Origin": "https://b"}, "https://b"),
        ({"origin": "https://b"}, "https://b"),
        ({"Origin": "https://a"}, "https://a"),
        ({"Origin": "https://c"}, "https://a"),
        ({}, "https://a"),
    ],
)
def test_a_mapping_template_overrides_a_header_where_its_condition_holds(
    api: Api, headers: dict[str, str], origin: str
) -> None:
    request = AWSRequest("OPTIONS", api.url, headers=headers).prepare()
    answer = session(str(api.local.folder / "client.pem"), timeout=30).send(request)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
