import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Key, PythonFunction, Queue, Statement, Topic, Vpc
from modules._packaging import build_archive

from .synthesized import ACCOUNT, PARTITION, REGION, Terraform, allow, deny_without_tls, replaced_with_function

QUEUE_ARN = "${aws_sqs_queue.Worker/Failures/Queue.arn}"
QUEUE_NAME = "${aws_sqs_queue.Worker/Failures/Queue.name}"

OPERATE = [
    allow(
        "WriteOwnLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        "${aws_cloudwatch_log_group.Worker/LogGroup.arn}:*",
    ),
    allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    allow("KeepFailures", ["sqs:SendMessage"], QUEUE_ARN),
]


@pytest.fixture(scope="module")
def default(new_stack: Callable[[], TerraformStack], code: Path) -> Terraform:
    stack = new_stack()
    PythonFunction(stack, "Worker", name="worker", packages=[code])
    return Terraform(stack)


def test_a_function_is_exactly_these_resources(default: Terraform) -> None:
    assert default.types() == {
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_lambda_function",
        "aws_lambda_function_event_invoke_config",
        "aws_sqs_queue",
        "aws_sqs_queue_policy",
    }


def test_a_function_is_traced_bounded_and_made_after_its_log_group_and_policy(default: Terraform) -> None:
    made = default.one("aws_lambda_function")
    archive = made.pop("filename")
    digest = made.pop("source_code_hash")
    assert archive.endswith("/worker.zip")
    assert len(base64.b64decode(digest, validate=True)) == hashlib.sha256().digest_size
    assert made == {
        "function_name": "worker",
        "role": "${aws_iam_role.Worker/Role.arn}",
        "runtime": "python3.13",
        "handler": "worker.handler.handle",
        "timeout": 30,
        "memory_size": 256,
        "environment": {"variables": {"POWERTOOLS_SERVICE_NAME": "worker", "POWERTOOLS_METRICS_NAMESPACE": "worker"}},
        "tracing_config": {"mode": "Active"},
        "depends_on": [
            "aws_cloudwatch_log_group.Worker/LogGroup",
            "aws_iam_role_policy.Worker/OperateWorker/RolePolicy",
        ],
    }


def test_the_code_hash_is_that_of_the_archive(default: Terraform, code: Path) -> None:
    digest = hashlib.sha256(build_archive([code]).read_bytes()).digest()
    assert default.one("aws_lambda_function")["source_code_hash"] == base64.b64encode(digest).decode()


def test_logs_are_kept_for_a_year_in_the_functions_own_group(default: Terraform) -> None:
    assert default.all("aws_cloudwatch_log_group") == {
        "Worker/LogGroup": {"name": "/aws/lambda/worker", "retention_in_days": 365}
    }


def test_the_role_is_for_lambda_and_may_write_logs_traces_and_failures_only(default: Terraform) -> None:
    assert default.all("aws_iam_role") == {
        "Worker/Role": {
            "name": "worker",
            "assume_role_policy": "${data.aws_iam_policy_document.Worker/AssumeRole.json}",
        }
    }
    assert default.policies()["Worker/AssumeRole"] == [
        {
            "sid": "LambdaService",
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
            "actions": ["sts:AssumeRole"],
            "resources": [],
        }
    ]
    assert default.grants("Worker") == {"OperateWorker": OPERATE}


def test_an_event_is_tried_twice_more_within_six_hours_and_then_kept(default: Terraform) -> None:
    assert default.all("aws_lambda_function_event_invoke_config") == {
        "Worker/AsynchronousInvocation": {
            "function_name": "${aws_lambda_function.Worker/Function.function_name}",
            "maximum_retry_attempts": 2,
            **replaced_with_function("Worker"),
            "maximum_event_age_in_seconds": 21600,
            "destination_config": {"on_failure": {"destination": QUEUE_ARN}},
        }
    }
    assert default.all("aws_sqs_queue") == {
        "Worker/Failures/Queue": {
            "name": "worker-failures",
            "sqs_managed_sse_enabled": True,
            "message_retention_seconds": 1209600,
        }
    }
    assert default.policies()["Worker/Failures/Policy"] == [deny_without_tls(["sqs:*"], QUEUE_ARN)]


