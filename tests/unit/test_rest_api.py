import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ApiLoggingRole, Authorization, Key, PythonFunction, RestApi, Topic

from .synthesized import ACCOUNT, PARTITION, REGION, Terraform, replaced_with_function

API = "${aws_api_gateway_rest_api.Api/Api.id}"
STAGE = "${aws_api_gateway_stage.Api/Stage.stage_name}"
WORKER = "${aws_lambda_function.Worker/Function.invoke_arn}"

SCHEMA = {"type": "object", "required": ["key"]}


def make(stack: TerraformStack, **options: Any) -> RestApi:
    return RestApi(stack, "Api", **{"name": "api", "description": "Answers", **options})


@pytest.fixture
def api(stack: TerraformStack) -> RestApi:
    return make(stack)


@pytest.fixture(scope="module")
def default(new_stack: Callable[[], TerraformStack], code: Path) -> Terraform:
    stack = new_stack()
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
    api = make(stack)
    api.on_request(worker, "GET", "/objects")
    api.on_request(worker, "POST", "/objects/{key}/copies")
    return Terraform(stack)


def test_an_api_is_regional_and_has_only_the_routes_it_was_given(default: Terraform) -> None:
    assert default.all("aws_api_gateway_rest_api") == {
        "Api/Api": {
            "name": "api",
            "description": "Answers",
            "endpoint_configuration": {"types": ["REGIONAL"]},
            "lifecycle": {"create_before_destroy": True},
        }
    }
    parent = "${{aws_api_gateway_resource.Api/{}.id}}".format
    assert default.all("aws_api_gateway_resource") == {
        f"Api/{path}": {"rest_api_id": API, "parent_id": above, "path_part": part}
        for path, above, part in (
            ("PathObjects", "${aws_api_gateway_rest_api.Api/Api.root_resource_id}", "objects"),
            ("PathObjectsKey", parent("PathObjects"), "{key}"),
            ("PathObjectsKeyCopies", parent("PathObjectsKey"), "copies"),
        )
    }
    assert default.all("aws_api_gateway_method") == {
        f"Api/{id_}Method": {
            "rest_api_id": API,
            "resource_id": parent(path),
            "http_method": method,
            "authorization": "AWS_IAM",
        }
        for id_, path, method in (
            ("GetObjects", "PathObjects", "GET"),
            ("PostObjectsKeyCopies", "PathObjectsKeyCopies", "POST"),
        )
    }


def test_a_route_hands_the_request_to_its_function(default: Terraform) -> None:
    assert default.all("aws_api_gateway_integration") == {
        f"Api/{id_}Integration": {
            "rest_api_id": API,
            "resource_id": f"${{aws_api_gateway_resource.Api/{path}.id}}",
            "http_method": f"${{aws_api_gateway_method.Api/{id_}Method.http_method}}",
            "type": "AWS_PROXY",
            "integration_http_method": "POST",
            "uri": WORKER,
        }
        for id_, path in (("GetObjects", "PathObjects"), ("PostObjectsKeyCopies", "PathObjectsKeyCopies"))
    }


def test_each_route_may_invoke_the_function_from_that_api_stage_method_and_path_only(
    stack: TerraformStack, worker: PythonFunction, api: RestApi
) -> None:
    api.on_request(worker, "GET", "/objects")
    api.on_request(worker, "POST", "/objects")
    execution_arn = "${aws_api_gateway_rest_api.Api/Api.execution_arn}"
    assert Terraform(stack).all("aws_lambda_permission") == {
        f"Worker/InvokeFor{id_}": {
            "action": "lambda:InvokeFunction",
            "function_name": "${aws_lambda_function.Worker/Function.function_name}",
            "principal": "apigateway.amazonaws.com",
            **replaced_with_function("Worker"),
            "source_arn": f"{execution_arn}/live/{route}",
        }
        for id_, route in (("GetObjects", "GET/objects"), ("PostObjects", "POST/objects"))
    }


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (Authorization.IAM, {"authorization": "AWS_IAM"}),
        (Authorization.API_KEY, {"authorization": "NONE", "api_key_required": True}),
        (Authorization.NONE, {"authorization": "NONE"}),
    ],
)
def test_authorization_is_a_choice_that_holds_for_every_route(
    stack: TerraformStack, worker: PythonFunction, authorization: Authorization, expected: dict[str, Any]
) -> None:
    api = make(stack, authorization=authorization)
    api.on_request(worker, "GET", "/objects")
    api.on_request(worker, "POST", "/objects")
    methods = Terraform(stack).all("aws_api_gateway_method")
    assert {
        path: {name: one[name] for name in ("authorization", "api_key_required") if name in one}
        for path, one in methods.items()
    } == {"Api/GetObjectsMethod": expected, "Api/PostObjectsMethod": expected}


