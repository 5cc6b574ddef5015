"""How the bucket's events reach the function of each system: directly, or by a queue that buffers them."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cdktf import App

from settings import Settings
from stacks import SYSTEMS

from .synthesized import Terraform, allow, deny_without_tls

ACCOUNT = "${data.aws_caller_identity.Account.account_id}"
QUEUE_ARN = "${aws_sqs_queue.Buffer/Queue.arn}"
DEAD_LETTERS_ARN = "${aws_sqs_queue.Buffer/DeadLetters/Queue.arn}"
# By system: its setting, bucket, function, prefix and what its names begin with.
BUFFERED: dict[str, tuple[str, str, str, str | None, str]] = {
    "ObjectTracker": ("tracker_delivery", "Objects", "Recorder", None, "sluice-object-tracker-"),
    "UploadApi": ("upload_delivery", "Files", "Uploader", "presigned/", "sluice-upload-api-"),
    "FileMetadata": ("metadata_delivery", "Uploads", "Extractor", None, "sluice-file-metadata-"),
    "InvocationLog": ("invocation_log_delivery", "Trigger", "Processor", None, "sluice-invocation-log-"),
    "SensorPipeline": ("sensor_delivery", "Landing", "Ingester", "readings/", "sluice-sensor-pipeline-"),
}

Synthesize = Callable[[str, str], Terraform]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App]) -> Synthesize:
    """A system with a mode of delivery."""
    systems = {one.__name__: one for one in SYSTEMS}

    def made(system: str, delivery: str) -> Terraform:
        chosen: dict[str, Any] = {BUFFERED[system][0]: delivery}
        settings = Settings(**chosen)
        return Terraform(systems[system](new_app(), settings))

    return cache(made)


def test_every_system_has_a_setting() -> None:
    assert {one.__name__ for one in SYSTEMS} == set(BUFFERED)


def addresses(made: Terraform) -> set[str]:
    return {f"{kind}.{path}" for kind, resources in made.json["resource"].items() for path in resources}


@pytest.mark.parametrize("system", BUFFERED)
def test_a_mode_adds_the_queue_and_moves_nothing_else(synthesize: Synthesize, system: str) -> None:
    _, bucket, function, *_ = BUFFERED[system]
    direct, buffered, draining = (synthesize(system, mode) for mode in ("direct", "buffered", "draining"))
    notification = f"aws_s3_bucket_notification.{bucket}/Notification"
    assert addresses(buffered) == addresses(draining)
    assert addresses(buffered) - addresses(direct) == {
        "aws_sqs_queue.Buffer/Queue",
        "aws_sqs_queue_policy.Buffer/QueuePolicy",
        "aws_sqs_queue.Buffer/DeadLetters/Queue",
        "aws_sqs_queue_policy.Buffer/DeadLetters/QueuePolicy",
        "aws_cloudwatch_metric_alarm.Buffer/DeadLettersAlarms/Kept",
        "aws_cloudwatch_metric_alarm.BufferAlarms/Backlog",
        f"aws_lambda_event_source_mapping.Buffer/To{function}",
        f"aws_iam_role_policy.{function}/PollBuffer/RolePolicy",
    }
    for kind, resources in direct.json["resource"].items():
        for path, resource in resources.items():
            if f"{kind}.{path}" != notification:
                assert buffered.json["resource"][kind][path] == draining.json["resource"][kind][path] == resource
    # What draining does with new events is what direct does.
    assert direct.all("aws_s3_bucket_notification") == draining.all("aws_s3_bucket_notification")


@pytest.mark.parametrize("system", BUFFERED)
def test_events_go_to_the_queue_and_in_batches_to_the_function(synthesize: Synthesize, system: str) -> None:
    _, bucket, function, prefix, _ = BUFFERED[system]
    made = synthesize(system, "buffered")
    assert made.one("aws_s3_bucket_notification") == {
        "bucket": f"${{aws_s3_bucket.{bucket}/Bucket.bucket}}",
        "queue": [
            {
                "events": ["s3:ObjectCreated:*"],
                "queue_arn": QUEUE_ARN,
                **({"filter_prefix": prefix} if prefix else {}),
            }
        ],
        "depends_on": ["aws_sqs_queue_policy.Buffer/QueuePolicy"],
    }
    for mode in ("buffered", "draining"):
        assert synthesize(system, mode).one("aws_lambda_event_source_mapping") == {
            "event_source_arn": QUEUE_ARN,
            "function_name": f"${{aws_lambda_function.{function}/Function.arn}}",
            "batch_size": 10,
            "maximum_batching_window_in_seconds": 1,
            "function_response_types": ["ReportBatchItemFailures"],
            "scaling_config": {"maximum_concurrency": 100},
            "depends_on": [f"aws_iam_role_policy.{function}/PollBuffer/RolePolicy"],
        }


@pytest.mark.parametrize("system", BUFFERED)
def test_the_queue_keeps_what_fails_and_hides_what_is_under_way(synthesize: Synthesize, system: str) -> None:
    name = f"{BUFFERED[system][4]}buffer-dev"
    made = synthesize(system, "buffered")
    queues = {path: one for path, one in made.all("aws_sqs_queue").items() if path.startswith("Buffer/")}
    kept = {"sqs_managed_sse_enabled": True, "message_retention_seconds": 1209600}
    redrive = json.dumps({"deadLetterTargetArn": DEAD_LETTERS_ARN, "maxReceiveCount": 5}, separators=(",", ":"))
    assert queues == {
        # Six times the function's 30 seconds, and the batching window.
        "Buffer/Queue": {"name": name, **kept, "visibility_timeout_seconds": 181, "redrive_policy": redrive},
        "Buffer/DeadLetters/Queue": {"name": f"{name}-dead-letters", **kept},
    }
    alarms = made.all("aws_cloudwatch_metric_alarm")
    watched = {
        path: (one["alarm_name"], one["metric_name"], one["dimensions"], one["threshold"], one["alarm_actions"])
        for path, one in alarms.items()
        if path.startswith("Buffer")
    }
    topic = ["${aws_sns_topic.AlarmTopic/Topic.arn}"]
    dead, age = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    letters, queue = ({"QueueName": f"${{aws_sqs_queue.Buffer/{one}Queue.name}}"} for one in ("DeadLetters/", ""))
    assert watched == {
        "Buffer/DeadLettersAlarms/Kept": (f"{name}-dead-letters-{dead}", dead, letters, 0, topic),
        "BufferAlarms/Backlog": (f"{name}-{age}", age, queue, 900, topic),
    }


@pytest.fixture(scope="module", params=BUFFERED)
def buffered(request: pytest.FixtureRequest, synthesize: Synthesize) -> Terraform:
    return synthesize(request.param, "buffered")


def test_only_the_bucket_may_send_to_the_buffer(buffered: Terraform) -> None:
    (bucket,) = buffered.all("aws_s3_bucket")
    sender = {
        "sid": "AllowS3",
        "effect": "Allow",
        "principals": [{"type": "Service", "identifiers": ["s3.amazonaws.com"]}],
        "actions": ["sqs:SendMessage"],
        "resources": [QUEUE_ARN],
        "condition": [
            {"test": "ArnEquals", "variable": "aws:SourceArn", "values": [f"${{aws_s3_bucket.{bucket}.arn}}"]},
            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]},
        ],
    }
    assert {path: one for path, one in buffered.policies().items() if path.startswith("Buffer")} == {
        "Buffer/Policy": [deny_without_tls(["sqs:*"], QUEUE_ARN), sender],
        "Buffer/DeadLetters/Policy": [deny_without_tls(["sqs:*"], DEAD_LETTERS_ARN)],
    }


@pytest.mark.parametrize("system", BUFFERED)
def test_the_function_may_poll_the_buffer_and_nothing_else_more(synthesize: Synthesize, system: str) -> None:
    function = BUFFERED[system][2]
    direct = synthesize(system, "direct").grants(function)
    poll = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    assert synthesize(system, "buffered").grants(function) == {
        **direct,
        "PollBuffer": [allow("Poll", poll, QUEUE_ARN)],
    }


@pytest.mark.parametrize("mode", ["buffered", "draining"])
def test_under_the_customers_key_s3_may_encrypt_and_the_function_decrypt(new_app: Callable[[], App], mode: str) -> None:
    (system,) = [one for one in SYSTEMS if one.__name__ == "ObjectTracker"]
    made = Terraform(system(new_app(), Settings(tracker_delivery=mode, encryption_keys="customer")))
    key = "${aws_kms_key.Key/Key.arn}"
    queues = made.all("aws_sqs_queue")
    assert {queues[path].get("kms_master_key_id") for path in queues} == {key}
    poll = made.grants("Recorder")["PollBuffer"]
    assert poll[1:] == [allow("DecryptMessages", ["kms:Decrypt"], key)]
    (of_s3,) = [one for one in made.policies()["Key/Policy"] if one["sid"] == "AllowS3"]
    assert of_s3["actions"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


@pytest.mark.parametrize("system", BUFFERED)
def test_outputs_name_the_queues(synthesize: Synthesize, system: str) -> None:
    direct = synthesize(system, "direct").outputs()
    for mode in ("buffered", "draining"):
        assert synthesize(system, mode).outputs() == {
            **direct,
            "BufferQueueUrl": "${aws_sqs_queue.Buffer/Queue.url}",
            "DeadLetterQueueUrl": "${aws_sqs_queue.Buffer/DeadLetters/Queue.url}",
        }


def test_settings_reach_the_batches(new_app: Callable[[], App]) -> None:
    (system,) = [one for one in SYSTEMS if one.__name__ == "InvocationLog"]
    settings = Settings(
        invocation_log_delivery="buffered",
        lambda_timeout_seconds=60,
        buffer_batch_size=50,
        buffer_window_seconds=20,
        buffer_max_concurrency=7,
    )
    made = Terraform(system(new_app(), settings))
    mapping = made.one("aws_lambda_event_source_mapping")
    assert (mapping["batch_size"], mapping["maximum_batching_window_in_seconds"]) == (50, 20)
    assert mapping["scaling_config"] == {"maximum_concurrency": 7}
    assert made.all("aws_sqs_queue")["Buffer/Queue"]["visibility_timeout_seconds"] == 380
    assert made.all("aws_cloudwatch_metric_alarm")["BufferAlarms/Backlog"]["threshold"] == 1800