def test_alarms_ring_for_errors_throttles_lost_and_kept_failures_and_durations_near_the_timeout(
    stack: TerraformStack, code: Path, key: Key
) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    PythonFunction(stack, "Worker", name="worker", packages=[code], timeout_seconds=10, alarm_topic=topic)

    def alarm(namespace: str, metric: str, dimensions: dict[str, str], above: float, statistic: str) -> dict[str, Any]:
        return {
            "alarm_name": f"worker-{metric}",
            "namespace": namespace,
            "metric_name": metric,
            "dimensions": dimensions,
            "threshold": above,
            "statistic": statistic,
            "comparison_operator": "GreaterThanThreshold",
            "period": 60,
            "evaluation_periods": 1,
            "treat_missing_data": "notBreaching",
            "alarm_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
            "ok_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
        }

    own = {"FunctionName": "worker"}
    made = Terraform(stack).all("aws_cloudwatch_metric_alarm")
    descriptions = {path: one.pop("alarm_description") for path, one in made.items()}
    assert made == {
        "Worker/Alarms/Errors": alarm("AWS/Lambda", "Errors", own, 0, "Sum"),
        "Worker/Alarms/Throttles": alarm("AWS/Lambda", "Throttles", own, 0, "Sum"),
        "Worker/Alarms/DestinationDeliveryFailures": alarm("AWS/Lambda", "DestinationDeliveryFailures", own, 0, "Sum"),
        "Worker/Alarms/Duration": alarm("AWS/Lambda", "Duration", own, 8000, "Maximum"),
        "Worker/Alarms/FailuresKept": alarm(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": QUEUE_NAME}, 0, "Maximum"
        ),
    }
    assert descriptions == {
        "Worker/Alarms/Errors": f"worker failed; after two more tries the event is kept in {QUEUE_NAME}",
        "Worker/Alarms/Throttles": "worker was throttled: raise its or the account's concurrency",
        "Worker/Alarms/DestinationDeliveryFailures": f"worker could not keep a failed event in {QUEUE_NAME}",
        "Worker/Alarms/Duration": "worker took more than 80 % of its timeout of 10 s",
        "Worker/Alarms/FailuresKept": f"Events that worker could not process wait in {QUEUE_NAME}",
    }


def test_time_memory_runtime_log_retention_and_environment_are_choices(stack: TerraformStack, code: Path) -> None:
    PythonFunction(
        stack,
        "Worker",
        name="worker",
        packages=[code],
        timeout_seconds=900,
        memory_mb=1024,
        runtime="python3.12",
        log_retention_days=7,
        environment={"TABLE_NAME": "records", "POWERTOOLS_METRICS_NAMESPACE": "Shared"},
    )
    made = Terraform(stack)
    function = made.one("aws_lambda_function")
    assert {name: function[name] for name in ("timeout", "memory_size", "runtime", "environment")} == {
        "timeout": 900,
        "memory_size": 1024,
        "runtime": "python3.12",
        "environment": {
            "variables": {
                "POWERTOOLS_SERVICE_NAME": "worker",
                "POWERTOOLS_METRICS_NAMESPACE": "Shared",
                "TABLE_NAME": "records",
            }
        },
    }
    assert made.one("aws_cloudwatch_log_group")["retention_in_days"] == 7