def test_an_api_key_works_for_this_apis_stage(stack: TerraformStack) -> None:
    api = make(stack, authorization=Authorization.API_KEY)
    made = Terraform(stack)
    assert api.api_key is not None
    assert made.all("aws_api_gateway_api_key") == {"Api/ApiKey": {"name": "api"}}
    assert made.all("aws_api_gateway_usage_plan") == {
        "Api/UsagePlan": {"name": "api", "api_stages": [{"api_id": API, "stage": STAGE}]}
    }
    assert made.all("aws_api_gateway_usage_plan_key") == {
        "Api/UsagePlanKey": {
            "key_id": "${aws_api_gateway_api_key.Api/ApiKey.id}",
            "key_type": "API_KEY",
            "usage_plan_id": "${aws_api_gateway_usage_plan.Api/UsagePlan.id}",
        }
    }


@pytest.mark.parametrize("authorization", [Authorization.IAM, Authorization.NONE])
def test_an_api_without_keys_makes_none(stack: TerraformStack, authorization: Authorization) -> None:
    api = make(stack, authorization=authorization)
    assert api.api_key is None
    assert not {one for one in Terraform(stack).types() if "key" in one or "usage_plan" in one}


def test_the_stage_is_traced_and_waits_for_the_execution_log(default: Terraform) -> None:
    made = default.one("aws_api_gateway_stage")
    del made["access_log_settings"]
    assert made == {
        "rest_api_id": API,
        "deployment_id": "${aws_api_gateway_deployment.Api/Deployment.id}",
        "stage_name": "live",
        "xray_tracing_enabled": True,
        "depends_on": ["aws_cloudwatch_log_group.Api/ExecutionLog"],
    }


def test_the_access_log_is_one_line_of_json_for_each_request(default: Terraform) -> None:
    settings = default.one("aws_api_gateway_stage")["access_log_settings"]
    assert settings["destination_arn"] == "${aws_cloudwatch_log_group.Api/AccessLog.arn}"
    assert "\n" not in settings["format"]
    assert json.loads(settings["format"]) == {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "responseLatency": "$context.responseLatency",
        "responseLength": "$context.responseLength",
        "integrationStatus": "$context.integration.status",
        "integrationLatency": "$context.integration.latency",
        "sourceIp": "$context.identity.sourceIp",
        "caller": "$context.identity.userArn",
        "error": "$context.error.message",
    }


@pytest.mark.parametrize(("options", "days"), [({}, 365), ({"log_retention_days": 7}, 7)])
def test_access_and_execution_logs_are_kept_as_long_as_asked(
    stack: TerraformStack, options: dict[str, int], days: int
) -> None:
    make(stack, **options)
    assert Terraform(stack).all("aws_cloudwatch_log_group") == {
        "Api/AccessLog": {"name": "/aws/apigateway/api", "retention_in_days": days},
        "Api/ExecutionLog": {"name": f"API-Gateway-Execution-Logs_{API}/live", "retention_in_days": days},
    }


def test_a_key_encrypts_both_logs_and_admits_them_by_name(stack: TerraformStack, key: Key) -> None:
    make(stack, key=key)
    made = Terraform(stack)
    logs = made.all("aws_cloudwatch_log_group")
    assert {path: one["kms_key_id"] for path, one in logs.items()} == dict.fromkeys(
        ("Api/AccessLog", "Api/ExecutionLog"), "${aws_kms_key.Key/Key.arn}"
    )
    admitted = [one["condition"][0]["values"] for one in made.policies()["Key/Policy"] if "condition" in one]
    prefix = f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:"
    assert admitted == [[prefix + one["name"] for one in logs.values()]]
    assert [one for one in made.accepted if one.endswith("Log")] == []


WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize("authorization", list(Authorization))
def test_a_web_acl_stands_before_the_stage_where_there_is_one(
    stack: TerraformStack, authorization: Authorization
) -> None:
    make(stack, authorization=authorization, web_acl_arn=WEB_ACL)
    made = Terraform(stack)
    assert made.all("aws_wafv2_web_acl_association") == {
        "Api/WebAcl": {"resource_arn": "${aws_api_gateway_stage.Api/Stage.arn}", "web_acl_arn": WEB_ACL}
    }
    assert set(made.accepted["Api/Stage"]) == {"CKV_AWS_120", "CKV2_AWS_51", "CKV2_AWS_77"}


