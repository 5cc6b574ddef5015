"""A function behind a table's stream on the local AWS: each test fails without stream_mappings.py of its emulator."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.bare_aws import LOGS, BareAws, allow
from tests.support.waiting import eventually

# Fails on `poison`, whole or by naming the item; forwards the ids of each batch.
READS = """
import json, os, boto3

def handle(event, context):
    records = event["Records"]
    ids = [one["dynamodb"]["Keys"]["id"]["S"] for one in records]
    boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(ids))
    bad = [one["dynamodb"]["SequenceNumber"] for one, id_ in zip(records, ids) if id_.startswith("poison")]
    if bad and os.environ["REPORTS"]:
        return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}
    if bad:
        raise ValueError("poison")
"""
STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]


class Stream:
    """A table, and a function that reads its stream."""

    def __init__(self, aws: BareAws, name: str, *, reports: bool) -> None:
        self.aws = aws
        self.table = aws.table(name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        self.stream = aws.client("dynamodb").describe_table(TableName=self.table)["Table"]["LatestStreamArn"]
        self.queue, seen = aws.queue(f"{name}-seen")
        self.kept, self.kept_arn = aws.queue(f"{name}-kept")
        role = aws.role(name, allow(LOGS), allow(STREAM, self.stream), allow(["sqs:SendMessage"]))
        variables = {"SEEN": self.queue, "REPORTS": "yes" if reports else ""}
        self.function = aws.function(name, role, READS, Environment={"Variables": variables})
        assert seen

    @contextmanager
    def read(self, **settings: Any) -> Iterator[None]:
        client = self.aws.client("lambda")
        mapping = client.create_event_source_mapping(
            FunctionName=self.function,
            EventSourceArn=self.stream,
            StartingPosition="TRIM_HORIZON",
            DestinationConfig={"OnFailure": {"Destination": self.kept_arn}},
            **settings,
        )["UUID"]
        try:
            yield
        finally:
            client.delete_event_source_mapping(UUID=mapping)

    def put(self, *ids: str) -> None:
        for one in ids:
            self.aws.client("dynamodb").put_item(TableName=self.table, Item={"id": {"S": one}})

    def batches(self) -> list[list[str]]:
        return [json.loads(one["Body"]) for one in self.aws.messages(self.queue)]

    def given_up(self) -> list[tuple[str, int]]:
        records = [json.loads(one["Body"]) for one in self.aws.messages(self.kept)]
        return [(one["requestContext"]["condition"], one["DDBStreamBatchInfo"]["batchSize"]) for one in records]


def test_a_batch_that_fails_is_halved_until_the_poison_is_alone_and_given_up(aws: BareAws) -> None:
    stream = Stream(aws, "halved", reports=False)
    stream.put("a", "b", "poison", "c")
    with stream.read(BatchSize=10, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1):
        eventually(lambda: stream.batches() and stream.batches()[-1] == ["c"])
    assert stream.batches() == [
        ["a", "b", "poison", "c"],
        ["a", "b"],
        ["poison", "c"],
        ["poison"],
        ["poison"],
        ["c"],
    ]
    assert stream.given_up() == [("RetryAttemptsExhausted", 1)]


def test_a_batch_is_resumed_at_the_item_that_the_function_reports(aws: BareAws) -> None:
    stream = Stream(aws, "reported", reports=True)
    stream.put("a", "poison", "b")
    with stream.read(
        BatchSize=10,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
    ):
        eventually(lambda: stream.batches() and stream.batches()[-1] == ["b"])
    assert stream.batches()[:2] == [["a", "poison", "b"], ["poison"]]
    assert stream.given_up() == [("RetryAttemptsExhausted", 1)]


def test_a_batch_without_settings_is_tried_again_as_a_whole(aws: BareAws) -> None:
    stream = Stream(aws, "again", reports=False)
    stream.put("poison", "a")
    with stream.read(BatchSize=10):
        eventually(lambda: len(stream.batches()) >= 3)
    assert {tuple(one) for one in stream.batches()} == {("poison", "a")}
    assert stream.given_up() == []
