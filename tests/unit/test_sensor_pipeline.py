"""The sensor pipeline's stack: the function's triggers, permissions and environment."""

from collections.abc import Callable

import pytest
from cdktf import App

from settings import DEFAULT_THRESHOLDS, Settings
from stacks.sensor_pipeline import SensorPipeline

from .synthesized import Terraform, allow, deny_without_tls, replaced_with_function

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
BUCKET = "${aws_s3_bucket.Landing/Bucket.bucket}"
BUCKET_ARN = "${aws_s3_bucket.Landing/Bucket.arn}"
READINGS = "aws_dynamodb_table.Readings/Table"
REJECTS = "aws_dynamodb_table.Rejects/Table"
TOPIC_ARN = "${aws_sns_topic.Breaches/Topic.arn}"
ALARM_TOPIC_ARN = "${aws_sns_topic.AlarmTopic/Topic.arn}"
QUEUE_ARN = "${aws_sqs_queue.Ingester/Failures/Queue.arn}"
FUNCTION = "${aws_lambda_function.Ingester/Function.function_name}"
FUNCTION_ARN = "${aws_lambda_function.Ingester/Function.arn}"

Pipeline = Callable[[Settings], Terraform]


@pytest.fixture(scope="module")
def pipeline(new_app: Callable[[], App]) -> Pipeline:
    return lambda settings: Terraform(SensorPipeline(new_app(), settings))


@pytest.fixture(scope="module")
def default(pipeline: Pipeline) -> Terraform:
    return pipeline(Settings())


