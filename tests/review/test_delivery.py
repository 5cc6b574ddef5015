"""What a change does to events and to callers: they stop, are lost, come twice, wait longer, or go elsewhere."""

import json
from typing import Any

import pytest

from tests.review.plans import ACCOUNT, Values, allow, change, deny, findings, policy, review

FUNCTION = "aws_lambda_function.Recorder_Function_719DF34D"
QUEUE = "aws_sqs_queue.Jobs_Queue_ACA4F85B"
NOTIFICATION = "aws_s3_bucket_notification.Objects_Notification_00000000"
MAPPING = "aws_lambda_event_source_mapping.Recorder_Jobs_00000000"
ASYNC = "aws_lambda_function_event_invoke_config.Recorder_AsynchronousInvocation_F221F02F"
ONE, TWO = (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" for name in ("one", "two"))
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
DEAD = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"


def updated(address: str, before: Values, after: Values) -> Values:
    return change(address, {"id": "a", **before}, {"id": "a", **after})


def gone(address: str, **values: Any) -> Values:
    return change(address, {"id": "a", **values}, None)


def notified(*routes: Values, **more: Any) -> Values:
    return {"bucket": "b", "lambda_function": list(routes), **more}


def route(target: str = ONE, prefix: str = "", suffix: str = "", events: str = "s3:ObjectCreated:*") -> Values:
    return {"lambda_function_arn": target, "events": [events], "filter_prefix": prefix, "filter_suffix": suffix}


def redrive(attempts: int | str = 5, target: str = DEAD) -> Values:
    return {"redrive_policy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": attempts})}


def filtered(*patterns: Values) -> Values:
    return {"filter_criteria": [{"filter": [{"pattern": json.dumps(one)} for one in patterns]}]}


def variables(**values: str) -> Values:
    return {"function_name": "a", "environment": [{"variables": values}]}


ORDERS, PAID = {"source": ["shop"]}, {"source": ["shop"], "detail-type": ["paid"]}

