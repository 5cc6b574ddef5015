"""Alarms of the local AWS: each test fails without sluice_cli/local_aws/emulator/alarms.py."""

import json
import time

from tests.support.bare_aws import ACCOUNT, BareAws, allow, policy, service, stays_empty
from tests.support.waiting import eventually
from tests.support.watched_function import Watched, a_text


def test_an_alarm_is_about_its_dimensions_and_rings_for_a_run_that_s3_started(aws: BareAws, watched: Watched) -> None:
    cloudwatch, sns = aws.client("cloudwatch"), aws.client("sns")
    key = aws.key()
    topic = aws.topic("alarms", KmsMasterKeyId=key)
    heard, heard_arn = aws.queue("heard", allow(["sqs:SendMessage"], **service("sns", topic)))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard_arn)
    functions = {"watched": watched.arn.rpartition(":")[2], "another": "another-function"}
    for name, function in functions.items():
        cloudwatch.put_metric_alarm(
            AlarmName=f"{aws.prefix}-{name}",
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
    aws.cleanup(cloudwatch.delete_alarms, AlarmNames=[f"{aws.prefix}-{name}" for name in functions])

    def states() -> dict[str, str]:
        found = cloudwatch.describe_alarms(AlarmNamePrefix=aws.prefix)["MetricAlarms"]
        return {one["AlarmName"].removeprefix(f"{aws.prefix}-"): one["StateValue"] for one in found}

    def fail() -> None:
        aws.client("lambda").invoke(
            FunctionName=watched.arn, InvocationType="Event", Payload=json.dumps({"text": f"fail {a_text()}"})
        )

    fail()
    eventually(lambda: states()["watched"] == "ALARM")
    assert states()["another"] != "ALARM"
    assert stays_empty(lambda: aws.messages(heard))  # the key does not admit CloudWatch
    account = allow(["kms:*"], Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    aws.set_key_policy(key, account, allow(["kms:GenerateDataKey", "kms:Decrypt"], **service("cloudwatch")))
    cloudwatch.set_alarm_state(AlarmName=f"{aws.prefix}-watched", StateValue="OK", StateReason="again")
    fail()
    eventually(lambda: aws.messages(heard))
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy(allow(["sns:Publish"], topic, **service("s3"))),
    )
    time.sleep(0.5)
    before = len(aws.messages(heard))
    cloudwatch.set_alarm_state(AlarmName=f"{aws.prefix}-watched", StateValue="OK", StateReason="again")
    fail()
    eventually(lambda: states()["watched"] == "ALARM")
    assert stays_empty(lambda: len(aws.messages(heard)) > before)
