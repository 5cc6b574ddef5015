"""A release on the local AWS's CodeDeploy: the command that Terraform runs starts it, and the alias moves."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modules.release import ALIAS, START
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import eventually

NAME = "test-released"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
# The AWS command line, as far as the command uses it: its options are the operation's parameters.
AWS = """
import json, sys
import boto3

service, operation, *options = sys.argv[1:]
given = dict(zip(options[::2], options[1::2]))
client = boto3.client({"deploy": "codedeploy"}[service], region_name=given.pop("--region"))
names = {name: "".join(part.title() if n else part for n, part in enumerate(name[2:].split("-"))) for name in given}
parameters = {names[name]: json.loads(value) if value.startswith("{") else value for name, value in given.items()}
print(getattr(client, operation.replace("-", "_"))(**parameters)["deploymentId"])
"""


@dataclass(frozen=True)
class Released:
    """A function with two versions, of which the alias has the first, and how it is released."""

    local: LocalAws
    folder: Path

    def start(self, current: str, target: str) -> str:
        """Run the command; gives the deployment's id, or nothing."""
        shift = {"Name": NAME, "Alias": ALIAS, "CurrentVersion": current, "TargetVersion": target}
        spec = {"version": 0.0, "Resources": [{"function": {"Type": "AWS::Lambda::Function", "Properties": shift}}]}
        content = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}
        environment = {
            **os.environ,
            **self.local.environment(),
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
            "CURRENT_VERSION": current,
            "TARGET_VERSION": target,
            "DEPLOYMENT_REGION": "us-east-1",
            "APPLICATION": NAME,
            "DEPLOYMENT_GROUP": ALIAS,
            "REVISION": json.dumps(content),
        }
        return subprocess.run(
            ["/bin/sh", "-c", START], env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def alias(self) -> tuple[str, dict[str, float]]:
        """The version that it has, and the shares of others."""
        alias = self.local.client("lambda").get_alias(FunctionName=NAME, Name=ALIAS)
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def status(self, deployment: str) -> str:
        answer = self.local.client("codedeploy").get_deployment(deploymentId=deployment)
        return str(answer["deploymentInfo"]["status"])


@pytest.fixture
def released(local_aws: LocalAws, tmp_path: Path) -> Iterator[Released]:
    command = tmp_path / "aws"
    command.write_text(f"#!{sys.executable}{AWS}")
    command.chmod(0o700)
    functions, deploy, alarms = (local_aws.client(name) for name in ("lambda", "codedeploy", "cloudwatch"))
    iam = local_aws.client("iam")
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    functions.create_function(
        FunctionName=NAME, Runtime="python3.13", Handler="code.handle", Role=role, Code={"ZipFile": archive(1)}
    )
    functions.publish_version(FunctionName=NAME)
    functions.update_function_code(FunctionName=NAME, ZipFile=archive(2))
    functions.publish_version(FunctionName=NAME)
    functions.create_alias(FunctionName=NAME, Name=ALIAS, FunctionVersion="1")
    alarm: dict[str, Any] = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
    alarms.put_metric_alarm(
        AlarmName=NAME, **alarm, EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold"
    )
    canary = {"canaryPercentage": 10, "canaryInterval": 3}
    deploy.create_application(applicationName=NAME, computePlatform="Lambda")
    deploy.create_deployment_config(
        deploymentConfigName=NAME,
        computePlatform="Lambda",
        trafficRoutingConfig={"type": "TimeBasedCanary", "timeBasedCanary": canary},
    )
    deploy.create_deployment_group(
        applicationName=NAME,
        deploymentGroupName=ALIAS,
        deploymentConfigName=NAME,
        serviceRoleArn=role,
        alarmConfiguration={"enabled": True, "alarms": [{"name": NAME}]},
    )
    yield Released(local_aws, tmp_path)
    deploy.delete_deployment_group(applicationName=NAME, deploymentGroupName=ALIAS)
    deploy.delete_deployment_config(deploymentConfigName=NAME)
    deploy.delete_application(applicationName=NAME)
    alarms.delete_alarms(AlarmNames=[NAME])
    functions.delete_function(FunctionName=NAME)
    iam.delete_role(RoleName=NAME)


def archive(number: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("code.py", f"def handle(event, context): return {number}\n")
    return packed.getvalue()


def test_a_canary_gives_the_new_version_a_share_and_then_all(released: Released) -> None:
    deployment = released.start("1", "2")
    assert released.alias() == ("1", {"2": 0.1})
    eventually(lambda: released.status(deployment) == "Succeeded", within=30)
    assert released.alias() == ("2", {})


def test_an_alarm_gives_all_back_to_the_version_before(released: Released) -> None:
    deployment = released.start("1", "2")
    cloudwatch = released.local.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=NAME, StateValue="ALARM", StateReason="errors")
    eventually(lambda: released.status(deployment) == "Stopped", within=30)
    assert released.alias() == ("1", {})


def test_nothing_is_started_where_the_version_is_live_already(released: Released) -> None:
    assert released.start("1", "1") == ""
    assert released.alias() == ("1", {})


def test_a_version_that_the_alias_does_not_have_is_refused(released: Released) -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        released.start("7", "2")
    assert "InvalidRevisionException" in str(error.value.stderr)
