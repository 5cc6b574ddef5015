"""Which changes are dangerous, and which are not: the exit code 3 of `make review` is a danger that stands here."""

from typing import Any

import pytest

from tests.review.plans import ACCOUNT, TLS_ONLY, Values, allow, change, findings, policy, review

BUCKET = "aws_s3_bucket.Objects_Bucket_80F6A514"
TABLE = "aws_dynamodb_table.Records_Table_C1978F9E"
ROLE_POLICY = "aws_iam_role_policy.Recorder_PutRecords_RolePolicy_34A9A887"
FUNCTION = "aws_lambda_function.Recorder_Function_719DF34D"
ALARM = "aws_cloudwatch_metric_alarm.Recorder_Alarms_Errors_BB6441D9"
METHOD = "aws_api_gateway_method.Api_GetObjectsMethod_8016CA7C"
BLOCK = "aws_s3_bucket_public_access_block.Objects_PublicAccessBlock_84B8297F"
QUEUE = "aws_sqs_queue.Recorder_Failures_Queue_ACA4F85B"
PERMISSION = "aws_lambda_permission.Recorder_InvokeForObjects_4DB09FC9"

ALL_BLOCKED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
OTHER_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/2"
REPLACED: Any = {"actions": ["delete", "create"]}


def encrypted(algorithm: str, key: str | None = None) -> Values:
    by_default = [{"sse_algorithm": algorithm, "kms_master_key_id": key}]
    return {"bucket": "a", "rule": [{"apply_server_side_encryption_by_default": by_default}]}


def stateful(type_: str) -> Values:
    return change(f"{type_}.Store_Part_00000000", {"name": "a", "arn": "arn:a"}, None)


def updated(address: str, before: Values, after: Values) -> Values:
    return change(address, {"name": "a", **before}, {"name": "a", **after})


