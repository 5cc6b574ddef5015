from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import App

from settings import Settings
from stacks.object_tracker import ObjectTracker

from .synthesized import PARTITION, Block, Terraform, allow, allow_service, deny_without_tls, replaced_with_function

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
BUCKET_ARN = "${aws_s3_bucket.Objects/Bucket.arn}"
TABLE_ARN = "${aws_dynamodb_table.Records/Table.arn}"
TOPIC_ARN = "${aws_sns_topic.Notifications/Topic.arn}"
ALARM_TOPIC_ARN = "${aws_sns_topic.AlarmTopic/Topic.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
QUEUE_ARN = "${aws_sqs_queue.Recorder/Failures/Queue.arn}"
API = "${aws_api_gateway_rest_api.Api/Api.id}"

Tracker = Callable[[Settings], Terraform]


@pytest.fixture(scope="module")
def tracker(new_app: Callable[[], App]) -> Tracker:
    """The stack under given settings, synthesized once for each."""
    return cache(lambda settings: Terraform(ObjectTracker(new_app(), settings)))


@pytest.fixture(scope="module")
def default(tracker: Tracker) -> Terraform:
    return tracker(Settings())


def test_the_role_may_do_exactly_what_the_function_does(default: Terraform) -> None:
    assert default.grants("Recorder") == {
        "OperateRecorder": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Recorder/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], QUEUE_ARN),
        ],
        "ReadObjects": [allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET_ARN}/*")],
        "PutRecords": [allow("Put", ["dynamodb:PutItem"], TABLE_ARN)],
        "QueryRecords": [allow("Query", ["dynamodb:Query"], TABLE_ARN)],
        "PublishNotifications": [
            allow("Publish", ["sns:Publish"], TOPIC_ARN),
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN),
        ],
    }


def test_the_one_role_has_no_other_policies(default: Terraform) -> None:
    assert set(default.all("aws_iam_role")) == {"Recorder/Role"}
    assert {policy["role"] for policy in default.all("aws_iam_role_policy").values()} == {
        "${aws_iam_role.Recorder/Role.name}"
    }
    assert {kind for kind in default.types() if kind.startswith("aws_iam_")} == {
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
    }


def test_the_resources_own_policies_admit_cloudwatch_and_nobody_else(default: Terraform) -> None:
    policies = {path: one for path, one in default.policies().items() if not path.startswith("Recorder/")}
    assert policies == {
        "Objects/Policy": [deny_without_tls(["s3:*"], BUCKET_ARN, f"{BUCKET_ARN}/*")],
        "Notifications/Policy": [deny_without_tls(["sns:Publish"], TOPIC_ARN)],
        "AlarmTopic/Policy": [
            deny_without_tls(["sns:Publish"], ALARM_TOPIC_ARN),
            allow_service("cloudwatch", ["sns:Publish"], ALARM_TOPIC_ARN, ACCOUNT),
        ],
        "Key/Policy": [
            {
                "sid": "AccountPolicies",
                "effect": "Allow",
                "principals": [{"type": "AWS", "identifiers": [f"arn:{PARTITION}:iam::{ACCOUNT}:root"]}],
                "actions": ["kms:*"],
                "resources": ["*"],
            },
            allow_service("cloudwatch", ["kms:Decrypt", "kms:GenerateDataKey*"], "*", ACCOUNT),
        ],
    }


def test_only_the_systems_own_sources_may_invoke_the_function(default: Terraform) -> None:
    execution_arn = "${aws_api_gateway_rest_api.Api/Api.execution_arn}"
    permission = {
        **replaced_with_function("Recorder"),
        "action": "lambda:InvokeFunction",
        "function_name": "${aws_lambda_function.Recorder/Function.function_name}",
    }
    api = {**permission, "principal": "apigateway.amazonaws.com"}
    assert default.all("aws_lambda_permission") == {
        "Recorder/InvokeForObjects": {
            **permission,
            "principal": "s3.amazonaws.com",
            "source_arn": BUCKET_ARN,
            "source_account": ACCOUNT,
        },
        "Recorder/InvokeForGetObjects": {**api, "source_arn": f"{execution_arn}/live/GET/objects"},
        "Recorder/InvokeForPostObjects": {**api, "source_arn": f"{execution_arn}/live/POST/objects"},
    }


def test_pages_of_named_origins_may_ask_and_record_as_far_as_they_are_authorized(tracker: Tracker) -> None:
    made = tracker(Settings(cors_origins=("https://app.example.com",)))
    assert {
        path: (one["http_method"], one["authorization"]) for path, one in made.all("aws_api_gateway_method").items()
    } == {
        "Api/GetObjectsMethod": ("GET", "AWS_IAM"),
        "Api/PostObjectsMethod": ("POST", "AWS_IAM"),
        "Api/PreflightObjects/Method": ("OPTIONS", "NONE"),
    }
    variables = made.one("aws_lambda_function")["environment"]["variables"]
    assert variables["CORS_ORIGINS"] == "https://app.example.com"
    # Pages call the API; only the owner's tools access the bucket.
    assert made.all("aws_s3_bucket_cors_configuration") == {}


def test_every_created_object_calls_the_function_once_it_may_be_called(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_notification") == {
        "Objects/Notification": {
            "bucket": "${aws_s3_bucket.Objects/Bucket.bucket}",
            "lambda_function": [
                {
                    "events": ["s3:ObjectCreated:*"],
                    "lambda_function_arn": "${aws_lambda_function.Recorder/Function.arn}",
                }
            ],
            "depends_on": ["aws_lambda_permission.Recorder/InvokeForObjects"],
        }
    }


def test_the_table_has_the_documents_keys(default: Terraform) -> None:
    assert default.all("aws_dynamodb_table") == {
        "Records/Table": {
            "name": "sluice-object-tracker-records-dev",
            "billing_mode": "PAY_PER_REQUEST",
            "hash_key": "objectKey",
            "range_key": "uploadTime",
            "attribute": [{"name": "objectKey", "type": "S"}, {"name": "uploadTime", "type": "S"}],
            "point_in_time_recovery": {"enabled": True},
            "deletion_protection_enabled": False,
        }
    }


def test_the_bucket_encrypts_with_s3s_own_keys(default: Terraform) -> None:
    (encryption,) = default.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert encryption == {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}


def test_the_function_learns_its_resources_and_has_the_default_time_and_runtime(default: Terraform) -> None:
    made = default.one("aws_lambda_function")
    assert {name: made[name] for name in ("environment", "timeout", "memory_size", "runtime", "handler")} == {
        "environment": {
            "variables": {
                "POWERTOOLS_SERVICE_NAME": "sluice-object-tracker-recorder-dev",
                "POWERTOOLS_METRICS_NAMESPACE": "sluice-object-tracker-recorder-dev",
                "BUCKET_NAME": "${aws_s3_bucket.Objects/Bucket.bucket}",
                "TABLE_NAME": "${aws_dynamodb_table.Records/Table.name}",
                "TOPIC_ARN": TOPIC_ARN,
            }
        },
        "timeout": 30,
        "memory_size": 256,
        "runtime": "python3.13",
        "handler": "object_tracker.handler.handle",
    }


def test_settings_reach_function_and_logs(tracker: Tracker) -> None:
    made = tracker(Settings(lambda_timeout_seconds=60, lambda_runtime="python3.12", log_retention_days=7))
    function = made.one("aws_lambda_function")
    assert (function["timeout"], function["runtime"]) == (60, "python3.12")
    assert {path: one["retention_in_days"] for path, one in made.all("aws_cloudwatch_log_group").items()} == {
        "Recorder/LogGroup": 7,
        "Api/AccessLog": 7,
        "Api/ExecutionLog": 7,
    }
    assert made.all("aws_cloudwatch_metric_alarm")["Recorder/Alarms/Duration"]["threshold"] == 48000


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        (Settings(), "sluice-object-tracker", "dev"),
        (Settings(project="other", environment="pr-1"), "other-object-tracker", "pr-1"),
    ],
    ids=["default", "other"],
)
def test_names_are_project_system_part_environment(
    tracker: Tracker, settings: Settings, before: str, after: str
) -> None:
    made = tracker(settings)
    names = {
        "aws_s3_bucket": {"Objects/Bucket": f"{before}-objects-{after}-{ACCOUNT}"},
        "aws_dynamodb_table": {"Records/Table": f"{before}-records-{after}"},
        "aws_sns_topic": {
            "Notifications/Topic": f"{before}-notifications-{after}",
            "AlarmTopic/Topic": f"{before}-alarms-{after}",
        },
        "aws_lambda_function": {"Recorder/Function": f"{before}-recorder-{after}"},
        "aws_iam_role": {"Recorder/Role": f"{before}-recorder-{after}"},
        "aws_sqs_queue": {"Recorder/Failures/Queue": f"{before}-recorder-{after}-failures"},
        "aws_cloudwatch_log_group": {
            "Recorder/LogGroup": f"/aws/lambda/{before}-recorder-{after}",
            "Api/AccessLog": f"/aws/apigateway/{before}-api-{after}",
            "Api/ExecutionLog": f"API-Gateway-Execution-Logs_{API}/live",
        },
        "aws_api_gateway_rest_api": {"Api/Api": f"{before}-api-{after}"},
        "aws_kms_alias": {"Key/Alias": f"alias/{before}-messages-{after}"},
    }
    attributes = {"aws_s3_bucket": "bucket", "aws_lambda_function": "function_name"}
    assert {
        kind: {path: one[attributes.get(kind, "name")] for path, one in made.all(kind).items()} for kind in names
    } == names


OUTPUTS = {
    "BucketName": "${aws_s3_bucket.Objects/Bucket.bucket}",
    "TableName": "${aws_dynamodb_table.Records/Table.name}",
    "TopicArn": TOPIC_ARN,
    "AlarmTopicArn": ALARM_TOPIC_ARN,
    "FunctionName": "${aws_lambda_function.Recorder/Function.function_name}",
    "FunctionArn": "${aws_lambda_function.Recorder/Function.arn}",
    "LogGroupName": "${aws_cloudwatch_log_group.Recorder/LogGroup.name}",
    "FailureQueueUrl": "${aws_sqs_queue.Recorder/Failures/Queue.url}",
    "ApiId": API,
    "ApiUrl": "${aws_api_gateway_stage.Api/Stage.invoke_url}/objects",
    "NotificationEmail": "none: set NOTIFICATION_EMAIL and deploy again to subscribe an address",
}


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        (Settings(), {}),
        (Settings(notification_email="team@example.com"), {"NotificationEmail": "team@example.com"}),
        (
            Settings(endpoint_url="https://127.0.0.1:4566"),
            {"ApiUrl": f"https://127.0.0.1:4566/_aws/execute-api/{API}/live/objects"},
        ),
        (Settings(api_authorization="api_key"), {"ApiKeyId": "${aws_api_gateway_api_key.Api/ApiKey.id}"}),
    ],
    ids=["default", "email", "local", "api key"],
)
def test_outputs_say_what_comes_next(tracker: Tracker, settings: Settings, changed: dict[str, str]) -> None:
    assert tracker(settings).outputs() == {**OUTPUTS, **changed}


def test_without_an_email_nobody_is_subscribed(default: Terraform) -> None:
    assert default.all("aws_sns_topic_subscription") == {}


def test_an_email_is_subscribed_to_notifications_and_alarms(tracker: Tracker) -> None:
    assert tracker(Settings(notification_email="team@example.com")).all("aws_sns_topic_subscription") == {
        f"{topic}/Email": {
            "topic_arn": f"${{aws_sns_topic.{topic}/Topic.arn}}",
            "protocol": "email",
            "endpoint": "team@example.com",
        }
        for topic in ("Notifications", "AlarmTopic")
    }


@pytest.mark.parametrize(
    ("value", "expected", "keys"),
    [
        ("iam", {"authorization": "AWS_IAM"}, {}),
        (
            "api_key",
            {"authorization": "NONE", "api_key_required": True},
            {"Api/ApiKey": {"name": "sluice-object-tracker-api-dev"}},
        ),
        ("none", {"authorization": "NONE"}, {}),
    ],
)
def test_api_authorization_decides_who_may_call(
    tracker: Tracker, value: str, expected: Block, keys: dict[str, Any]
) -> None:
    made = tracker(Settings(api_authorization=value))
    fixed = {"rest_api_id": API, "resource_id": "${aws_api_gateway_resource.Api/PathObjects.id}"}
    assert made.all("aws_api_gateway_method") == {
        "Api/GetObjectsMethod": {**fixed, "http_method": "GET", **expected},
        "Api/PostObjectsMethod": {**fixed, "http_method": "POST", **expected},
    }
    assert made.all("aws_api_gateway_api_key") == keys


def lifecycles(made: Terraform) -> dict[str, Any]:
    return {
        f"{kind}.{path}": resource["lifecycle"]
        for kind, resources in made.json["resource"].items()
        for path, resource in resources.items()
        if "lifecycle" in resource and "replace_triggered_by" not in resource["lifecycle"]
    }


REDEPLOY = {
    f"aws_api_gateway_{kind}": {"create_before_destroy": True}
    for kind in ("deployment.Api/Deployment", "rest_api.Api/Api")
}


def test_in_a_protected_environment_bucket_table_and_key_cannot_be_destroyed(tracker: Tracker) -> None:
    made = tracker(Settings(environment="prod"))
    kept = {"prevent_destroy": True}
    assert lifecycles(made) == {
        **REDEPLOY,
        "aws_s3_bucket.Objects/Bucket": kept,
        "aws_dynamodb_table.Records/Table": kept,
        "aws_kms_key.Key/Key": kept,
    }
    assert made.one("aws_dynamodb_table")["deletion_protection_enabled"] is True
    assert made.one("aws_s3_bucket")["force_destroy"] is False


def test_in_any_other_environment_everything_can_be_destroyed(default: Terraform) -> None:
    assert lifecycles(default) == REDEPLOY
    assert default.one("aws_dynamodb_table")["deletion_protection_enabled"] is False
    assert default.one("aws_s3_bucket")["force_destroy"] is True


def test_alarms_watch_function_failures_table_and_api(default: Terraform) -> None:
    function = {"FunctionName": "sluice-object-tracker-recorder-dev"}
    table = {"TableName": "sluice-object-tracker-records-dev"}
    api = {"ApiName": "sluice-object-tracker-api-dev", "Stage": "live"}
    queue = {"QueueName": "${aws_sqs_queue.Recorder/Failures/Queue.name}"}
    assert {
        path: (one["namespace"], one["metric_name"], one["dimensions"], one["statistic"], one["threshold"])
        for path, one in default.all("aws_cloudwatch_metric_alarm").items()
    } == {
        "Recorder/Alarms/Errors": ("AWS/Lambda", "Errors", function, "Sum", 0),
        "Recorder/Alarms/Throttles": ("AWS/Lambda", "Throttles", function, "Sum", 0),
        "Recorder/Alarms/DestinationDeliveryFailures": (
            "AWS/Lambda",
            "DestinationDeliveryFailures",
            function,
            "Sum",
            0,
        ),
        "Recorder/Alarms/Duration": ("AWS/Lambda", "Duration", function, "Maximum", 24000),
        "Recorder/Alarms/FailuresKept": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, "Maximum", 0),
        "Records/Alarms/ReadThrottled": ("AWS/DynamoDB", "ReadThrottleEvents", table, "Sum", 0),
        "Records/Alarms/WriteThrottled": ("AWS/DynamoDB", "WriteThrottleEvents", table, "Sum", 0),
        "Api/Alarms/ServerErrors": ("AWS/ApiGateway", "5XXError", api, "Sum", 0),
    }


def test_digests_are_a_variable_of_the_function_and_nothing_else(tracker: Tracker, default: Terraform) -> None:
    made = tracker(Settings.load({"TRACKER_NOTIFICATIONS": "digests"}))
    function, usual = made.one("aws_lambda_function"), default.one("aws_lambda_function")
    variables = {**usual["environment"]["variables"], "NOTIFICATIONS": "digests"}
    assert function == {**usual, "environment": {**usual["environment"], "variables": variables}}
    assert {kind: made.all(kind) for kind in made.types() if kind != "aws_lambda_function"} == {
        kind: default.all(kind) for kind in default.types() if kind != "aws_lambda_function"
    }