DANGEROUS = {
    # Events stop.
    "notification destroyed": (gone(NOTIFICATION, **notified(route())), "Events stop: Objects: notifications"),
    "target removed": (
        updated(NOTIFICATION, notified(route(ONE), route(TWO, "x/")), notified(route(ONE))),
        "Events stop: Objects: two gets no more events",
    ),
    "all targets removed": (updated(NOTIFICATION, notified(route(ONE)), notified()), "Events stop"),
    "prefix narrowed": (
        updated(NOTIFICATION, notified(route()), notified(route(prefix="docs/"))),
        "Events stop: Objects: one gets fewer events",
    ),
    "suffix narrowed": (updated(NOTIFICATION, notified(route()), notified(route(suffix=".png"))), "Events stop"),
    "fewer kinds of events": (
        updated(NOTIFICATION, notified(route()), notified(route(events="s3:ObjectCreated:Put"))),
        "Events stop",
    ),
    "target of a queue removed": (
        updated(NOTIFICATION, {"queue": [{"queue_arn": QUEUE_ARN, "events": ["s3:ObjectCreated:*"]}]}, {"queue": []}),
        "Events stop: Objects: jobs gets no more events",
    ),
    "EventBridge switched off": (updated(NOTIFICATION, {"eventbridge": True}, {"eventbridge": False}), "Events stop"),
    "invoke permission removed": (gone("aws_lambda_permission.Recorder_Invoke_00000000"), "Events stop"),
    "event source destroyed": (gone(MAPPING), "Events stop"),
    "event source disabled": (updated(MAPPING, {"enabled": True}, {"enabled": False}), "Events stop"),
    "event source replaced": (
        change(MAPPING, {"function_name": "a"}, {"function_name": "a"}, actions=["delete", "create"]),
        "Events stop",
    ),
    "subscription of a queue removed": (
        gone("aws_sns_topic_subscription.A", protocol="sqs", endpoint=QUEUE_ARN),
        "Events stop: A, subscription: a subscription ends",
    ),
    "schedule disabled": (
        updated("aws_scheduler_schedule.Nightly_Schedule_00000000", {"state": "ENABLED"}, {"state": "DISABLED"}),
        "Events stop: Nightly schedule",
    ),
    "schedule destroyed": (gone("aws_scheduler_schedule.Nightly_Schedule_00000000"), "Events stop"),
    "rule disabled": (
        updated("aws_cloudwatch_event_rule.A", {"state": "ENABLED"}, {"state": "DISABLED"}),
        "Events stop",
    ),
    "rule disabled the old way": (
        updated("aws_cloudwatch_event_rule.A", {"is_enabled": True}, {"is_enabled": False}),
        "Events stop",
    ),
    "rule destroyed": (gone("aws_cloudwatch_event_rule.A"), "Events stop"),
    "target destroyed": (gone("aws_cloudwatch_event_target.A"), "Events stop"),
    "stream switched off": (
        updated("aws_dynamodb_table.A_Table_00000000", {"stream_enabled": True}, {"stream_enabled": False}),
        "Events stop: A table: the stream is switched off",
    ),
    "no concurrency": (
        updated(FUNCTION, {"reserved_concurrent_executions": 10}, {"reserved_concurrent_executions": 0}),
        "Events stop: Recorder function: no concurrency at all",
    ),
    "no concurrency where there was no limit": (
        updated(FUNCTION, {"reserved_concurrent_executions": -1}, {"reserved_concurrent_executions": 0}),
        "Events stop",
    ),
    "function destroyed": (gone(FUNCTION, function_name="a"), "Events stop: Recorder function is destroyed"),
    "stage destroyed": (gone("aws_api_gateway_stage.Api_Stage_00000000"), "Events stop"),
    "alias destroyed": (gone("aws_lambda_alias.A"), "Events stop"),
    "services may no longer send": (
        updated(
            "aws_sqs_queue_policy.A",
            {"policy": policy(allow("sqs:SendMessage", "*", Sid="S", Principal={"Service": "s3.amazonaws.com"}))},
            {
                "policy": policy(
                    allow("sqs:SendMessage", "*", Sid="S", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
                )
            },
        ),
        "Events stop: A: s3.amazonaws.com may no longer send to it",
    ),
    "timeout cut": (
        updated(FUNCTION, {"timeout": 30}, {"timeout": 3}),
        "Events stop: Recorder function: timeout (s) 30",
    ),
    "log subscription destroyed": (gone("aws_cloudwatch_log_subscription_filter.A"), "Events stop"),
    # Events are lost.
    "redrive removed": (
        updated(QUEUE, redrive(), {"redrive_policy": ""}),
        "Events are lost: Jobs queue: no dead-letter",
    ),
    "redrive removed by itself": (gone("aws_sqs_queue_redrive_policy.A", **redrive()), "Events are lost"),
    "redrive after fewer attempts": (updated(QUEUE, redrive(5), redrive("1")), "Events are lost"),
    "dead-letter queue refuses": (
        updated(
            QUEUE,
            {"redrive_allow_policy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [QUEUE_ARN]})},
            {"redrive_allow_policy": json.dumps({"redrivePermission": "denyAll"})},
        ),
        "Events are lost",
    ),
    "no retries": (updated(ASYNC, {"maximum_retry_attempts": 2}, {"maximum_retry_attempts": 0}), "Events are lost"),
    "no retries where AWS's two were": (updated(ASYNC, {}, {"maximum_retry_attempts": 0}), "Events are lost"),
    "age cut": (
        updated(ASYNC, {"maximum_event_age_in_seconds": 21600}, {"maximum_event_age_in_seconds": 60}),
        "Events are lost",
    ),
    "age cut where AWS's six hours were": (updated(ASYNC, {}, {"maximum_event_age_in_seconds": 60}), "Events are lost"),
    "failure destination removed": (
        updated(ASYNC, {"destination_config": [{"on_failure": [{"destination": DEAD}]}]}, {"destination_config": []}),
        "Events are lost: Recorder: failed events are no longer kept",
    ),
    "failure destination of a stream removed": (
        updated(MAPPING, {"destination_config": [{"on_failure": [{"destination_arn": DEAD}]}]}, {}),
        "Events are lost",
    ),
    "dead-letter queue of a function removed": (
        updated(FUNCTION, {"dead_letter_config": [{"target_arn": DEAD}]}, {"dead_letter_config": []}),
        "Events are lost",
    ),
    "dead-letter queue of a target removed": (
        updated("aws_cloudwatch_event_target.A", {"dead_letter_config": [{"arn": DEAD}]}, {"dead_letter_config": []}),
        "Events are lost",
    ),
    "dead-letter queue of a schedule removed": (
        updated("aws_scheduler_schedule.A", {"target": [{"dead_letter_config": [{"arn": DEAD}]}]}, {"target": [{}]}),
        "Events are lost",
    ),
    "dead-letter queue of a subscription removed": (
        updated("aws_sns_topic_subscription.A", redrive(), {}),
        "Events are lost",
    ),
    "retries of a target": (
        updated(
            "aws_cloudwatch_event_target.A",
            {"retry_policy": [{"maximum_retry_attempts": 185}]},
            {"retry_policy": [{"maximum_retry_attempts": 0}]},
        ),
        "Events are lost",
    ),
    "endless retries of a stream ended": (
        updated(MAPPING, {"maximum_retry_attempts": -1}, {"maximum_retry_attempts": 2}),
        "Events are lost",
    ),
    "smaller messages": (updated(QUEUE, {"max_message_size": 262144}, {"max_message_size": 1024}), "Events are lost"),
    "no retries for a function that is there": (
        change(ASYNC, None, {"function_name": "there", "maximum_retry_attempts": 0}),
        "Events are lost",
    ),
    "memory cut": (updated(FUNCTION, {"memory_size": 1024}, {"memory_size": 128}), "Events stop"),
    "capacity cut": (
        updated("aws_dynamodb_table.A", {"read_capacity": 100}, {"read_capacity": 5}),
        "Events wait longer",
    ),
    "capacity fixed": (
        updated(
            "aws_dynamodb_table.A",
            {"billing_mode": "PAY_PER_REQUEST"},
            {"billing_mode": "PROVISIONED", "read_capacity": 5},
        ),
        "Events wait longer",
    ),
    # Events come twice.
    "visibility timeout cut": (
        updated(QUEUE, {"visibility_timeout_seconds": 300}, {"visibility_timeout_seconds": 5}),
        "Events come twice",
    ),
    "no partial failures any more": (
        updated(MAPPING, {"function_response_types": ["ReportBatchItemFailures"]}, {"function_response_types": []}),
        "Events come twice",
    ),
    "deduplication switched off": (
        updated(QUEUE, {"content_based_deduplication": True}, {"content_based_deduplication": False}),
        "Events come twice",
    ),
    # Events wait longer.
    "delay": (updated(QUEUE, {"delay_seconds": 0}, {"delay_seconds": 900}), "Events wait longer"),
    "batching window": (
        updated(MAPPING, {"maximum_batching_window_in_seconds": 0}, {"maximum_batching_window_in_seconds": 300}),
        "Events wait longer",
    ),
    "nightly to monthly": (
        updated(
            "aws_scheduler_schedule.A",
            {"schedule_expression": "cron(0 3 * * ? *)"},
            {"schedule_expression": "cron(0 3 1 * ? *)"},
        ),
        "Events wait longer: A schedule: runs at other times (cron(0 3 * * ? *) → cron(0 3 1 * ? *))",
    ),
    "rate": (
        updated(
            "aws_cloudwatch_event_rule.A",
            {"schedule_expression": "rate(5 minutes)"},
            {"schedule_expression": "rate(1 hour)"},
        ),
        "Events wait longer",
    ),
    "time zone": (
        updated(
            "aws_scheduler_schedule.A",
            {"schedule_expression_timezone": "UTC"},
            {"schedule_expression_timezone": "Asia/Tokyo"},
        ),
        "Events wait longer",
    ),
    "end of a schedule": (
        updated("aws_scheduler_schedule.A", {}, {"end_date": "2027-01-01T00:00:00Z"}),
        "Events stop: A schedule: ends earlier",
    ),
    "less concurrency": (
        updated(FUNCTION, {"reserved_concurrent_executions": 100}, {"reserved_concurrent_executions": 1}),
        "Events wait longer",
    ),
    # Events change.
    "filter of a source": (updated(MAPPING, filtered(ORDERS), filtered(PAID)), "Events stop"),
    "filter of a source set": (updated(MAPPING, {}, filtered(ORDERS)), "Events stop"),
    "filter of a rule": (
        updated(
            "aws_cloudwatch_event_rule.A", {"event_pattern": json.dumps(ORDERS)}, {"event_pattern": json.dumps(PAID)}
        ),
        "Events stop",
    ),
    "filter of a subscription": (
        updated("aws_sns_topic_subscription.A", {"filter_policy": ""}, {"filter_policy": json.dumps({"kind": ["a"]})}),
        "Events stop",
    ),
    "target of a rule": (updated("aws_cloudwatch_event_target.A", {"arn": ONE}, {"arn": TWO}), "Events change"),
    "target of a schedule": (
        updated("aws_scheduler_schedule.A", {"target": [{"arn": ONE}]}, {"target": [{"arn": TWO}]}),
        "Events change",
    ),
    "endpoint of a subscription": (
        updated(
            "aws_sns_topic_subscription.A",
            {"protocol": "sqs", "endpoint": QUEUE_ARN},
            {"protocol": "sqs", "endpoint": DEAD},
        ),
        "Events change",
    ),
    "integration of a route": (updated("aws_api_gateway_integration.A", {"uri": ONE}, {"uri": TWO}), "Events change"),
    "table elsewhere": (
        updated(FUNCTION, variables(TABLE_NAME="records"), variables(TABLE_NAME="other")),
        "Events change: Recorder function: variable TABLE_NAME records → other",
    ),
    "bucket no longer named": (updated(FUNCTION, variables(BUCKET="a", X="1"), variables(X="1")), "Events change"),
    "address elsewhere": (
        updated(FUNCTION, variables(API="https://a.example"), variables(API="https://b.example")),
        "Events change",
    ),
    "calls elsewhere": (
        updated(FUNCTION, variables(A="1"), variables(A="1", AWS_ENDPOINT_URL="https://127.0.0.1.evil.example")),
        "Wider access: Recorder function: variable AWS_ENDPOINT_URL set",
    ),
    "dead-letter queue elsewhere": (updated(QUEUE, redrive(), redrive(target=QUEUE_ARN)), "Events change"),
    # Callers lose something.
    "route removed": (gone("aws_api_gateway_resource.Api_Orders_00000000"), "Callers lose something"),
    "method removed": (gone("aws_api_gateway_method.Api_Get_00000000"), "Callers lose something"),
    "request validation removed": (
        updated(
            "aws_api_gateway_method.A",
            {"request_validator_id": "v", "authorization": "AWS_IAM"},
            {"authorization": "AWS_IAM"},
        ),
        "Callers lose something: A, method: request validation removed",
    ),
    "validator off": (
        updated(
            "aws_api_gateway_request_validator.A", {"validate_request_body": True}, {"validate_request_body": False}
        ),
        "Callers lose something",
    ),
    "other model": (
        updated("aws_api_gateway_model.A", {"schema": '{"a": 1}'}, {"schema": "{}"}),
        "Callers lose something",
    ),
    "throttle cut": (
        updated(
            "aws_api_gateway_method_settings.A",
            {"settings": [{"throttling_rate_limit": 1000}]},
            {"settings": [{"throttling_rate_limit": 5}]},
        ),
        "Callers lose something: A: limit cut 1000 → 5",
    ),
    "quota cut": (
        updated(
            "aws_api_gateway_usage_plan.A",
            {"quota_settings": [{"limit": 10000}]},
            {"quota_settings": [{"limit": 10}]},
        ),
        "Callers lose something",
    ),
    "key switched off": (
        updated("aws_api_gateway_api_key.A", {"enabled": True}, {"enabled": False}),
        "Callers lose something",
    ),
    "path of the domain destroyed": (gone("aws_api_gateway_base_path_mapping.A"), "Callers lose something"),
    "API becomes private": (
        updated(
            "aws_api_gateway_rest_api.A",
            {"endpoint_configuration": [{"types": ["REGIONAL"]}]},
            {"endpoint_configuration": [{"types": ["PRIVATE"]}]},
        ),
        "Callers lose something",
    ),
    "index removed": (
        updated(
            "aws_dynamodb_table.A_Table_00000000",
            {"global_secondary_index": [{"name": "ByDay", "hash_key": "day"}]},
            {"global_secondary_index": []},
        ),
        "Callers lose something: A table: index ByDay removed",
    ),
    "web pages lose CORS": (
        updated(
            "aws_s3_bucket_cors_configuration.A",
            {"cors_rule": [{"allowed_origins": ["https://a.example"], "allowed_methods": ["PUT", "GET"]}]},
            {"cors_rule": [{"allowed_origins": ["https://a.example"], "allowed_methods": ["GET"]}]},
        ),
        "Callers lose something",
    ),
    "routes of an OpenAPI document": (
        updated(
            "aws_api_gateway_rest_api.A",
            {"body": json.dumps({"paths": {"/orders": {"get": {}, "post": {}}}})},
            {"body": json.dumps({"paths": {"/orders": {"get": {}}}})},
        ),
        "Callers lose something: A REST API: routes removed: POST /orders",
    ),
    # No longer observed.
    "tracing off": (
        updated(FUNCTION, {"tracing_config": [{"mode": "Active"}]}, {"tracing_config": [{"mode": "PassThrough"}]}),
        "No longer observed: Recorder function: tracing turned off",
    ),
    "execution log off": (
        updated(
            "aws_api_gateway_method_settings.A",
            {"settings": [{"logging_level": "INFO"}]},
            {"settings": [{"logging_level": "OFF"}]},
        ),
        "No longer observed",
    ),
    "metrics off": (
        updated(
            "aws_api_gateway_method_settings.A",
            {"settings": [{"metrics_enabled": True}]},
            {"settings": [{"metrics_enabled": False}]},
        ),
        "No longer observed",
    ),
    "access log off": (
        updated("aws_api_gateway_stage.A", {"access_log_settings": [{"destination_arn": "arn:l"}]}, {}),
        "No longer observed",
    ),
    "dashboard destroyed": (gone("aws_cloudwatch_dashboard.A"), "No longer observed"),
    "alarm on another function": (
        updated(
            "aws_cloudwatch_metric_alarm.A",
            {"dimensions": {"FunctionName": "one"}},
            {"dimensions": {"FunctionName": "two"}},
        ),
        "Alarm removed",
    ),
    "evaluation periods": (
        updated("aws_cloudwatch_metric_alarm.A", {"evaluation_periods": 1}, {"evaluation_periods": 60}),
        "Alarm removed",
    ),
    "missing data": (
        updated(
            "aws_cloudwatch_metric_alarm.A", {"treat_missing_data": "breaching"}, {"treat_missing_data": "notBreaching"}
        ),
        "Alarm removed",
    ),
    "one of two is no longer told": (
        updated("aws_cloudwatch_metric_alarm.A", {"alarm_actions": ["a", "b"]}, {"alarm_actions": ["a"]}),
        "Alarm removed",
    ),
}

HARMLESS = {
    "target added": updated(NOTIFICATION, notified(route(ONE)), notified(route(ONE), route(TWO, "x/"))),
    "prefix widened": updated(NOTIFICATION, notified(route(prefix="docs/")), notified(route())),
    "more kinds of events": updated(NOTIFICATION, notified(route(events="s3:ObjectCreated:Put")), notified(route())),
    "another id of a route": updated(NOTIFICATION, notified({**route(), "id": "a"}), notified({**route(), "id": "b"})),
    "one route split into two": updated(
        NOTIFICATION,
        notified({**route(), "events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Post"]}),
        notified(route(events="s3:ObjectCreated:Put"), route(events="s3:ObjectCreated:Post")),
    ),
    "notification made": change(NOTIFICATION, None, notified(route())),
    "event source enabled": updated(MAPPING, {"enabled": False}, {"enabled": True}),
    "event source made, disabled": change(MAPPING, None, {"enabled": False}),
    "redrive added": updated(QUEUE, {}, redrive()),
    "redrive after more attempts": updated(QUEUE, redrive(3), redrive(10)),
    "redrive written otherwise": updated(QUEUE, redrive(5), redrive("5")),
    "retries as AWS has them, for a function that is there": change(
        ASYNC, None, {"function_name": "there", "maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 21600}
    ),
    "memory halved": updated(FUNCTION, {"memory_size": 256}, {"memory_size": 128}),
    "more retries": updated(ASYNC, {"maximum_retry_attempts": 0}, {"maximum_retry_attempts": 2}),
    "AWS's own retries written down": updated(ASYNC, {}, {"maximum_retry_attempts": 2}),
    "longer age": updated(ASYNC, {"maximum_event_age_in_seconds": 60}, {"maximum_event_age_in_seconds": 3600}),
    "longer visibility": updated(QUEUE, {"visibility_timeout_seconds": 30}, {"visibility_timeout_seconds": 180}),
    "shorter delay": updated(QUEUE, {"delay_seconds": 900}, {"delay_seconds": 0}),
    "longer timeout": updated(FUNCTION, {"timeout": 3}, {"timeout": 30}),
    "more often": updated(
        "aws_scheduler_schedule.A",
        {"schedule_expression": "rate(1 hour)"},
        {"schedule_expression": "rate(30 minutes)"},
    ),
    "the same rate otherwise": updated(
        "aws_scheduler_schedule.A", {"schedule_expression": "rate(1 hour)"}, {"schedule_expression": "rate(60 minutes)"}
    ),
    "filter taken away": updated(MAPPING, filtered(ORDERS), {}),
    "filter added to another": updated(MAPPING, filtered(ORDERS), filtered(ORDERS, PAID)),
    "filter widened": updated(
        "aws_cloudwatch_event_rule.A", {"event_pattern": json.dumps(PAID)}, {"event_pattern": json.dumps(ORDERS)}
    ),
    "filter with one value more": updated(
        "aws_sns_topic_subscription.A",
        {"filter_policy": json.dumps({"kind": ["a"]})},
        {"filter_policy": json.dumps({"kind": ["a", "b"]})},
    ),
    "log level of its own": updated(FUNCTION, variables(LOG_LEVEL="INFO"), variables(LOG_LEVEL="DEBUG")),
    "variable added": updated(FUNCTION, variables(A="1"), variables(A="1", TABLE_NAME="records")),
    "secret renewed": updated(FUNCTION, variables(API_TOKEN="a"), variables(API_TOKEN="b")),  # noqa: S106
    "the local AWS": updated(
        FUNCTION,
        variables(AWS_ENDPOINT_URL="https://127.0.0.1:4566"),
        variables(AWS_ENDPOINT_URL="https://localhost:4567/"),
    ),
    "throttle cut a little": updated(
        "aws_api_gateway_method_settings.A",
        {"settings": [{"throttling_rate_limit": 1000}]},
        {"settings": [{"throttling_rate_limit": 900}]},
    ),
    "validator on": updated(
        "aws_api_gateway_request_validator.A", {"validate_request_body": False}, {"validate_request_body": True}
    ),
    "index added": updated(
        "aws_dynamodb_table.A_Table_00000000",
        {"global_secondary_index": []},
        {"global_secondary_index": [{"name": "ByDay", "hash_key": "day", "projection_type": "ALL"}]},
    ),
    "stream switched on": updated("aws_dynamodb_table.A", {"stream_enabled": False}, {"stream_enabled": True}),
    "tracing on": updated(
        FUNCTION, {"tracing_config": [{"mode": "PassThrough"}]}, {"tracing_config": [{"mode": "Active"}]}
    ),
    "alarm evaluated sooner": updated(
        "aws_cloudwatch_metric_alarm.A", {"evaluation_periods": 5}, {"evaluation_periods": 1}
    ),
    "concurrency raised": updated(
        FUNCTION, {"reserved_concurrent_executions": 10}, {"reserved_concurrent_executions": 100}
    ),
    "deployment replaced": change(
        "aws_api_gateway_deployment.A", {"rest_api_id": "a"}, {"rest_api_id": "a"}, actions=["create", "delete"]
    ),
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_dangerous(name: str) -> None:
    given, expected = DANGEROUS[name]
    found = findings(given)
    assert [one for one in found if one.startswith(expected)], found


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    assert findings(HARMLESS[name]) == []


def test_a_second_way_to_the_same_target_makes_events_come_twice() -> None:
    def way(name: str, **more: Any) -> Values:
        return {"rule": "r", "arn": ONE, "target_id": name, **more}

    there = change("aws_cloudwatch_event_target.A", way("a"), way("a"))
    (found,) = findings(there, change("aws_cloudwatch_event_target.B", None, way("b")))
    assert found == "Events come twice: B, target: events already take another way to the same target"
    assert findings(there, change("aws_cloudwatch_event_target.B", None, way("b", arn=TWO))) == []
    gone_by_then = change("aws_cloudwatch_event_target.A", way("a"), None)
    new = change("aws_cloudwatch_event_target.B", None, way("b"))
    assert not [one for one in findings(gone_by_then, new) if "twice" in one]


def test_a_second_owner_of_a_setting_is_dangerous() -> None:
    """A raw notification beside the one of a module class: the last one applied wins."""
    there = change(NOTIFICATION, {"bucket": "b"}, {"bucket": "b"})
    second = change("aws_s3_bucket_notification.Raw", None, {"bucket": "b"})
    assert findings(there, second) == ["Protection removed: Raw: another resource of this plan sets the same"]
    assert findings(there, change("aws_s3_bucket_notification.Raw", None, {"bucket": "c"})) == []
    both_new = [change(f"aws_s3_bucket_policy.{name}", None, {"bucket": "b"}) for name in "AB"]
    assert len(findings(*both_new)) == 1


@pytest.mark.parametrize(
    ("address", "danger"),
    [
        (FUNCTION, "Events stop"),
        ("aws_api_gateway_stage.A", "Events stop"),
        ("aws_sns_topic_subscription.A", "Events are lost"),
        ("aws_cloudwatch_event_rule.A", "Events are lost"),
    ],
)
def test_what_is_replaced_is_missing_for_a_moment(address: str, danger: str) -> None:
    (found,) = findings(change(address, {"id": "a"}, {"id": "a"}, actions=["delete", "create"]))
    assert found.startswith(danger)


def test_the_verdict_on_events_is_said_in_every_format() -> None:
    found = review(gone(NOTIFICATION, **notified(route())), updated(QUEUE, redrive(), {}))
    assert [(danger.value, subjects) for danger, subjects in found.delivery] == [
        ("Events are lost", "Jobs queue"),
        ("Events stop", "Objects"),
    ]


def consumer(visibility: int, timeout: int) -> list[Values]:
    """A queue and the function that takes its messages, as they are."""
    queue = {"arn": QUEUE_ARN, "visibility_timeout_seconds": visibility}
    return [
        change(QUEUE, queue, queue),
        change(FUNCTION, {"arn": ONE, "timeout": timeout}, {"arn": ONE, "timeout": timeout}),
        change(MAPPING, *[{"event_source_arn": QUEUE_ARN, "function_name": ONE}] * 2),
    ]


def test_a_visibility_timeout_is_judged_by_the_timeout_of_the_function_that_takes_the_messages() -> None:
    queue, function, mapping = consumer(300, 30)

    def cut(seconds: int) -> list[str]:
        after = {"arn": QUEUE_ARN, "visibility_timeout_seconds": seconds}
        return findings(change(QUEUE, {**after, "visibility_timeout_seconds": 300}, after), function, mapping)

    assert cut(180) == []  # six times, as AWS asks for
    assert cut(60) == ["Events come twice: Jobs queue: visibility timeout (s) 300 → 60"]
    assert cut(20) == ["Events come twice: Jobs queue: visibility timeout 20 s is below its function's timeout of 30 s"]
    longer = change(FUNCTION, {"arn": ONE, "timeout": 30}, {"arn": ONE, "timeout": 600})
    assert findings(queue, longer, mapping) == [
        "Events come twice: Recorder function: timeout of 600 s is above its queue's visibility timeout of 300 s"
    ]


def test_a_variable_that_is_known_only_after_apply_is_harmless_where_it_names_the_same_resource() -> None:
    table = "aws_dynamodb_table.Records_Table_C1978F9E"
    configuration = {
        "resource": {
            "aws_lambda_function": {
                "F": {"environment": {"variables": {"TABLE_NAME": f"${{{table}.name}}", "BUCKET_NAME": "${x_y.z.id}"}}}
            },
            "aws_dynamodb_table": {table.partition(".")[2]: {}},
        }
    }
    function = change(
        "aws_lambda_function.F",
        variables(TABLE_NAME="records", BUCKET_NAME="b"),
        variables(),
        unknown={"environment": [{"variables": {"TABLE_NAME": True, "BUCKET_NAME": True}}]},
    )
    there = change(table, {"name": "records"}, {"name": "records"})
    assert findings(function, there, configuration=configuration) == [
        "Events change: F function: variable BUCKET_NAME is known only after apply"
    ]


BUFFER = f"arn:aws:sqs:us-east-1:{ACCOUNT}:buffer"
BUFFER_QUEUE = "aws_sqs_queue.Buffer_Queue_00000000"
POLLING = "aws_lambda_event_source_mapping.Buffer_ToRecorder_00000000"
SENT = {"events": ["s3:ObjectCreated:*"], "filter_prefix": "", "filter_suffix": ""}
TO_FUNCTION = {"bucket": "b", "lambda_function": [route()], "queue": []}
TO_QUEUE = {"bucket": "b", "lambda_function": [], "queue": [{**SENT, "queue_arn": BUFFER}]}
POLLS = {"id": "m", "event_source_arn": BUFFER, "function_name": ONE}
WRITTEN = {
    "resource": {
        "aws_s3_bucket_notification": {
            "Objects_Notification_00000000": {"queue": [{"queue_arn": f"${{{BUFFER_QUEUE}.arn}}"}]}
        },
        "aws_lambda_event_source_mapping": {
            "Buffer_ToRecorder_00000000": {
                "event_source_arn": f"${{{BUFFER_QUEUE}.arn}}",
                "function_name": f"${{{FUNCTION}.arn}}",
            }
        },
    }
}
RECORDER = updated(FUNCTION, {"arn": ONE, "function_name": "one"}, {"arn": ONE, "function_name": "one"})
HELD = updated(BUFFER_QUEUE, {"arn": BUFFER, "name": "buffer"}, {"arn": BUFFER, "name": "buffer"})


def test_a_queue_put_between_a_bucket_and_its_function_stops_no_events() -> None:
    planned = {"id": "a", "bucket": "b", "lambda_function": [], "queue": [SENT]}
    moved = change(NOTIFICATION, {"id": "a", **TO_FUNCTION}, planned, unknown={"queue": [{"queue_arn": True}]})
    made = change(BUFFER_QUEUE, None, {"name": "buffer"}, unknown={"arn": True})
    polled = change(POLLING, None, {"batch_size": 10}, unknown={"event_source_arn": True})
    assert findings(RECORDER, moved, made, polled, configuration=WRITTEN) == []
    # Polled by nobody: the function hears of nothing any more.
    assert findings(RECORDER, moved, made, configuration=WRITTEN) == [
        "Cannot be judged: Objects: whether one still gets its events is known only after apply"
    ]


def test_a_bucket_that_goes_back_from_the_queue_to_the_function_stops_no_events() -> None:
    draining = updated(NOTIFICATION, TO_QUEUE, TO_FUNCTION)
    polled = change(POLLING, POLLS, POLLS)
    assert findings(RECORDER, HELD, draining, polled) == []
    other = updated(NOTIFICATION, TO_QUEUE, {**TO_FUNCTION, "lambda_function": [route(TWO)]})
    assert findings(RECORDER, HELD, other, polled) == ["Events stop: Objects: buffer gets no more events"]
    narrower = updated(NOTIFICATION, TO_QUEUE, {**TO_FUNCTION, "lambda_function": [route(prefix="a/")]})
    assert findings(RECORDER, HELD, narrower, polled) == ["Events stop: Objects: buffer gets no more events"]


def test_a_queue_that_a_bucket_still_sends_to_is_destroyed_with_the_events_on_their_way() -> None:
    queue, polled = change(BUFFER_QUEUE, {"arn": BUFFER, "name": "buffer"}, None), change(POLLING, POLLS, None)
    at_once = review(RECORDER, queue, polled, updated(NOTIFICATION, TO_QUEUE, TO_FUNCTION))
    (lost,) = [one for danger in at_once.dangers for one in danger.findings if "destroyed" in one.what]
    assert (lost.danger.value, lost.means) == (
        "Data is lost",
        "Lost with it: every message that waits in it, and what its bucket still sends to it. Send events "
        "elsewhere first; destroy it once it is empty.",
    )
    tls = deny("sqs:*", BUFFER, Sid="Tls", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    held = change(BUFFER_QUEUE, {"arn": BUFFER, "name": "buffer", "policy": policy(tls)}, None)
    assert findings(held) == ["Data is lost: Buffer queue is destroyed"]
    drained = review(RECORDER, queue, polled, updated(NOTIFICATION, TO_FUNCTION, TO_FUNCTION))
    means = [one.means for danger in drained.dangers for one in danger.findings if one.danger.value == "Data is lost"]
    assert means == ["Lost with it: every message that waits in it."]