DANGEROUS = {
    # Data that is lost.
    "bucket destroyed": (change(BUCKET, {"bucket": "a"}, None), "Data is lost: Objects bucket"),
    "bucket replaced": (change(BUCKET, {"bucket": "a"}, {"bucket": "b"}, **REPLACED), "Data is lost: Objects bucket"),
    "table destroyed": (change(TABLE, {"name": "a"}, None), "Data is lost: Records table"),
    "table replaced": (change(TABLE, {"name": "a"}, {"name": "b"}, **REPLACED), "Data is lost: Records table"),
    "table replaced, made first": (
        change(TABLE, {"name": "a"}, {"name": "b"}, actions=["create", "delete"]),
        "Data is lost: Records table is destroyed and made anew",
    ),
    "key destroyed": (stateful("aws_kms_key"), "Data is lost"),
    "queue destroyed": (stateful("aws_sqs_queue"), "Data is lost"),
    "log group destroyed": (stateful("aws_cloudwatch_log_group"), "Data is lost"),
    "topic destroyed": (stateful("aws_sns_topic"), "Data is lost"),
    "API key destroyed": (stateful("aws_api_gateway_api_key"), "Data is lost"),
    "API destroyed": (stateful("aws_api_gateway_rest_api"), "Data is lost"),
    "database destroyed": (stateful("aws_db_instance"), "Data is lost"),
    "table left unmanaged": (
        change(TABLE, {"name": "a"}, None, actions=["forget"]),
        "Protection removed: Records table is left in AWS",
    ),
    # Open to anybody.
    "public access block removed": (change(BLOCK, ALL_BLOCKED, None), "Open to anybody: Objects bucket: public access"),
    "public policies allowed": (
        change(BLOCK, ALL_BLOCKED, {**ALL_BLOCKED, "block_public_policy": False}),
        "Open to anybody: Objects bucket: block_public_policy turned off",
    ),
    "public access block made with a hole": (
        change(BLOCK, None, {**ALL_BLOCKED, "restrict_public_buckets": False}),
        "Open to anybody: Objects bucket: public access is not blocked (restrict_public_buckets)",
    ),
    "ACLs on again": (
        change(
            "aws_s3_bucket_ownership_controls.Objects_Ownership_693874F5",
            {"rule": [{"object_ownership": "BucketOwnerEnforced"}]},
            {"rule": [{"object_ownership": "ObjectWriter"}]},
        ),
        "Open to anybody: Objects bucket: ACLs count again",
    ),
    "public ACL": (change("aws_s3_bucket_acl.A", None, {"acl": "public-read"}), "Open to anybody"),
    "public bucket policy": (
        change(
            "aws_s3_bucket_policy.Objects_BucketPolicy_0738E581",
            {"policy": policy(TLS_ONLY)},
            {"policy": policy(TLS_ONLY, allow("s3:GetObject", "*", Principal="*"))},
        ),
        "Open to anybody: Objects bucket: anybody is allowed s3:GetObject",
    ),
    "function for anybody": (
        change(PERMISSION, None, {"principal": "*", "function_name": "a"}),
        "Open to anybody: Recorder function can be invoked by anybody",
    ),
    "permission without a source": (
        change(
            PERMISSION,
            {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::a"},
            {"principal": "s3.amazonaws.com", "source_arn": None},
        ),
        "Open to anybody: Recorder function can be invoked by s3.amazonaws.com",
    ),
    "security group open to the world": (
        updated("aws_security_group_rule.A", {"cidr_blocks": ["10.0.0.0/8"]}, {"cidr_blocks": ["0.0.0.0/0"]}),
        "Open to anybody",
    ),
    "database public": (
        updated("aws_db_instance.A", {"publicly_accessible": False}, {"publicly_accessible": True}),
        "Open to anybody",
    ),
    "CORS for every page": (
        change(
            "aws_s3_bucket_cors_configuration.Uploads_Cors_00000000",
            {"cors_rule": [{"allowed_origins": ["https://a.example"]}]},
            {"cors_rule": [{"allowed_origins": ["*"]}]},
        ),
        "Open to anybody: Uploads: every web page",
    ),
    # Authorization opened.
    "method without authorization": (
        change(
            METHOD, {"authorization": "AWS_IAM", "http_method": "GET"}, {"authorization": "NONE", "http_method": "GET"}
        ),
        "Authorization opened: API, method GetObjects: GET needs no authorization",
    ),
    "new method without authorization": (
        change(METHOD, None, {"authorization": "NONE", "http_method": "GET"}),
        "Authorization opened",
    ),
    "method with an API key instead of IAM": (
        updated(METHOD, {"authorization": "AWS_IAM"}, {"authorization": "NONE", "api_key_required": True}),
        "Authorization opened",
    ),
    "API key no longer needed": (
        updated(
            METHOD,
            {"authorization": "AWS_IAM", "api_key_required": True},
            {"authorization": "AWS_IAM", "api_key_required": False},
        ),
        "Authorization opened",
    ),
    "function URL for anybody": (
        change("aws_lambda_function_url.A", None, {"authorization_type": "NONE"}),
        "Authorization opened",
    ),
    # Encryption lost, keys changed.
    "bucket no longer under a KMS key": (
        change(
            "aws_s3_bucket_server_side_encryption_configuration.Objects_Encryption_E019C3FC",
            encrypted("aws:kms", KEY),
            encrypted("AES256"),
        ),
        "Encryption lost: Objects bucket: no longer encrypted with a KMS key",
    ),
    "bucket encryption removed": (
        change(
            "aws_s3_bucket_server_side_encryption_configuration.Objects_Encryption_E019C3FC", encrypted("AES256"), None
        ),
        "Encryption lost: Objects bucket: encryption settings removed",
    ),
    "topic no longer encrypted": (
        updated("aws_sns_topic.A_Topic_00000000", {"kms_master_key_id": KEY}, {"kms_master_key_id": ""}),
        "Encryption lost: A topic",
    ),
    "queue no longer encrypted": (
        updated(QUEUE, {"sqs_managed_sse_enabled": True}, {"sqs_managed_sse_enabled": False}),
        "Encryption lost: Recorder function, Failures queue",
    ),
    "table no longer under its key": (
        updated(
            TABLE, {"server_side_encryption": [{"enabled": True, "kms_key_arn": KEY}]}, {"server_side_encryption": []}
        ),
        "Encryption lost: Records table",
    ),
    "log group no longer under its key": (
        updated("aws_cloudwatch_log_group.A", {"kms_key_id": KEY}, {}),
        "Encryption lost",
    ),
    "another key": (
        updated("aws_sns_topic.A_Topic_00000000", {"kms_master_key_id": KEY}, {"kms_master_key_id": OTHER_KEY}),
        "Encryption key changed: A topic",
    ),
    "another key, known after apply": (
        change(
            "aws_sns_topic.A_Topic_00000000",
            {"name": "a", "kms_master_key_id": KEY},
            {"name": "a"},
            unknown={"kms_master_key_id": True},
        ),
        "Encryption key changed: A topic",
    ),
    # Wider access.
    "action added to a role": (
        change(
            ROLE_POLICY,
            {"role": "r", "policy": policy(allow("dynamodb:PutItem", "*"))},
            {"role": "r", "policy": policy(allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], "*"))},
        ),
        "Wider access: Recorder function, permission PutRecords: more is allowed",
    ),
    "policy added to a role that is there": (
        change(ROLE_POLICY, None, {"role": "r", "policy": policy(allow("s3:GetObject", "arn:aws:s3:::a/*"))}),
        "Wider access",
    ),
    "trust widened": (
        change(
            "aws_iam_role.Recorder_Role_D83E4A2F",
            {"assume_role_policy": policy(allow("sts:AssumeRole", [], Principal={"Service": "lambda.amazonaws.com"}))},
            {"assume_role_policy": policy(allow("sts:AssumeRole", [], Principal={"AWS": "arn:aws:iam::9:root"}))},
        ),
        "Wider access: Recorder function, role",
    ),
    "managed policy attached": (
        change(
            "aws_iam_role_policy_attachment.A",
            None,
            {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        ),
        "Wider access",
    ),
    "another account may invoke": (
        change(PERMISSION, None, {"principal": "999999999999", "function_name": "a"}),
        "Wider access",
    ),
    "policy known after apply only": (
        change(
            ROLE_POLICY, {"role": "r", "policy": policy(allow("a:B", "*"))}, {"role": "r"}, unknown={"policy": True}
        ),
        "Cannot be judged: Recorder function, permission PutRecords",
    ),
    # Protection removed.
    "TLS-only statement removed": (
        change(
            "aws_s3_bucket_policy.Objects_BucketPolicy_0738E581", {"policy": policy(TLS_ONLY)}, {"policy": policy()}
        ),
        "Protection removed: Objects bucket: requests without TLS are no longer refused",
    ),
    "bucket policy removed": (
        change("aws_s3_bucket_policy.Objects_BucketPolicy_0738E581", {"policy": policy(TLS_ONLY)}, None),
        "Protection removed: Objects bucket: requests without TLS are no longer refused",
    ),
    "versioning removed": (
        change("aws_s3_bucket_versioning.Objects_Versioning_DE7C15F0", {"bucket": "a"}, None),
        "Protection removed: Objects bucket: versioning turned off",
    ),
    "versioning suspended": (
        change(
            "aws_s3_bucket_versioning.Objects_Versioning_DE7C15F0",
            {"versioning_configuration": [{"status": "Enabled"}]},
            {"versioning_configuration": [{"status": "Suspended"}]},
        ),
        "Protection removed: Objects bucket: versioning turned off",
    ),
    "deletion protection off": (
        updated(TABLE, {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False}),
        "Protection removed: Records table: deletion protection turned off",
    ),
    "point-in-time recovery off": (
        updated(
            TABLE, {"point_in_time_recovery": [{"enabled": True}]}, {"point_in_time_recovery": [{"enabled": False}]}
        ),
        "Protection removed: Records table: point-in-time recovery turned off",
    ),
    "point-in-time recovery taken out": (
        updated(TABLE, {"point_in_time_recovery": [{"enabled": True}]}, {"point_in_time_recovery": []}),
        "Protection removed: Records table: point-in-time recovery turned off",
    ),
    "key rotation off": (
        updated("aws_kms_key.Key_43586C89", {"enable_key_rotation": True}, {"enable_key_rotation": False}),
        "Protection removed: Key: key rotation turned off",
    ),
    "bucket emptied on destroy": (
        updated(BUCKET, {"force_destroy": False}, {"force_destroy": True}),
        "Protection removed: Objects bucket: force_destroy turned on",
    ),
    "failed events no longer kept": (
        change("aws_lambda_function_event_invoke_config.Recorder_AsynchronousInvocation_F221F02F", {"a": 1}, None),
        "Events are lost: Recorder function: failed events are no longer kept",
    ),
    "web ACL taken away": (
        change("aws_wafv2_web_acl_association.Api_WebAcl_2B0D7E77", {"web_acl_arn": "arn:w"}, None),
        "Protection removed: API: no web ACL stands before it",
    ),
    "signatures no longer asked for": (
        updated(FUNCTION, {"code_signing_config_arn": "arn:c"}, {"code_signing_config_arn": None}),
        "Protection removed: Recorder function: code need not be signed",
    ),
    # Alarms.
    "alarm removed": (change(ALARM, {"alarm_name": "a"}, None), "Alarm removed: Recorder function, alarm Errors"),
    "alarm tells nobody": (updated(ALARM, {"alarm_actions": ["arn:t"]}, {"alarm_actions": []}), "Alarm removed"),
    "alarm silenced": (updated(ALARM, {"actions_enabled": True}, {"actions_enabled": False}), "Alarm removed"),
    "alarm rings later": (
        updated(
            ALARM,
            {"threshold": 0, "comparison_operator": "GreaterThanThreshold"},
            {"threshold": 100, "comparison_operator": "GreaterThanThreshold"},
        ),
        "Alarm removed: Recorder function, alarm Errors: the alarm rings later (0 → 100)",
    ),
    "subscription removed": (
        change("aws_sns_topic_subscription.AlarmTopic_Email_AFB89F75", {"endpoint": "a@example.com"}, None),
        "Alarm removed: Alarm topic, subscription Email",
    ),
    # Retention.
    "logs kept for less time": (
        updated(
            "aws_cloudwatch_log_group.Api_AccessLog_CB65B6C9", {"retention_in_days": 365}, {"retention_in_days": 30}
        ),
        "Kept for less time: API, log group AccessLog: log retention (days) 365 → 30",
    ),
    "logs no longer kept for ever": (
        updated("aws_cloudwatch_log_group.A", {"retention_in_days": 0}, {"retention_in_days": 365}),
        "Kept for less time: A, log group: log retention (days) for ever → 365",
    ),
    "messages kept for less time": (
        updated(QUEUE, {"message_retention_seconds": 1209600}, {"message_retention_seconds": 60}),
        "Kept for less time: Recorder function, Failures queue",
    ),
    "items expire": (
        updated(TABLE, {"ttl": [{"enabled": False}]}, {"ttl": [{"enabled": True}]}),
        "Kept for less time: Records table: items expire",
    ),
    # Limits.
    "throttling raised": (
        updated(
            "aws_api_gateway_method_settings.Api_MethodSettings_98A11010",
            {"settings": [{"throttling_rate_limit": 100}]},
            {"settings": [{"throttling_rate_limit": 10000}]},
        ),
        "Limit removed: API: limit raised 100 → 10000",
    ),
    "throttling removed": (
        updated(
            "aws_api_gateway_method_settings.Api_MethodSettings_98A11010",
            {"settings": [{"throttling_rate_limit": 100}]},
            {"settings": [{"throttling_rate_limit": -1}]},
        ),
        "Limit removed: API: throttling removed",
    ),
    "reserved concurrency removed": (
        updated(FUNCTION, {"reserved_concurrent_executions": 10}, {"reserved_concurrent_executions": -1}),
        "Limit removed: Recorder function: reserved concurrency removed",
    ),
}


