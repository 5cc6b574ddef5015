"""The deployed systems with buffered delivery keep their promises, also while the mode of delivery changes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from settings import Settings
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.stack import Stack
from tests.support.deployed import Deployment
from tests.support.waiting import eventually

TRACKER = "object-tracker"
MODES = [one for one in Settings.__dataclass_fields__ if one.endswith("_delivery")]
SECONDS_BETWEEN_UPLOADS = 0.2


class Uploader(threading.Thread):
    """Uploads objects to the object tracker until it is stopped, and remembers every version that S3 took."""

    def __init__(self, local: LocalAws, outputs: Mapping[str, str]) -> None:
        super().__init__(name="uploader", daemon=True)
        self.stopped = threading.Event()
        self.taken: Counter[tuple[str, str]] = Counter()
        self._s3, self._bucket = local.client("s3"), outputs["BucketName"]

    def run(self) -> None:
        number = 0
        while not self.stopped.wait(SECONDS_BETWEEN_UPLOADS):
            key = f"moving/{number:05d}.txt"
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=f"object {number}".encode())
            self.taken[key, answer["VersionId"]] += 1
            number += 1


@dataclass(frozen=True)
class Buffered:
    """The deployment with buffered delivery, reached while objects arrived in the object tracker."""

    deployment: Deployment
    listener: TopicListener
    uploader: Uploader

    def deploy(self, mode: str, *systems: str) -> None:
        target = self.deployment.target
        deploy(systems, replace(target, environment={**target.environment, **{one.upper(): mode for one in MODES}}))

    def outputs(self, system: str) -> dict[str, str]:
        return Stack(system, self.deployment.target).outputs()

    def sqs(self, system: str) -> Any:
        return self.deployment.local.client("sqs", region_name=self.deployment.region(system))

    def messages(self, url: str) -> int:
        """The messages in a queue of the object tracker, those that are being processed included."""
        attributes = self.sqs(TRACKER).get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible"))

    def rows(self) -> Counter[tuple[str, str]]:
        """The rows of what was uploaded, by key and version."""
        pages = (
            self.deployment.local.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.deployment.outputs(TRACKER)["TableName"], ConsistentRead=True)
        )
        found = Counter((one["objectKey"]["S"], one["versionId"]["S"]) for page in pages for one in page["Items"])
        return Counter({one: count for one, count in found.items() if one[0].startswith("moving/")})

    def notified(self) -> Counter[tuple[str, str]]:
        heard: list[dict[str, str]] = [json.loads(text) for text in self.listener.heard()]
        return Counter((one["objectKey"], one["versionId"]) for one in heard if one["objectKey"].startswith("moving/"))


@pytest.fixture(scope="module")
def buffered(deployment: Deployment) -> Iterator[Buffered]:
    """Buffered delivery in all systems, and afterwards direct delivery as before."""
    outputs = deployment.outputs(TRACKER)
    uploader = Uploader(deployment.local, outputs)
    made = Buffered(deployment, TopicListener(deployment.local, outputs["TopicArn"]), uploader)
    uploader.start()
    try:
        made.deploy("buffered")
        yield made
    finally:
        uploader.stopped.set()
        uploader.join()
        made.deploy("direct")


def test_every_event_becomes_one_row_and_one_notification_while_the_mode_changes_under_load(
    buffered: Buffered,
) -> None:
    taken, outputs = buffered.uploader.taken, buffered.outputs(TRACKER)
    by_then = [len(taken)]
    buffered.deploy("draining", TRACKER)
    by_then.append(len(taken))
    eventually(lambda: buffered.messages(outputs["BufferQueueUrl"]) == 0)
    assert buffered.messages(outputs["DeadLetterQueueUrl"]) == 0
    buffered.deploy("direct", TRACKER)
    by_then.append(len(taken))
    assert "BufferQueueUrl" not in buffered.outputs(TRACKER)
    time.sleep(2 * SECONDS_BETWEEN_UPLOADS)
    buffered.uploader.stopped.set()
    buffered.uploader.join()
    assert [*by_then, len(taken)] == sorted({0, *by_then, len(taken)})[1:]
    eventually(lambda: buffered.rows().keys() >= taken.keys() and buffered.notified().keys() >= taken.keys())
    assert buffered.rows() == taken
    assert buffered.notified() == taken
