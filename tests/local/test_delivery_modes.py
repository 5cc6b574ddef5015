"""The deployed systems with buffered delivery keep their promises, also while the mode of delivery changes."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import Progress

from checks import ROOT
from checks.least_privilege.changes import changes
from checks.least_privilege.live import DeployedSystem
from checks.least_privilege.report import buffered_to_markdown
from checks.least_privilege.service_uses import TEST_EVENT
from checks.least_privilege.statements import read
from checks.soak.inbox import Inbox, of_topic
from checks.soak.plan import FAULTS
from checks.soak.run import Options, soak
from checks.systems import SYSTEMS
from checks.verbs.prove_iam import BUFFERED, added_by_buffer, all_of, place, prove_all, synthesized, tables_of
from checks.verbs.soak import report
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import AS_JSON, send, signed_request
from sluice_functions.index_shards import ShardedTable, recorded_count
from sluice_functions.sharded_queries import ShardedIndex
from tests.support.alarms import ring
from tests.support.commands import run_command_here
from tests.support.deployed import Deployment
from tests.support.functions import reconfigured
from tests.support.waiting import eventually

TRACKER, METADATA = "object-tracker", "file-metadata"
SHARDS, FEWER_SHARDS = 8, 2
# Few functions at once, so that batches fill, and few have to start again after each fault.
MODES = {**BUFFERED, "BUFFER_MAX_CONCURRENCY": "3", "METADATA_INDEX_SHARDS": str(SHARDS)}
PAGE = ROOT / "docs" / "least-privilege-buffered.md"
S3_SYSTEMS = [name for name, one in SYSTEMS.items() if not one.inputs.by_request]
MOVING = "moving/"  # what is uploaded while the mode changes
SECONDS_BETWEEN_UPLOADS = 1
SEED = 4


class Uploader:
    """Uploads objects to the object tracker, and remembers every version that S3 took."""

    def __init__(self, local: LocalAws, outputs: Mapping[str, str]) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        self._s3, self._bucket = local.client("s3"), outputs["BucketName"]

    @contextmanager
    def uploading(self) -> Iterator[None]:
        """Uploads one object after the other, in a thread, while the context lasts."""
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            uploaded = pool.submit(self._upload, over)
            try:
                yield
            finally:
                over.set()
        uploaded.result()

    def upload_more(self, count: int = 3) -> None:
        """Wait for further uploads."""
        enough = len(self.taken) + count
        eventually(lambda: len(self.taken) >= enough)

    def _upload(self, over: threading.Event) -> None:
        while not over.wait(SECONDS_BETWEEN_UPLOADS):
            key = f"{MOVING}{len(self.taken):05d}.txt"
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=key.encode())
            self.taken[key, answer["VersionId"]] += 1


@dataclass
class Buffered:
    """The deployment with buffered delivery, and what is uploaded to the object tracker while that changes."""

    deployment: Deployment
    topic: Inbox
    uploader: Uploader
    settings: dict[str, str] = field(default_factory=dict)  # beside those of the first deployment
    published: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: list[int] = field(default_factory=list)  # the objects in each
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def deploy(self, *systems: str, **settings: str) -> None:
        """Deploy systems again with settings changed."""
        target = self.deployment.target
        self.settings.update(settings)
        deploy(systems, replace(target, environment={**target.environment, **self.settings}))
        self.known.clear()

    def outputs(self, system: str) -> dict[str, str]:
        """The outputs after the last apply; `Deployment.outputs` has those of direct delivery."""
        if system not in self.known:
            outputs: dict[str, Any] = self.deployment.state(system)["outputs"]
            self.known[system] = {name: str(one["value"]) for name, one in outputs.items()}
        return self.known[system]

    def sqs(self, system: str) -> Any:
        return self.deployment.local.client("sqs", region_name=self.deployment.region(system))

    def messages(self, queue: str, system: str = TRACKER) -> int:
        """The messages in a queue of a system's outputs, those that are being processed included."""
        named = {"QueueUrl": self.outputs(system)[queue], "AttributeNames": ["All"]}
        attributes = self.sqs(system).get_queue_attributes(**named)["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible"))

    def rows(self, prefix: str = MOVING) -> Counter[tuple[str, str]]:
        """The rows of objects below a prefix, by key and version."""
        pages = (
            self.deployment.local.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.deployment.outputs(TRACKER)["TableName"], ConsistentRead=True)
        )
        found = Counter((one["objectKey"]["S"], one["versionId"]["S"]) for page in pages for one in page["Items"])
        return Counter({one: count for one, count in found.items() if one[0].startswith(prefix)})

    def notified(self, prefix: str = MOVING) -> Counter[tuple[str, str]]:
        """The notifications of objects below a prefix, in digests too, as far as they were published by now."""
        for message in self.topic.take_all():
            published = json.loads(message["Message"])
            objects = published.get("objects", [published])
            self.published.update((one["objectKey"], one["versionId"]) for one in objects)
            if "objects" in published:
                self.digests.append(len(objects))
        return Counter({one: count for one, count in self.published.items() if one[0].startswith(prefix)})

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """The function gets nothing from the tracker's queue while the context lasts, and then all of it."""
        client = self.deployment.local.client("lambda", region_name=self.deployment.region(TRACKER))
        name = self.outputs(TRACKER)["FunctionName"]
        (mapping,) = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def upload(self, name: str, count: int) -> Counter[tuple[str, str]]:
        """Upload objects to the tracker. Returns their versions."""
        s3, bucket = self.deployment.local.client("s3"), self.outputs(TRACKER)["BucketName"]
        keys = [f"{name}{number}.txt" for number in range(count)]
        return Counter((key, s3.put_object(Bucket=bucket, Key=key, Body=key.encode())["VersionId"]) for key in keys)

    def check_every_upload(self) -> None:
        """Wait until every object that was uploaded has its row and its notification; each has one."""
        taken = self.uploader.taken
        eventually(lambda: self.rows().keys() >= taken.keys())
        eventually(lambda: self.notified().keys() >= taken.keys())
        assert self.rows() == taken
        assert self.notified() == taken