def around(given: Values) -> list[Values]:
    """What stays as it is, as in every real plan."""
    there = [
        change(BUCKET, {"bucket": "a"}, {"bucket": "a"}),
        change(FUNCTION, {"function_name": "a"}, {"function_name": "a"}),
    ]
    return [one for one in there if one["address"] != given["address"]]


@pytest.mark.parametrize("name", DANGEROUS)
def test_dangerous(name: str) -> None:
    given, expected = DANGEROUS[name]
    found = findings(given, *around(given))
    assert [one for one in found if one.startswith(expected)], found
    assert review(given, *around(given)).unacknowledged, "the exit code would be 0"


HARMLESS = {
    "bucket made": change(BUCKET, None, {"bucket": "a", "force_destroy": True}),
    "public access blocked": change(BLOCK, None, ALL_BLOCKED),
    "public access blocked more": change(BLOCK, {**ALL_BLOCKED, "block_public_acls": False}, ALL_BLOCKED),
    "method signed": change(METHOD, None, {"authorization": "AWS_IAM", "http_method": "GET"}),
    "preflight of browsers": change(METHOD, None, {"authorization": "NONE", "http_method": "OPTIONS"}),
    "authorization added": updated(METHOD, {"authorization": "NONE"}, {"authorization": "AWS_IAM"}),
    "encryption added": updated(QUEUE, {"sqs_managed_sse_enabled": False}, {"sqs_managed_sse_enabled": True}),
    "queue under a key of its own": updated(
        QUEUE, {"sqs_managed_sse_enabled": True}, {"sqs_managed_sse_enabled": False, "kms_master_key_id": KEY}
    ),
    "action taken from a role": change(
        ROLE_POLICY,
        {"role": "r", "policy": policy(allow(["a:B", "a:C"], "*"))},
        {"role": "r", "policy": policy(allow("a:B", "*"))},
    ),
    "policy removed": change(ROLE_POLICY, {"role": "r", "policy": policy(allow("a:B", "*"))}, None),
    "TLS-only statement added": change("aws_s3_bucket_policy.A", {"policy": policy()}, {"policy": policy(TLS_ONLY)}),
    "deletion protection on": updated(
        TABLE, {"deletion_protection_enabled": False}, {"deletion_protection_enabled": True}
    ),
    "alarm added": change(ALARM, None, {"alarm_name": "a"}),
    "alarm rings earlier": updated(
        ALARM,
        {"threshold": 10, "comparison_operator": "GreaterThanThreshold"},
        {"threshold": 1, "comparison_operator": "GreaterThanThreshold"},
    ),
    "logs kept longer": updated("aws_cloudwatch_log_group.A", {"retention_in_days": 30}, {"retention_in_days": 365}),
    "logs kept for ever": updated("aws_cloudwatch_log_group.A", {"retention_in_days": 30}, {"retention_in_days": 0}),
    "throttling lowered a little": updated(
        "aws_api_gateway_method_settings.A",
        {"settings": [{"throttling_rate_limit": 100}]},
        {"settings": [{"throttling_rate_limit": 80}]},
    ),
    "permission for one bucket": change(
        PERMISSION, None, {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::a", "source_account": ACCOUNT}
    ),
    "permission for a bucket that is made, too": change(
        PERMISSION, None, {"principal": "s3.amazonaws.com"}, unknown={"source_arn": True}
    ),
    "moved": change(BUCKET, {"bucket": "a"}, {"bucket": "a"}, previous_address="aws_s3_bucket.Old_Bucket_00000000"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    assert findings(HARMLESS[name], *around(HARMLESS[name])) == []


def test_the_grants_of_a_new_role_are_not_wider_access_but_a_whole_service_on_everything_is() -> None:
    role = change("aws_iam_role.New_Role_00000000", None, {"name": "r"})
    narrow = change(ROLE_POLICY, None, {"role": "r", "policy": policy(allow("s3:GetObject", "arn:aws:s3:::a/*"))})
    wide = change(ROLE_POLICY, None, {"role": "r", "policy": policy(allow("s3:*", "*"))})
    function = change(FUNCTION, None, {"function_name": "a"})
    assert findings(function, role, narrow) == []
    assert findings(function, role, wide) == ["Wider access: Recorder function, permission PutRecords: more is allowed"]


def test_what_is_destroyed_with_its_owner_is_called_out_once() -> None:
    gone = [
        change(BUCKET, {"bucket": "a", "arn": "arn:aws:s3:::a"}, None),
        change(BLOCK, ALL_BLOCKED, None),
        change("aws_s3_bucket_versioning.Objects_Versioning_DE7C15F0", {"bucket": "a"}, None),
        change("aws_s3_bucket_policy.Objects_BucketPolicy_0738E581", {"policy": policy(TLS_ONLY)}, None),
    ]
    assert findings(*gone) == ["Data is lost: Objects bucket is destroyed"]
    assert len(findings(*gone[1:])) == 3


def test_queues_and_logs_of_a_destroyed_function_are_still_called_out() -> None:
    gone = [
        change(FUNCTION, {"function_name": "a"}, None),
        change(QUEUE, {"name": "q"}, None),
        change(ALARM, {"alarm_name": "a"}, None),
    ]
    assert findings(*gone) == [
        "Data is lost: Recorder function, Failures queue is destroyed",
        "Events stop: Recorder function is destroyed",
    ]


def test_a_topic_says_how_many_subscriptions_go_with_it() -> None:
    topic = change("aws_sns_topic.News_Topic_00000000", {"name": "a", "arn": "arn:t"}, None)
    subscription = change("aws_sns_topic_subscription.News_Email_00000000", *[{"topic_arn": "arn:t"}] * 2)
    (one,) = review(topic, subscription).dangers
    assert "(1 in this stack, others may exist)" in one.findings[0].means


def test_the_worst_danger_comes_first() -> None:
    given = [DANGEROUS[name][0] for name in ("logs kept for less time", "alarm removed", "table destroyed")]
    assert [one.partition(":")[0] for one in findings(*given)] == [
        "Data is lost",
        "Alarm removed",
        "Kept for less time",
    ]
