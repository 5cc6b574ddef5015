from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import Testing

from settings import Settings, SettingsError
from stacks.file_metadata import FileMetadata

from .synthesized import Terraform, allow, allow_service, deny_without_tls, index_keys, replaced_with_function

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
BUCKET = "${aws_s3_bucket.Uploads/Bucket.bucket}"
BUCKET_ARN = "${aws_s3_bucket.Uploads/Bucket.arn}"
TABLE_ARN = "${aws_dynamodb_table.Metadata/Table.arn}"
ALARM_TOPIC_ARN = "${aws_sns_topic.AlarmTopic/Topic.arn}"
TABLE_NAME = "sluice-file-metadata-metadata-dev"
INDEXES = {"": "", "ByContentType": "by-content-type", "ByDay": "by-day"}

Synthesized = Callable[[Settings], Terraform]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The stack under given settings, synthesized once for each set."""
    output = str(tmp_path_factory.mktemp("cdktf"))
    return cache(lambda settings: Terraform(FileMetadata(Testing.app(outdir=output), settings)))


@pytest.fixture(scope="module")
def default(system: Synthesized) -> Terraform:
    return system(Settings())


def test_the_role_may_do_exactly_what_the_function_does(default: Terraform) -> None:
    assert default.grants("Extractor") == {
        "OperateExtractor": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Extractor/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], "${aws_sqs_queue.Extractor/Failures/Queue.arn}"),
        ],
        "ReadUploads": [allow("Read", ["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET_ARN}/*")],
        "PutMetadata": [allow("Put", ["dynamodb:PutItem"], TABLE_ARN)],
    }
    assert set(default.all("aws_iam_role")) == {"Extractor/Role"}
    assert {kind for kind in default.types() if kind.startswith("aws_iam_")} == {
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
    }


def test_the_resources_own_policies_admit_cloudwatch_and_nobody_else(default: Terraform) -> None:
    policies = {path: one for path, one in default.policies().items() if not path.startswith(("Extractor/", "Key/"))}
    assert policies == {
        "Uploads/Policy": [deny_without_tls(["s3:*"], BUCKET_ARN, f"{BUCKET_ARN}/*")],
        "AlarmTopic/Policy": [
            deny_without_tls(["sns:Publish"], ALARM_TOPIC_ARN),
            allow_service("cloudwatch", ["sns:Publish"], ALARM_TOPIC_ARN, ACCOUNT),
        ],
    }


def test_only_the_systems_own_sources_may_invoke_the_function(default: Terraform) -> None:
    assert default.all("aws_lambda_permission") == {
        "Extractor/InvokeForUploads": {
            "action": "lambda:InvokeFunction",
            "function_name": "${aws_lambda_function.Extractor/Function.function_name}",
            "principal": "s3.amazonaws.com",
            **replaced_with_function("Extractor"),
            "source_arn": BUCKET_ARN,
            "source_account": ACCOUNT,
        }
    }
    assert default.all("aws_s3_bucket_notification") == {
        "Uploads/Notification": {
            "bucket": BUCKET,
            "lambda_function": [
                {
                    "events": ["s3:ObjectCreated:*"],
                    "lambda_function_arn": "${aws_lambda_function.Extractor/Function.arn}",
                }
            ],
            "depends_on": ["aws_lambda_permission.Extractor/InvokeForUploads"],
        }
    }


def test_the_bucket_is_versioned_and_encrypts_with_s3s_own_keys(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_versioning") == {
        "Uploads/Versioning": {"bucket": BUCKET, "versioning_configuration": {"status": "Enabled"}}
    }
    (rule,) = default.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule == {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}


def test_no_web_origin_is_admitted_unless_it_is_named(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_cors_configuration") == {}
    assert default.outputs()["CorsOrigins"] == "none: set CORS_ORIGINS and deploy again to admit web pages"


def test_pages_of_the_named_web_origins_may_upload_and_read(system: Synthesized) -> None:
    origins = ("https://app.example.com", "http://localhost:8080")
    made = system(Settings(cors_origins=origins))
    assert made.all("aws_s3_bucket_cors_configuration") == {
        "Uploads/Cors": {
            "bucket": BUCKET,
            "cors_rule": [
                {
                    "allowed_origins": list(origins),
                    "allowed_methods": ["GET", "HEAD", "PUT"],
                    "allowed_headers": ["*"],
                    "expose_headers": [
                        "ETag",
                        "x-amz-version-id",
                        "x-amz-checksum-crc64nvme",
                        "x-amz-checksum-sha256",
                        "x-amz-request-id",
                    ],
                    "max_age_seconds": 3000,
                }
            ],
        }
    }
    assert made.outputs()["CorsOrigins"] == "https://app.example.com, http://localhost:8080"


@pytest.mark.parametrize("given", ["*", "app.example.com", "https://app.example.com/", "https://*.example.com"])
def test_a_value_that_is_not_a_single_web_origin_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"CORS_ORIGINS: .* is not allowed; give web origins such as"):
        Settings.load({"CORS_ORIGINS": given})


def test_the_table_answers_for_an_objects_history_for_a_content_type_and_for_a_day(default: Terraform) -> None:
    capacity = {"read_capacity": 100, "write_capacity": 100}
    assert default.all("aws_dynamodb_table") == {
        "Metadata/Table": {
            "name": TABLE_NAME,
            "billing_mode": "PROVISIONED",
            **capacity,
            "hash_key": "objectKey",
            "range_key": "uploadTime",
            "attribute": [
                {"name": one, "type": "S"} for one in ("objectKey", "uploadTime", "contentType", "uploadDay")
            ],
            "global_secondary_index": [
                {"name": name, **index_keys(key, "uploadTime"), "projection_type": "ALL", **capacity}
                for name, key in (("by-content-type", "contentType"), ("by-day", "uploadDay"))
            ],
            "point_in_time_recovery": {"enabled": True},
            "deletion_protection_enabled": False,
        }
    }


def test_turning_autoscaling_on_adds_it_and_leaves_the_table_as_it_is(system: Synthesized, default: Terraform) -> None:
    scaled = system(Settings(metadata_autoscale_to=400))
    assert default.all("aws_appautoscaling_target") == default.all("aws_appautoscaling_policy") == {}
    targets = scaled.all("aws_appautoscaling_target")
    assert set(targets) == {f"Metadata/{one}{index}Scaling" for one in ("Read", "Write") for index in INDEXES}
    assert {(one["min_capacity"], one["max_capacity"]) for one in targets.values()} == {(100, 400)}
    assert set(scaled.all("aws_appautoscaling_policy")) == {f"{path}Policy" for path in targets}
    table = scaled.one("aws_dynamodb_table")
    assert table.pop("lifecycle") == {"ignore_changes": ["read_capacity", "write_capacity"]}
    # The indexes keep their scaled units, so that indexes can be added and removed.
    units = [(one.pop("read_capacity"), one.pop("write_capacity")) for one in table["global_secondary_index"]]
    assert [unit.startswith("${max(100, ") for pair in units for unit in pair] == [True] * 4
    plain = default.one("aws_dynamodb_table")
    for one in plain["global_secondary_index"]:
        del one["read_capacity"], one["write_capacity"]
    assert table == plain


def test_alarms_watch_the_function_its_failures_and_the_table_with_its_indexes(default: Terraform) -> None:
    seen = {
        path: (one["namespace"], one["metric_name"], one["dimensions"], one["statistic"], one["threshold"])
        for path, one in default.all("aws_cloudwatch_metric_alarm").items()
    }
    function = {"FunctionName": "sluice-file-metadata-extractor-dev"}
    queue = {"QueueName": "${aws_sqs_queue.Extractor/Failures/Queue.name}"}
    expected: dict[str, Any] = {
        f"Extractor/Alarms/{metric}": ("AWS/Lambda", metric, function, "Sum", 0)
        for metric in ("Errors", "Throttles", "DestinationDeliveryFailures")
    }
    expected["Extractor/Alarms/Duration"] = ("AWS/Lambda", "Duration", function, "Maximum", 24000)
    expected["Extractor/Alarms/FailuresKept"] = (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        queue,
        "Maximum",
        0,
    )
    for path, index in INDEXES.items():
        place = {"TableName": TABLE_NAME, **({"GlobalSecondaryIndexName": index} if index else {})}
        for one in ("Read", "Write"):
            throttled, consumed = f"{one}ThrottleEvents", f"Consumed{one}CapacityUnits"
            expected[f"Metadata/Alarms/{one}Throttled{path}"] = ("AWS/DynamoDB", throttled, place, "Sum", 0)
            # 80 % of 100 units a second for five minutes
            expected[f"Metadata/Alarms/{one}Consumed{path}"] = ("AWS/DynamoDB", consumed, place, "Sum", 24000)
    assert seen == expected


def test_names_and_capacity_can_be_set_from_outside(system: Synthesized) -> None:
    given = {
        "METADATA_BUCKET_NAME": "files-of-ours",
        "METADATA_TABLE_NAME": "Files.Of_Ours",
        "METADATA_READ_CAPACITY": "7",
        "METADATA_WRITE_CAPACITY": "9",
    }
    made = system(Settings.load(given))
    table = made.one("aws_dynamodb_table")
    assert made.one("aws_s3_bucket")["bucket"] == "files-of-ours"
    assert table["name"] == "Files.Of_Ours"
    places = [table, *table["global_secondary_index"]]
    assert [(one["read_capacity"], one["write_capacity"]) for one in places] == [(7, 9)] * 3


def test_shards_of_the_indexes_change_the_functions_environment_and_nothing_else(system: Synthesized) -> None:
    """The indexes stay as they are: AWS would make them anew otherwise, without the rows that lack a new key."""
    functions = {}
    for count in ("1", "16"):
        made = system(Settings.load({"METADATA_INDEX_SHARDS": count}))
        functions[count] = made.one("aws_lambda_function")["environment"]["variables"]
        assert made.grants("Extractor") == system(Settings()).grants("Extractor")
        assert made.one("aws_dynamodb_table") == system(Settings()).one("aws_dynamodb_table")
    assert "INDEX_SHARDS" not in functions["1"]
    assert functions["16"] == {**functions["1"], "INDEX_SHARDS": "16"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("METADATA_BUCKET_NAME", "Files"),
        ("METADATA_TABLE_NAME", "a b"),
        ("METADATA_READ_CAPACITY", "0"),
        ("METADATA_WRITE_CAPACITY", "1.5"),
        ("METADATA_AUTOSCALE_TO", "more"),
        ("METADATA_INDEX_SHARDS", "0"),
    ],
)
def test_a_name_or_capacity_that_aws_would_refuse_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}: '{value}' is not allowed; give "):
        Settings.load({name: value})


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        (Settings(), "sluice-file-metadata", "dev"),
        (Settings(project="other", environment="pr-1"), "other-file-metadata", "pr-1"),
    ],
    ids=["default", "other"],
)
def test_names_are_project_system_part_environment(
    system: Synthesized, settings: Settings, before: str, after: str
) -> None:
    made = system(settings)
    names = {
        "aws_s3_bucket": {"Uploads/Bucket": f"{before}-uploads-{after}-{ACCOUNT}"},
        "aws_dynamodb_table": {"Metadata/Table": f"{before}-metadata-{after}"},
        "aws_sns_topic": {"AlarmTopic/Topic": f"{before}-alarms-{after}"},
        "aws_lambda_function": {"Extractor/Function": f"{before}-extractor-{after}"},
        "aws_iam_role": {"Extractor/Role": f"{before}-extractor-{after}"},
        "aws_sqs_queue": {"Extractor/Failures/Queue": f"{before}-extractor-{after}-failures"},
        "aws_cloudwatch_log_group": {"Extractor/LogGroup": f"/aws/lambda/{before}-extractor-{after}"},
        "aws_kms_alias": {"Key/Alias": f"alias/{before}-messages-{after}"},
    }
    attributes = {"aws_s3_bucket": "bucket", "aws_lambda_function": "function_name"}
    assert {
        kind: {path: one[attributes.get(kind, "name")] for path, one in made.all(kind).items()} for kind in names
    } == names


def test_the_function_learns_its_table_and_is_traced(default: Terraform) -> None:
    made = default.one("aws_lambda_function")
    assert {name: made[name] for name in ("environment", "timeout", "runtime", "handler", "tracing_config")} == {
        "environment": {
            "variables": {
                "POWERTOOLS_SERVICE_NAME": "sluice-file-metadata-extractor-dev",
                "POWERTOOLS_METRICS_NAMESPACE": "sluice-file-metadata-extractor-dev",
                "TABLE_NAME": "${aws_dynamodb_table.Metadata/Table.name}",
            }
        },
        "timeout": 30,
        "runtime": "python3.13",
        "handler": "file_metadata.handler.handle",
        "tracing_config": {"mode": "Active"},
    }


def test_outputs_say_what_comes_next(default: Terraform) -> None:
    assert default.outputs() == {
        "BucketName": BUCKET,
        "CorsOrigins": "none: set CORS_ORIGINS and deploy again to admit web pages",
        "TableName": "${aws_dynamodb_table.Metadata/Table.name}",
        "ContentTypeIndexName": "by-content-type",
        "DayIndexName": "by-day",
        "AlarmTopicArn": ALARM_TOPIC_ARN,
        "FunctionName": "${aws_lambda_function.Extractor/Function.function_name}",
        "FunctionArn": "${aws_lambda_function.Extractor/Function.arn}",
        "LogGroupName": "${aws_cloudwatch_log_group.Extractor/LogGroup.name}",
        "FailureQueueUrl": "${aws_sqs_queue.Extractor/Failures/Queue.url}",
    }


def test_in_a_protected_environment_bucket_table_and_key_cannot_be_destroyed(system: Synthesized) -> None:
    made = system(Settings(environment="prod", metadata_autoscale_to=400))
    assert {
        f"{kind}.{path}": resource["lifecycle"]["prevent_destroy"]
        for kind, resources in made.json["resource"].items()
        for path, resource in resources.items()
        if "prevent_destroy" in resource.get("lifecycle", {})
    } == dict.fromkeys(
        ("aws_s3_bucket.Uploads/Bucket", "aws_dynamodb_table.Metadata/Table", "aws_kms_key.Key/Key"), True
    )
    assert made.one("aws_dynamodb_table")["deletion_protection_enabled"] is True
    assert made.one("aws_s3_bucket")["force_destroy"] is False
