import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import Testing

from settings import Settings
from stacks.system import FUNCTIONS
from stacks.upload_api import PREFIX, PRESIGNED_PREFIX, UploadApi
from upload_api.uploads import requested

from .synthesized import (
    DNS_SUFFIX,
    PARTITION,
    REGION,
    Block,
    Terraform,
    allow,
    allow_service,
    decoded,
    deny_without_tls,
    replaced_with_function,
)

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
ROOT = f"arn:{PARTITION}:iam::{ACCOUNT}:root"
BUCKET = "${aws_s3_bucket.Files/Bucket.bucket}"
BUCKET_ARN = "${aws_s3_bucket.Files/Bucket.arn}"
FILES_KEY_ARN = "${aws_kms_key.FilesKey/Key.arn}"
TABLE_ARN = "${aws_dynamodb_table.Products/Table.arn}"
TABLE_KEY_ARN = "${aws_kms_key.ProductsKey/Key.arn}"
ALARM_TOPIC_ARN = "${aws_sns_topic.AlarmTopic/Topic.arn}"
API = "${aws_api_gateway_rest_api.Api/Api.id}"
ROLE = "${aws_iam_role.Uploader/Role.name}"

SCHEMA = FUNCTIONS / "upload_api" / "upload.schema.json"

Uploads = Callable[[Settings], Terraform]


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Uploads:
    """The stack under given settings, synthesized once for each."""
    output = str(tmp_path_factory.mktemp("cdktf"))
    return cache(lambda settings: Terraform(UploadApi(Testing.app(outdir=output), settings)))


@pytest.fixture(scope="module")
def default(uploads: Uploads) -> Terraform:
    return uploads(Settings())


@pytest.fixture(scope="module")
def with_kms(uploads: Uploads) -> Terraform:
    return uploads(Settings(upload_encryption="kms"))


def grants(*, key_arn: str | None = None) -> dict[str, list[Block]]:
    """The grants; with `key_arn` those on the files' key too."""
    reading, writing = ["kms:Decrypt"], ["kms:GenerateDataKey", "kms:Decrypt"]
    files = {
        f"{sid}{folder.title()}Files": [
            allow(sid, actions, f"{BUCKET_ARN}/{folder}/*"),
            *([allow(f"{sid}Key", key_actions, key_arn)] if key_arn else []),
        ]
        for sid, folder, actions, key_actions in (
            ("Write", "uploads", ["s3:PutObject"], writing),
            ("Presign", "presigned", ["s3:PutObject"], writing),
            ("Read", "presigned", ["s3:GetObject", "s3:GetObjectVersion"], reading),
        )
    }
    return {
        "OperateUploader": [
            allow(
                "WriteOwnLogs",
                ["logs:CreateLogStream", "logs:PutLogEvents"],
                "${aws_cloudwatch_log_group.Uploader/LogGroup.arn}:*",
            ),
            allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
            allow("KeepFailures", ["sqs:SendMessage"], "${aws_sqs_queue.Uploader/Failures/Queue.arn}"),
        ],
        **files,
        "GetProducts": [allow("Get", ["dynamodb:GetItem"], TABLE_ARN)],
        "PutProducts": [allow("Put", ["dynamodb:PutItem"], TABLE_ARN)],
        "QueryProducts": [allow("Query", ["dynamodb:Query"], TABLE_ARN)],
        "DeleteProducts": [allow("Delete", ["dynamodb:DeleteItem"], TABLE_ARN)],
        "UseKeyOfProducts": [allow("UseTableKey", ["kms:Decrypt", "kms:DescribeKey"], TABLE_KEY_ARN)],
    }


def test_the_role_may_do_exactly_what_the_function_does(default: Terraform) -> None:
    assert default.grants("Uploader") == grants()


@pytest.mark.parametrize(("what", "prefix"), [('"content": ""', PREFIX), ('"size": 1', PRESIGNED_PREFIX)])
def test_every_object_is_under_the_prefix_that_the_role_may_write(what: str, prefix: str) -> None:
    event = {
        "headers": {"Content-Type": "application/json", "Idempotency-Key": "../a"},
        "body": f'{{"productId": "1", "productName": "a", "price": 1, "fileName": "a", {what}}}',
    }
    assert requested(event).object_key.startswith(prefix)


