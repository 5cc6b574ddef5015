"""A function behind a queue on the local AWS, and functions that are killed between two calls.

Each test fails without queue_mappings.py, crashes.py or receipt_handles.py of the local AWS's emulator.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sluice_cli.testing import Crash, crash_once
from tests.support.bare_aws import LOGS, BareAws, allow
from tests.support.waiting import eventually

# Sends the beginnings of what it is given to one queue, and then to another.
FORWARDS = """
import json, os, boto3

def handle(event, context):
    bodies = [one["body"][:10] for one in event["Records"]]
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=os.environ["FIRST"], MessageBody=json.dumps(bodies))
    if "fail" in bodies and event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1":
        raise ValueError("asked to fail")
    sqs.send_message(QueueUrl=os.environ["SECOND"], MessageBody=json.dumps(bodies))
"""
VISIBILITY_SECONDS = "120"
WINDOW_SECONDS = 1


class Forwarder:
    """A queue, its function, and the batches that the function got and forwarded."""

    def __init__(self, aws: BareAws, name: str, **mapping: Any) -> None:
        self.aws, self.function = aws, f"{aws.prefix}-{name}"
        self.work, source = aws.queue(f"{name}-work", VisibilityTimeout=VISIBILITY_SECONDS)
        self.first, first = aws.queue(f"{name}-first")
        self.second, second = aws.queue(f"{name}-second")
        self.second_arn = second
        poll = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], source)
        rights = [allow(LOGS), poll, *(allow(["sqs:SendMessage"], one) for one in (first, second))]
        variables = {"FIRST": self.first, "SECOND": self.second}
        aws.function(name, aws.role(name, *rights), FORWARDS, Environment={"Variables": variables})
        self.mapping = aws.client("lambda").create_event_source_mapping(
            EventSourceArn=source, FunctionName=self.function, **mapping
        )["UUID"]

    def send(self, *bodies: str) -> None:
        sqs = self.aws.client("sqs")
        for start in range(0, len(bodies), 10):
            entries = [{"Id": str(number), "MessageBody": one} for number, one in enumerate(bodies[start : start + 10])]
            sqs.send_message_batch(QueueUrl=self.work, Entries=entries)

    def batches(self, queue: str) -> list[list[str]]:
        return [json.loads(one["Body"]) for one in self.aws.messages(queue)]

    def close(self) -> None:
        self.aws.client("lambda").delete_event_source_mapping(UUID=self.mapping)


@pytest.fixture(scope="module")
def forwarder(aws: BareAws) -> Iterator[Forwarder]:
    made = Forwarder(aws, "forwards")
    yield made
    made.close()


@pytest.fixture(scope="module")
def collector(aws: BareAws) -> Iterator[Forwarder]:
    made = Forwarder(aws, "collects", BatchSize=25, MaximumBatchingWindowInSeconds=WINDOW_SECONDS)
    yield made
    made.close()


def test_messages_of_a_failed_batch_come_again_before_the_visibility_timeout(forwarder: Forwarder) -> None:
    forwarder.send("fail")
    assert eventually(lambda: forwarder.batches(forwarder.second), within=30) == [["fail"]]
    assert forwarder.batches(forwarder.first) == [["fail"], ["fail"]]


def test_a_function_is_killed_once_its_call_has_taken_effect_and_a_retry_is_not(forwarder: Forwarder) -> None:
    crash = crash_once(forwarder.aws.local, forwarder.function, after="sqs:SendMessage")
    other = crash_once(forwarder.aws.local, forwarder.function, after="s3:PutObject")
    assert not crash.happened
    forwarder.send("killed")
    eventually(lambda: ["killed"] in forwarder.batches(forwarder.second), within=30)
    assert (crash.happened, other.happened) == (True, False)
    assert forwarder.batches(forwarder.first).count(["killed"]) == 2
    assert forwarder.batches(forwarder.second).count(["killed"]) == 1


def test_a_function_that_makes_a_call_on_several_resources_is_killed_after_that_on_one(forwarder: Forwarder) -> None:
    crash = crash_once(forwarder.aws.local, forwarder.function, after="sqs:SendMessage", on=forwarder.second_arn)
    forwarder.send("later")
    eventually(lambda: forwarder.batches(forwarder.second).count(["later"]) == 2, within=30)
    assert crash.happened
    assert forwarder.batches(forwarder.first).count(["later"]) == 2


def test_a_crash_of_one_function_does_not_affect_others(forwarder: Forwarder) -> None:
    crash = crash_once(forwarder.aws.local, "another", after="sqs:SendMessage")
    forwarder.send("calm")
    eventually(lambda: ["calm"] in forwarder.batches(forwarder.second), within=30)
    assert forwarder.batches(forwarder.first).count(["calm"]) == 1
    assert crash == Crash(forwarder.aws.local, crash.number)
    assert not crash.happened


def test_a_batch_has_as_many_messages_as_its_mapping_says_and_the_last_waits_for_its_window(
    collector: Forwarder,
) -> None:
    bodies = [str(number) for number in range(30)]
    began = time.monotonic()
    collector.send(*bodies)
    batches = eventually(lambda: _both(collector), within=30)
    assert [len(one) for one in batches] == [25, 5]
    assert sorted(body for batch in batches for body in batch) == sorted(bodies)
    assert time.monotonic() - began > WINDOW_SECONDS


def _both(collector: Forwarder) -> list[list[str]]:
    batches = collector.batches(collector.second)
    return sorted(batches, key=len, reverse=True) if len(batches) > 1 else []


def test_a_batch_is_no_larger_than_an_event_of_lambda(collector: Forwarder) -> None:
    large = [character * 1_000_000 for character in "abcdefgh"]
    for body in large:
        collector.aws.client("sqs").send_message(QueueUrl=collector.work, MessageBody=body)
    wanted = {body[:10] for body in large}

    def batches() -> list[list[str]]:
        found = [batch for batch in collector.batches(collector.second) if wanted.intersection(batch)]
        return found if len([body for batch in found for body in batch]) == len(large) else []

    assert max(len(batch) for batch in eventually(batches, within=30)) <= 6


def test_a_message_is_deleted_with_its_latest_receipt_handle_and_earlier_ones_change_nothing(aws: BareAws) -> None:
    sqs, (url, _) = aws.client("sqs"), aws.queue("handles")
    sqs.send_message(QueueUrl=url, MessageBody="one")

    def received() -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
        return [one["ReceiptHandle"] for one in answer.get("Messages", [])]

    (first,), (second,) = received(), received()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first)
    (third,) = received()
    for handle in (third, third, second):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    assert received() == []
    entries = [{"Id": "gone", "ReceiptHandle": third}, {"Id": "garbled", "ReceiptHandle": "never issued"}]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["gone"]
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("garbled", "ReceiptHandleIsInvalid")]
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="never issued")


def test_a_fifo_queue_refuses_an_earlier_receipt_handle(aws: BareAws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html"""
    sqs = aws.client("sqs")
    url, _ = aws.queue("handles.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    sqs.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="group")

    def received() -> str:
        answer = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
        return str(answer["Messages"][0]["ReceiptHandle"])

    first, second = received(), received()
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=first)
    entries = [{"Id": "earlier", "ReceiptHandle": first}, {"Id": "latest", "ReceiptHandle": second}]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("earlier", "ReceiptHandleIsInvalid")]
    assert [one["Id"] for one in answer["Successful"]] == ["latest"]
