from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Alarms, ConfigurationError, Key, Topic

from .synthesized import ACCOUNT, Terraform, allow_service, deny_without_tls

TOPIC_ARN = "${aws_sns_topic.AlarmTopic/Topic.arn}"
PLAIN = {
    "alarm_name": "worker-Errors",
    "alarm_description": "it failed",
    "namespace": "AWS/Lambda",
    "metric_name": "Errors",
    "dimensions": {"FunctionName": "worker"},
    "statistic": "Sum",
    "comparison_operator": "GreaterThanThreshold",
    "threshold": 0,
    "period": 60,
    "evaluation_periods": 1,
    "treat_missing_data": "notBreaching",
}


def add_errors(alarms: Alarms) -> None:
    alarms.add(
        "Errors",
        description="it failed",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions={"FunctionName": "worker"},
        above=0,
    )


def test_an_alarm_without_a_topic_has_no_actions(stack: TerraformStack) -> None:
    add_errors(Alarms(stack, "Alarms", name="worker", topic=None))
    made = Terraform(stack)
    assert made.types() == {"aws_cloudwatch_metric_alarm"}
    assert made.all("aws_cloudwatch_metric_alarm") == {"Alarms/Errors": PLAIN}


def test_an_alarm_notifies_its_topic_on_alarm_and_on_recovery(stack: TerraformStack, key: Key) -> None:
    topic = Topic(stack, "AlarmTopic", name="alarms", key=key, account_id=ACCOUNT)
    add_errors(Alarms(stack, "Alarms", name="worker", topic=topic))
    assert Terraform(stack).all("aws_cloudwatch_metric_alarm") == {
        "Alarms/Errors": {**PLAIN, "alarm_actions": [TOPIC_ARN], "ok_actions": [TOPIC_ARN]}
    }


def test_cloudwatch_may_publish_to_the_topic_and_use_its_key_for_this_account_only(
    stack: TerraformStack, key: Key
) -> None:
    topic = Topic(stack, "AlarmTopic", name="alarms", key=key, account_id=ACCOUNT)
    Alarms(stack, "Alarms", name="worker", topic=topic)
    Alarms(stack, "MoreAlarms", name="other", topic=topic)
    policies = Terraform(stack).policies()
    assert policies["AlarmTopic/Policy"] == [
        deny_without_tls(["sns:Publish"], TOPIC_ARN),
        allow_service("cloudwatch", ["sns:Publish"], TOPIC_ARN),
    ]
    assert policies["Key/Policy"][1:] == [allow_service("cloudwatch", ["kms:Decrypt", "kms:GenerateDataKey*"], "*")]


def test_statistic_period_and_threshold_can_be_set_and_a_qualifier_distinguishes_names(stack: TerraformStack) -> None:
    Alarms(stack, "Alarms", name="records", topic=None).add(
        "Slow",
        description="slow",
        namespace="AWS/DynamoDB",
        metric="Latency",
        dimensions={"TableName": "records"},
        above=12.5,
        statistic="Maximum",
        period_seconds=300,
        qualifier="by-type",
    )
    assert Terraform(stack).one("aws_cloudwatch_metric_alarm") == {
        **PLAIN,
        "alarm_name": "records-by-type-Latency",
        "alarm_description": "slow",
        "namespace": "AWS/DynamoDB",
        "metric_name": "Latency",
        "dimensions": {"TableName": "records"},
        "statistic": "Maximum",
        "threshold": 12.5,
        "period": 300,
    }


def add(alarms: Alarms, id_: str = "Slow", **options: Any) -> None:
    given = {"description": "slow", "namespace": "AWS/Lambda", "metric": "Duration", "dimensions": {}, "above": 1}
    alarms.add(id_, **{**given, **options})


@pytest.mark.parametrize("statistic", ["p99", "p99.9", "p100", "tm90", "IQM", "PR(0:10)", "TM(2%:98%)"])
def test_percentiles_are_extended_statistics(stack: TerraformStack, statistic: str) -> None:
    add(Alarms(stack, "Alarms", name="worker", topic=None), statistic=statistic)
    made = Terraform(stack).one("aws_cloudwatch_metric_alarm")
    assert (made.get("statistic"), made["extended_statistic"]) == (None, statistic)


def test_two_alarms_on_a_metric_need_a_qualifier(stack: TerraformStack) -> None:
    alarms = Alarms(stack, "Alarms", name="worker", topic=None)
    add(alarms)
    with pytest.raises(
        ConfigurationError, match=r"Alarms/Slower: an alarm is called worker-Duration already; give a qu"
    ):
        add(alarms, "Slower", above=2)
    with pytest.raises(ConfigurationError, match=r"Alarms/Slow: there is such an alarm already; give another id"):
        add(alarms)
    add(alarms, "Slower", above=2, qualifier="badly")
    names = [one["alarm_name"] for one in Terraform(stack).all("aws_cloudwatch_metric_alarm").values()]
    assert sorted(names) == ["worker-Duration", "worker-badly-Duration"]


def test_a_name_that_is_too_long_for_cloudwatch_is_shortened(stack: TerraformStack) -> None:
    alarms = Alarms(stack, "Alarms", name="x" * 255, topic=None)
    add(alarms, metric="A")
    add(alarms, "Other", metric="B")
    names = {one["alarm_name"] for one in Terraform(stack).all("aws_cloudwatch_metric_alarm").values()}
    assert [len(name) for name in names] == [255, 255]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"statistic": "average"},
            "statistic is 'average', AWS allows SampleCount, Average, Sum, Minimum, Maximum, or p99",
        ),
        ({"period_seconds": 45}, "period_seconds is 45, AWS allows 10, 20, 30 or a multiple of 60, up to a week"),
        ({"period_seconds": 0}, "period_seconds is 0"),
        ({"above": float("nan")}, "above is nan"),
        ({"above": "5"}, "above is '5'"),
        ({"description": "x" * 1025}, "description is "),
        ({"metric": ""}, "metric is ''"),
        ({"dimensions": {f"D{number}": "x" for number in range(31)}}, "dimensions has 31, AWS allows 0 to 30"),
    ],
)
def test_values_that_cloudwatch_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        add(Alarms(stack, "Alarms", name="worker", topic=None), **options)
