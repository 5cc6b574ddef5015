"""The invocation log has the names, keys, sizes, outputs and permissions of its requirements."""

from collections.abc import Callable
from pathlib import Path

import cdktf
import pytest

from settings import Settings
from stacks.invocation_log import InvocationLog

from .synthesized import Terraform, allow, deny_without_tls, replaced_with_function

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
BUCKET = "${aws_s3_bucket.Trigger/Bucket.bucket}"
BUCKET_ARN = "${aws_s3_bucket.Trigger/Bucket.arn}"
TABLE = "${aws_dynamodb_table.Invocations/Table.name}"
FUNCTION = "${aws_lambda_function.Processor/Function.function_name}"
FUNCTION_ARN = "${aws_lambda_function.Processor/Function.arn}"
QUEUE_ARN = "${aws_sqs_queue.Processor/Failures/Queue.arn}"
ALARM_TOPIC = "${aws_sns_topic.AlarmTopic/Topic.arn}"

Synthesize = Callable[[dict[str, str]], Terraform]


@pytest.fixture(scope="module")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """The stack under settings from environment variables."""

    def made(variables: dict[str, str]) -> Terraform:
        app = cdktf.Testing.app(outdir=str(tmp_path_factory.mktemp("cdktf")))
        return Terraform(InvocationLog(app, Settings.load(variables)))

    return made


@pytest.fixture(scope="module")
def log(synthesize: Synthesize) -> Terraform:
    return synthesize({})


@pytest.fixture(scope="module")
def production(synthesize: Synthesize) -> Terraform:
    return synthesize({"ENVIRONMENT_SUFFIX": "prod"})


def test_it_is_exactly_these_resources(log: Terraform) -> None:
    assert log.types() == {
        "aws_caller_identity",
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_dynamodb_table",
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_kms_alias",
        "aws_kms_key",
        "aws_lambda_function",
        "aws_lambda_function_event_invoke_config",
        "aws_lambda_permission",
        "aws_partition",
        "aws_s3_bucket",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_notification",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_sns_topic",
        "aws_sns_topic_policy",
        "aws_sqs_queue",
        "aws_sqs_queue_policy",
    }


def test_the_table_is_keyed_by_request_and_time_on_demand_recoverable_and_destroyed_with_the_stack(
    production: Terraform,
) -> None:
    assert production.all("aws_dynamodb_table") == {
        "Invocations/Table": {
            "name": "lambda-invocation-logs-prod",
            "billing_mode": "PAY_PER_REQUEST",
            "hash_key": "requestId",
            "range_key": "timestamp",
            "attribute": [{"name": "requestId", "type": "S"}, {"name": "timestamp", "type": "S"}],
            "point_in_time_recovery": {"enabled": True},
            "deletion_protection_enabled": False,
        }
    }


def test_the_bucket_is_emptied_and_destroyed_with_the_stack(production: Terraform) -> None:
    assert production.all("aws_s3_bucket") == {
        "Trigger/Bucket": {"bucket": f"lambda-trigger-bucket-prod-{ACCOUNT}", "force_destroy": True}
    }


def test_nothing_of_it_resists_destruction_even_in_a_protected_environment(production: Terraform) -> None:
    assert Settings(environment="prod").protected
    held = [
        path
        for kind in production.types()
        for path, one in production.all(kind).items()
        if "prevent_destroy" in one.get("lifecycle", {})
    ]
    assert held == []


