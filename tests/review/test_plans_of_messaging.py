"""Plans that change queues, topics, event sources, rules and schedules. Each with the headings it gets."""

import json
from typing import Any

import pytest

from tests.review.plans import Values, allow, change, deny, findings, policy


def up(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


M = "aws_lambda_event_source_mapping.M"
Q = "aws_sqs_queue.Q"
S = "aws_sns_topic_subscription.S"
SC = "aws_scheduler_schedule.S"
R = "aws_cloudwatch_event_rule.R"


def redrive(attempts: Any) -> str:
    return json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dlq", "maxReceiveCount": attempts})


PLANS: dict[str, tuple[list[Values], list[str]]] = {
    "esm disabled": ([up(M, {"enabled": True}, {"enabled": False})], ["Events stop"]),
    "esm batch up": ([up(M, {"batch_size": 10}, {"batch_size": 100})], []),
    "esm batch 10->1": ([up(M, {"batch_size": 10000}, {"batch_size": 1})], ["Events wait longer"]),
    "esm window up": (
        [up(M, {"maximum_batching_window_in_seconds": 0}, {"maximum_batching_window_in_seconds": 300})],
        ["Events wait longer"],
    ),
    "esm filter added": (
        [up(M, {"filter_criteria": []}, {"filter_criteria": [{"filter": [{"pattern": '{"body":{"a":["b"]}}'}]}]})],
        ["Events stop"],
    ),
    "esm filter removed": (
        [up(M, {"filter_criteria": [{"filter": [{"pattern": '{"body":{"a":["b"]}}'}]}]}, {"filter_criteria": []})],
        [],
    ),
    "esm filter wider": (
        [
            up(
                M,
                {"filter_criteria": [{"filter": [{"pattern": '{"body":{"a":["b"]}}'}]}]},
                {"filter_criteria": [{"filter": [{"pattern": '{"body":{"a":["b","c"]}}'}]}]},
            )
        ],
        [],
    ),
    "esm one of two filters removed": (
        [
            up(
                M,
                {"filter_criteria": [{"filter": [{"pattern": '{"a":["b"]}'}, {"pattern": '{"c":["d"]}'}]}]},
                {"filter_criteria": [{"filter": [{"pattern": '{"a":["b"]}'}]}]},
            )
        ],
        ["Events stop"],
    ),
    "esm starting LATEST": (
        [
            change(
                M,
                {"starting_position": "TRIM_HORIZON", "function_name": "f"},
                {"starting_position": "LATEST", "function_name": "f"},
                actions=["delete", "create"],
                replace_paths=[["starting_position"]],
            )
        ],
        ["Events are lost", "Events stop"],
    ),
    "esm starting TRIM_HORIZON (twice)": (
        [
            change(
                M,
                {"starting_position": "LATEST", "function_name": "f"},
                {"starting_position": "TRIM_HORIZON", "function_name": "f"},
                actions=["delete", "create"],
                replace_paths=[["starting_position"]],
            )
        ],
        ["Events come twice", "Events stop"],
    ),
    "esm retries -1->3": ([up(M, {"maximum_retry_attempts": -1}, {"maximum_retry_attempts": 3})], ["Events are lost"]),
    "esm retries 3->-1": ([up(M, {"maximum_retry_attempts": 3}, {"maximum_retry_attempts": -1})], []),
    "esm age -1->60": (
        [up(M, {"maximum_record_age_in_seconds": -1}, {"maximum_record_age_in_seconds": 60})],
        ["Events are lost"],
    ),
    "esm partial failure off": (
        [up(M, {"function_response_types": ["ReportBatchItemFailures"]}, {"function_response_types": []})],
        ["Events come twice"],
    ),
    "esm dest removed": (
        [up(M, {"destination_config": [{"on_failure": [{"destination_arn": "x"}]}]}, {"destination_config": []})],
        ["Events are lost"],
    ),
    "esm dest changed": (
        [
            up(
                M,
                {"destination_config": [{"on_failure": [{"destination_arn": "x"}]}]},
                {"destination_config": [{"on_failure": [{"destination_arn": "y"}]}]},
            )
        ],
        ["Events change"],
    ),
    "esm parallelization down": (
        [up(M, {"parallelization_factor": 10}, {"parallelization_factor": 1})],
        ["Events wait longer"],
    ),
    "esm parallelization up": ([up(M, {"parallelization_factor": 1}, {"parallelization_factor": 10})], []),
    "esm concurrency cut": (
        [up(M, {"scaling_config": [{"maximum_concurrency": 100}]}, {"scaling_config": [{"maximum_concurrency": 2}]})],
        ["Events wait longer"],
    ),
    "esm concurrency set": (
        [up(M, {"scaling_config": []}, {"scaling_config": [{"maximum_concurrency": 2}]})],
        ["Events wait longer"],
    ),
    "esm concurrency removed": (
        [up(M, {"scaling_config": [{"maximum_concurrency": 2}]}, {"scaling_config": []})],
        ["Limit removed"],
    ),
    "esm queues/topics": ([up(M, {"topics": ["a"]}, {"topics": ["b"]})], ["Events change"]),
    "esm new disabled": ([change(M, None, {"enabled": False, "function_name": "f"})], []),
    "esm bisect off": (
        [up(M, {"bisect_batch_on_function_error": True}, {"bisect_batch_on_function_error": False})],
        ["Events come twice"],
    ),
    "sqs retention down": (
        [up(Q, {"message_retention_seconds": 1209600}, {"message_retention_seconds": 60})],
        ["Kept for less time"],
    ),
    "sqs retention up": ([up(Q, {"message_retention_seconds": 345600}, {"message_retention_seconds": 1209600})], []),
    "sqs maxReceive 5->1": (
        [up(Q, {"redrive_policy": redrive(5)}, {"redrive_policy": redrive(1)})],
        ["Events are lost"],
    ),
    "sqs maxReceive 5->10": ([up(Q, {"redrive_policy": redrive(5)}, {"redrive_policy": redrive(10)})], []),
    "sqs maxReceive 5->1000": ([up(Q, {"redrive_policy": redrive(5)}, {"redrive_policy": redrive(1000)})], []),
    "sqs maxReceive text to number same": (
        [up(Q, {"redrive_policy": redrive(5)}, {"redrive_policy": redrive("5")})],
        [],
    ),
    "sqs redrive added": ([up(Q, {"redrive_policy": None}, {"redrive_policy": redrive(3)})], []),
    "sqs delay": ([up(Q, {"delay_seconds": 0}, {"delay_seconds": 900})], ["Events wait longer"]),
    "sqs delay down": ([up(Q, {"delay_seconds": 900}, {"delay_seconds": 0})], []),
    "sqs visibility down": (
        [up(Q, {"visibility_timeout_seconds": 300}, {"visibility_timeout_seconds": 5})],
        ["Events come twice"],
    ),
    "sqs visibility up huge": (
        [up(Q, {"visibility_timeout_seconds": 30}, {"visibility_timeout_seconds": 43200})],
        ["Events wait longer"],
    ),
    "sqs visibility up": ([up(Q, {"visibility_timeout_seconds": 30}, {"visibility_timeout_seconds": 60})], []),
    "sqs max size": ([up(Q, {"max_message_size": 262144}, {"max_message_size": 1024})], ["Events are lost"]),
    "sqs kms reuse": (
        [up(Q, {"kms_data_key_reuse_period_seconds": 300}, {"kms_data_key_reuse_period_seconds": 86400})],
        [],
    ),
    "sqs sse off": (
        [up(Q, {"sqs_managed_sse_enabled": True}, {"sqs_managed_sse_enabled": False})],
        ["Encryption lost"],
    ),
    "sqs kms->sse": (
        [up(Q, {"kms_master_key_id": "k"}, {"kms_master_key_id": None, "sqs_managed_sse_enabled": True})],
        ["Encryption lost"],
    ),
    "sqs dedup off": (
        [up(Q, {"content_based_deduplication": True}, {"content_based_deduplication": False})],
        ["Events come twice"],
    ),
    "sqs policy public": (
        [up(Q, {"policy": None}, {"policy": policy(allow("sqs:SendMessage", "*", Principal="*"))})],
        ["Open to anybody"],
    ),
    "sqs policy service only w/o source": (
        [
            up(
                Q,
                {"policy": None},
                {"policy": policy(allow("sqs:SendMessage", "*", Principal={"Service": "s3.amazonaws.com"}))},
            )
        ],
        ["Wider access"],
    ),
    "sqs long poll off": ([up(Q, {"receive_wait_time_seconds": 20}, {"receive_wait_time_seconds": 0})], []),
    "sqs redrive allow denyAll": (
        [
            up(
                "aws_sqs_queue_redrive_allow_policy.A",
                {"redrive_allow_policy": json.dumps({"redrivePermission": "allowAll"})},
                {"redrive_allow_policy": json.dumps({"redrivePermission": "denyAll"})},
            )
        ],
        ["Events are lost"],
    ),
    "sqs redrive allow byQueue->allowAll": (
        [
            up(
                "aws_sqs_queue_redrive_allow_policy.A",
                {"redrive_allow_policy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["a"]})},
                {"redrive_allow_policy": json.dumps({"redrivePermission": "allowAll"})},
            )
        ],
        ["Wider access"],
    ),
    "sqs redrive allowAll->byQueue": (
        [
            up(
                "aws_sqs_queue_redrive_allow_policy.A",
                {"redrive_allow_policy": json.dumps({"redrivePermission": "allowAll"})},
                {"redrive_allow_policy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": ["a"]})},
            )
        ],
        [],
    ),
    "queue replaced": (
        [change(Q, {"name": "a", "id": "x"}, {"name": "b"}, actions=["delete", "create"], replace_paths=[["name"]])],
        ["Data is lost"],
    ),
    "queue policy condition SourceArn wider": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a"}},
                        )
                    )
                },
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
                        )
                    )
                },
            )
        ],
        ["Wider access"],
    ),
    "queue policy condition changed source": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a"}},
                        )
                    )
                },
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::b"}},
                        )
                    )
                },
            )
        ],
        ["Events stop", "Wider access"],
    ),
    "queue policy action removed": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {
                    "policy": policy(
                        allow(["sqs:SendMessage", "sqs:GetQueueUrl"], "*", Principal={"Service": "s3.amazonaws.com"})
                    )
                },
                {"policy": policy(allow(["sqs:GetQueueUrl"], "*", Principal={"Service": "s3.amazonaws.com"}))},
            )
        ],
        ["Events stop"],
    ),
    "queue policy ArnEquals->ArnLike same": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::a"}},
                        )
                    )
                },
                {
                    "policy": policy(
                        allow(
                            "sqs:SendMessage",
                            "*",
                            Principal={"Service": "s3.amazonaws.com"},
                            Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a"}},
                        )
                    )
                },
            )
        ],
        [],
    ),
    "queue policy deny added for service": (
        [
            up(
                "aws_sqs_queue_policy.P",
                {"policy": policy(allow("sqs:SendMessage", "*", Principal={"Service": "s3.amazonaws.com"}))},
                {
                    "policy": policy(
                        allow("sqs:SendMessage", "*", Principal={"Service": "s3.amazonaws.com"}),
                        deny("sqs:SendMessage", "*", Principal="*"),
                    )
                },
            )
        ],
        ["Events stop"],
    ),
    "filter scope body->attributes": (
        [
            up(
                S,
                {"filter_policy": '{"a":["b"]}', "filter_policy_scope": "MessageBody"},
                {"filter_policy": '{"a":["b"]}', "filter_policy_scope": "MessageAttributes"},
            )
        ],
        ["Events stop"],
    ),
    "raw on": ([up(S, {"raw_message_delivery": False}, {"raw_message_delivery": True})], ["Events change"]),
    "filter added": ([up(S, {"filter_policy": None}, {"filter_policy": '{"a":["b"]}'})], ["Events stop"]),
    "filter anything-but longer": (
        [
            up(
                S,
                {"filter_policy": '{"a":[{"anything-but":["x"]}]}'},
                {"filter_policy": '{"a":[{"anything-but":["x","y"]}]}'},
            )
        ],
        ["Events stop"],
    ),
    "filter anything-but shorter": (
        [
            up(
                S,
                {"filter_policy": '{"a":[{"anything-but":["x","y"]}]}'},
                {"filter_policy": '{"a":[{"anything-but":["x"]}]}'},
            )
        ],
        [],
    ),
    "filter prefix shorter": (
        [up(S, {"filter_policy": '{"a":[{"prefix":"ab"}]}'}, {"filter_policy": '{"a":[{"prefix":"a"}]}'})],
        [],
    ),
    "filter key removed": ([up(S, {"filter_policy": '{"a":["x"],"b":["y"]}'}, {"filter_policy": '{"a":["x"]}'})], []),
    "sub protocol email->https": (
        [
            change(
                S,
                {"protocol": "email", "endpoint": "a@b"},
                {"protocol": "https", "endpoint": "https://x"},
                actions=["delete", "create"],
                replace_paths=[["protocol"]],
            )
        ],
        ["Alarm removed", "Events are lost"],
    ),
    "sub dlq removed": ([up(S, {"redrive_policy": redrive(3)}, {"redrive_policy": None})], ["Events are lost"]),
    "sub role": ([up(S, {"subscription_role_arn": "a"}, {"subscription_role_arn": "b"})], []),
    "sub to foreign account new": (
        [
            change(S, None, {"topic_arn": "t", "protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:999999999999:q"}),
            change(
                "aws_sqs_queue.Q",
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
                {"arn": "arn:aws:sqs:us-east-1:123456789012:q"},
            ),
        ],
        ["Wider access"],
    ),
    "topic kms removed": (
        [up("aws_sns_topic.T", {"kms_master_key_id": "k"}, {"kms_master_key_id": None})],
        ["Encryption lost"],
    ),
    "topic signature version 2->1": (
        [up("aws_sns_topic.T", {"signature_version": 2}, {"signature_version": 1})],
        ["Protection removed"],
    ),
    "topic delivery policy": (
        [
            up(
                "aws_sns_topic.T",
                {"delivery_policy": '{"http":{"defaultHealthyRetryPolicy":{"numRetries":50}}}'},
                {"delivery_policy": '{"http":{"defaultHealthyRetryPolicy":{"numRetries":0}}}'},
            )
        ],
        ["Events are lost"],
    ),
    "state DISABLED": ([up(SC, {"state": "ENABLED"}, {"state": "DISABLED"})], ["Events stop"]),
    "new DISABLED": ([change(SC, None, {"state": "DISABLED", "schedule_expression": "rate(1 hour)"})], []),
    "end date": ([up(SC, {"end_date": None}, {"end_date": "2026-12-01T00:00:00Z"})], ["Events stop"]),
    "end date removed": ([up(SC, {"end_date": "2026-12-01T00:00:00Z"}, {"end_date": None})], []),
    "flexible window": (
        [
            up(
                SC,
                {"flexible_time_window": [{"mode": "OFF"}]},
                {"flexible_time_window": [{"mode": "FLEXIBLE", "maximum_window_in_minutes": 60}]},
            )
        ],
        ["Events wait longer"],
    ),
    "flexible off": (
        [
            up(
                SC,
                {"flexible_time_window": [{"mode": "FLEXIBLE", "maximum_window_in_minutes": 60}]},
                {"flexible_time_window": [{"mode": "OFF"}]},
            )
        ],
        [],
    ),
    "time zone": (
        [
            up(
                SC,
                {"schedule_expression": "cron(0 2 * * ? *)", "schedule_expression_timezone": "UTC"},
                {"schedule_expression": "cron(0 2 * * ? *)", "schedule_expression_timezone": "Asia/Tokyo"},
            )
        ],
        ["Events wait longer"],
    ),
    "time zone w/ rate": (
        [
            up(
                SC,
                {"schedule_expression": "rate(1 hour)", "schedule_expression_timezone": "UTC"},
                {"schedule_expression": "rate(1 hour)", "schedule_expression_timezone": "Asia/Tokyo"},
            )
        ],
        [],
    ),
    "rate more often": (
        [up(SC, {"schedule_expression": "rate(1 hour)"}, {"schedule_expression": "rate(5 minutes)"})],
        [],
    ),
    "rate 1h->1min cost": (
        [up(SC, {"schedule_expression": "rate(60 minutes)"}, {"schedule_expression": "rate(1 hour)"})],
        [],
    ),
    "rate less often": (
        [up(SC, {"schedule_expression": "rate(1 hour)"}, {"schedule_expression": "rate(1 day)"})],
        ["Events wait longer"],
    ),
    "scheduler target retries 0": (
        [
            up(
                SC,
                {"target": [{"retry_policy": [{"maximum_retry_attempts": 185}]}]},
                {"target": [{"retry_policy": [{"maximum_retry_attempts": 0}]}]},
            )
        ],
        ["Events are lost"],
    ),
    "scheduler dlq removed": (
        [
            up(
                SC,
                {"target": [{"arn": "a", "dead_letter_config": [{"arn": "q"}]}]},
                {"target": [{"arn": "a", "dead_letter_config": []}]},
            )
        ],
        ["Events are lost"],
    ),
    "scheduler role": ([up(SC, {"target": [{"role_arn": "a"}]}, {"target": [{"role_arn": "b"}]})], ["Wider access"]),
    "scheduler input": ([up(SC, {"target": [{"input": "{}"}]}, {"target": [{"input": '{"a":1}'}]})], ["Events change"]),
    "start date later": (
        [up(SC, {"start_date": "2026-01-01T00:00:00Z"}, {"start_date": "2027-01-01T00:00:00Z"})],
        ["Events wait longer"],
    ),
    "rule disabled": ([up(R, {"state": "ENABLED"}, {"state": "DISABLED"})], ["Events stop"]),
    "rule ENABLED->WITH_ALL_CT": (
        [up(R, {"state": "ENABLED"}, {"state": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})],
        [],
    ),
    "rule WITH_ALL->ENABLED": (
        [up(R, {"state": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}, {"state": "ENABLED"})],
        ["Events stop"],
    ),
    "pattern narrowed": (
        [up(R, {"event_pattern": '{"source":["a","b"]}'}, {"event_pattern": '{"source":["a"]}'})],
        ["Events stop"],
    ),
    "pattern widened": ([up(R, {"event_pattern": '{"source":["a"]}'}, {"event_pattern": '{"source":["a","b"]}'})], []),
    "pattern formatted": (
        [
            up(
                R,
                {"event_pattern": '{"source":["a"],"detail":{"x":[1]}}'},
                {"event_pattern": '{ "detail": {"x": [1]}, "source": ["a"] }'},
            )
        ],
        [],
    ),
    "target removed": ([change("aws_cloudwatch_event_target.T", {"arn": "a", "rule": "r"}, None)], ["Events stop"]),
    "target dlq removed": (
        [up("aws_cloudwatch_event_target.T", {"dead_letter_config": [{"arn": "q"}]}, {"dead_letter_config": []})],
        ["Events are lost"],
    ),
    "target input path": (
        [up("aws_cloudwatch_event_target.T", {"input_path": None}, {"input_path": "$.detail"})],
        ["Events change"],
    ),
    "bus policy wider": (
        [
            up(
                "aws_cloudwatch_event_bus_policy.P",
                {"policy": policy(allow("events:PutEvents", "*", Principal={"AWS": "arn:aws:iam::1:root"}))},
                {
                    "policy": policy(
                        allow(
                            "events:PutEvents", "*", Principal={"AWS": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]}
                        )
                    )
                },
            )
        ],
        ["Wider access"],
    ),
    "bus policy account removed": (
        [
            up(
                "aws_cloudwatch_event_bus_policy.P",
                {
                    "policy": policy(
                        allow(
                            "events:PutEvents", "*", Principal={"AWS": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]}
                        )
                    )
                },
                {"policy": policy(allow("events:PutEvents", "*", Principal={"AWS": "arn:aws:iam::1:root"}))},
            )
        ],
        ["Events stop"],
    ),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_gets_its_headings(name: str) -> None:
    changes, headings = PLANS[name]
    assert sorted({one.partition(": ")[0] for one in findings(*changes)}) == headings
