"""A deployed system changed by hand in many ways: `drift` reports and judges each change, and says
how to resolve it.
"""

import json
from collections.abc import Iterator

import pytest

from sluice_cli.deployment.applying import deploy
from sluice_cli.drift.formats import as_json, to_markdown
from sluice_cli.drift.looking import drift_of
from sluice_cli.drift.model import Drift, StackDrift
from sluice_cli.stack import synthesize
from tests.support.deployed import Deployment

SYSTEM = "object-tracker"
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def look(deployment: Deployment) -> StackDrift:
    (stack,) = synthesize(deployment.target, [SYSTEM], quiet=True)
    return drift_of(stack)


@pytest.fixture(scope="module")
def found(deployment: Deployment) -> Iterator[dict[str, Drift]]:
    """The drift after manual changes, by resource type and construct."""
    assert look(deployment).drifts == ()
    outputs, client = deployment.outputs(SYSTEM), deployment.local.client
    function, bucket = outputs["FunctionName"], outputs["BucketName"]
    s3, iam, dynamodb, sqs = (client(service) for service in ("s3", "iam", "dynamodb", "sqs"))
    role = client("lambda").get_function(FunctionName=function)["Configuration"]["Role"].rpartition("/")[2]
    topic = {"TopicArn": outputs["TopicArn"]}
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": outputs["TopicArn"]}
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    alarm = next(one["AlarmName"] for one in alarms if one["AlarmName"].startswith(f"{function}-Errors"))

    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    client("lambda").update_function_configuration(FunctionName=function, Timeout=3)
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(ADMINISTRATOR))
    dynamodb.update_continuous_backups(
        TableName=outputs["TableName"], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    sqs.set_queue_attributes(QueueUrl=outputs["FailureQueueUrl"], Attributes={"MessageRetentionPeriod": "60"})
    client("logs").put_retention_policy(logGroupName=outputs["LogGroupName"], retentionInDays=1)
    client("cloudwatch").delete_alarms(AlarmNames=[alarm])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    client("sns").set_topic_attributes(**topic, AttributeName="Policy", AttributeValue=policy)
    try:
        yield {f"{one.change.type} {one.change.construct}": one for one in look(deployment).drifts}
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="by-hand")
        deploy([SYSTEM], deployment.target)


def said(drift: Drift) -> list[str]:
    return [one.danger.value for one in drift.change.findings]


def test_every_change_by_hand_is_named(found: dict[str, Drift]) -> None:
    assert sorted(name.partition(" ")[0] for name in found) == [
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_dynamodb_table",
        "aws_iam_role_policy",
        "aws_lambda_function",
        "aws_s3_bucket_notification",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_versioning",
        "aws_sns_topic_policy",
        "aws_sqs_queue",
    ]


def test_a_policy_put_on_a_role_by_hand_is_an_administrator_and_no_deployment_removes_it(
    found: dict[str, Drift],
) -> None:
    (drift,) = [one for name, one in found.items() if name.startswith("aws_iam_role_policy")]
    assert said(drift)
    assert drift.revert.startswith("no deployment touches it: `aws iam delete-role-policy --role-name ")
    assert drift.revert.endswith(" --policy-name by-hand`")


def test_a_changed_setting_is_set_back_by_a_deployment_or_adopted(found: dict[str, Drift]) -> None:
    (drift,) = [one for name, one in found.items() if name.startswith("aws_lambda_function")]
    assert drift.revert == f"`sluice deploy {SYSTEM}` sets timeout back"
    assert drift.adopt.endswith('resource.add_override("timeout", 3)')


def test_a_deleted_resource_is_created_again(found: dict[str, Drift]) -> None:
    (drift,) = [one for name, one in found.items() if name.startswith("aws_cloudwatch_metric_alarm")]
    assert drift.revert == f"`sluice deploy {SYSTEM}` makes it again, empty"
    assert drift.adopt.startswith("take ")


def test_scripts_and_issues_get_the_same(found: dict[str, Drift]) -> None:
    stack = StackDrift(SYSTEM, tuple(found.values()))
    (for_scripts,) = as_json([stack])
    assert [one["revert"] for one in for_scripts["drift"]] == [one.revert for one in stack.drifts]
    text = to_markdown([stack])
    assert text.count("**Revert**") == text.count("**Adopt**") == len(stack.drifts)
