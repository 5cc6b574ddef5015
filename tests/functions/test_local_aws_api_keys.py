"""API keys and usage plans of the local AWS (sluice_cli/local_aws/emulator/api_keys.py). Each test fails without it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from sluice_cli.local_aws.server import LocalAws


@pytest.fixture
def gateway(local_aws: LocalAws) -> Any:
    return local_aws.client("apigateway")


@pytest.fixture
def key(gateway: Any) -> Iterator[str]:
    id_ = gateway.create_api_key(name=f"test-{uuid4().hex[:8]}", value="", enabled=True)["id"]
    yield id_
    gateway.delete_api_key(apiKey=id_)


@pytest.fixture
def plan(gateway: Any) -> Iterator[str]:
    id_ = gateway.create_usage_plan(
        name=f"test-{uuid4().hex[:8]}",
        apiStages=[{"apiId": "api1", "stage": "live"}],
        throttle={"rateLimit": 10.0, "burstLimit": 20},
        quota={"limit": 100, "period": "DAY"},
    )["id"]
    yield id_
    gateway.delete_usage_plan(usagePlanId=id_)


def changed(path: str, value: str, op: str = "replace") -> dict[str, str]:
    return {"op": op, "path": path, "value": value}


def test_a_key_without_a_value_gets_one(gateway: Any, key: str) -> None:
    assert len(gateway.get_api_key(apiKey=key, includeValue=True)["value"]) >= 20


def test_a_key_that_was_disabled_and_enabled_again_says_so_with_a_boolean(gateway: Any, key: str) -> None:
    states = []
    for value in ("false", "true"):
        gateway.update_api_key(apiKey=key, patchOperations=[changed("/enabled", value)])
        states.append(gateway.get_api_key(apiKey=key)["enabled"])
    assert states == [False, True]


def test_limits_that_were_changed_are_numbers_again(gateway: Any, plan: str) -> None:
    gateway.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            changed("/throttle/rateLimit", "2.5"),
            changed("/throttle/burstLimit", "5"),
            changed("/quota/limit", "7"),
        ],
    )
    found = gateway.get_usage_plan(usagePlanId=plan)
    assert found["throttle"] == {"rateLimit": 2.5, "burstLimit": 5}
    assert found["quota"] == {"limit": 7, "period": "DAY"}


def test_stages_come_to_a_plan_and_go(gateway: Any, plan: str) -> None:
    operations = [changed("/apiStages", "api2:live", "add"), changed("/apiStages", "api1:live", "remove")]
    gateway.update_usage_plan(usagePlanId=plan, patchOperations=operations)
    stages = [(one["apiId"], one["stage"]) for one in gateway.get_usage_plan(usagePlanId=plan)["apiStages"]]
    assert stages == [("api2", "live")]


def test_a_method_that_asks_for_a_key_now_says_so_with_a_boolean(gateway: Any) -> None:
    api = gateway.create_rest_api(name=f"test-{uuid4().hex[:8]}")["id"]
    try:
        (root,) = gateway.get_resources(restApiId=api)["items"]
        method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.update_method(**method, patchOperations=[changed("/apiKeyRequired", "true")])
        assert gateway.get_method(**method)["apiKeyRequired"] is True
    finally:
        gateway.delete_rest_api(restApiId=api)


def test_a_plan_without_limits_has_none(gateway: Any) -> None:
    made = gateway.create_usage_plan(name=f"test-{uuid4().hex[:8]}")
    found = gateway.get_usage_plan(usagePlanId=made["id"])
    gateway.delete_usage_plan(usagePlanId=made["id"])
    assert [name for one in (made, found) for name in ("throttle", "quota") if name in one] == []


def test_tags_that_changed_are_shown_as_they_are(gateway: Any) -> None:
    api = gateway.create_rest_api(name=f"test-{uuid4().hex[:8]}", tags={"Owner": "a", "Old": "x"})["id"]
    plan = gateway.create_usage_plan(name=f"test-{uuid4().hex[:8]}", tags={"Owner": "a", "Old": "x"})["id"]
    try:
        for arn in (f"/restapis/{api}", f"/usageplans/{plan}"):
            full = f"arn:aws:apigateway:us-east-1::{arn}"
            gateway.tag_resource(resourceArn=full, tags={"Owner": "b"})
            gateway.untag_resource(resourceArn=full, tagKeys=["Old"])
        shown = [gateway.get_rest_api(restApiId=api)["tags"], gateway.get_usage_plan(usagePlanId=plan)["tags"]]
    finally:
        gateway.delete_rest_api(restApiId=api)
        gateway.delete_usage_plan(usagePlanId=plan)
    assert shown == [{"Owner": "b"}, {"Owner": "b"}]