def test_the_role_may_do_exactly_what_the_function_does(default: Terraform) -> None:
    assert default.grants("Ingester") == {
        "OperateIngester": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Ingester/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], QUEUE_ARN),
        ],
        "ReadReadingsLanding": [allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET_ARN}/readings/*")],
        "PutReadings": [allow("Put", ["dynamodb:PutItem"], f"${{{READINGS}.arn}}")],
        "PutRejects": [allow("Put", ["dynamodb:PutItem"], f"${{{REJECTS}.arn}}")],
        "PublishBreaches": [
            allow("Publish", ["sns:Publish"], TOPIC_ARN),
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], "${aws_kms_key.Key/Key.arn}"),
        ],
    }
    assert list(default.all("aws_iam_role")) == ["Ingester/Role"]
    assert {kind for kind in default.types() if kind.startswith("aws_iam_")} == {
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
    }


def test_only_the_systems_own_sources_may_invoke_the_function(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_notification") == {
        "Landing/Notification": {
            "bucket": BUCKET,
            "lambda_function": [
                {
                    "lambda_function_arn": FUNCTION_ARN,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": "readings/",
                }
            ],
            "depends_on": ["aws_lambda_permission.Ingester/InvokeForLanding"],
        }
    }
    assert default.all("aws_lambda_permission") == {
        "Ingester/InvokeForLanding": {
            "function_name": FUNCTION,
            "action": "lambda:InvokeFunction",
            "principal": "s3.amazonaws.com",
            **replaced_with_function("Ingester"),
            "source_arn": BUCKET_ARN,
            "source_account": ACCOUNT,
        }
    }


@pytest.mark.parametrize(
    ("path", "name", "keys"),
    [
        ("Readings/Table", "readings", ("deviceId", "readingTime")),
        ("Rejects/Table", "rejects", ("objectKey", "place")),
    ],
)
def test_the_tables_are_on_demand_with_the_keys_of_their_questions(
    default: Terraform, path: str, name: str, keys: tuple[str, str]
) -> None:
    assert set(default.all("aws_dynamodb_table")) == {"Readings/Table", "Rejects/Table"}
    assert default.all("aws_dynamodb_table")[path] == {
        "name": f"sluice-sensor-pipeline-{name}-dev",
        "billing_mode": "PAY_PER_REQUEST",
        "hash_key": keys[0],
        "range_key": keys[1],
        "attribute": [{"name": one, "type": "S"} for one in keys],
        "point_in_time_recovery": {"enabled": True},
        "deletion_protection_enabled": False,
        **({"ttl": {"enabled": True, "attribute_name": "expiresAt"}} if name == "rejects" else {}),
    }


def test_the_bucket_is_private_versioned_and_takes_tls_only(default: Terraform) -> None:
    assert default.all("aws_s3_bucket") == {
        "Landing/Bucket": {"bucket": f"sluice-sensor-pipeline-landing-dev-{ACCOUNT}", "force_destroy": True}
    }
    assert default.one("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    block = default.one("aws_s3_bucket_public_access_block")
    assert [value for name, value in block.items() if name != "bucket"] == [True] * 4
    assert default.policies()["Landing/Policy"] == [deny_without_tls(["s3:*"], BUCKET_ARN, f"{BUCKET_ARN}/*")]


def test_the_function_has_its_tables_topic_and_thresholds_in_its_environment(default: Terraform) -> None:
    function = default.one("aws_lambda_function")
    assert function["handler"] == "sensor_pipeline.handler.handle"
    assert (function["timeout"], function["memory_size"], function["runtime"]) == (30, 1769, "python3.13")
    assert function["environment"]["variables"] == {
        "POWERTOOLS_SERVICE_NAME": "sluice-sensor-pipeline-ingester-dev",
        "POWERTOOLS_METRICS_NAMESPACE": "sluice-sensor-pipeline-ingester-dev",
        "TABLE_NAME": f"${{{READINGS}.name}}",
        "REJECTS_TABLE_NAME": f"${{{REJECTS}.name}}",
        "TOPIC_ARN": TOPIC_ARN,
        "SENSOR_THRESHOLDS": DEFAULT_THRESHOLDS,
        "SENSOR_FORMAT": "detect",
        "SENSOR_FIELD_NAMES": "{}",
        "SENSOR_EARLIEST_TIMESTAMP": "2015-01-01T00:00:00Z",
        "SENSOR_REJECTS_DAYS": "90",
        "SENSOR_NOTIFICATIONS": "each",
    }


def test_thresholds_of_the_settings_reach_the_function_and_the_outputs(pipeline: Pipeline) -> None:
    text = '{"radiation": {"upper": 0.25}}'
    made = pipeline(Settings(sensor_thresholds=text))
    assert made.one("aws_lambda_function")["environment"]["variables"]["SENSOR_THRESHOLDS"] == text
    assert made.outputs()["SensorThresholds"] == text


def test_an_event_that_keeps_failing_is_kept(default: Terraform) -> None:
    assert default.one("aws_lambda_function_event_invoke_config") == {
        "function_name": FUNCTION,
        "maximum_retry_attempts": 2,
        **replaced_with_function("Ingester"),
        "maximum_event_age_in_seconds": 6 * 60 * 60,
        "destination_config": {"on_failure": {"destination": QUEUE_ARN}},
    }


def test_alarms_watch_the_function_its_failures_and_both_tables(default: Terraform) -> None:
    name = "sluice-sensor-pipeline-ingester-dev"
    tables = [f"sluice-sensor-pipeline-{table}-dev" for table in ("readings", "rejects")]
    watched = {
        (one["metric_name"], *one["dimensions"].values(), one["threshold"])
        for one in default.all("aws_cloudwatch_metric_alarm").values()
    }
    assert watched == {
        ("Errors", name, 0),
        ("Throttles", name, 0),
        ("DestinationDeliveryFailures", name, 0),
        ("Duration", name, 24000),
        ("ApproximateNumberOfMessagesVisible", "${aws_sqs_queue.Ingester/Failures/Queue.name}", 0),
        *((f"{direction}ThrottleEvents", table, 0) for direction in ("Read", "Write") for table in tables),
    }
    for alarm in default.all("aws_cloudwatch_metric_alarm").values():
        assert alarm["alarm_actions"] == alarm["ok_actions"] == [ALARM_TOPIC_ARN]


def test_an_address_of_the_settings_hears_of_breaches_and_alarms(pipeline: Pipeline, default: Terraform) -> None:
    assert default.all("aws_sns_topic_subscription") == {}
    made = pipeline(Settings(notification_email="team@example.com"))
    assert {one["topic_arn"]: one["endpoint"] for one in made.all("aws_sns_topic_subscription").values()} == {
        TOPIC_ARN: "team@example.com",
        ALARM_TOPIC_ARN: "team@example.com",
    }


def test_a_protected_environment_keeps_readings_rejects_and_objects(pipeline: Pipeline) -> None:
    made = pipeline(Settings(environment="prod"))
    kept = [*made.all("aws_dynamodb_table").values(), made.one("aws_s3_bucket")]
    assert [one["lifecycle"] for one in kept] == [{"prevent_destroy": True}] * 3
    assert made.one("aws_s3_bucket")["force_destroy"] is False


def test_outputs_name_what_people_and_commands_need(default: Terraform) -> None:
    assert default.outputs() == {
        "BucketName": BUCKET,
        "Prefix": "readings/",
        "TableName": f"${{{READINGS}.name}}",
        "RejectsTableName": f"${{{REJECTS}.name}}",
        "TopicArn": TOPIC_ARN,
        "AlarmTopicArn": ALARM_TOPIC_ARN,
        "SensorThresholds": DEFAULT_THRESHOLDS,
        "SensorNotifications": "each",
        "FunctionName": FUNCTION,
        "FunctionArn": FUNCTION_ARN,
        "LogGroupName": "${aws_cloudwatch_log_group.Ingester/LogGroup.name}",
        "FailureQueueUrl": "${aws_sqs_queue.Ingester/Failures/Queue.url}",
        "NotificationEmail": "none: set NOTIFICATION_EMAIL and deploy again to subscribe an address",
    }


def test_episodes_have_a_table_that_the_role_may_read_and_write(pipeline: Pipeline) -> None:
    made = pipeline(
        Settings(
            sensor_notifications="episodes", sensor_hysteresis='{"temperature": 2}', sensor_longest_silence_seconds=60
        )
    )
    episodes = "aws_dynamodb_table.Episodes/Table"
    table = made.all("aws_dynamodb_table")["Episodes/Table"]
    assert (table["hash_key"], table["range_key"]) == ("deviceId", "sensorType")
    own = {name: grant for name, grant in made.grants("Ingester").items() if "Episodes" in name}
    assert own == {
        "GetEpisodes": [allow("Get", ["dynamodb:GetItem"], f"${{{episodes}.arn}}")],
        "PutEpisodes": [allow("Put", ["dynamodb:PutItem"], f"${{{episodes}.arn}}")],
    }
    variables = made.one("aws_lambda_function")["environment"]["variables"]
    assert {
        name: value
        for name, value in variables.items()
        if name.startswith(("EPISODES", "SENSOR_H", "SENSOR_L", "SENSOR_N"))
    } == {
        "EPISODES_TABLE_NAME": f"${{{episodes}.name}}",
        "SENSOR_HYSTERESIS": '{"temperature": 2}',
        "SENSOR_LONGEST_SILENCE_SECONDS": "60",
        "SENSOR_NOTIFICATIONS": "episodes",
    }
