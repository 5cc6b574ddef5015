"""Every alarm of every system watches a metric that AWS emits, and can notify its subscribers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cdktf import App

from settings import Settings
from stacks import SYSTEMS

from .synthesized import Terraform

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"


@dataclass(frozen=True)
class Metric:
    """A metric as AWS documents it: its sets of dimensions, the meaningful statistic, and how often it is emitted."""

    dimensions: tuple[tuple[str, ...], ...]
    statistic: str
    periods: tuple[int, ...] = (60,)


# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and monitoring-metrics-dimensions.html
FUNCTION = (("FunctionName",),)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
TABLE = (("TableName",), ("GlobalSecondaryIndexName", "TableName"))

METRICS = {
    "AWS/Lambda Errors": Metric(FUNCTION, "Sum"),
    "AWS/Lambda Throttles": Metric(FUNCTION, "Sum"),
    "AWS/Lambda DestinationDeliveryFailures": Metric(FUNCTION, "Sum"),
    "AWS/Lambda Duration": Metric(FUNCTION, "Maximum"),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS ApproximateNumberOfMessagesVisible": Metric((("QueueName",),), "Maximum"),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    "AWS/ApiGateway 5XXError": Metric((("ApiName",), ("ApiName", "Stage")), "Sum"),
    "AWS/DynamoDB ReadThrottleEvents": Metric(TABLE, "Sum"),
    "AWS/DynamoDB WriteThrottleEvents": Metric(TABLE, "Sum"),
    # Consumed units are compared with provisioned ones, which DynamoDB allows bursts of up to five minutes to exceed.
    "AWS/DynamoDB ConsumedReadCapacityUnits": Metric(TABLE, "Sum", (300,)),
    "AWS/DynamoDB ConsumedWriteCapacityUnits": Metric(TABLE, "Sum", (300,)),
}

# The resource type that a dimension's value names.
NAMED = {
    "FunctionName": ("aws_lambda_function", "function_name"),
    "QueueName": ("aws_sqs_queue", "name"),
    "TableName": ("aws_dynamodb_table", "name"),
    "ApiName": ("aws_api_gateway_rest_api", "name"),
    "Stage": ("aws_api_gateway_stage", "stage_name"),
}


@pytest.fixture(scope="module", params=SYSTEMS, ids=lambda system: system.__name__)
def made(request: pytest.FixtureRequest, new_app: Callable[[], App]) -> Terraform:
    return Terraform(request.param(new_app(), Settings(notification_email="team@example.com")))


def referenced(made: Terraform, reference: str) -> tuple[str, str, dict[str, Any]]:
    """Type, path and values of the resource in a reference such as `${aws_sns_topic.AlarmTopic/Topic.arn}`."""
    found = re.fullmatch(r"\$\{(data\.)?(\w+)\.(.+)\.\w+\}", reference)
    assert found, reference
    data, kind, path = found.groups()
    return kind, path, made.json["data" if data else "resource"][kind][path]


def statements(made: Terraform, policy: str) -> list[dict[str, Any]]:
    return list(referenced(made, policy)[2]["statement"])


def admitting_alarms(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        one
        for one in found
        if one["effect"] == "Allow"
        and one["principals"] == [{"type": "Service", "identifiers": ["cloudwatch.amazonaws.com"]}]
        and one["condition"] == [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]}]
    ]


def test_every_alarm_is_on_a_metric_that_aws_emits_with_these_dimensions(made: Terraform) -> None:
    alarms = made.all("aws_cloudwatch_metric_alarm")
    assert alarms
    for path, alarm in alarms.items():
        metric = METRICS[f"{alarm['namespace']} {alarm['metric_name']}"]
        assert tuple(sorted(alarm["dimensions"])) in metric.dimensions, path
        assert alarm["statistic"] == metric.statistic, path
        assert alarm["period"] in metric.periods, path


def test_every_alarm_treats_missing_data_as_ok_and_one_breaching_period_as_alarm(made: Terraform) -> None:
    # These metrics are emitted only when something happens: missing data is normal.
    for path, alarm in made.all("aws_cloudwatch_metric_alarm").items():
        assert (alarm["treat_missing_data"], alarm["comparison_operator"], alarm["evaluation_periods"]) == (
            "notBreaching",
            "GreaterThanThreshold",
            1,
        ), path
        assert alarm.get("actions_enabled", True), path


def test_every_alarm_is_on_a_resource_of_its_own_system(made: Terraform) -> None:
    for path, alarm in made.all("aws_cloudwatch_metric_alarm").items():
        for dimension, value in alarm["dimensions"].items():
            if dimension == "GlobalSecondaryIndexName":
                tables = made.all("aws_dynamodb_table").values()
                names = {index["name"] for table in tables for index in table.get("global_secondary_index", [])}
            else:
                kind, attribute = NAMED[dimension]
                names = {one[attribute] for one in made.all(kind).values()}
            name = referenced(made, value)[2][attribute] if value.startswith("${") else value
            assert name in names, path


def test_every_alarm_finds_its_way_to_the_topic_through_topic_policy_and_key_policy(made: Terraform) -> None:
    topic_policies = {one["arn"]: one["policy"] for one in made.all("aws_sns_topic_policy").values()}
    for path, alarm in made.all("aws_cloudwatch_metric_alarm").items():
        assert alarm["alarm_actions"] == alarm["ok_actions"], path
        (arn,) = alarm["alarm_actions"]
        kind, _, topic = referenced(made, arn)
        assert kind == "aws_sns_topic", path
        (publish,) = admitting_alarms(statements(made, topic_policies[arn]))
        assert (publish["actions"], publish["resources"]) == (["sns:Publish"], [arn]), path
        # Without a key, or with the AWS managed one, CloudWatch could not publish, or everybody could read the
        # messages.
        kind, _, key = referenced(made, topic["kms_master_key_id"])
        assert kind == "aws_kms_key", path
        (encrypt,) = admitting_alarms(statements(made, key["policy"]))
        assert encrypt["actions"] == ["kms:Decrypt", "kms:GenerateDataKey*"], path
        assert encrypt["resources"] == ["*"], path


def test_no_policy_on_the_way_denies_alarms(made: Terraform) -> None:
    denials = [
        one
        for found in made.policies().values()
        for one in found
        if one["effect"] == "Deny" and any(action.startswith(("sns:", "kms:")) for action in one["actions"])
    ]
    assert denials
    without_tls = [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}]
    assert [one["condition"] for one in denials] == [without_tls] * len(denials)


def test_the_notification_address_is_subscribed_to_the_alarm_topic(made: Terraform) -> None:
    topics = {arn for one in made.all("aws_cloudwatch_metric_alarm").values() for arn in one["alarm_actions"]}
    subscribed = made.all("aws_sns_topic_subscription").values()
    assert topics <= {one["topic_arn"] for one in subscribed if one["endpoint"] == "team@example.com"}
