"""A release on the local AWS's CodeDeploy: the function that Terraform calls starts it, and the alias moves."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from modules._releasing.starter import CODE
from modules.release import ALIAS
from tests.support.bare_aws import ACCOUNT, REGION, BareAws, Document, allow
from tests.support.waiting import eventually

TAGS = [{"Key": "Team", "Value": "shop"}]
LAMBDA, DEPLOY = f"arn:aws:lambda:{REGION}:{ACCOUNT}", f"arn:aws:codedeploy:{REGION}:{ACCOUNT}"


@dataclass(frozen=True)
class Released:
    """A function with two versions, of which the alias has the first, and how it is released."""

    aws: BareAws
    name: str
    starter: str
    starter_role: str
    service_role: str

    @property
    def starting(self) -> list[Document]:
        """The rights of the function that starts deployments."""
        return [
            allow(["lambda:GetAlias"], f"{LAMBDA}:function:{self.name}"),
            allow(["codedeploy:CreateDeployment"], f"{DEPLOY}:deploymentgroup:{self.name}/{ALIAS}"),
            allow(["codedeploy:GetDeploymentConfig"], f"{DEPLOY}:deploymentconfig:{self.name}"),
            allow(["codedeploy:GetApplicationRevision"], f"{DEPLOY}:application:{self.name}"),
            allow(["codedeploy:RegisterApplicationRevision"], f"{DEPLOY}:application:{self.name}"),
        ]

    @property
    def shifting(self) -> list[Document]:
        """The rights of CodeDeploy's service role."""
        return [
            allow(["lambda:GetAlias"], f"{LAMBDA}:function:{self.name}"),
            allow(["lambda:UpdateAlias"], f"{LAMBDA}:function:{self.name}"),
            allow(["cloudwatch:DescribeAlarms"]),
        ]

    def start(self, version: str) -> Any:
        """Call the function as Terraform does. Returns its answer, also of an error."""
        event = {"function": self.name, "alias": ALIAS, "version": version, "application": self.name, "group": ALIAS}
        answer = self.aws.client("lambda").invoke(FunctionName=self.starter, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def alias(self) -> tuple[str, dict[str, float]]:
        """The version that it has, and the shares of others."""
        alias = self.aws.client("lambda").get_alias(FunctionName=self.name, Name=ALIAS)
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def status(self, deployment: str) -> str:
        answer = self.aws.client("codedeploy").get_deployment(deploymentId=deployment)
        return str(answer["deploymentInfo"]["status"])

    def failure(self) -> Any:
        """Start a deployment, and return why it failed."""
        deployment = self.start("2")["deploymentId"]
        eventually(lambda: self.status(deployment) == "Failed")
        answer = self.aws.client("codedeploy").get_deployment(deploymentId=deployment)
        return answer["deploymentInfo"]["errorInformation"]


@pytest.fixture(scope="module")
def set_up(aws: BareAws) -> Iterator[Released]:
    functions, deploy, alarms = (aws.client(name) for name in ("lambda", "codedeploy", "cloudwatch"))
    name = f"{aws.prefix}-released"
    logs = aws.role("released", allow(["logs:*"]))
    functions.create_function(
        FunctionName=name, Runtime="python3.13", Handler="code.handle", Role=logs, Code={"ZipFile": archive(1)}
    )
    functions.publish_version(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=archive(2))
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    alarm: dict[str, Any] = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
    alarms.put_metric_alarm(
        AlarmName=name, **alarm, EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold"
    )
    starter_role, service_role = aws.role("starter"), aws.role("service", trusted="codedeploy")
    canary = {"canaryPercentage": 10, "canaryInterval": 3}
    deploy.create_application(applicationName=name, computePlatform="Lambda", tags=TAGS)
    deploy.create_deployment_config(
        deploymentConfigName=name,
        computePlatform="Lambda",
        trafficRoutingConfig={"type": "TimeBasedCanary", "timeBasedCanary": canary},
    )
    deploy.create_deployment_group(
        applicationName=name,
        deploymentGroupName=ALIAS,
        deploymentConfigName=name,
        serviceRoleArn=service_role,
        alarmConfiguration={"enabled": True, "alarms": [{"name": name}]},
        tags=TAGS,
    )
    impatient = {"Variables": {"PATIENCE_SECONDS": "0"}}
    starter = aws.function("starter", starter_role, (CODE / "handler.py").read_text(), Environment=impatient)
    yield Released(aws, name, starter, starter_role, service_role)
    deploy.delete_deployment_group(applicationName=name, deploymentGroupName=ALIAS)
    deploy.delete_deployment_config(deploymentConfigName=name)
    deploy.delete_application(applicationName=name)
    alarms.delete_alarms(AlarmNames=[name])
    functions.delete_function(FunctionName=name)


@pytest.fixture
def released(set_up: Released) -> Released:
    aws, name = set_up.aws, set_up.name
    aws.client("lambda").update_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1", RoutingConfig={})
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="none")
    aws.grant(set_up.starter_role, *set_up.starting)
    aws.grant(set_up.service_role, *set_up.shifting)
    return set_up