def test_the_function_gets_events_of_presigned_uploads_only(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_notification") == {
        "Files/Notification": {
            "bucket": BUCKET,
            "lambda_function": [
                {
                    "lambda_function_arn": "${aws_lambda_function.Uploader/Function.arn}",
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": "presigned/",
                }
            ],
            "depends_on": ["aws_lambda_permission.Uploader/InvokeForFiles"],
        }
    }


def test_with_kms_the_role_may_also_use_the_files_key(with_kms: Terraform) -> None:
    assert with_kms.grants("Uploader") == grants(key_arn=FILES_KEY_ARN)


def test_the_one_role_has_no_other_policies(with_kms: Terraform) -> None:
    assert set(with_kms.all("aws_iam_role")) == {"Uploader/Role"}
    assert {policy["role"] for policy in with_kms.all("aws_iam_role_policy").values()} == {ROLE}
    assert {kind for kind in with_kms.types() if kind.startswith("aws_iam_")} == {
        "aws_iam_policy_document",
        "aws_iam_role",
        "aws_iam_role_policy",
    }


def only_the_role(actions: list[str]) -> Block:
    return {
        "sid": "OnlyTheFunctionUsesObjects",
        "effect": "Deny",
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "actions": actions,
        "resources": [f"{BUCKET_ARN}/*"],
        "condition": [
            {
                "test": "ArnNotLike",
                "variable": "aws:PrincipalArn",
                "values": [
                    f"arn:{PARTITION}:iam::{ACCOUNT}:role/{ROLE}",
                ],
            }
        ],
    }


USING_OBJECTS = ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"]


def test_nobody_but_the_functions_role_reads_or_writes_objects(default: Terraform) -> None:
    assert default.policies()["Files/Policy"] == [
        deny_without_tls(["s3:*"], BUCKET_ARN, f"{BUCKET_ARN}/*"),
        only_the_role(USING_OBJECTS),
    ]


def test_in_a_protected_environment_nobody_deletes_them_either(uploads: Uploads) -> None:
    made = uploads(Settings(environment="prod"))
    assert made.policies()["Files/Policy"][1] == only_the_role([*USING_OBJECTS, "s3:DeleteObject*"])


