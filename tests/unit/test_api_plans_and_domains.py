"""Usage plans with keys, and domain names, of an API."""

from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Authorization, ConfigurationError, Quota, RestApi

from .synthesized import Terraform

API = "${aws_api_gateway_rest_api.Api/Api.id}"
STAGE = "${aws_api_gateway_stage.Api/Stage.stage_name}"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def keyed(stack: TerraformStack) -> RestApi:
    return RestApi(stack, "Api", name="api", description="Answers", authorization=Authorization.API_KEY)


def test_a_plan_limits_each_of_its_keys(stack: TerraformStack, keyed: RestApi) -> None:
    keyed.add_usage_plan("partners", rate_limit=5, burst_limit=10, quota=Quota(1000, "DAY"), keys=["acme", "globex"])
    made = Terraform(stack)
    plans = {one["name"]: one for one in made.all("aws_api_gateway_usage_plan").values()}
    assert plans["api-partners"] == {
        "name": "api-partners",
        "api_stages": [{"api_id": API, "stage": STAGE}],
        "throttle_settings": {"rate_limit": 5, "burst_limit": 10},
        "quota_settings": {"limit": 1000, "period": "DAY"},
    }
    keys = made.all("aws_api_gateway_api_key")
    assert sorted(one["name"] for one in keys.values()) == ["api", "api-partners-acme", "api-partners-globex"]
    of_plan = [
        one["key_id"]
        for one in made.all("aws_api_gateway_usage_plan_key").values()
        if "Partners" in one["usage_plan_id"]
    ]
    assert sorted(of_plan) == sorted(
        f"${{aws_api_gateway_api_key.{path}.id}}" for path, one in keys.items() if "partners" in one["name"]
    )


def test_a_plan_of_an_api_that_asks_for_no_keys_is_refused(stack: TerraformStack) -> None:
    api = RestApi(stack, "Api", name="api", description="Answers")
    with pytest.raises(ConfigurationError, match="add_usage_plan needs callers with API keys"):
        api.add_usage_plan("partners")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate_limit": -1}, "rate_limit is -1"),
        ({"burst_limit": -1}, "burst_limit is -1"),
        ({"quota": Quota(0)}, "quota.requests is 0"),
        ({"quota": Quota(5, "YEAR")}, "quota.period is 'YEAR'"),
        ({"keys": ["acme", "acme"]}, "two keys of the name 'acme'"),
        ({"keys": [""]}, "key is ''"),
    ],
)
def test_plan_arguments_that_api_gateway_refuses_are_rejected(
    keyed: RestApi, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        keyed.add_usage_plan("partners", **options)
    assert said in str(refused.value)


def test_a_domain_of_ones_own_refuses_old_tls(stack: TerraformStack) -> None:
    api = RestApi(stack, "Api", name="api", description="Answers", only_by_domain=True)
    domain = api.add_domain("api.example.com", certificate_arn=CERTIFICATE, base_path="v1")
    made = Terraform(stack)
    assert made.one("aws_api_gateway_rest_api")["disable_execute_api_endpoint"] is True
    assert made.one("aws_api_gateway_domain_name") == {
        "domain_name": "api.example.com",
        "regional_certificate_arn": CERTIFICATE,
        "security_policy": "TLS_1_2",
        "endpoint_configuration": {"types": ["REGIONAL"]},
    }
    mapping = made.one("aws_api_gateway_base_path_mapping")
    assert (mapping["api_id"], mapping["stage_name"], mapping["base_path"]) == (API, STAGE, "v1")
    assert domain.name == "api.example.com"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "API.example.com"}, "name is 'API.example.com'"),
        ({"name": "example"}, "it has to be a name with a dot"),
        ({"name": "-a.example.com"}, "it has to be a name with a dot"),
        ({"certificate_arn": "arn:aws:iam::123456789012:role/x"}, "certificate_arn is"),
        ({"base_path": "v1/items"}, "base_path is 'v1/items'"),
        ({"base_path": ""}, "base_path is ''"),
    ],
)
def test_domain_arguments_that_api_gateway_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], said: str
) -> None:
    api = RestApi(stack, "Api", name="api", description="Answers")
    given = {"name": "api.example.com", "certificate_arn": CERTIFICATE, **options}
    with pytest.raises(ConfigurationError) as refused:
        api.add_domain(given.pop("name"), **given)
    assert said in str(refused.value)