def test_the_bucket_is_private_encrypted_by_s3_and_takes_tls_only(log: Terraform) -> None:
    # Unversioned: the types above include no versioning.
    assert log.one("aws_s3_bucket_public_access_block") == {
        "bucket": BUCKET,
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    }
    assert log.one("aws_s3_bucket_server_side_encryption_configuration") == {
        "bucket": BUCKET,
        "rule": [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    }
    assert log.policies()["Trigger/Policy"] == [deny_without_tls(["s3:*"], BUCKET_ARN, f"{BUCKET_ARN}/*")]
    assert log.one("aws_s3_bucket_policy")["policy"] == "${data.aws_iam_policy_document.Trigger/Policy.json}"


def test_the_function_has_the_name_the_size_and_the_time_that_the_document_gives_it(log: Terraform) -> None:
    function = log.one("aws_lambda_function")
    code = {name: function.pop(name) for name in ("filename", "source_code_hash")}
    assert Path(code["filename"]).name == "invocation_log.zip"
    assert function == {
        "function_name": "s3-processor-dev",
        "role": "${aws_iam_role.Processor/Role.arn}",
        "runtime": "python3.13",
        "handler": "invocation_log.handler.handle",
        "timeout": 30,
        "memory_size": 128,
        "environment": {
            "variables": {
                "DYNAMODB_TABLE_NAME": TABLE,
                "POWERTOOLS_SERVICE_NAME": "s3-processor-dev",
                "POWERTOOLS_METRICS_NAMESPACE": "s3-processor-dev",
            }
        },
        "tracing_config": {"mode": "Active"},
        "depends_on": [
            "aws_cloudwatch_log_group.Processor/LogGroup",
            "aws_iam_role_policy.Processor/OperateProcessor/RolePolicy",
        ],
    }


def test_the_role_may_do_exactly_what_the_function_does(log: Terraform) -> None:
    assert log.grants("Processor") == {
        "OperateProcessor": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Processor/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], QUEUE_ARN),
        ],
        "PutInvocations": [allow("Put", ["dynamodb:PutItem"], "${aws_dynamodb_table.Invocations/Table.arn}")],
    }
    # One role, no managed policy (the types above include no attachment).
    assert list(log.all("aws_iam_role")) == ["Processor/Role"]
    assert log.one("aws_iam_role").keys() == {"name", "assume_role_policy"}


def test_only_the_systems_own_sources_may_invoke_the_function(log: Terraform) -> None:
    assert log.one("aws_s3_bucket_notification") == {
        "bucket": BUCKET,
        "lambda_function": [{"lambda_function_arn": FUNCTION_ARN, "events": ["s3:ObjectCreated:*"]}],
        "depends_on": ["aws_lambda_permission.Processor/InvokeForTrigger"],
    }
    assert log.one("aws_lambda_permission") == {
        "function_name": FUNCTION,
        "action": "lambda:InvokeFunction",
        "principal": "s3.amazonaws.com",
        **replaced_with_function("Processor"),
        "source_arn": BUCKET_ARN,
        "source_account": ACCOUNT,
    }


def test_an_event_that_keeps_failing_is_kept(log: Terraform) -> None:
    assert log.one("aws_lambda_function_event_invoke_config") == {
        "function_name": FUNCTION,
        "maximum_retry_attempts": 2,
        **replaced_with_function("Processor"),
        "maximum_event_age_in_seconds": 6 * 60 * 60,
        "destination_config": {"on_failure": {"destination": QUEUE_ARN}},
    }
    queue = log.one("aws_sqs_queue")
    assert (queue["name"], queue["message_retention_seconds"]) == ("s3-processor-dev-failures", 14 * 24 * 60 * 60)


def test_alarms_watch_the_function_its_failures_and_the_table(log: Terraform) -> None:
    watched = {
        (one["namespace"], one["metric_name"], *one["dimensions"].values(), one["threshold"])
        for one in log.all("aws_cloudwatch_metric_alarm").values()
    }
    assert watched == {
        ("AWS/Lambda", "Errors", "s3-processor-dev", 0),
        ("AWS/Lambda", "Throttles", "s3-processor-dev", 0),
        ("AWS/Lambda", "DestinationDeliveryFailures", "s3-processor-dev", 0),
        ("AWS/Lambda", "Duration", "s3-processor-dev", 24000),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "${aws_sqs_queue.Processor/Failures/Queue.name}", 0),
        ("AWS/DynamoDB", "ReadThrottleEvents", "lambda-invocation-logs-dev", 0),
        ("AWS/DynamoDB", "WriteThrottleEvents", "lambda-invocation-logs-dev", 0),
    }
    for alarm in log.all("aws_cloudwatch_metric_alarm").values():
        assert alarm["alarm_actions"] == alarm["ok_actions"] == [ALARM_TOPIC]


