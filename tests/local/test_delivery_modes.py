"""The deployed systems with buffered delivery keep their promises, also while the mode of delivery changes."""

import json
import threading
import time
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

from checks.least_privilege.proving import prove
from checks.least_privilege.service_uses import TEST_EVENT
from checks.least_privilege.statements import PERMISSION, read
from checks.soak.inbox import Inbox, of_topic
from checks.soak.plan import FAULTS
from checks.soak.run import Options, soak
from checks.systems import SYSTEMS
from checks.verbs.prove_iam import place, synthesized
from checks.verbs.soak import report
from settings import Settings
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import AS_JSON, send, signed_request
from tests.support.alarms import ring
from tests.support.commands import run_command
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

TRACKER = "object-tracker"
MODES = [one for one in Settings.__dataclass_fields__ if one.endswith("_delivery")]
S3_SYSTEMS = [name for name, one in SYSTEMS.items() if not one.inputs.by_request]
MOVING = "moving/"  # what is uploaded while the mode changes
SECONDS_BETWEEN_UPLOADS = 0.4
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
    mode: str = "direct"  # of all systems, or of the last that were deployed
    published: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def deploy(self, mode: str, *systems: str) -> None:
        target = self.deployment.target
        self.mode = mode
        deploy(systems, replace(target, environment={**target.environment, **{one.upper(): mode for one in MODES}}))
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

    def notified(self) -> Counter[tuple[str, str]]:
        """The notifications of what was uploaded, as far as they were published by now."""
        published = [json.loads(message["Message"]) for message in self.topic.take_all()]
        self.published.update(
            (one["objectKey"], one["versionId"]) for one in published if one["objectKey"].startswith(MOVING)
        )
        return self.published

    def check_every_upload(self) -> None:
        """Wait until every object that was uploaded has its row and its notification; each has one."""
        taken = self.uploader.taken
        eventually(lambda: self.rows().keys() >= taken.keys())
        eventually(lambda: self.notified().keys() >= taken.keys())
        assert self.rows() == taken
        assert self.notified() == taken


@pytest.fixture(scope="module")
def buffered(deployment: Deployment) -> Iterator[Buffered]:
    """Buffered delivery in all systems, reached under load, and afterwards direct delivery as before."""
    outputs = deployment.outputs(TRACKER)
    with of_topic(deployment.local.client, outputs["TopicArn"]) as topic:
        made = Buffered(deployment, topic, Uploader(deployment.local, outputs))
        try:
            with made.uploader.uploading():
                made.deploy("buffered")
            yield made
        finally:
            if made.mode != "direct":
                made.deploy("direct")


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
        books = soak(deployment.local, deployment.target, inputs, options, progress)
    assert report(books, SEED, 1) == 0, capsys.readouterr().out
    assert sum(book.faults.total() for book in books) > len(FAULTS)


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

    code, listed, error = run_command(local, "failures", TRACKER, "--local", "--json")
    assert code == 0, error
    received = f"times by consumers of {queue.rpartition('/')[2]}"
    assert [one["reason"].partition(" times")[2] for one in json.loads(listed)] == [received[5:]] * poison
    code, said, error = run_command(local, "failures", TRACKER, "--local", "--replay", "all")
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


@pytest.mark.parametrize("system", ["invocation-log"])
def test_every_statement_of_the_queues_is_needed_and_no_wider(buffered: Buffered, system: str) -> None:
    deployment = buffered.deployment
    every = read(system, synthesized(system, deployment.target))
    added = [one for one in every if "Buffer" in one.holder]
    assert sorted(one.sid for one in added) == ["AllowS3", "DenyInsecureTransport", "DenyInsecureTransport", "Poll"]
    permissions = [one for one in every if one.kind == PERMISSION]
    where = place(system, deployment.local, deployment.target)
    proofs = prove(where, SYSTEMS[system].uses, [*added, *permissions])
    assert [f"{one.change.statement.name}, {one.change}: {one.problem}" for one in proofs if one.problem] == []


def test_every_event_becomes_one_row_and_one_notification_while_the_queue_is_taken_away(buffered: Buffered) -> None:
    taken = buffered.uploader.taken
    by_then = [len(taken)]
    with buffered.uploader.uploading():
        time.sleep(3 * SECONDS_BETWEEN_UPLOADS)
        by_then.append(len(taken))
        buffered.deploy("draining", TRACKER)
        by_then.append(len(taken))
        eventually(lambda: buffered.messages("BufferQueueUrl") == 0)
        assert buffered.messages("DeadLetterQueueUrl") == 0
        buffered.deploy("direct")
        by_then.append(len(taken))
        assert "BufferQueueUrl" not in buffered.outputs(TRACKER)
        time.sleep(3 * SECONDS_BETWEEN_UPLOADS)
    by_then.append(len(taken))
    assert sorted(set(by_then)) == by_then
    buffered.check_every_upload()
