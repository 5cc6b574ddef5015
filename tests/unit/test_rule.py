import json
from typing import Any

import pytest
from cdktf import TerraformStack

from modules import Bucket, ConfigurationError, Key, PythonFunction, Queue, Rule, Topic
from modules.testing import Block

from .synthesized import ACCOUNT, Terraform, deny_without_tls

ARN = "${aws_cloudwatch_event_rule.Placed/Rule.arn}"
RULE = "${aws_cloudwatch_event_rule.Placed/Rule.name}"
UNDELIVERED = "${aws_sqs_queue.Placed/Undelivered/Queue.arn}"
PATTERN = {"source": ["orders"], "detail-type": ["Order placed"], "detail": {"total": [{"numeric": [">", 100]}]}}
DELIVERY = {
    "rule": RULE,
    "retry_policy": {"maximum_retry_attempts": 185, "maximum_event_age_in_seconds": 86400},
    "dead_letter_config": {"arn": UNDELIVERED},
}


def placed(stack: TerraformStack, **options: Any) -> Rule:
    return Rule(stack, "Placed", **{"name": "placed", "pattern": PATTERN, **options})


def only_this_rule(queue: str) -> Block:
    return {
        "sid": "AllowEvents",
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
        "actions": ["sqs:SendMessage"],
        "resources": [queue],
        "condition": [{"test": "ArnEquals", "variable": "aws:SourceArn", "values": [ARN]}],
    }


def test_a_rule_has_a_pattern_and_a_queue_for_undeliverable_events(stack: TerraformStack, key: Key) -> None:
    placed(stack, key=key, description="Orders of some size")
    made = Terraform(stack)
    assert made.all("aws_cloudwatch_event_rule") == {
        "Placed/Rule": {
            "name": "placed",
            "description": "Orders of some size",
            "event_pattern": json.dumps(PATTERN),
        }
    }
    assert made.one("aws_sqs_queue") == {
        "name": "placed-undelivered",
        "kms_master_key_id": "${aws_kms_key.Key/Key.arn}",
        "message_retention_seconds": 1209600,
    }
    assert made.policies()["Placed/Undelivered/Policy"] == [
        deny_without_tls(["sqs:*"], UNDELIVERED),
        only_this_rule(UNDELIVERED),
    ]
    # EventBridge names no source when it uses a key.
    assert made.policies()["Key/Policy"][1:] == [
        {
            "sid": "AllowEvents",
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
            "actions": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "resources": ["*"],
        }
    ]
    assert list(made.all("aws_cloudwatch_metric_alarm")) == ["Placed/UndeliveredAlarms/Kept"]