def test_logs_lie_in_a_group_of_its_own(log: Terraform) -> None:
    assert log.one("aws_cloudwatch_log_group") == {"name": "/aws/lambda/s3-processor-dev", "retention_in_days": 365}


def test_outputs_are_the_three_of_the_document_and_what_commands_need(log: Terraform) -> None:
    assert log.outputs() == {
        "BucketName": BUCKET,
        "DynamoDBTableName": TABLE,
        "LambdaFunctionName": FUNCTION,
        "FunctionArn": FUNCTION_ARN,
        "LogGroupName": "${aws_cloudwatch_log_group.Processor/LogGroup.name}",
        "FailureQueueUrl": "${aws_sqs_queue.Processor/Failures/Queue.url}",
        "AlarmTopicArn": ALARM_TOPIC,
    }


def test_its_region_is_us_west_2_unless_aws_region_says_otherwise(log: Terraform, synthesize: Synthesize) -> None:
    def region(stack: Terraform) -> str:
        return str(stack.json["provider"]["aws"][0]["region"])

    assert region(log) == "us-west-2"
    assert region(synthesize({"AWS_REGION": "eu-central-1"})) == "eu-central-1"


def test_the_suffix_is_in_every_name(synthesize: Synthesize) -> None:
    stack = synthesize({"ENVIRONMENT_SUFFIX": "pr-7"})
    names = {
        stack.one("aws_s3_bucket")["bucket"],
        stack.one("aws_dynamodb_table")["name"],
        stack.one("aws_lambda_function")["function_name"],
        stack.one("aws_iam_role")["name"],
        stack.one("aws_sqs_queue")["name"],
        stack.one("aws_sns_topic")["name"],
        stack.one("aws_kms_alias")["name"],
        stack.one("aws_cloudwatch_log_group")["name"],
    }
    assert names == {
        f"lambda-trigger-bucket-pr-7-{ACCOUNT}",
        "lambda-invocation-logs-pr-7",
        "s3-processor-pr-7",
        "s3-processor-pr-7-failures",
        "sluice-invocation-log-alarms-pr-7",
        "alias/sluice-invocation-log-messages-pr-7",
        "/aws/lambda/s3-processor-pr-7",
    }


def test_settings_reach_provider_state_and_function(synthesize: Synthesize) -> None:
    endpoint = "https://127.0.0.1:4566"
    stack = synthesize(
        {
            "AWS_ENDPOINT_URL": endpoint,
            "STATE_BUCKET": "some-state",
            "LAMBDA_TIMEOUT_SECONDS": "7",
            "LAMBDA_RUNTIME": "python3.12",
            "LOG_RETENTION_DAYS": "30",
            "NOTIFICATION_EMAIL": "team@example.com",
        }
    )
    (provider,) = stack.json["provider"]["aws"]
    assert provider["s3_use_path_style"] is True
    backend = stack.json["terraform"]["backend"]["s3"]
    assert set(backend["endpoints"].values()) == {endpoint}
    assert (backend["bucket"], backend["key"]) == ("some-state", "sluice/invocation-log/dev/terraform.tfstate")
    function = stack.one("aws_lambda_function")
    assert function["environment"]["variables"]["AWS_ENDPOINT_URL"] == endpoint
    assert (function["timeout"], function["runtime"]) == (7, "python3.12")
    assert stack.one("aws_cloudwatch_log_group")["retention_in_days"] == 30
    assert stack.one("aws_sns_topic_subscription") == {
        "topic_arn": ALARM_TOPIC,
        "protocol": "email",
        "endpoint": "team@example.com",
    }


def test_on_aws_the_function_has_no_endpoint_variable(log: Terraform) -> None:
    (provider,) = log.json["provider"]["aws"]
    assert "s3_use_path_style" not in provider
    assert "AWS_ENDPOINT_URL" not in log.one("aws_lambda_function")["environment"]["variables"]