def key_policy(service: str) -> list[Block]:
    account = [{"type": "AWS", "identifiers": [ROOT]}]
    return [
        {
            "sid": "Administration",
            "effect": "Allow",
            "principals": account,
            "actions": [
                "kms:CancelKeyDeletion",
                "kms:CreateAlias",
                "kms:DeleteAlias",
                "kms:DescribeKey",
                "kms:DisableKey",
                "kms:DisableKeyRotation",
                "kms:EnableKey",
                "kms:EnableKeyRotation",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListGrants",
                "kms:ListKeyPolicies",
                "kms:ListKeyRotations",
                "kms:ListResourceTags",
                "kms:PutKeyPolicy",
                "kms:RevokeGrant",
                "kms:RotateKeyOnDemand",
                "kms:ScheduleKeyDeletion",
                "kms:TagResource",
                "kms:UntagResource",
                "kms:UpdateAlias",
                "kms:UpdateKeyDescription",
            ],
            "resources": ["*"],
        },
        {
            "sid": "UseThroughService",
            "effect": "Allow",
            "principals": account,
            "actions": [
                "kms:CreateGrant",
                "kms:Decrypt",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            "resources": ["*"],
            "condition": [{"test": "StringEquals", "variable": "kms:ViaService", "values": [service]}],
        },
    ]


def test_keys_of_stored_data_are_used_through_their_service_only(uploads: Uploads) -> None:
    policies = uploads(Settings(upload_encryption="kms", region="eu-west-1")).policies()
    assert policies["ProductsKey/Policy"] == key_policy(f"dynamodb.{REGION}.{DNS_SUFFIX}")
    assert policies["FilesKey/Policy"] == key_policy(f"s3.{REGION}.{DNS_SUFFIX}")


def test_the_other_resources_admit_cloudwatch_and_nobody_else(default: Terraform) -> None:
    mine = ("Uploader/", "Files/", "ProductsKey/", "Key/")
    assert {path: one for path, one in default.policies().items() if not path.startswith(mine)} == {
        "AlarmTopic/Policy": [
            deny_without_tls(["sns:Publish"], ALARM_TOPIC_ARN),
            allow_service("cloudwatch", ["sns:Publish"], ALARM_TOPIC_ARN, ACCOUNT),
        ]
    }


def test_every_key_rotates(with_kms: Terraform) -> None:
    assert {path: one["enable_key_rotation"] for path, one in with_kms.all("aws_kms_key").items()} == {
        "Key/Key": True,
        "FilesKey/Key": True,
        "ProductsKey/Key": True,
    }


def test_the_table_has_the_documents_keys_its_own_kms_key_and_an_expiry(default: Terraform) -> None:
    assert default.all("aws_dynamodb_table") == {
        "Products/Table": {
            "name": "sluice-upload-api-products-dev",
            "billing_mode": "PAY_PER_REQUEST",
            "hash_key": "productId",
            "range_key": "productName",
            "attribute": [{"name": "productId", "type": "S"}, {"name": "productName", "type": "S"}],
            "point_in_time_recovery": {"enabled": True},
            "server_side_encryption": {"enabled": True, "kms_key_arn": TABLE_KEY_ARN},
            "ttl": {"enabled": True, "attribute_name": "expiresAt"},
            "deletion_protection_enabled": False,
        }
    }


def test_the_bucket_is_versioned_and_blocks_all_public_access(default: Terraform) -> None:
    assert default.one("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    assert default.one("aws_s3_bucket_public_access_block") == {
        "bucket": BUCKET,
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    }


def encryption(made: Terraform) -> Any:
    return made.one("aws_s3_bucket_server_side_encryption_configuration")["rule"]


def test_a_setting_chooses_how_files_are_encrypted(default: Terraform, with_kms: Terraform) -> None:
    assert encryption(default) == [{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}]
    assert encryption(with_kms) == [
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": FILES_KEY_ARN,
            },
            "bucket_key_enabled": True,
        }
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("iam", {"authorization": "AWS_IAM"}),
        ("api_key", {"authorization": "NONE", "api_key_required": True}),
        ("none", {"authorization": "NONE"}),
    ],
)
def test_the_api_has_exactly_one_route(uploads: Uploads, value: str, expected: Block) -> None:
    made = uploads(Settings(api_authorization=value))
    assert made.all("aws_api_gateway_resource") == {
        "Api/PathUpload": {
            "rest_api_id": API,
            "parent_id": "${aws_api_gateway_rest_api.Api/Api.root_resource_id}",
            "path_part": "upload",
        }
    }
    assert made.all("aws_api_gateway_method") == {
        "Api/PostUploadMethod": {
            "rest_api_id": API,
            "resource_id": "${aws_api_gateway_resource.Api/PathUpload.id}",
            "http_method": "POST",
            "request_models": {"application/json": "${aws_api_gateway_model.Api/PostUploadModel.name}"},
            "request_validator_id": "${aws_api_gateway_request_validator.Api/PostUploadValidator.id}",
            **expected,
        }
    }


def test_pages_of_named_origins_may_call_the_one_route_and_upload_to_the_bucket(uploads: Uploads) -> None:
    origins = ("https://app.example.com", "http://localhost:3000")
    made = uploads(Settings(cors_origins=origins))
    methods = made.all("aws_api_gateway_method")
    assert {path: (one["http_method"], one["authorization"]) for path, one in methods.items()} == {
        "Api/PostUploadMethod": ("POST", "AWS_IAM"),
        "Api/PreflightUpload/Method": ("OPTIONS", "NONE"),
    }
    assert set(made.all("aws_api_gateway_resource")) == {"Api/PathUpload"}
    assert made.one("aws_s3_bucket_cors_configuration")["cors_rule"][0]["allowed_origins"] == list(origins)
    variables = made.one("aws_lambda_function")["environment"]["variables"]
    assert variables["CORS_ORIGINS"] == "https://app.example.com,http://localhost:3000"


