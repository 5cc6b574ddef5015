from cdktf import TerraformStack

from modules import Alarms, Key, Topic

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


def test_an_alarm_without_a_topic_tells_nobody(stack: TerraformStack) -> None:
    add_errors(Alarms(stack, "Alarms", name="worker", topic=None))
    made = Terraform(stack)
    assert made.types() == {"aws_cloudwatch_metric_alarm"}
    assert made.all("aws_cloudwatch_metric_alarm") == {"Alarms/Errors": PLAIN}


def test_an_alarm_tells_its_topic_when_it_rings_and_when_it_is_over(stack: TerraformStack, key: Key) -> None:
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


def test_statistic_period_and_threshold_are_choices_and_a_qualifier_tells_names_apart(stack: TerraformStack) -> None:
    Alarms(stack, "Alarms", name="records", topic=None).add(
        "Slow",
        description="slow",
        namespace="AWS/DynamoDB",
        metric="Latency",
        dimensions={"TableName": "records"},
        above=12.5,
        statistic="Maximum",
        period=300,
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