def test_code_of_all_packages_and_libraries_makes_the_hash(stack: TerraformStack, code: Path, tmp_path: Path) -> None:
    for file in ("shared/aws.py", "libraries/powertools/core.py"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text("")
    sources = [code, tmp_path / "shared"], tmp_path / "libraries"
    PythonFunction(stack, "Worker", name="worker", packages=sources[0], libraries=sources[1])
    digest = hashlib.sha256(build_archive(*sources).read_bytes()).digest()
    assert Terraform(stack).one("aws_lambda_function")["source_code_hash"] == base64.b64encode(digest).decode()


VPC = Vpc(["subnet-1", "subnet-2"], ["sg-1"])
SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
ALWAYS = {"CKV_AWS_115", "CKV_AWS_116"}


def test_without_options_a_function_says_why_it_has_no_vpc_key_and_signature(default: Terraform) -> None:
    assert set(default.accepted["Worker/Function"]) == ALWAYS | {
        "CKV_AWS_117",
        "CKV_AWS_173",
        "CKV_AWS_272",
    }
    assert set(default.accepted["Worker/LogGroup"]) == {"CKV_AWS_158"}


@pytest.fixture(scope="module")
def connected(new_stack: Callable[[], TerraformStack], code: Path) -> Terraform:
    stack = new_stack()
    PythonFunction(stack, "Worker", name="worker", packages=[code], vpc=VPC)
    return Terraform(stack)


class TestInAVpc:
    def test_it_is_connected_to_the_subnets_once_its_role_may_do_so(self, connected: Terraform) -> None:
        function = connected.one("aws_lambda_function")
        assert function["vpc_config"] == {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}
        assert function["depends_on"] == [
            "aws_cloudwatch_log_group.Worker/LogGroup",
            "aws_iam_role_policy.Worker/OperateWorker/RolePolicy",
            "aws_iam_role_policy.Worker/ConnectWorker/RolePolicy",
        ]

    def test_its_role_may_keep_interfaces_for_lambda_and_its_code_may_not(self, connected: Terraform) -> None:
        keep = [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ]
        find = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        own_code = {
            "test": "ArnEquals",
            "variable": "lambda:SourceFunctionArn",
            "values": ["${aws_lambda_function.Worker/Function.arn}"],
        }
        assert connected.grants("Worker") == {
            "OperateWorker": OPERATE,
            "ConnectWorker": [
                allow("KeepInterfaces", keep, f"arn:{PARTITION}:ec2:*:*:*/*"),
                allow("FindInterfaces", find, "*"),
            ],
            "ReserveConnectionWorker": [
                {**allow("InterfacesAreLambdas", keep + find, "*"), "effect": "Deny", "condition": [own_code]}
            ],
        }

    def test_a_function_in_a_vpc_has_no_accepted_finding_for_lacking_one(self, connected: Terraform) -> None:
        accepted = connected.accepted["Worker/Function"]
        assert set(accepted) == ALWAYS | {"CKV_AWS_173", "CKV_AWS_272"}

    @pytest.mark.parametrize("vpc", [Vpc([], ["sg-1"]), Vpc(["subnet-1"], [])])
    def test_a_vpc_without_subnets_or_security_groups_is_refused(
        self, stack: TerraformStack, code: Path, vpc: Vpc
    ) -> None:
        with pytest.raises(ConfigurationError, match=r"^stack/Worker: vpc\.\w+ has 0, AWS allows 1 to \d+ "):
            PythonFunction(stack, "Worker", name="worker", packages=[code], vpc=vpc)


def test_who_has_to_sign_the_code_is_a_choice(stack: TerraformStack, code: Path) -> None:
    PythonFunction(stack, "Worker", name="worker", packages=[code], code_signing_config_arn=SIGNING)
    made = Terraform(stack)
    assert made.one("aws_lambda_function")["code_signing_config_arn"] == SIGNING
    accepted = made.accepted["Worker/Function"]
    assert set(accepted) == ALWAYS | {"CKV_AWS_117", "CKV_AWS_173"}


def test_a_key_encrypts_environment_logs_and_failures_and_the_role_may_use_it(
    stack: TerraformStack, code: Path, key: Key
) -> None:
    PythonFunction(stack, "Worker", name="worker", packages=[code], key=key)
    made, arn = Terraform(stack), "${aws_kms_key.Key/Key.arn}"
    assert made.one("aws_lambda_function")["kms_key_arn"] == arn
    assert made.one("aws_cloudwatch_log_group")["kms_key_id"] == arn
    assert made.one("aws_sqs_queue") == {
        "name": "worker-failures",
        "kms_master_key_id": arn,
        "message_retention_seconds": 1209600,
    }
    assert made.grants("Worker") == {
        "OperateWorker": [*OPERATE, allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], arn)]
    }
    (_, logs) = made.policies()["Key/Policy"]
    assert logs["condition"][0]["values"] == [f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/worker"]
    assert made.accepted.keys() == {"Worker/Function", "Key/Key"}
    accepted = made.accepted["Worker/Function"]
    assert set(accepted) == ALWAYS | {"CKV_AWS_117", "CKV_AWS_272"}


class TestAllow:
    READ = Statement(sid="Read", actions=["a:Read"], resources=["arn:a"])

    def test_a_grant_is_one_inline_policy_named_after_verb_and_resource(
        self, stack: TerraformStack, worker: PythonFunction
    ) -> None:
        queue = Queue(stack, "Kept", name="kept")
        first = worker.allow(queue, "Read", self.READ)
        assert worker.allow(queue, "Read", self.READ) is first
        made = Terraform(stack)
        assert made.grants("Worker") == {"OperateWorker": OPERATE, "ReadKept": [allow("Read", ["a:Read"], "arn:a")]}
        assert made.all("aws_iam_role_policy")["Worker/ReadKept/RolePolicy"] == {
            "name": "ReadKept",
            "role": "${aws_iam_role.Worker/Role.name}",
            "policy": "${data.aws_iam_policy_document.Worker/ReadKept/Policy.json}",
        }

    def test_two_different_grants_under_one_name_are_refused(
        self, stack: TerraformStack, worker: PythonFunction
    ) -> None:
        queue = Queue(stack, "Kept", name="kept")
        worker.allow(queue, "Read", self.READ)
        with pytest.raises(ConfigurationError, match=r"/Worker: two different grants are called ReadKept$"):
            worker.allow(queue, "Read", Statement(sid="Read", actions=["a:Read"], resources=["arn:b"]))
        assert Terraform(stack).grants("Worker")["ReadKept"] == [allow("Read", ["a:Read"], "arn:a")]
