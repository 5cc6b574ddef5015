"""Alarms of the deployed systems, and who hears of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sluice_cli.local_aws.topic_listener import TopicListener
from tests.support.deployed import Deployment
from tests.support.waiting import eventually


@contextmanager
def listening(deployment: Deployment, system: str) -> Iterator[TopicListener]:
    """A listener of the system's alarms, and none afterwards."""
    arn = deployment.outputs(system)["AlarmTopicArn"]
    sns = deployment.local.client("sns", region_name=deployment.region(system))
    before = subscriptions(sns, arn)
    try:
        yield TopicListener(deployment.local, arn)
    finally:
        for one in subscriptions(sns, arn) - before:  # none where another test listens there too
            sns.unsubscribe(SubscriptionArn=one)
            sqs = deployment.local.client("sqs", region_name=deployment.region(system))
            name = f"listener-{arn.rpartition(':')[2]}"[:80]
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


def subscriptions(sns: Any, arn: str) -> set[str]:
    return {one["SubscriptionArn"] for one in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]}


def heard(listener: TopicListener, state: str) -> set[str]:
    """The alarms that the topic has said are in a state."""
    said = [json.loads(text) for text in listener.heard()]
    return {one["AlarmName"] for one in said if one["NewStateValue"] == state}


def ring(deployment: Deployment, system: str, alarms: Sequence[Mapping[str, Any]]) -> None:
    """Put a datum above the threshold of each alarm, and wait until subscribers hear of it, and then of the recovery.

    `alarms` are the attributes of the alarms in Terraform's state.
    """
    cloudwatch = deployment.local.client("cloudwatch", region_name=deployment.region(system))
    names = [one["alarm_name"] for one in alarms]
    with listening(deployment, system) as listener:
        for name in names:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="before the test")
        for alarm in alarms:
            cloudwatch.put_metric_data(
                Namespace=alarm["namespace"],
                MetricData=[
                    {
                        "MetricName": alarm["metric_name"],
                        "Dimensions": [{"Name": name, "Value": value} for name, value in alarm["dimensions"].items()],
                        "Value": alarm["threshold"] + 1,
                    }
                ],
            )
        eventually(lambda: heard(listener, "ALARM") >= set(names))
        described = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert {one["AlarmName"]: one["StateValue"] for one in described} == dict.fromkeys(names, "ALARM")
        for name in names:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="after the test")
        eventually(lambda: heard(listener, "OK") >= set(names))
