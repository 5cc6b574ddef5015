import json
from typing import Any

import pytest
from cdktf import TerraformStack, TerraformVariable

from modules import ConfigurationError, Key, PythonFunction, Queue, Topic
from modules.testing import Block

from .synthesized import ACCOUNT, Terraform, allow, deny_without_tls

ARN = "${aws_sqs_queue.Kept/Queue.arn}"
KEY_ARN = "${aws_kms_key.Key/Key.arn}"
DEAD_LETTERS = "${aws_sqs_queue.Kept/DeadLetters/Queue.arn}"
FUNCTION = "${aws_lambda_function.Worker/Function.arn}"
POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def test_a_queue_is_encrypted_and_keeps_messages_for_two_weeks(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept")
    made = Terraform(stack)
    assert made.types() == {"aws_iam_policy_document", "aws_sqs_queue", "aws_sqs_queue_policy"}
    assert made.all("aws_sqs_queue") == {
        "Kept/Queue": {"name": "kept", "sqs_managed_sse_enabled": True, "message_retention_seconds": 1209600}
    }


def test_a_queue_refuses_requests_without_tls(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept")
    made = Terraform(stack)
    assert made.policies() == {"Kept/Policy": [deny_without_tls(["sqs:*"], ARN)]}
    assert made.all("aws_sqs_queue_policy") == {
        "Kept/QueuePolicy": {
            "queue_url": "${aws_sqs_queue.Kept/Queue.url}",
            "policy": "${data.aws_iam_policy_document.Kept/Policy.json}",
        }
    }


@pytest.mark.parametrize(("days", "seconds"), [(4, 345600), (0.5, 43200)])
def test_a_queue_keeps_messages_as_long_as_asked(stack: TerraformStack, days: float, seconds: int) -> None:
    Queue(stack, "Kept", name="kept", retention_days=days)
    assert Terraform(stack).one("aws_sqs_queue")["message_retention_seconds"] == seconds


def test_a_queue_is_encrypted_with_a_key_where_there_is_one(stack: TerraformStack, key: Key) -> None:
    Queue(stack, "Kept", name="kept", key=key)
    assert Terraform(stack).one("aws_sqs_queue") == {
        "name": "kept",
        "kms_master_key_id": "${aws_kms_key.Key/Key.arn}",
        "message_retention_seconds": 1209600,
    }


def test_a_fifo_queue_and_its_dead_letters_are_fifo(stack: TerraformStack) -> None:
    Queue(stack, "Kept", name="kept.fifo", fifo=True, max_receives=3)
    fifo = {
        "fifo_queue": True,
        "content_based_deduplication": True,
        "sqs_managed_sse_enabled": True,
        "message_retention_seconds": 1209600,
    }
    redrive = {"redrive_policy": f'{{"deadLetterTargetArn":"{DEAD_LETTERS}","maxReceiveCount":3}}'}
    assert Terraform(stack).all("aws_sqs_queue") == {
        "Kept/Queue": {"name": "kept.fifo", **fifo, **redrive},
        "Kept/DeadLetters/Queue": {"name": "kept-dead-letters.fifo", **fifo},
    }


def test_a_dead_letter_queue_has_an_alarm_while_it_is_not_empty(stack: TerraformStack, key: Key) -> None:
    topic = Topic(stack, "Alarms", name="alarms", key=key, account_id=ACCOUNT)
    Queue(stack, "Kept", name="kept", key=key, max_receives=3, alarm_topic=topic)
    made = Terraform(stack)
    assert made.all("aws_sqs_queue")["Kept/DeadLetters/Queue"] == {
        "name": "kept-dead-letters",
        "kms_master_key_id": KEY_ARN,
        "message_retention_seconds": 1209600,
    }
    assert made.all("aws_cloudwatch_metric_alarm") == {
        "Kept/DeadLettersAlarms/Kept": {
            "alarm_name": "kept-dead-letters-ApproximateNumberOfMessagesVisible",
            "alarm_description": "Messages that nobody could process after 3 times wait in kept-dead-letters",
            "namespace": "AWS/SQS",
            "metric_name": "ApproximateNumberOfMessagesVisible",
            "dimensions": {"QueueName": "${aws_sqs_queue.Kept/DeadLetters/Queue.name}"},
            "statistic": "Maximum",
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 0,
            "period": 60,
            "evaluation_periods": 1,
            "treat_missing_data": "notBreaching",
            "alarm_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
            "ok_actions": ["${aws_sns_topic.Alarms/Topic.arn}"],
        }
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"name": "kept.fifo"},
            r"name is 'kept.fifo', and a name that ends with .fifo is a FIFO queue's: pass fifo=True",
        ),
        ({"name": "kept", "fifo": True}, r"name is 'kept', AWS allows 6 to 80 .* then .fifo"),
        ({"name": "k" * 81}, r"name is 'k+', AWS allows 1 to 80"),
        ({"name": "a b"}, r"name is 'a b', AWS allows 1 to 80 letters"),
        ({"retention_days": 15}, r"retention_days \(in seconds\) is 1296000, AWS allows 60 to 1209600 seconds"),
        ({"visibility_timeout_seconds": 43201}, r"visibility_timeout_seconds is 43201, AWS allows 0 to 43200 seconds"),
        ({"max_receives": 0}, r"max_receives is 0, AWS allows 1 to 1000 receives"),
    ],
)
def test_values_that_sqs_refuses_are_rejected(stack: TerraformStack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^stack/Kept: {message}"):
        Queue(stack, "Kept", **{"name": "kept", **options})


def test_grants_to_send_and_to_receive_include_use_of_the_key(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    queue = Queue(stack, "Kept", name="kept", key=key)
    for _ in range(2):
        queue.grant_send(worker)
        queue.grant_receive(worker)
    grants = Terraform(stack).grants("Worker")
    del grants["OperateWorker"]
    receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
    assert grants == {
        "SendKept": [
            allow("Send", ["sqs:SendMessage"], ARN),
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN),
        ],
        "ReceiveKept": [allow("Receive", receive, ARN), allow("DecryptMessages", ["kms:Decrypt"], KEY_ARN)],
    }


def mapping(**options: Any) -> Block:
    return {
        "event_source_arn": ARN,
        "function_name": FUNCTION,
        "batch_size": 10,
        "function_response_types": ["ReportBatchItemFailures"],
        "depends_on": ["aws_iam_role_policy.Worker/PollKept/RolePolicy"],
        **options,
    }


def test_a_function_is_called_with_messages_and_may_poll_the_queue(
    stack: TerraformStack, key: Key, worker: PythonFunction
) -> None:
    Queue(stack, "Kept", name="kept", key=key).on_messages(worker)
    made = Terraform(stack)
    assert made.all("aws_lambda_event_source_mapping") == {"Kept/ToWorker": mapping()}
    grants = made.grants("Worker")
    del grants["OperateWorker"]
    assert grants == {"PollKept": [allow("Poll", POLL, ARN), allow("DecryptMessages", ["kms:Decrypt"], KEY_ARN)]}
    queue = made.all("aws_sqs_queue")["Kept/Queue"]
    assert queue["visibility_timeout_seconds"] == 6 * 30
    assert json.loads(queue["redrive_policy"]) == {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 5}


def test_options_of_polling_are_kept(stack: TerraformStack, worker: PythonFunction) -> None:
    queue = Queue(stack, "Kept", name="kept", max_receives=8)
    queue.on_messages(worker, batch_size=500, window_seconds=20, partial_failures=False, max_concurrency=7)
    made = Terraform(stack)
    expected = mapping(batch_size=500, maximum_batching_window_in_seconds=20, scaling_config={"maximum_concurrency": 7})
    del expected["function_response_types"]
    assert made.one("aws_lambda_event_source_mapping") == expected
    kept = made.all("aws_sqs_queue")["Kept/Queue"]
    assert kept["visibility_timeout_seconds"] == 6 * 30 + 20
    assert json.loads(kept["redrive_policy"])["maxReceiveCount"] == 8


def test_several_functions_share_a_queue_that_hides_messages_long_enough_for_the_slowest(
    stack: TerraformStack, worker: PythonFunction, code: Any
) -> None:
    queue = Queue(stack, "Kept", name="kept")
    slow = PythonFunction(stack, "Slow", name="slow", packages=[code], timeout_seconds=60)
    queue.on_messages(slow)
    queue.on_messages(worker)
    made = Terraform(stack)
    assert set(made.all("aws_lambda_event_source_mapping")) == {"Kept/ToSlow", "Kept/ToWorker"}
    assert made.all("aws_sqs_queue")["Kept/Queue"]["visibility_timeout_seconds"] == 360
    assert [path for path in made.all("aws_sqs_queue") if "Kept" in path] == ["Kept/DeadLetters/Queue", "Kept/Queue"]


def test_a_timeout_that_terraform_knows_later_is_multiplied_there(stack: TerraformStack, code: Any) -> None:
    seconds = TerraformVariable(stack, "Seconds", type="number").number_value
    worker = PythonFunction(stack, "Worker", name="worker", packages=[code], timeout_seconds=seconds)
    Queue(stack, "Kept", name="kept").on_messages(worker, window_seconds=5)
    Queue(stack, "Polled", name="polled").on_messages(worker)
    queues = Terraform(stack).all("aws_sqs_queue")
    assert queues["Kept/Queue"]["visibility_timeout_seconds"] == "${((6 * var.Seconds) + 5)}"
    assert queues["Polled/Queue"]["visibility_timeout_seconds"] == "${(6 * var.Seconds)}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0, AWS allows 1 to 10 messages"),
        ({"batch_size": 11}, "batch_size is 11, AWS allows 1 to 10 messages without window_seconds"),
        ({"batch_size": 10_001, "window_seconds": 1}, "batch_size is 10001, AWS allows 1 to 10000 messages"),
        ({"window_seconds": 301}, "window_seconds is 301, AWS allows 0 to 300 seconds"),
        ({"max_concurrency": 1}, "max_concurrency is 1, AWS allows 2 to 1000 concurrent runs"),
    ],
)
def test_polling_that_lambda_refuses_is_an_error(
    stack: TerraformStack, worker: PythonFunction, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^stack/Kept: {message}"):
        Queue(stack, "Kept", name="kept").on_messages(worker, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 11, "window_seconds": 1}, "batch_size is 11"),
        ({"window_seconds": 1}, "window_seconds is 1, AWS allows 0 to 0 seconds for a FIFO queue"),
    ],
)
def test_a_fifo_queue_has_small_batches_at_once(
    stack: TerraformStack, worker: PythonFunction, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"^stack/Kept: {message}"):
        Queue(stack, "Kept", name="kept.fifo", fifo=True).on_messages(worker, **options)


def test_a_visibility_timeout_below_six_times_the_functions_is_an_error(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    Queue(stack, "Enough", name="enough", visibility_timeout_seconds=180).on_messages(worker)
    queue = Queue(stack, "Kept", name="kept", visibility_timeout_seconds=179)
    message = "visibility_timeout_seconds is 179, a function with a timeout of 30 seconds needs 180 at least"
    with pytest.raises(ConfigurationError, match=rf"^stack/Kept: {message}"):
        queue.on_messages(worker)


def test_a_function_polls_a_queue_once(stack: TerraformStack, worker: PythonFunction) -> None:
    queue = Queue(stack, "Kept", name="kept")
    queue.on_messages(worker)
    with pytest.raises(ConfigurationError, match=r"^stack/Kept: worker polls it already"):
        queue.on_messages(worker)
