from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import DataResource, LocalExecProvisioner, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.codedeploy_app import CodedeployApp
from cdktf_cdktf_provider_aws.codedeploy_deployment_config import CodedeployDeploymentConfig
from cdktf_cdktf_provider_aws.codedeploy_deployment_group import CodedeployDeploymentGroup
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.lambda_alias import LambdaAlias
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from constructs import Construct

from . import _limits as limits
from ._account import account_id, region
from ._checks import is_token
from ._dependencies import address
from ._expressions import encode_json
from ._identifiers import shorten
from .accepted import accept
from .errors import ConfigurationError
from .iam import Condition, PolicyDocument, RolePolicies, Statement

ALIAS = "live"

# Permissions of CodeDeploy for Lambda:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
SHIFT_ACTIONS = ("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias")

WATCHING_ACCEPTED = dict.fromkeys(
    ("CKV_AWS_356", "RESOURCE_STAR"),
    "AWS's own policy lets CodeDeploy look at all alarms, and no page says that it asks by name; it reads their states "
    "only",
)

# CodeDeploy shifts the alias, and Terraform does not start CodeDeploy's deployments, so the AWS command line does:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
START = (
    'test "$CURRENT_VERSION" = "$TARGET_VERSION" || aws deploy create-deployment --region "$DEPLOYMENT_REGION" '
    '--application-name "$APPLICATION" --deployment-group-name "$DEPLOYMENT_GROUP" --revision "$REVISION"'
)


@dataclass(frozen=True)
class Release:
    """How calls move to a new version of a function.

    `Release()` moves all at once. With `percent` (1 to 99), `Release(10, minutes=5)` gives the new version a tenth of
    the calls and after five minutes all (canary); `Release(10, minutes=1, linear=True)` another tenth each minute.
    Whenever one of the function's alarms (errors, throttles, undeliverable failures, durations near the timeout)
    rings meanwhile, all calls go back to the version before.
    """

    percent: int | None = None
    minutes: int = 5
    linear: bool = False

    def __post_init__(self) -> None:
        if self.linear and self.percent is None:
            raise ConfigurationError("release: linear needs percent, which is how much is shifted at a time")


class Released(Construct):
    """The alias `live` of a function's newest version, which is what calls it, and what shifts calls to it.

    A gradual release is a CodeDeploy deployment. `terraform apply` publishes the version and starts it with the AWS
    command line (`aws`, which has to be there, with these credentials and `codedeploy:CreateDeployment`); it does not
    wait for its end. https://docs.aws.amazon.com/lambda/latest/dg/lambda-rolling-deployments.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        function: LambdaFunction,
        name: str,
        release: Release,
        alarms: Sequence[CloudwatchMetricAlarm],
    ) -> None:
        super().__init__(scope, id_)
        gradual = release.percent is not None
        self.alias = LambdaAlias(
            self,
            "Alias",
            name=ALIAS,
            function_name=function.function_name,
            function_version=function.version,
            lifecycle=TerraformResourceLifecycle(
                replace_triggered_by=[f"{address(function)}.id"],
                # CodeDeploy changes these.
                ignore_changes=["function_version", "routing_config"] if gradual else None,
            ),
        )
        self.alias_name: str = self.alias.name
        self.arn: str = self.alias.arn
        if gradual:
            self._add_deployments(function, name, release, alarms)

    def _add_deployments(
        self, function: LambdaFunction, name: str, release: Release, alarms: Sequence[CloudwatchMetricAlarm]
    ) -> None:
        limits.SHIFTED_PERCENT.check(self, "release.percent", release.percent)
        limits.SHIFT_MINUTES.check(self, "release.minutes", release.minutes)
        application = CodedeployApp(self, "Application", name=name, compute_platform="Lambda")
        config = CodedeployDeploymentConfig(
            self,
            "Shift",
            deployment_config_name=name,
            compute_platform="Lambda",
            traffic_routing_config=_routing(release),
        )
        group = CodedeployDeploymentGroup(
            self,
            "Group",
            app_name=application.name,
            deployment_group_name=ALIAS,
            deployment_config_name=config.id,
            service_role_arn=self._role(function, name),
            deployment_style={"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"},
            alarm_configuration={"enabled": True, "alarms": [alarm.alarm_name for alarm in alarms]},
            auto_rollback_configuration={
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
        )
        shift = {
            "Name": name,
            "Alias": ALIAS,
            "CurrentVersion": self.alias.function_version,
            "TargetVersion": function.version,
        }
        app_spec = {"version": 0.0, "Resources": [{"function": {"Type": "AWS::Lambda::Function", "Properties": shift}}]}
        DataResource(
            self,
            "Start",
            triggers_replace={"version": function.version},
            provisioners=[
                LocalExecProvisioner(
                    type="local-exec",
                    command=START,
                    environment={
                        "CURRENT_VERSION": self.alias.function_version,
                        "TARGET_VERSION": function.version,
                        "DEPLOYMENT_REGION": region(self),
                        "APPLICATION": application.name,
                        "DEPLOYMENT_GROUP": group.deployment_group_name,
                        "REVISION": encode_json(
                            {"revisionType": "AppSpecContent", "appSpecContent": {"content": encode_json(app_spec)}}
                        ),
                    },
                )
            ],
        )

    def _role(self, function: LambdaFunction, name: str) -> str:
        role = IamRole(
            self,
            "Role",
            name=f"{name}-release" if is_token(name) else shorten(f"{name}-release", limits.ROLE_NAME.longest),
            assume_role_policy=PolicyDocument(
                self,
                "AssumeRole",
                Statement(
                    sid="CodeDeployService",
                    principals={"Service": ["codedeploy.amazonaws.com"]},
                    actions=["sts:AssumeRole"],
                    resources=[],
                    conditions=[Condition("StringEquals", "aws:SourceAccount", [account_id(self)])],
                ),
            ).json,
        )
        policy = RolePolicies(self, role.name).add(
            self,
            "Shift",
            Statement(sid="ShiftCalls", actions=SHIFT_ACTIONS, resources=[function.arn, f"{function.arn}:*"]),
            Statement(sid="WatchAlarms", actions=["cloudwatch:DescribeAlarms"], resources=["*"]),
        )
        accept(policy, WATCHING_ACCEPTED)
        return str(role.arn)


def _routing(release: Release) -> dict[str, Any]:
    steps = {"interval": release.minutes, "percentage": release.percent}
    if release.linear:
        return {"type": "TimeBasedLinear", "time_based_linear": steps}
    return {"type": "TimeBasedCanary", "time_based_canary": steps}
