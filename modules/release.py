from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.codedeploy_app import CodedeployApp
from cdktf_cdktf_provider_aws.codedeploy_deployment_config import CodedeployDeploymentConfig
from cdktf_cdktf_provider_aws.codedeploy_deployment_group import CodedeployDeploymentGroup
from cdktf_cdktf_provider_aws.lambda_alias import LambdaAlias
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from constructs import Construct

from . import _limits as limits
from ._account import account_id
from ._checks import is_token
from ._dependencies import replace_with
from ._identifiers import shorten
from ._releasing import ReleaseStarter
from .accepted import accept
from .errors import ConfigurationError
from .iam import Condition, RolePolicies, Statement, service_role
from .key import AnyKey

ALIAS = "live"

# Permissions of CodeDeploy for Lambda:
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
SHIFT_ACTIONS = ("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias")

WATCHING_ACCEPTED = dict.fromkeys(
    ("CKV_AWS_356", "RESOURCE_STAR"),
    "AWS's own policy lets CodeDeploy look at all alarms, and no page says that it asks by name; it reads their states "
    "only",
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

    A gradual release is a CodeDeploy deployment. `terraform apply` publishes the version and calls a function that
    starts the deployment; it does not wait for its end. Whoever applies may call that function
    (`lambda:InvokeFunction` on `<name>-release-start`).
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-rolling-deployments.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        function: LambdaFunction,
        name: str,
        release: Release,
        alarms: Sequence[CloudwatchMetricAlarm],
        *,
        log_retention_days: float,
        key: AnyKey | None,
    ) -> None:
        super().__init__(scope, id_)
        gradual = release.percent is not None
        self.alias = LambdaAlias(
            self,
            "Alias",
            name=ALIAS,
            function_name=function.function_name,
            function_version=function.version,
        )
        # CodeDeploy changes these.
        replace_with(self.alias, function, ignore_changes=["function_version", "routing_config"] if gradual else None)
        self.alias_name: str = self.alias.name
        self.arn: str = self.alias.arn
        if gradual:
            self._add_deployments(function, name, release, alarms, log_retention_days, key)

    def _add_deployments(
        self,
        function: LambdaFunction,
        name: str,
        release: Release,
        alarms: Sequence[CloudwatchMetricAlarm],
        log_retention_days: float,
        key: AnyKey | None,
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
        ReleaseStarter(
            self,
            "Start",
            function=function,
            name=name,
            alias=self.alias,
            application=application,
            config=config,
            group=group,
            log_retention_days=log_retention_days,
            key=key,
        )

    def _role(self, function: LambdaFunction, name: str) -> str:
        role = service_role(
            self,
            name=f"{name}-release" if is_token(name) else shorten(f"{name}-release", limits.ROLE_NAME.longest),
            sid="CodeDeployService",
            service="codedeploy.amazonaws.com",
            conditions=[Condition("StringEquals", "aws:SourceAccount", [account_id(self)])],
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
