"""Alarms ring: every one goes to ALARM when its metric says so, and its topic's subscribers hear of it.

The local AWS records Lambda's metrics, looks at dimensions, and publishes where topic policy and key policy admit
CloudWatch (docs/local-aws.md). So one alarm rings for what really happened, all others for a datum with exactly their
namespace, name and dimensions; tests/unit/test_alarm_paths.py holds them against the metrics that AWS documents.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from checks.systems import SYSTEMS
from tests.support.alarms import heard, listening, ring
from tests.support.deployed import Deployment
from tests.support.waiting import eventually


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_alarm_notifies_subscribers_when_its_metric_exceeds_the_threshold(
    deployment: Deployment, system: str
) -> None:
    alarms = deployment.resources(system, "aws_cloudwatch_metric_alarm")
    assert alarms
    ring(deployment, system, alarms)


def test_the_alarm_on_errors_rings_for_a_function_that_really_failed(deployment: Deployment) -> None:
    system = "invocation-log"
    region, function = deployment.region(system), deployment.outputs(system)["LambdaFunctionName"]
    cloudwatch = deployment.local.client("cloudwatch", region_name=region)
    name = f"{function}-Errors"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    start = datetime.now(UTC) - timedelta(minutes=5)

    def errors() -> float:
        """As the alarm counts them: under its own namespace, name and dimensions."""
        found = cloudwatch.get_metric_statistics(
            **{part: alarm[part] for part in ("Namespace", "MetricName", "Dimensions")},
            StartTime=start,
            EndTime=datetime.now(UTC) + timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(float(one["Sum"]) for one in found["Datapoints"])

    before = errors()
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="before the test")
    with listening(deployment, system) as listener:
        # The caller waits for the answer, so that nothing is tried again or kept.
        answer = deployment.local.client("lambda", region_name=region).invoke(
            FunctionName=function, Payload=json.dumps({"Records": [{"unknown": "event"}]})
        )
        assert "FunctionError" in answer
        eventually(lambda: errors() > before)
        eventually(lambda: name in heard(listener, "ALARM"))
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="after the test")


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_alarm_is_on_a_resource_that_exists(deployment: Deployment, system: str) -> None:
    def client(service: str) -> Any:
        return deployment.local.client(service, region_name=deployment.region(system))

    exists = {
        "FunctionName": lambda name: client("lambda").get_function(FunctionName=name),
        "QueueName": lambda name: client("sqs").get_queue_url(QueueName=name),
        "TableName": lambda name: client("dynamodb").describe_table(TableName=name),
    }
    for alarm in deployment.resources(system, "aws_cloudwatch_metric_alarm"):
        for dimension, value in alarm["dimensions"].items():
            if dimension in exists:
                try:
                    exists[dimension](value)
                except ClientError as error:
                    pytest.fail(f"{alarm['alarm_name']} is on {value}, which is not there: {error}")
