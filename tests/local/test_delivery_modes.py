"""Systems whose functions get their events by a queue keep their promises, also while the mode of delivery changes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.deployment.applying import deploy, destroy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.stack import Stack, synthesized_stacks
from sluice_cli.target import Target, local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket
from tests.support.commands import project_of
from tests.support.waiting import eventually

TRACKER = "object-tracker"
MODES = ("TRACKER_DELIVERY", "UPLOAD_DELIVERY", "METADATA_DELIVERY", "INVOCATION_LOG_DELIVERY", "SENSOR_DELIVERY")


@dataclass
class Buffered:
    """The systems, deployed with a queue each."""

    local: LocalAws
    folder: Path
    _outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def target(self, **settings: str) -> Target:
        made = local_target(project_of(self.local), self.local)
        every = {**dict.fromkeys(MODES, "buffered"), "ENVIRONMENT_SUFFIX": "buffered", **settings}
        return replace(made, environment={**made.environment, **every}, folder=self.folder, output_folder=None)

    def deploy(self, *names: str, **settings: str) -> None:
        deploy(names, self.target(**settings))
        self._outputs.clear()

    def outputs(self, system: str) -> dict[str, str]:
        if system not in self._outputs:
            self._outputs[system] = Stack(system, self.target()).outputs()
        return self._outputs[system]

    def waiting(self, url: str) -> int:
        """The messages in a queue, those that are being processed included."""
        attributes = self.local.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible", "Delayed"))


@pytest.fixture(scope="module")
def buffered(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buffered]:
    made = Buffered(local_aws, tmp_path_factory.mktemp("buffered"))
    ensure_local_state_bucket(local_aws, str(made.target().state_bucket))
    made.deploy()
    yield made
    target = made.target()
    destroy([one for one in synthesized_stacks(target) if one.initialized], target)


class Uploader(threading.Thread):
    """Uploads objects until it is told to stop, one after the other, and remembers every version that S3 took."""

    def __init__(self, local: LocalAws, bucket: str) -> None:
        super().__init__(name="uploader", daemon=True)
        self.stopped = threading.Event()
        self.taken: Counter[tuple[str, str]] = Counter()
        self._s3, self._bucket = local.client("s3"), bucket

    def run(self) -> None:
        number = 0
        while not self.stopped.is_set():
            key = f"moving/{number:05d}.txt"
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=f"object {number}".encode())
            self.taken[key, answer["VersionId"]] += 1
            number += 1
            time.sleep(0.05)


def rows(local: LocalAws, table: str) -> Counter[tuple[str, str]]:
    pages = local.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return Counter((one["objectKey"]["S"], one["versionId"]["S"]) for page in pages for one in page["Items"])


def test_every_event_becomes_one_row_and_one_notification_while_the_mode_changes_under_load(
    buffered: Buffered,
) -> None:
    outputs = buffered.outputs(TRACKER)
    listener = TopicListener(buffered.local, outputs["TopicArn"])
    uploader = Uploader(buffered.local, outputs["BucketName"])
    uploader.start()
    try:
        buffered.deploy(TRACKER, TRACKER_DELIVERY="draining")
        in_draining = len(uploader.taken)
        queue = outputs["BufferQueueUrl"]
        eventually(lambda: buffered.waiting(queue) == 0)
        buffered.deploy(TRACKER, TRACKER_DELIVERY="direct")
        in_direct = len(uploader.taken)
        assert "BufferQueueUrl" not in buffered.outputs(TRACKER)
        buffered.deploy(TRACKER)
        in_buffered = len(uploader.taken)
        time.sleep(1)
    finally:
        uploader.stopped.set()
        uploader.join()
    assert 0 < in_draining < in_direct < in_buffered < len(uploader.taken)
    eventually(lambda: rows(buffered.local, outputs["TableName"]).keys() >= uploader.taken.keys())
    assert rows(buffered.local, outputs["TableName"]) == uploader.taken

    def notified() -> Counter[tuple[str, str]]:
        heard: list[Mapping[str, Any]] = [json.loads(text) for text in listener.heard()]
        return Counter((one["objectKey"], one["versionId"]) for one in heard)

    eventually(lambda: notified().keys() >= uploader.taken.keys())
    assert notified() == uploader.taken
    assert [buffered.waiting(outputs[one]) for one in ("FailureQueueUrl", "DeadLetterQueueUrl")] == [0, 0]