@pytest.fixture(scope="module")
def buffered(deployment: Deployment) -> Iterator[Buffered]:
    """Buffered delivery in all systems, which had direct delivery, and shards of file metadata's indexes. The object
    tracker's mode changes under load."""
    outputs = deployment.outputs(TRACKER)
    with of_topic(deployment.local.client, outputs["TopicArn"]) as topic:
        made = Buffered(deployment, topic, Uploader(deployment.local, outputs))
        # A function that is starting would be started again for each further event.
        made.upload("first/", 1)
        eventually(lambda: made.notified("first/"))
        with made.uploader.uploading():
            made.deploy(*SYSTEMS, **MODES)
            made.uploader.upload_more(10)
        yield made


def test_every_event_becomes_one_row_and_one_notification_while_a_queue_is_put_in_between(buffered: Buffered) -> None:
    assert len(buffered.uploader.taken) > 10
    buffered.check_every_upload()


def test_the_demo_of_every_system_finds_its_results(buffered: Buffered) -> None:
    local, target = buffered.deployment.local, buffered.deployment.target
    with ThreadPoolExecutor(len(SYSTEMS)) as pool:
        results = list(pool.map(lambda system: SYSTEMS[system].tour(local, target), SYSTEMS))
    assert [one.system for one in results] == list(SYSTEMS)  # each waited for all that it had sent
    assert {one: buffered.messages("DeadLetterQueueUrl", one) for one in SYSTEMS} == dict.fromkeys(SYSTEMS, 0)


