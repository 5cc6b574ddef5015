"""Versions, aliases and gradual releases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Bucket, ConfigurationError, PythonFunction, Release

from .synthesized import Terraform, allow, decoded

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


def test_terraform_calls_a_function_that_starts_a_deployment_for_each_new_version(canary: Terraform) -> None:
    version = f"${{{FUNCTION}.version}}"
    invocation = canary.one("aws_lambda_invocation")
    assert decoded(invocation.pop("input")) == {
        "function": f"${{{FUNCTION}.function_name}}",
        "alias": f"${{{ALIAS}.name}}",
        "version": version,
        "application": "${aws_codedeploy_app.Worker/Release/Application.name}",
        "group": "${aws_codedeploy_deployment_group.Worker/Release/Group.deployment_group_name}",
    }
    assert invocation == {
        "function_name": "${aws_lambda_function.Worker/Release/Start/Function.function_name}",
        "triggers": {"version": version},
    }


def test_nothing_runs_on_the_machine_that_applies(canary: Terraform) -> None:
    assert "terraform_data" not in canary.types()
    assert not [made for made in canary.resources("aws_lambda_invocation").values() if "provisioner" in made]


def test_the_function_that_starts_deployments_may_do_nothing_else(canary: Terraform) -> None:
    starter = "Worker/Release/Start"
    made = canary.all("aws_lambda_function")[f"{starter}/Function"]
    assert (made["function_name"], made["handler"]) == ("worker-release-start", "start_release.handler.handle")
    assert canary.policies()[f"{starter}/StartWorkerReleaseStart/Policy"] == [
        allow(
            "WriteOwnLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"${{aws_cloudwatch_log_group.{starter}/LogGroup.arn}}:*",
        ),
        allow("ReadAlias", ["lambda:GetAlias"], f"${{{FUNCTION}.arn}}"),
        allow(
            "StartDeployment",
            ["codedeploy:CreateDeployment"],
            "${aws_codedeploy_deployment_group.Worker/Release/Group.arn}",
        ),
        allow(
            "ReadConfig",
            ["codedeploy:GetDeploymentConfig"],
            "${aws_codedeploy_deployment_config.Worker/Release/Shift.arn}",
        ),
        allow(
            "RegisterRevision",
            ["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"],
            "${aws_codedeploy_app.Worker/Release/Application.arn}",
        ),
    ]


def test_names_of_any_length_leave_room_for_that_function(stack: TerraformStack, code: Path) -> None:
    PythonFunction(stack, "Worker", name="w" * 54, packages=[code], release=Release(10))
    names = [made["function_name"] for made in Terraform(stack).all("aws_lambda_function").values()]
    (starter,) = [name for name in names if name.endswith("-release-start")]
    assert len(starter) <= 64


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