def test_events_go_to_functions_queues_and_topics_that_admit_the_rule(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    rule = placed(stack)
    rule.on_event(worker, input={"kind": "order"})
    rule.on_event(Queue(stack, "Orders", name="orders"))
    rule.on_event(Queue(stack, "InOrder", name="in-order.fifo", fifo=True))
    rule.on_event(Topic(stack, "News", name="news", key=key, account_id=ACCOUNT))
    made = Terraform(stack)
    assert made.all("aws_cloudwatch_event_target") == {
        "Placed/ToWorker": {
            "arn": "${aws_lambda_function.Worker/Function.arn}",
            "input": '{"kind": "order"}',
            "depends_on": ["aws_lambda_permission.Worker/InvokeForPlaced"],
            **DELIVERY,
        },
        "Placed/ToOrders": {
            "arn": "${aws_sqs_queue.Orders/Queue.arn}",
            "depends_on": ["aws_sqs_queue_policy.Orders/QueuePolicy"],
            **DELIVERY,
        },
        "Placed/ToInOrder": {
            "arn": "${aws_sqs_queue.InOrder/Queue.arn}",
            "sqs_target": {"message_group_id": "placed"},
            "depends_on": ["aws_sqs_queue_policy.InOrder/QueuePolicy"],
            **DELIVERY,
        },
        "Placed/ToNews": {
            "arn": "${aws_sns_topic.News/Topic.arn}",
            "depends_on": ["aws_sns_topic_policy.News/TopicPolicy"],
            **DELIVERY,
        },
    }
    permission = made.one("aws_lambda_permission")
    assert (permission["principal"], permission["source_arn"]) == ("events.amazonaws.com", ARN)
    policies = made.policies()
    assert policies["Orders/Policy"][1:] == [only_this_rule("${aws_sqs_queue.Orders/Queue.arn}")]
    assert policies["News/Policy"][1:] == [
        {
            "sid": "AllowEvents",
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
            "actions": ["sns:Publish"],
            "resources": ["${aws_sns_topic.News/Topic.arn}"],
        }
    ]


def test_a_rule_on_another_bus_and_with_other_retries(stack: TerraformStack, worker: PythonFunction) -> None:
    placed(stack, event_bus="orders", retries=0, event_age_seconds=60).on_event(worker)
    made = Terraform(stack)
    assert made.one("aws_cloudwatch_event_rule")["event_bus_name"] == "orders"
    target = made.one("aws_cloudwatch_event_target")
    assert target["event_bus_name"] == "orders"
    assert target["retry_policy"] == {"maximum_retry_attempts": 0, "maximum_event_age_in_seconds": 60}


def test_a_buckets_events_go_through_a_rule(stack: TerraformStack, worker: PythonFunction) -> None:
    bucket = Bucket(stack, "Uploads", name="uploads", account_id=ACCOUNT)
    bucket.send_events_to_eventbridge()
    placed(stack, pattern=bucket.event_pattern(prefix="in/")).on_event(worker)
    made = Terraform(stack)
    assert made.one("aws_s3_bucket_notification") == {
        "bucket": "${aws_s3_bucket.Uploads/Bucket.bucket}",
        "eventbridge": True,
    }
    assert json.loads(made.one("aws_cloudwatch_event_rule")["event_pattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["${aws_s3_bucket.Uploads/Bucket.bucket}"]},
            "object": {"key": [{"prefix": "in/"}]},
        },
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, r"name is 'a b', AWS allows 1 to 64"),
        ({"pattern": {}}, r"pattern is empty"),
        ({"pattern": {"source": "orders"}}, r"pattern\['source'\] has 'orders'; give a list"),
        ({"pattern": {"detail": {"kind": []}}}, r"pattern\['detail'\]\['kind'\] has \[\]; give a list"),
        ({"pattern": {"source": ["x" * 2048]}}, r"pattern is .* AWS allows 2 to 2048 characters"),
        ({"event_bus": "a b"}, r"event_bus is 'a b', AWS allows"),
        ({"retries": 186}, r"retries is 186, AWS allows 0 to 185 retries"),
        ({"event_age_seconds": 59}, r"event_age_seconds is 59, AWS allows 60 to 86400 seconds"),
        ({"description": "x" * 513}, r"description is .* AWS allows 0 to 512 characters"),
    ],
)
def test_values_that_eventbridge_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^stack/Placed: {message}"):
        placed(stack, **options)


def test_a_rule_has_five_targets_each_once(stack: TerraformStack) -> None:
    rule = placed(stack)
    queues = [Queue(stack, f"Orders{number}", name=f"orders-{number}") for number in range(6)]
    for queue in queues[:5]:
        rule.on_event(queue)
    with pytest.raises(ConfigurationError, match=r"^stack/Placed: on_event has 6, AWS allows 0 to 5 targets"):
        rule.on_event(queues[5])
    with pytest.raises(ConfigurationError, match=r"^stack/Placed: stack/Orders0 is a target already"):
        rule.on_event(queues[0])


@pytest.mark.parametrize("text", ["{", "x" * 8193])
def test_an_input_is_json_of_some_length(stack: TerraformStack, worker: PythonFunction, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^stack/Placed: input is "):
        placed(stack).on_event(worker, input=text)