def test_no_system_loses_or_doubles_anything_while_faults_are_injected(
    buffered: Buffered, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sluice_cli.local_aws.server.RETRY_BASE_SECONDS", "0.3")
    outputs = {name: buffered.outputs(name) for name in S3_SYSTEMS}
    monkeypatch.setattr("sluice_cli.stack.Stack.outputs", lambda stack: outputs[stack.name])
    deployment, options = buffered.deployment, Options(count=30, faults=set(FAULTS), seed=SEED, seconds=40)
    with Progress(console=Console(quiet=True)) as progress:
        inputs = {name: SYSTEMS[name].inputs for name in S3_SYSTEMS}
        for name in S3_SYSTEMS:  # as a test event that S3 sent is kept, if faults strike it
            letters = buffered.outputs(name)["DeadLetterQueueUrl"]
            buffered.sqs(name).send_message(QueueUrl=letters, MessageBody=json.dumps(TEST_EVENT))
        books = soak(deployment.local, deployment.target, inputs, options, progress)
    assert report(books, SEED, 1) == 0, capsys.readouterr().out
    assert sum(book.faults.total() for book in books) > len(FAULTS)
    assert {name: buffered.messages("DeadLetterQueueUrl", name) for name in S3_SYSTEMS} == dict.fromkeys(S3_SYSTEMS, 0)


def test_a_presigned_upload_is_completed_when_its_arrival_was_queued(buffered: Buffered) -> None:
    local, outputs = buffered.deployment.local, buffered.outputs("upload-api")
    body = {"productId": uuid4().hex, "productName": "Lamp", "price": 1, "fileName": "lamp.txt", "size": 7}
    headers = {**AS_JSON, "Idempotency-Key": uuid4().hex}
    status, answer = signed_request(local, "POST", outputs["ApiUrl"], json.dumps(body).encode(), headers)
    assert status == 202
    sending = json.loads(answer)["upload"]
    assert send(local, "PUT", sending["url"], b"A lamp.", sending["headers"])[0] == 200

    def state() -> str:
        key = {"productId": {"S": body["productId"]}, "productName": {"S": "Lamp"}}
        found = local.client("dynamodb").get_item(TableName=outputs["TableName"], Key=key, ConsistentRead=True)
        return str(found["Item"]["state"]["S"])

    eventually(lambda: state() == "stored")


def test_poison_fails_alone_is_kept_and_is_replayed_by_the_same_command(buffered: Buffered) -> None:
    local, outputs = buffered.deployment.local, buffered.outputs(TRACKER)
    sqs, queue, letters = buffered.sqs(TRACKER), outputs["BufferQueueUrl"], outputs["DeadLetterQueueUrl"]
    with pytest.raises(ClientError):  # beyond SQS's limit: refused to its sender
        sqs.send_message(QueueUrl=queue, MessageBody="x" * 2_000_000)
    local.client("s3").put_object(Bucket=outputs["BucketName"], Key="beside/poison.txt", Body=b"valid")
    bodies = ["x" * 200_000, "[]", '{"Records": [{"eventName": "ObjectCreated:Put"}]}', json.dumps(TEST_EVENT)]
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    eventually(lambda: buffered.rows("beside/poison.txt").total() == 1)
    poison = len(bodies) - 1
    eventually(lambda: buffered.messages("DeadLetterQueueUrl") == poison, within=60)

    code, listed, error = run_command_here(local, "failures", TRACKER, "--local", "--json")
    assert code == 0, error
    received = f"times by consumers of {queue.rpartition('/')[2]}"
    assert [one["reason"].partition(" times")[2] for one in json.loads(listed)] == [received[5:]] * poison
    code, said, error = run_command_here(local, "failures", TRACKER, "--local", "--replay", "all")
    assert (code, said.splitlines()[-1]) == (0, f"{poison} of {poison} processed and removed, 0 kept"), error
    eventually(lambda: buffered.messages("DeadLetterQueueUrl") == poison, within=60)
    sqs.purge_queue(QueueUrl=letters)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_alarms_of_the_queues_notify_subscribers(buffered: Buffered, system: str) -> None:
    alarms = [
        instance["attributes"]
        for one in buffered.deployment.state(system)["resources"]
        if one["type"] == "aws_cloudwatch_metric_alarm" and one["name"].startswith("Buffer")
        for instance in one["instances"]
    ]
    assert {one["metric_name"] for one in alarms} == {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
    }
    ring(buffered.deployment, system, alarms)


def test_every_statement_of_the_queues_is_needed_and_no_wider_as_documented(buffered: Buffered) -> None:
    deployment = buffered.deployment
    found = prove_all(sorted(SYSTEMS), deployment.local, deployment.target, added_by_buffer)
    proofs = all_of(found)
    assert [f"{one.change.statement.name}, {one.change}: {one.problem}" for one in proofs if one.problem] == []
    for system, of_system in found.items():
        sids = {one.change.statement for one in of_system if "Buffer" in one.change.statement.holder}
        expected = ["AllowS3", "DenyInsecureTransport", "DenyInsecureTransport", "Poll"]
        assert sorted(one.sid for one in sids) == expected, system
    assert buffered_to_markdown(tables_of(found, deployment.target), proofs) == PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def digested(buffered: Buffered) -> Iterator[Counter[str]]:
    """Digests of notifications, and fewer shards of file metadata's indexes, each a variable of the function and
    nothing else (tests/unit/test_object_tracker.py, test_file_metadata.py). What was uploaded to file metadata until
    then."""
    uploaded = upload_metadata(buffered, "before")
    eventually(lambda: len(lowered_rows(buffered)) >= uploaded.total())
    tracker, metadata = (buffered.outputs(one)["FunctionArn"] for one in (TRACKER, METADATA))
    local = buffered.deployment.local
    with (
        reconfigured(local, tracker, {"NOTIFICATIONS": "digests"}),
        reconfigured(local, metadata, {"INDEX_SHARDS": str(FEWER_SHARDS)}),
    ):
        yield uploaded


LOWERED = "application/x-lowered"  # the content type of what is uploaded while shards become fewer


def upload_metadata(buffered: Buffered, name: str) -> Counter[str]:
    s3, bucket = buffered.deployment.local.client("s3"), buffered.outputs(METADATA)["BucketName"]
    keys = [f"shards/{name}-{number}.bin" for number in range(2 * SHARDS)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=bytes(range(256)), ContentType=LOWERED)
    return Counter(keys)


def sharded_table(buffered: Buffered) -> ShardedTable:
    name = buffered.outputs(METADATA)["TableName"]
    return ShardedTable(name, keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay"))


def lowered_rows(buffered: Buffered) -> list[dict[str, Any]]:
    """The rows of the content type, newest first, as people read them."""
    client, name = buffered.deployment.local.client("dynamodb"), buffered.outputs(METADATA)["ContentTypeIndexName"]
    index = ShardedIndex(client, sharded_table(buffered), name=name, partition_key="contentType", sort_key="uploadTime")
    return list(index.rows(LOWERED))


def test_a_lowered_number_of_shards_hides_no_row(buffered: Buffered, digested: Counter[str]) -> None:
    uploaded = digested + upload_metadata(buffered, "after")
    eventually(lambda: len(lowered_rows(buffered)) >= uploaded.total())
    rows = lowered_rows(buffered)
    assert Counter(row["objectKey"] for row in rows) == uploaded
    times = [row["uploadTime"] for row in rows]
    assert times == sorted(times, reverse=True)
    # Rows of before are in the shards that no row is written to any more.
    dynamodb, table = buffered.deployment.local.client("dynamodb"), sharded_table(buffered)
    stored = dynamodb.scan(TableName=table.name)["Items"]
    shards = {
        name: {
            one["contentType"]["S"].partition(" #")[2] for one in stored if f"shards/{name}" in one["objectKey"]["S"]
        }
        for name in ("before", "after")
    }
    assert (
        max(int(one or 0) for one in shards["before"]) >= FEWER_SHARDS > max(int(one or 0) for one in shards["after"])
    )
    assert recorded_count(dynamodb.get_item(TableName=table.name, Key=table.record_key)["Item"]) == SHARDS


def test_objects_of_a_batch_are_one_notification_and_each_is_in_one(buffered: Buffered, digested: Counter[str]) -> None:
    with buffered.gathering():
        uploaded = buffered.upload("digested/", 12)
        eventually(lambda: buffered.messages("BufferQueueUrl") >= 12)
        buffered.digests.clear()
    eventually(lambda: buffered.notified("digested/").keys() >= uploaded.keys())
    assert buffered.notified("digested/") == buffered.rows("digested/") == uploaded
    assert max(buffered.digests) > 1


def test_a_digest_that_cannot_be_published_is_published_by_a_replay(buffered: Buffered, digested: Counter[str]) -> None:
    deployment = buffered.deployment
    (publish,) = [one for one in read(TRACKER, synthesized(TRACKER, deployment.target)) if one.sid == "Publish"]
    without = next(iter(changes(publish)))
    assert str(without) == "without sns:Publish"
    where = place(TRACKER, deployment.local, deployment.target)
    with DeployedSystem(where) as system, system.changed(without):
        uploaded = buffered.upload("refused/", 5)
        eventually(lambda: buffered.messages("DeadLetterQueueUrl") == uploaded.total())
    # Recorded, and not notified yet.
    assert buffered.rows("refused/") == uploaded
    assert buffered.notified("refused/") == Counter()
    code, said, error = run_command_here(deployment.local, "failures", TRACKER, "--local", "--replay", "all")
    assert (code, said.splitlines()[-1]) == (0, "5 of 5 processed and removed, 0 kept"), error
    eventually(lambda: buffered.notified("refused/").keys() >= uploaded.keys())
    assert buffered.notified("refused/") == buffered.rows("refused/") == uploaded


def test_every_event_becomes_one_row_and_one_notification_while_the_queue_is_taken_away(buffered: Buffered) -> None:
    taken = buffered.uploader.taken
    by_then = [len(taken)]
    with buffered.uploader.uploading():
        buffered.uploader.upload_more()
        by_then.append(len(taken))
        buffered.deploy(TRACKER, TRACKER_DELIVERY="draining", TRACKER_NOTIFICATIONS="digests")
        by_then.append(len(taken))
        eventually(lambda: buffered.messages("BufferQueueUrl") == 0)
        assert buffered.messages("DeadLetterQueueUrl") == 0
        buffered.deploy(TRACKER, TRACKER_DELIVERY="direct")
        by_then.append(len(taken))
        assert "BufferQueueUrl" not in buffered.outputs(TRACKER)
        buffered.uploader.upload_more()
    by_then.append(len(taken))
    assert sorted(set(by_then)) == by_then
    buffered.check_every_upload()