def archive(number: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("code.py", f"def handle(event, context): return {number}\n")
    return packed.getvalue()


def test_an_application_and_its_group_have_the_tags_that_they_were_created_with(released: Released) -> None:
    for resource in (f"application:{released.name}", f"deploymentgroup:{released.name}/{ALIAS}"):
        asked = {"ResourceArn": f"{DEPLOY}:{resource}"}
        assert released.aws.client("codedeploy").list_tags_for_resource(**asked)["Tags"] == TAGS


def test_a_canary_gives_the_new_version_a_share_and_then_all(released: Released) -> None:
    deployment = released.start("2")["deploymentId"]
    assert released.alias() == ("1", {"2": 0.1})
    eventually(lambda: released.status(deployment) == "Succeeded", within=30)
    assert released.alias() == ("2", {})


def test_an_alarm_gives_all_back_to_the_version_before(released: Released) -> None:
    deployment = released.start("2")["deploymentId"]
    cloudwatch = released.aws.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=released.name, StateValue="ALARM", StateReason="errors")
    eventually(lambda: released.status(deployment) == "Stopped", within=30)
    assert released.alias() == ("1", {})


def test_nothing_is_started_where_the_version_is_live_already(released: Released) -> None:
    assert released.start("1") == {"deploymentId": None}
    assert released.alias() == ("1", {})


def test_the_function_that_starts_it_needs_each_of_its_rights(released: Released) -> None:
    for right in released.starting:
        released.aws.grant(released.starter_role, *(one for one in released.starting if one != right))
        answer = released.start("2")
        assert f"not authorized to perform: {right['Action'][0]} on resource: {right['Resource']}" in str(answer)
    assert released.alias() == ("1", {})


def test_a_deployment_fails_where_its_service_role_lacks_a_right(released: Released) -> None:
    for right in released.shifting:
        released.aws.grant(released.service_role, *(one for one in released.shifting if one != right))
        error = released.failure()
        assert (error["code"], right["Action"][0] in error["message"]) == ("IAM_ROLE_PERMISSIONS", True)
    released.aws.grant(released.service_role, *released.shifting)
    released.aws.trust(released.service_role, "lambda")
    assert "may not assume" in released.failure()["message"]
    released.aws.trust(released.service_role, "codedeploy")
    assert released.alias() == ("1", {})


def test_a_right_that_takes_effect_later_is_waited_for(released: Released) -> None:
    functions = released.aws.client("lambda")
    variables = {"Variables": {"PATIENCE_SECONDS": "20"}}
    functions.update_function_configuration(FunctionName=released.starter, Environment=variables)
    released.aws.grant(released.starter_role, *released.starting[1:])
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(released.start, "1")
        time.sleep(1)
        assert not answer.done()
        released.aws.grant(released.starter_role, *released.starting)
        assert answer.result() == {"deploymentId": None}
