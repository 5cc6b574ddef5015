"""Versions, aliases and gradual releases."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Bucket, ConfigurationError, PythonFunction, Release
from modules.release import START

from .synthesized import REGION, Terraform, allow

ACCOUNT_ID = "${data.aws_caller_identity.CurrentAccount.account_id}"
FUNCTION = "aws_lambda_function.Worker/Function"
ALIAS = "aws_lambda_alias.Worker/Release/Alias"
ALARMS = [
    f"${{aws_cloudwatch_metric_alarm.Worker/Alarms/{alarm}.alarm_name}}"
    for alarm in ("Errors", "Throttles", "DestinationDeliveryFailures", "Duration")
]


@pytest.fixture(scope="module")
def canary(new_stack: Callable[[], TerraformStack], code: Path) -> Terraform:
    stack = new_stack()
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code], release=Release(10, minutes=5))
    Bucket(stack, "Uploads", name="uploads").on_object_created(worker)
    return Terraform(stack)


def test_all_at_once_an_alias_names_the_newest_version(stack: TerraformStack, code: Path) -> None:
    PythonFunction(stack, "Worker", name="worker", packages=[code], release=Release())
    made = Terraform(stack)
    assert made.one("aws_lambda_function")["publish"] is True
    assert made.all("aws_lambda_alias") == {
        "Worker/Release/Alias": {
            "name": "live",
            "function_name": f"${{{FUNCTION}.function_name}}",
            "function_version": f"${{{FUNCTION}.version}}",
            "lifecycle": {"replace_triggered_by": [f"{FUNCTION}.id"]},
        }
    }
    assert not [kind for kind in made.types() if "codedeploy" in kind]


def test_callers_of_the_function_invoke_the_alias(canary: Terraform) -> None:
    qualifier = f"${{{ALIAS}.name}}"
    assert canary.one("aws_lambda_permission")["qualifier"] == qualifier
    assert canary.one("aws_lambda_function_event_invoke_config")["qualifier"] == qualifier
    (target,) = canary.one("aws_s3_bucket_notification")["lambda_function"]
    assert target["lambda_function_arn"] == f"${{{ALIAS}.arn}}"


def test_a_gradual_release_leaves_the_alias_to_codedeploy_which_goes_back_on_the_functions_alarms(
    canary: Terraform,
) -> None:
    assert canary.one("aws_lambda_alias")["lifecycle"] == {
        "ignore_changes": ["function_version", "routing_config"],
        "replace_triggered_by": [f"{FUNCTION}.id"],
    }
    assert canary.one("aws_codedeploy_app") == {"name": "worker", "compute_platform": "Lambda"}
    assert canary.one("aws_codedeploy_deployment_config") == {
        "deployment_config_name": "worker",
        "compute_platform": "Lambda",
        "traffic_routing_config": {
            "type": "TimeBasedCanary",
            "time_based_canary": {"interval": 5, "percentage": 10},
        },
    }
    assert canary.one("aws_codedeploy_deployment_group") == {
        "app_name": "${aws_codedeploy_app.Worker/Release/Application.name}",
        "deployment_group_name": "live",
        "deployment_config_name": "${aws_codedeploy_deployment_config.Worker/Release/Shift.id}",
        "service_role_arn": "${aws_iam_role.Worker/Release/Role.arn}",
        "deployment_style": {"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"},
        "alarm_configuration": {"enabled": True, "alarms": ALARMS},
        "auto_rollback_configuration": {
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
    }


def test_codedeploy_may_shift_that_functions_calls_and_watch_alarms_only(canary: Terraform) -> None:
    policies = canary.policies()
    arn = f"${{{FUNCTION}.arn}}"
    assert policies["Worker/Release/ShiftWorkerRelease/Policy"] == [
        allow(
            "ShiftCalls",
            ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
            arn,
            f"{arn}:*",
        ),
        allow("WatchAlarms", ["cloudwatch:DescribeAlarms"], "*"),
    ]
    (trust,) = policies["Worker/Release/AssumeRole"]
    assert trust["principals"] == [{"type": "Service", "identifiers": ["codedeploy.amazonaws.com"]}]
    assert trust["condition"] == [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT_ID]}]


def test_each_new_version_starts_a_deployment_from_the_one_that_is_live(canary: Terraform) -> None:
    start = canary.one("terraform_data")
    (provisioner,) = start.pop("provisioner")
    assert start == {"triggers_replace": {"version": f"${{{FUNCTION}.version}}"}}
    environment = provisioner["local-exec"]["environment"]
    revision = environment.pop("REVISION")
    assert environment == {
        "CURRENT_VERSION": f"${{{ALIAS}.function_version}}",
        "TARGET_VERSION": f"${{{FUNCTION}.version}}",
        "DEPLOYMENT_REGION": REGION,
        "APPLICATION": "${aws_codedeploy_app.Worker/Release/Application.name}",
        "DEPLOYMENT_GROUP": "${aws_codedeploy_deployment_group.Worker/Release/Group.deployment_group_name}",
    }
    assert revision.startswith("${jsonencode(")
    assert f'"CurrentVersion" = {ALIAS}.function_version' in revision
    assert f'"TargetVersion" = {FUNCTION}.version' in revision


@pytest.mark.parametrize(("current", "started"), [("1", True), ("2", False)])
def test_the_command_starts_a_deployment_unless_the_version_is_live(
    tmp_path: Path, current: str, started: bool
) -> None:
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.called"\n')
    aws.chmod(0o700)
    given = {
        "CURRENT_VERSION": current,
        "TARGET_VERSION": "2",
        "DEPLOYMENT_REGION": "eu-west-1",
        "APPLICATION": "worker",
        "DEPLOYMENT_GROUP": "live",
        "REVISION": '{"a": "b c"}',
    }
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["/bin/sh", "-c", START], env={**given, "PATH": path}, check=True)
    called = tmp_path / "aws.called"
    assert called.exists() is started
    if started:
        assert called.read_text().splitlines() == [
            *("deploy", "create-deployment", "--region", "eu-west-1", "--application-name", "worker"),
            *("--deployment-group-name", "live", "--revision", '{"a": "b c"}'),
        ]


def test_a_linear_release_moves_a_share_at_a_time(stack: TerraformStack, code: Path) -> None:
    release = Release(20, minutes=2, linear=True)
    PythonFunction(stack, "Worker", name="worker", packages=[code], release=release)
    assert Terraform(stack).one("aws_codedeploy_deployment_config")["traffic_routing_config"] == {
        "type": "TimeBasedLinear",
        "time_based_linear": {"interval": 2, "percentage": 20},
    }


@pytest.mark.parametrize("release", [Release(0), Release(100), Release(10, minutes=0), Release(10, minutes=3000)])
def test_shares_and_times_that_codedeploy_refuses_are_refused(stack: TerraformStack, code: Path, release: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"release\.(percent|minutes) is \d+, AWS allows 1 to "):
        PythonFunction(stack, "Worker", name="worker", packages=[code], release=release)