def test_no_page_may_unless_its_origin_is_named(default: Terraform) -> None:
    assert default.all("aws_s3_bucket_cors_configuration") == {}
    assert set(default.all("aws_api_gateway_gateway_response")) == {"Api/BodyRefusal"}


def test_only_the_systems_own_sources_may_invoke_the_function(default: Terraform) -> None:
    assert default.all("aws_lambda_permission") == {
        "Uploader/InvokeForPostUpload": {
            "action": "lambda:InvokeFunction",
            "function_name": "${aws_lambda_function.Uploader/Function.function_name}",
            "principal": "apigateway.amazonaws.com",
            **replaced_with_function("Uploader"),
            "source_arn": "${aws_api_gateway_rest_api.Api/Api.execution_arn}/live/POST/upload",
        },
        "Uploader/InvokeForFiles": {
            "action": "lambda:InvokeFunction",
            "function_name": "${aws_lambda_function.Uploader/Function.function_name}",
            "principal": "s3.amazonaws.com",
            "source_arn": BUCKET_ARN,
            "source_account": ACCOUNT,
            **replaced_with_function("Uploader"),
        },
    }


def test_api_gateway_checks_bodies_against_the_functions_own_schema(default: Terraform) -> None:
    model = default.one("aws_api_gateway_model")
    assert model["content_type"] == "application/json"
    assert json.loads(model["schema"]) == json.loads(SCHEMA.read_text())
    assert default.one("aws_api_gateway_request_validator")["validate_request_body"] is True


# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html: draft 4 only.
DRAFT_4 = {
    *("$schema", "title", "description", "type", "properties", "required", "additionalProperties", "oneOf"),
    *("pattern", "minLength", "maxLength", "minimum", "maximum"),
}


def keywords(schema: Any) -> set[str]:
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", [])]
    return set(schema).union(*map(keywords, inner))


