"""Plans that change APIs. Each with the headings it gets."""

import pytest

from tests.review.plans import Values, change, findings


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


API = "aws_api_gateway_method.M"


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "authorizer removed IAM->NONE": (
        [up(API, {"authorization": "AWS_IAM", "http_method": "GET"}, {"authorization": "NONE", "http_method": "GET"})],
        ["Authorization opened"],
    ),
    "api key off": (
        [
            up(
                API,
                {"authorization": "NONE", "api_key_required": True, "http_method": "GET"},
                {"authorization": "NONE", "api_key_required": False, "http_method": "GET"},
            )
        ],
        ["Authorization opened"],
    ),
    "IAM -> CUSTOM": (
        [
            up(
                API,
                {"authorization": "AWS_IAM", "http_method": "GET"},
                {"authorization": "CUSTOM", "authorizer_id": "x", "http_method": "GET"},
            )
        ],
        ["Authorization opened"],
    ),
    "NONE -> IAM": (
        [up(API, {"authorization": "NONE", "http_method": "GET"}, {"authorization": "AWS_IAM", "http_method": "GET"})],
        [],
    ),
    "scopes narrowed (AND?)": (
        [
            up(
                API,
                {
                    "authorization": "COGNITO_USER_POOLS",
                    "authorizer_id": "x",
                    "authorization_scopes": ["a", "b"],
                    "http_method": "GET",
                },
                {
                    "authorization": "COGNITO_USER_POOLS",
                    "authorizer_id": "x",
                    "authorization_scopes": ["a"],
                    "http_method": "GET",
                },
            )
        ],
        [],
    ),
    "authorizer destroyed": ([change("aws_api_gateway_authorizer.A", {"name": "a"}, None)], ["Authorization opened"]),
    "authorizer ttl up": (
        [
            up(
                "aws_api_gateway_authorizer.A",
                {"authorizer_result_ttl_in_seconds": 0},
                {"authorizer_result_ttl_in_seconds": 3600},
            )
        ],
        ["Authorization opened"],
    ),
    "throttle 100->1000": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"throttling_rate_limit": 100}]},
                {"settings": [{"throttling_rate_limit": 1000}]},
            )
        ],
        ["Limit removed"],
    ),
    "throttle 1000->5": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"throttling_rate_limit": 1000}]},
                {"settings": [{"throttling_rate_limit": 5}]},
            )
        ],
        ["Callers lose something"],
    ),
    "throttle 1000->600": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"throttling_rate_limit": 1000}]},
                {"settings": [{"throttling_rate_limit": 900}]},
            )
        ],
        [],
    ),
    "throttle 0": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"throttling_rate_limit": -1}]},
                {"settings": [{"throttling_rate_limit": 0}]},
            )
        ],
        ["Callers lose something"],
    ),
    "stage variables": (
        [up("aws_api_gateway_stage.S", {"variables": {"TABLE_NAME": "a"}}, {"variables": {"TABLE_NAME": "b"}})],
        ["Events change"],
    ),
    "stage variables lambdaAlias": (
        [up("aws_api_gateway_stage.S", {"variables": {"lambdaAlias": "prod"}}, {"variables": {"lambdaAlias": "dev"}})],
        ["Events change"],
    ),
    "stage deployment id old": ([up("aws_api_gateway_stage.S", {"deployment_id": "a"}, {"deployment_id": "b"})], []),
    "canary to 100%": (
        [
            up(
                "aws_api_gateway_stage.S",
                {"canary_settings": [{"percent_traffic": 10, "deployment_id": "x"}]},
                {"canary_settings": [{"percent_traffic": 100, "deployment_id": "x"}]},
            )
        ],
        [],
    ),
    "min TLS": (
        [up("aws_api_gateway_domain_name.D", {"security_policy": "TLS_1_2"}, {"security_policy": "TLS_1_0"})],
        ["Protection removed"],
    ),
    "min TLS up": (
        [up("aws_api_gateway_domain_name.D", {"security_policy": "TLS_1_0"}, {"security_policy": "TLS_1_2"})],
        [],
    ),
    "mTLS removed": (
        [
            up(
                "aws_api_gateway_domain_name.D",
                {"mutual_tls_authentication": [{"truststore_uri": "s3://a/b"}]},
                {"mutual_tls_authentication": []},
            )
        ],
        ["Authorization opened"],
    ),
    "mTLS added": (
        [
            up(
                "aws_api_gateway_domain_name.D",
                {"mutual_tls_authentication": []},
                {"mutual_tls_authentication": [{"truststore_uri": "s3://a/b"}]},
            )
        ],
        ["Callers lose something"],
    ),
    "WAF assoc removed": (
        [change("aws_wafv2_web_acl_association.W", {"resource_arn": "a", "web_acl_arn": "b"}, None)],
        ["Protection removed"],
    ),
    "default endpoint disabled": (
        [
            up(
                "aws_api_gateway_rest_api.A",
                {"disable_execute_api_endpoint": False},
                {"disable_execute_api_endpoint": True},
            )
        ],
        ["Callers lose something"],
    ),
    "default endpoint enabled": (
        [
            up(
                "aws_api_gateway_rest_api.A",
                {"disable_execute_api_endpoint": True},
                {"disable_execute_api_endpoint": False},
            )
        ],
        ["Authorization opened"],
    ),
    "endpoint PRIVATE->REGIONAL": (
        [
            up(
                "aws_api_gateway_rest_api.A",
                {"endpoint_configuration": [{"types": ["PRIVATE"]}]},
                {"endpoint_configuration": [{"types": ["REGIONAL"]}]},
            )
        ],
        ["Open to anybody"],
    ),
    "usage plan quota cut": (
        [
            up(
                "aws_api_gateway_usage_plan.U",
                {"quota_settings": [{"limit": 10000, "period": "DAY"}]},
                {"quota_settings": [{"limit": 100, "period": "DAY"}]},
            )
        ],
        ["Callers lose something"],
    ),
    "usage plan quota removed": (
        [
            up(
                "aws_api_gateway_usage_plan.U",
                {"quota_settings": [{"limit": 10000, "period": "DAY"}]},
                {"quota_settings": []},
            )
        ],
        ["Limit removed"],
    ),
    "quota DAY->MONTH same limit (stricter)": (
        [
            up(
                "aws_api_gateway_usage_plan.U",
                {"quota_settings": [{"limit": 10000, "period": "DAY"}]},
                {"quota_settings": [{"limit": 10000, "period": "MONTH"}]},
            )
        ],
        [],
    ),
    "integration timeout down": (
        [up("aws_api_gateway_integration.I", {"timeout_milliseconds": 29000}, {"timeout_milliseconds": 50})],
        ["Callers lose something"],
    ),
    "integration type MOCK": (
        [up("aws_api_gateway_integration.I", {"type": "AWS_PROXY"}, {"type": "MOCK"})],
        ["Events change"],
    ),
    "integration passthrough": (
        [
            up(
                "aws_api_gateway_integration.I",
                {"passthrough_behavior": "WHEN_NO_MATCH"},
                {"passthrough_behavior": "NEVER"},
            )
        ],
        [],
    ),
    "integration cred": (
        [up("aws_api_gateway_integration.I", {"credentials": "a"}, {"credentials": "b"})],
        ["Wider access"],
    ),
    "binary media removed": (
        [up("aws_api_gateway_rest_api.A", {"binary_media_types": ["*/*"]}, {"binary_media_types": []})],
        ["Callers lose something"],
    ),
    "min compression": (
        [up("aws_api_gateway_rest_api.A", {"minimum_compression_size": ""}, {"minimum_compression_size": "0"})],
        [],
    ),
    "api key disabled": (
        [up("aws_api_gateway_api_key.K", {"enabled": True}, {"enabled": False})],
        ["Callers lose something"],
    ),
    "api key enabled": ([up("aws_api_gateway_api_key.K", {"enabled": False}, {"enabled": True})], []),
    "api logging off": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"logging_level": "INFO"}]},
                {"settings": [{"logging_level": "OFF"}]},
            )
        ],
        ["No longer observed"],
    ),
    "data trace on": (
        [
            up(
                "aws_api_gateway_method_settings.S",
                {"settings": [{"data_trace_enabled": False}]},
                {"settings": [{"data_trace_enabled": True}]},
            )
        ],
        ["Protection removed"],
    ),
    "new method settings data trace on": (
        [change("aws_api_gateway_method_settings.S", None, {"settings": [{"data_trace_enabled": True}]})],
        ["Protection removed"],
    ),
    "access logs removed": (
        [
            up(
                "aws_api_gateway_stage.S",
                {"access_log_settings": [{"destination_arn": "a", "format": "x"}]},
                {"access_log_settings": []},
            )
        ],
        ["No longer observed"],
    ),
    "gateway response status": (
        [up("aws_api_gateway_gateway_response.G", {"status_code": "403"}, {"status_code": "200"})],
        ["Callers lose something"],
    ),
    "API replaced": (
        [change("aws_api_gateway_rest_api.A", {"name": "a"}, {"name": "a"}, actions=["delete", "create"])],
        ["Cannot be judged", "Data is lost"],
    ),
    "base path mapping stage": (
        [
            up(
                "aws_api_gateway_base_path_mapping.B",
                {"stage_name": "prod", "api_id": "a"},
                {"stage_name": "dev", "api_id": "a"},
            )
        ],
        ["Callers lose something"],
    ),
    "model schema removed required": (
        [up("aws_api_gateway_model.M", {"schema": '{"required":["a"]}'}, {"schema": "{}"})],
        ["Callers lose something"],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
