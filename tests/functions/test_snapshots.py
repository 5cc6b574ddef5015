"""A local AWS brought back to a snapshot: rows, objects with their versions, messages, functions' code, scaling."""

import io
import json
import zipfile
from typing import Any

import pytest

from sluice_cli.deployment.snapshots import list_snapshots, restore_snapshot, resume, stop_and_keep, take_snapshot
from sluice_cli.errors import InputError, LocalAwsError
from sluice_cli.project import Project
from sluice_cli.target import local_aws_of
from tests.support.bare_aws import allow, policy, trust
from tests.support.waiting import eventually

REGION = "eu-west-1"
KEY = "a b+\x01ü"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def client(project: Project, service: str) -> Any:
    return local_aws_of(project).client(service, region_name=REGION)


def fill(project: Project) -> str:
    """Put something into each service; gives the URL of the queue."""
    s3 = client(project, "s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="kept", Key=KEY, Body=b"\x00\xff")
    s3.put_object(Bucket="kept", Key=KEY, Body=b"second", Metadata={"of": "me"})
    s3.put_object_tagging(Bucket="kept", Key=KEY, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    dynamodb = client(project, "dynamodb")
    dynamodb.create_table(
        TableName="rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName="rows", Item={"id": {"S": "1"}, "binary": {"B": b"\x00\x01"}})
    sqs = client(project, "sqs")
    url = str(sqs.create_queue(QueueName="jobs")["QueueUrl"])
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    create_function(project)
    client(project, "application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/rows",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1,
        MaxCapacity=2,
    )
    return url


def create_function(project: Project) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = client(project, "iam").create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 'kept code'\n")
    functions = client(project, "lambda")
    functions.create_function(
        FunctionName="function",
        Runtime="python3.11",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="function")


def assert_filled(project: Project, url: str) -> None:
    s3 = client(project, "s3")
    read = s3.get_object(Bucket="kept", Key=KEY)
    assert (read["Body"].read(), read["Metadata"]) == (b"second", {"of": "me"})
    versions = s3.list_object_versions(Bucket="kept")["Versions"]
    bodies = [s3.get_object(Bucket="kept", Key=KEY, VersionId=one["VersionId"])["Body"].read() for one in versions]
    assert sorted(bodies) == [b"\x00\xff", b"second"]
    assert s3.get_object_tagging(Bucket="kept", Key=KEY)["TagSet"] == [{"Key": "k", "Value": "v"}]
    item = client(project, "dynamodb").get_item(TableName="rows", Key={"id": {"S": "1"}})["Item"]
    assert item == {"id": {"S": "1"}, "binary": {"B": b"\x00\x01"}}
    (message,) = client(project, "sqs").receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    assert message["Body"] == "hello"
    answer = client(project, "lambda").invoke(FunctionName="function")["Payload"].read()
    assert json.loads(answer) == "kept code"
    (target,) = client(project, "application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")[
        "ScalableTargets"
    ]
    assert (target["ResourceId"], target["MaxCapacity"]) == ("table/rows", 2)


def test_a_local_aws_is_brought_back_to_a_snapshot_at_its_address_and_again_after_a_stop(project: Project) -> None:
    url = fill(project)
    before = local_aws_of(project).running()
    snapshot = take_snapshot(project, "filled")
    assert [one.name for one in list_snapshots(project)] == ["filled"]
    client(project, "dynamodb").delete_table(TableName="rows")
    client(project, "s3").delete_object(Bucket="kept", Key=KEY)
    client(project, "lambda").delete_function(FunctionName="function")
    client(project, "sqs").purge_queue(QueueUrl=url)

    restore_snapshot(project, "filled")
    assert_filled(project, url)
    after = local_aws_of(project).running()
    assert before
    assert after
    assert (after.url, after.access_key_id) == (before.url, before.access_key_id)
    assert after.pid != before.pid
    assert snapshot.folder.parent.stat().st_mode & 0o77 == 0  # credentials are in it

    stop_and_keep(project)
    assert local_aws_of(project).running() is None
    with pytest.raises(LocalAwsError, match="is not running: run `sluice up` first"):
        take_snapshot(project, "nothing")
    assert resume(project)
    assert_filled(project, url)
    assert resume(project) is None  # kept once
    assert [one.name for one in list_snapshots(project)] == ["filled"]

    path = snapshot.folder / "snapshot.json"
    path.write_text(json.dumps({**snapshot.description, "ministack": "1.0"}))
    with pytest.raises(
        InputError, match=r"^snapshot filled was made by other versions \(ministack 1\.0, here 1\.5\.33\)"
    ):
        restore_snapshot(project, "filled")
    path.write_text("{")
    with pytest.raises(InputError, match=r"made by other versions \(format None, here 1; "):
        restore_snapshot(project, "filled")
    with pytest.raises(InputError, match=r"^no snapshot is named other \(there are: filled\)$"):
        restore_snapshot(project, "other")
    for name in ("../filled", "", ".hidden", "a/b", "x" * 65):
        with pytest.raises(InputError, match="is not a snapshot's name"):
            take_snapshot(project, name)
    assert_filled(project, url)  # what was refused changed nothing


def test_a_release_is_kept_and_goes_on_from_a_snapshot(project: Project) -> None:
    create_function(project)
    functions, deploy = client(project, "lambda"), client(project, "codedeploy")
    for _ in range(2):
        functions.publish_version(FunctionName="function")
        functions.update_function_configuration(FunctionName="function", Description="second")
    functions.create_alias(FunctionName="function", Name="live", FunctionVersion="1")
    deploy.create_application(applicationName="app", computePlatform="Lambda")
    application = f"arn:aws:codedeploy:{REGION}:000000000000:application:app"
    deploy.tag_resource(ResourceArn=application, Tags=[{"Key": "k", "Value": "v"}])
    canary = {"canaryPercentage": 10, "canaryInterval": 3}
    deploy.create_deployment_config(
        deploymentConfigName="config",
        computePlatform="Lambda",
        trafficRoutingConfig={"type": "TimeBasedCanary", "timeBasedCanary": canary},
    )
    role = client(project, "iam").create_role(RoleName="shifts", AssumeRolePolicyDocument=trust("codedeploy"))["Role"]
    rights = policy(allow(["lambda:GetAlias", "lambda:UpdateAlias", "cloudwatch:DescribeAlarms"]))
    client(project, "iam").put_role_policy(RoleName="shifts", PolicyName="shift", PolicyDocument=rights)
    deploy.create_deployment_group(
        applicationName="app", deploymentGroupName="group", deploymentConfigName="config", serviceRoleArn=role["Arn"]
    )
    shift = {"Name": "function", "Alias": "live", "CurrentVersion": "1", "TargetVersion": "2"}
    spec = {"version": 0.0, "Resources": [{"function": {"Type": "AWS::Lambda::Function", "Properties": shift}}]}
    deployment = deploy.create_deployment(
        applicationName="app",
        deploymentGroupName="group",
        revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}},
    )["deploymentId"]

    take_snapshot(project, "released")
    deploy.delete_application(applicationName="app")
    restore_snapshot(project, "released")

    deploy = client(project, "codedeploy")
    assert deploy.get_application(applicationName="app")["application"]["applicationName"] == "app"
    assert deploy.list_tags_for_resource(ResourceArn=application)["Tags"] == [{"Key": "k", "Value": "v"}]
    assert deploy.get_deployment_config(deploymentConfigName="config")["deploymentConfigInfo"]["trafficRoutingConfig"]
    group = deploy.get_deployment_group(applicationName="app", deploymentGroupName="group")["deploymentGroupInfo"]
    assert group["deploymentConfigName"] == "config"

    def status() -> str:
        return str(deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"])

    assert status() == "InProgress"
    eventually(lambda: status() == "Succeeded", within=30)
    assert client(project, "lambda").get_alias(FunctionName="function", Name="live")["FunctionVersion"] == "2"
