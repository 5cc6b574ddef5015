"""CORS of a REST API: preflights on every path, errors that pages can read, and authorization as it was."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cdktf import Fn, TerraformStack, TerraformVariable

from modules import Authorization, ConfigurationError, Cors, PythonFunction, RestApi

from .synthesized import Terraform

API = "${aws_api_gateway_rest_api.Api/Api.id}"
APP, ADMIN = "https://app.example.com", "http://localhost:3000"
ALLOWED_HEADERS = (
    "'Authorization,Content-Type,Idempotency-Key,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token,X-Api-Key,*'"
)
ROUTES = (("POST", "/upload"), ("GET", "/objects"), ("POST", "/objects"))

Made = Callable[..., Terraform]


@pytest.fixture(scope="module")
def made(new_stack: Callable[[], TerraformStack], code: Path) -> Made:
    """An API with three routes and the given options."""

    def make(**options: Any) -> Terraform:
        stack = new_stack()
        worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
        api = RestApi(stack, "Api", name="api", description="Answers", **options)
        for method, path in ROUTES:
            api.on_request(worker, method, path)
        return Terraform(stack)

    return make


@pytest.fixture(scope="module")
def one_origin(made: Made) -> Terraform:
    return made(cors=Cors([APP]))


@pytest.fixture(scope="module")
def two_origins(made: Made) -> Terraform:
    return made(cors=Cors([APP, ADMIN]))


def test_without_cors_an_api_has_neither_preflights_nor_gateway_responses(made: Made) -> None:
    plain = made()
    assert {method["http_method"] for method in plain.all("aws_api_gateway_method").values()} == {"GET", "POST"}
    assert (
        plain.types()
        & {
            "aws_api_gateway_gateway_response",
            "aws_api_gateway_integration_response",
            "aws_api_gateway_method_response",
        }
        == set()
    )


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (Authorization.IAM, {"authorization": "AWS_IAM"}),
        (Authorization.API_KEY, {"authorization": "NONE", "api_key_required": True}),
        (Authorization.NONE, {"authorization": "NONE"}),
    ],
)
def test_preflights_need_no_authorization_and_other_methods_keep_theirs(
    made: Made, authorization: Authorization, expected: dict[str, Any]
) -> None:
    methods = made(authorization=authorization, cors=Cors([APP])).all("aws_api_gateway_method")
    resource = "${{aws_api_gateway_resource.Api/{}.id}}".format

    def method(name: str, path: str, **more: Any) -> dict[str, Any]:
        return {"rest_api_id": API, "resource_id": resource(path), "http_method": name, **more}

    assert methods == {
        "Api/PostUploadMethod": method("POST", "PathUpload", **expected),
        "Api/PreflightUpload/Method": method("OPTIONS", "PathUpload", authorization="NONE"),
        "Api/GetObjectsMethod": method("GET", "PathObjects", **expected),
        "Api/PostObjectsMethod": method("POST", "PathObjects", **expected),
        "Api/PreflightObjects/Method": method("OPTIONS", "PathObjects", authorization="NONE"),
    }


def test_scanners_find_a_preflight_unvalidated_for_a_reason(one_origin: Terraform) -> None:
    accepted = {path: set(checks) for path, checks in one_origin.accepted.items() if path.startswith("Api/Preflight")}
    assert accepted == {f"Api/Preflight{path}/Method": {"CKV2_AWS_53"} for path in ("Upload", "Objects")}


def test_a_preflight_invokes_no_function(one_origin: Terraform) -> None:
    integrations = one_origin.all("aws_api_gateway_integration")
    assert integrations["Api/PreflightObjects/Integration"] == {
        "rest_api_id": API,
        "resource_id": "${aws_api_gateway_resource.Api/PathObjects.id}",
        "http_method": "${aws_api_gateway_method.Api/PreflightObjects/Method.http_method}",
        "type": "MOCK",
        "request_templates": {"application/json": '{"statusCode": 204}'},
        "content_handling": "CONVERT_TO_TEXT",
    }
    assert {one["source_arn"].partition("/live/")[2] for one in one_origin.all("aws_lambda_permission").values()} == {
        f"{method}{path}" for method, path in ROUTES
    }


def preflight(origin: str, methods: str, **more: str) -> dict[str, str]:
    headers = {
        "Access-Control-Allow-Origin": f"'{origin}'",
        "Access-Control-Allow-Methods": f"'{methods}'",
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": "'3600'",
        **more,
    }
    return {f"method.response.header.{name}": value for name, value in headers.items()}


def test_a_preflight_of_one_origin_lists_the_methods_of_its_path(one_origin: Terraform) -> None:
    answers = one_origin.all("aws_api_gateway_integration_response")
    assert answers == {
        f"Api/Preflight{path}/IntegrationResponse": {
            "rest_api_id": API,
            "resource_id": f"${{aws_api_gateway_resource.Api/Path{path}.id}}",
            "http_method": f"${{aws_api_gateway_method.Api/Preflight{path}/Method.http_method}}",
            "status_code": f"${{aws_api_gateway_method_response.Api/Preflight{path}/MethodResponse.status_code}}",
            "response_parameters": preflight(APP, methods),
            "depends_on": [f"aws_api_gateway_integration.Api/Preflight{path}/Integration"],
        }
        for path, methods in (("Upload", "OPTIONS,POST"), ("Objects", "GET,OPTIONS,POST"))
    }
    declared = one_origin.all("aws_api_gateway_method_response")["Api/PreflightUpload/MethodResponse"]
    assert declared["response_parameters"] == dict.fromkeys(preflight(APP, ""), True)


def test_with_several_origins_the_answer_names_the_one_that_asks(two_origins: Terraform) -> None:
    answer = two_origins.all("aws_api_gateway_integration_response")["Api/PreflightUpload/IntegrationResponse"]
    assert answer["response_parameters"] == preflight(APP, "OPTIONS,POST", Vary="'Origin'")
    assert answer["response_templates"] == {
        "application/json": "#set($headers = $input.params().header)\n"
        f"#if($headers.get('Origin') == '{ADMIN}' || $headers.get('origin') == '{ADMIN}')\n"
        f"#set($context.responseOverride.header.Access-Control-Allow-Origin = '{ADMIN}')\n"
        "#end"
    }


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([APP], {"Access-Control-Allow-Origin": f"'{APP}'"}),
        (["*"], {"Access-Control-Allow-Origin": "'*'"}),
        ([APP, ADMIN], {"Access-Control-Allow-Origin": "method.request.header.Origin", "Vary": "'Origin'"}),
    ],
)
def test_pages_can_read_every_error_that_api_gateway_answers_itself(
    new_stack: Callable[[], TerraformStack], code: Path, origins: list[str], expected: dict[str, str]
) -> None:
    stack = new_stack()
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
    api = RestApi(stack, "Api", name="api", description="Answers", cors=Cors(origins))
    api.on_request(worker, "POST", "/upload", body_schema={"type": "object"})
    made = Terraform(stack)
    headers = {
        f"gatewayresponse.header.{name}": value
        for name, value in {**expected, "Access-Control-Expose-Headers": "'x-amzn-ErrorType,x-amzn-RequestId'"}.items()
    }
    answers = made.all("aws_api_gateway_gateway_response")
    assert {path: answer.pop("response_parameters") for path, answer in answers.items()} == dict.fromkeys(
        ("Api/Errors4Xx", "Api/Errors5Xx", "Api/BodyRefusal"), headers
    )
    del answers["Api/BodyRefusal"]
    assert answers == {
        f"Api/Errors{family.title()}": {
            "rest_api_id": API,
            "response_type": f"DEFAULT_{family}",
            "response_templates": {"application/json": '{"message":$context.error.messageString}'},
        }
        for family in ("4XX", "5XX")
    }


def test_a_deployment_waits_for_all_of_it_and_changes_with_it(made: Made, one_origin: Terraform) -> None:
    deployment = one_origin.one("aws_api_gateway_deployment")
    assert {
        f"{kind}.{path}"
        for kind in (
            "aws_api_gateway_gateway_response",
            "aws_api_gateway_integration",
            "aws_api_gateway_integration_response",
            "aws_api_gateway_method",
            "aws_api_gateway_method_response",
        )
        for path in one_origin.all(kind)
    } == set(deployment["depends_on"])
    others = [made(), made(cors=Cors([ADMIN])), made(cors=Cors([APP], max_age_seconds=60))]
    fingerprints = [other.one("aws_api_gateway_deployment")["triggers"]["routes"] for other in (one_origin, *others)]
    assert len(set(fingerprints)) == len(fingerprints)


def test_any_stands_for_all_methods(stack: TerraformStack, worker: PythonFunction) -> None:
    RestApi(stack, "Api", name="api", description="Answers", cors=Cors([APP])).on_request(worker, "ANY", "/all")
    answer = Terraform(stack).one("aws_api_gateway_integration_response")
    methods = answer["response_parameters"]["method.response.header.Access-Control-Allow-Methods"]
    assert methods == "'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'"


def test_options_has_one_owner(stack: TerraformStack, worker: PythonFunction) -> None:
    api = RestApi(stack, "Api", name="api", description="Answers", cors=Cors([APP]))
    with pytest.raises(ConfigurationError, match="OPTIONS of /all is answered by cors"):
        api.on_request(worker, "OPTIONS", "/all")


def test_an_origin_that_only_terraform_knows_stays_its_expression(stack: TerraformStack) -> None:
    variable = TerraformVariable(stack, "Domain", type="string")
    RestApi(
        stack, "Api", name="api", description="Answers", cors=Cors([Fn.join("", ["https://", variable.string_value])])
    )
    answer = Terraform(stack).all("aws_api_gateway_gateway_response")["Api/Errors4Xx"]
    assert answer["response_parameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == (
        """'${join("", ["https://", var.Domain])}'"""
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com",
        "http://localhost",
        "http://127.0.0.1:8080",
        "http://[::1]:3000",
        "https://xn--bcher-kva.example",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "*",
    ],
)
def test_origins_in_the_form_that_browsers_send_are_accepted(origin: str) -> None:
    assert Cors([origin]).origins == [origin]


@pytest.mark.parametrize(
    "origins",
    [
        [],
        "https://app.example.com",
        [""],
        ["app.example.com"],
        ["https://app.example.com/"],
        ["https://app.example.com/page"],
        ["https://App.example.com"],
        ["https://app.example.com:443"],
        ["http://app.example.com:80"],
        ["https://*.example.com"],
        ["https://bücher.example"],
        ["https://app.example.com'"],
        ["null"],
        ["*", "https://app.example.com"],
        ["#{TfToken[TOKEN.0]}"],
    ],
)
def test_origins_in_a_form_that_no_browser_sends_are_rejected(origins: Sequence[str]) -> None:
    with pytest.raises(ConfigurationError, match="cors: "):
        Cors(origins)


@pytest.mark.parametrize(
    "options",
    [
        {"request_headers": ["X-Mine: 1"]},
        {"request_headers": ["X-Mine', 'b"]},
        {"response_headers": [""]},
        {"max_age_seconds": -1},
        {"max_age_seconds": 86401},
    ],
)
def test_other_options_that_no_browser_understands_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="cors: "):
        Cors([APP], **options)