def test_the_schema_is_one_that_api_gateway_knows_and_lets_nothing_else_in() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert keywords(schema) - DRAFT_4 == set()
    assert schema["required"] == ["productId", "productName", "price", "fileName"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(("settings", "burst"), [(Settings(), 2000), (Settings(upload_burst_limit=50), 50)])
def test_a_thousand_requests_a_second_and_a_burst_that_is_a_setting(
    uploads: Uploads, settings: Settings, burst: int
) -> None:
    assert uploads(settings).all("aws_api_gateway_method_settings") == {
        "Api/MethodSettings": {
            "rest_api_id": API,
            "stage_name": "${aws_api_gateway_stage.Api/Stage.stage_name}",
            "method_path": "*/*",
            "settings": {
                "metrics_enabled": True,
                "logging_level": "INFO",
                "data_trace_enabled": False,
                "throttling_rate_limit": 1000,
                "throttling_burst_limit": burst,
            },
        }
    }


def test_each_request_is_a_json_line_of_the_access_log(default: Terraform) -> None:
    access_log = default.one("aws_api_gateway_stage")["access_log_settings"]
    assert access_log["destination_arn"] == "${aws_cloudwatch_log_group.Api/AccessLog.arn}"
    assert {"requestId", "httpMethod", "status", "responseLatency", "error"} <= set(json.loads(access_log["format"]))
    assert {path: one["name"] for path, one in default.all("aws_cloudwatch_log_group").items()} == {
        "Uploader/LogGroup": "/aws/lambda/sluice-upload-api-uploader-dev",
        "Api/AccessLog": "/aws/apigateway/sluice-upload-api-api-dev",
        "Api/ExecutionLog": f"API-Gateway-Execution-Logs_{API}/live",
    }


def test_the_dashboard_shows_api_function_and_table(default: Terraform) -> None:
    route = ["ApiName", "sluice-upload-api-api-dev", "Stage", "live", "Resource", "/upload", "Method", "POST"]
    function = ["FunctionName", "sluice-upload-api-uploader-dev"]
    table = ["TableName", "${aws_dynamodb_table.Products/Table.name}"]

    def line(namespace: str, metric: str, dimensions: list[str], statistic: str = "Sum") -> list[Any]:
        return [namespace, metric, *dimensions, {"stat": statistic}]

    made = default.one("aws_cloudwatch_dashboard")
    assert made["dashboard_name"] == "sluice-upload-api-overview-dev"
    graphs = [one["properties"] for one in decoded(made["dashboard_body"])["widgets"]]
    assert {one["region"] for one in graphs} == {"us-east-1"}
    assert {one["title"]: one["metrics"] for one in graphs} == {
        "Requests": [line("AWS/ApiGateway", "Count", route)],
        "Refused and failed requests": [
            line("AWS/ApiGateway", "4XXError", route),
            line("AWS/ApiGateway", "5XXError", route),
        ],
        "Latency (ms, 99 of 100 requests)": [
            line("AWS/ApiGateway", "Latency", route, "p99"),
            line("AWS/ApiGateway", "IntegrationLatency", route, "p99"),
        ],
        "Function": [line("AWS/Lambda", one, function) for one in ("Invocations", "Errors", "Throttles")],
        "Duration (ms)": [line("AWS/Lambda", "Duration", function, one) for one in ("p50", "p99", "Maximum")],
        "Presigned uploads": [
            line(function[1], one, ["service", function[1]])
            for one in ("UploadsArrived", "UploadsOfWrongSize", "UploadsExpired")
        ],
        "Table: throttled": [
            line("AWS/DynamoDB", "ReadThrottleEvents", table),
            line("AWS/DynamoDB", "WriteThrottleEvents", table),
        ],
    }


def test_the_function_learns_bucket_and_table(default: Terraform) -> None:
    made = default.one("aws_lambda_function")
    assert made["environment"] == {
        "variables": {
            "POWERTOOLS_SERVICE_NAME": "sluice-upload-api-uploader-dev",
            "POWERTOOLS_METRICS_NAMESPACE": "sluice-upload-api-uploader-dev",
            "BUCKET_NAME": BUCKET,
            "TABLE_NAME": "${aws_dynamodb_table.Products/Table.name}",
        }
    }
    assert made["handler"] == "upload_api.handler.handle"


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "${aws_api_gateway_stage.Api/Stage.invoke_url}/upload"),
        (
            Settings(endpoint_url="https://127.0.0.1:4566"),
            f"https://127.0.0.1:4566/_aws/execute-api/{API}/live/upload",
        ),
    ],
    ids=["default", "local"],
)
def test_outputs_say_what_comes_next(uploads: Uploads, settings: Settings, url: str) -> None:
    assert uploads(settings).outputs() == {
        "BucketName": BUCKET,
        "TableName": "${aws_dynamodb_table.Products/Table.name}",
        "AlarmTopicArn": ALARM_TOPIC_ARN,
        "FunctionName": "${aws_lambda_function.Uploader/Function.function_name}",
        "FunctionArn": "${aws_lambda_function.Uploader/Function.arn}",
        "LogGroupName": "${aws_cloudwatch_log_group.Uploader/LogGroup.name}",
        "FailureQueueUrl": "${aws_sqs_queue.Uploader/Failures/Queue.url}",
        "ApiId": API,
        "ApiUrl": url,
        "AccessLogGroupName": "${aws_cloudwatch_log_group.Api/AccessLog.name}",
        "DashboardName": "sluice-upload-api-overview-dev",
    }


def test_in_a_protected_environment_bucket_table_and_keys_cannot_be_destroyed(uploads: Uploads) -> None:
    made = uploads(Settings(environment="prod", upload_encryption="kms"))
    assert {
        f"{kind}.{path}"
        for kind, resources in made.json["resource"].items()
        for path, resource in resources.items()
        if resource.get("lifecycle", {}).get("prevent_destroy")
    } == {
        "aws_s3_bucket.Files/Bucket",
        "aws_dynamodb_table.Products/Table",
        "aws_kms_key.Key/Key",
        "aws_kms_key.FilesKey/Key",
        "aws_kms_key.ProductsKey/Key",
    }
    assert made.one("aws_dynamodb_table")["deletion_protection_enabled"] is True
    assert made.one("aws_s3_bucket")["force_destroy"] is False


def test_in_any_other_environment_the_stack_can_be_destroyed_with_its_files(default: Terraform) -> None:
    assert default.one("aws_s3_bucket")["force_destroy"] is True
    assert default.one("aws_dynamodb_table")["deletion_protection_enabled"] is False