@pytest.mark.parametrize(
    ("authorization", "accepted"),
    [(Authorization.IAM, True), (Authorization.API_KEY, True), (Authorization.NONE, False)],
)
def test_an_api_may_do_without_a_web_acl_where_its_callers_are_known(
    stack: TerraformStack, authorization: Authorization, accepted: bool
) -> None:
    make(stack, authorization=authorization)
    made = Terraform(stack)
    assert made.all("aws_wafv2_web_acl_association") == {}
    assert ("CKV2_AWS_29" in made.accepted["Api/Stage"]) is accepted


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"logging_level": "ERROR", "throttling_rate_limit": 100, "throttling_burst_limit": 200}),
        (
            {"rate_limit": 1000, "burst_limit": 2000, "execution_log_level": "INFO"},
            {"logging_level": "INFO", "throttling_rate_limit": 1000, "throttling_burst_limit": 2000},
        ),
    ],
)
def test_every_route_is_throttled_measured_and_logged_without_bodies(
    stack: TerraformStack, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    make(stack, **options)
    assert Terraform(stack).all("aws_api_gateway_method_settings") == {
        "Api/MethodSettings": {
            "rest_api_id": API,
            "stage_name": STAGE,
            "method_path": "*/*",
            "settings": {"metrics_enabled": True, "data_trace_enabled": False, **expected},
        }
    }


def test_there_is_an_alarm_on_5xx_answers(stack: TerraformStack, key: Key) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    make(stack, alarm_topic=topic)
    made = Terraform(stack).all("aws_cloudwatch_metric_alarm")
    assert made == {
        "Api/Alarms/ServerErrors": {
            "alarm_name": "api-5XXError",
            "alarm_description": ("api answered with a 5xx status; the function's log and the execution log say why"),
            "namespace": "AWS/ApiGateway",
            "metric_name": "5XXError",
            "dimensions": {"ApiName": "api", "Stage": "live"},
            "statistic": "Sum",
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 0,
            "period": 60,
            "evaluation_periods": 1,
            "treat_missing_data": "notBreaching",
            "alarm_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
            "ok_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
        }
    }


def test_an_api_does_not_own_the_accounts_logging_role(default: Terraform) -> None:
    assert default.all("aws_api_gateway_account") == {}


def test_the_account_wide_logging_role_is_api_gateways_for_this_account_only(stack: TerraformStack) -> None:
    ApiLoggingRole(stack, "Logging", name="logging", account_id=ACCOUNT)
    made = Terraform(stack)
    assert made.all("aws_iam_role") == {
        "Logging/Role": {
            "name": "logging",
            "assume_role_policy": "${data.aws_iam_policy_document.Logging/AssumeRole.json}",
        }
    }
    assert made.policies() == {
        "Logging/AssumeRole": [
            {
                "sid": "ApiGatewayService",
                "effect": "Allow",
                "principals": [{"type": "Service", "identifiers": ["apigateway.amazonaws.com"]}],
                "actions": ["sts:AssumeRole"],
                "resources": [],
                "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]}],
            }
        ]
    }
    assert made.all("aws_iam_role_policy_attachment") == {
        "Logging/WriteLogs": {
            "role": "${aws_iam_role.Logging/Role.name}",
            "policy_arn": f"arn:{PARTITION}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        }
    }
    assert made.all("aws_api_gateway_account") == {
        "Logging/Account": {
            "cloudwatch_role_arn": "${aws_iam_role.Logging/Role.arn}",
            "depends_on": ["aws_iam_role_policy_attachment.Logging/WriteLogs"],
        }
    }


class TestBodySchema:
    def test_a_json_body_is_checked_before_the_function_runs(
        self, stack: TerraformStack, worker: PythonFunction, api: RestApi
    ) -> None:
        api.on_request(worker, "POST", "/objects", body_schema=SCHEMA)
        made = Terraform(stack)
        method = made.one("aws_api_gateway_method")
        assert method["request_models"] == {"application/json": "${aws_api_gateway_model.Api/PostObjectsModel.name}"}
        assert method["request_validator_id"] == "${aws_api_gateway_request_validator.Api/PostObjectsValidator.id}"
        model = made.one("aws_api_gateway_model")
        assert json.loads(model.pop("schema")) == SCHEMA
        assert model == {"rest_api_id": API, "name": "PostObjectsBody", "content_type": "application/json"}
        assert made.all("aws_api_gateway_request_validator") == {
            "Api/PostObjectsValidator": {
                "rest_api_id": API,
                "name": "PostObjectsBody",
                "validate_request_body": True,
            }
        }

    def test_a_refused_body_gets_the_violations_as_its_answer_which_is_deployed_with_the_routes(
        self, stack: TerraformStack, worker: PythonFunction, api: RestApi
    ) -> None:
        api.on_request(worker, "POST", "/objects", body_schema=SCHEMA)
        api.on_request(worker, "PUT", "/objects", body_schema=SCHEMA)
        made = Terraform(stack)
        assert made.all("aws_api_gateway_gateway_response") == {
            "Api/BodyRefusal": {
                "rest_api_id": API,
                "response_type": "BAD_REQUEST_BODY",
                "status_code": "400",
                "response_templates": {
                    "application/json": '{"message": "$context.error.message: $context.error.validationErrorString"}'
                },
            }
        }
        assert (
            "aws_api_gateway_gateway_response.Api/BodyRefusal" in made.one("aws_api_gateway_deployment")["depends_on"]
        )


class TestDeployment:
    def test_it_waits_for_the_methods_and_integrations_and_nothing_else(self, default: Terraform) -> None:
        made = default.one("aws_api_gateway_deployment")
        del made["triggers"]
        assert made == {
            "rest_api_id": API,
            "lifecycle": {"create_before_destroy": True},
            "depends_on": [
                "aws_api_gateway_method.Api/GetObjectsMethod",
                "aws_api_gateway_integration.Api/GetObjectsIntegration",
                "aws_api_gateway_method.Api/PostObjectsKeyCopiesMethod",
                "aws_api_gateway_integration.Api/PostObjectsKeyCopiesIntegration",
            ],
        }

    def test_it_is_repeated_when_a_function_behind_it_is_replaced(self, default: Terraform) -> None:
        invoke_arn = "aws_lambda_function.Worker/Function.invoke_arn"
        assert default.one("aws_api_gateway_deployment")["triggers"]["functions"] == (
            f'${{sha1(join(",", [{invoke_arn}, {invoke_arn}]))}}'
        )

    @staticmethod
    def fingerprint(stack: TerraformStack) -> str:
        fingerprint = Terraform(stack).one("aws_api_gateway_deployment")["triggers"]["routes"]
        assert len(bytes.fromhex(fingerprint)) == 32
        return str(fingerprint)

    @pytest.mark.parametrize(
        "change",
        [
            lambda api, worker: api.on_request(worker, "POST", "/objects"),
            lambda api, worker: api.on_request(worker, "GET", "/other"),
            lambda api, worker: api.on_request(worker, "PUT", "/objects", body_schema=SCHEMA),
            lambda api, worker: api.resource.add_override("binary_media_types", ["image/png"]),
            lambda api, worker: api.node.find_child("GetObjectsMethod").add_override("request_parameters.a", True),
            lambda api, worker: api.node.find_child("GetObjectsIntegration").add_override("timeout_milliseconds", 5),
            lambda api, worker: api.node.find_child("PathObjects").add_override("path_part", "things"),
        ],
        ids=["method", "path", "schema", "api", "method-override", "integration-override", "path-override"],
    )
    def test_it_is_repeated_when_any_part_of_the_api_changes(
        self,
        stack: TerraformStack,
        worker: PythonFunction,
        api: RestApi,
        change: Callable[[RestApi, PythonFunction], None],
    ) -> None:
        api.on_request(worker, "GET", "/objects")
        before = self.fingerprint(stack)
        change(api, worker)
        assert self.fingerprint(stack) != before

    def test_it_is_repeated_when_a_schema_changes(self, new_stack: Callable[[], TerraformStack], code: Path) -> None:
        def with_schema(schema: dict[str, Any]) -> str:
            stack = new_stack()
            worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
            make(stack).on_request(worker, "POST", "/objects", body_schema=schema)
            return self.fingerprint(stack)

        assert with_schema(SCHEMA) != with_schema({**SCHEMA, "required": ["other"]})

    @pytest.mark.parametrize(
        "change",
        [
            lambda api, worker: None,
            lambda api, worker: worker.resource.add_override("memory_size", 1024),
            lambda api, worker: api.log_group.add_override("retention_in_days", 1),
            lambda api, worker: api.stage.add_override("variables.a", "b"),
        ],
        ids=["nothing", "function", "log", "stage"],
    )
    def test_it_is_not_repeated_for_anything_else(
        self,
        stack: TerraformStack,
        worker: PythonFunction,
        api: RestApi,
        change: Callable[[RestApi, PythonFunction], None],
    ) -> None:
        api.on_request(worker, "GET", "/objects")
        before = self.fingerprint(stack)
        change(api, worker)
        assert self.fingerprint(stack) == before

    def test_the_same_api_synthesized_again_is_the_same_deployment(
        self, new_stack: Callable[[], TerraformStack], code: Path
    ) -> None:
        def again() -> str:
            stack = new_stack()
            worker = PythonFunction(stack, "Worker", name="worker", packages=[code])
            make(stack).on_request(worker, "GET", "/objects")
            return self.fingerprint(stack)

        assert again() == again()
