"""The rate of uploads, direct and buffered."""

import json
from pathlib import Path

import pytest

from checks.bench import delivery
from sluice_cli.local_aws.server import LocalAws
from tests.support.deployed import Deployment

NAME = "object-tracker"


@pytest.fixture
def deployed(deployment: Deployment) -> delivery.MeasuredSystem:
    return delivery.MeasuredSystem(deployment.local, NAME, deployment.outputs(NAME))


def test_uploads_are_timed_until_each_has_a_row_in_both_modes(
    deployed: delivery.MeasuredSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "SETTINGS", {NAME: "TRACKER_DELIVERY"})
    monkeypatch.setattr(delivery, "LocalAws", lambda _: deployed.local)
    monkeypatch.setattr(LocalAws, "start", lambda _: None)
    monkeypatch.setattr(LocalAws, "stop", lambda _: None)
    monkeypatch.setattr(delivery, "_deployed", lambda *_: {NAME: deployed})
    (row,) = delivery.compare_modes(tmp_path, 1)
    assert row.what == "an upload through object-tracker, buffered"
    assert row.ours.median > 0 < row.theirs.median


def test_a_rate_with_failures_is_none(deployed: delivery.MeasuredSystem) -> None:
    sqs, queue = deployed.local.client("sqs"), deployed.outputs["FailureQueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": {}}))
    try:
        with pytest.raises(RuntimeError, match=r"^object-tracker: 1 events failed$"):
            deployed.milliseconds(1)
    finally:
        sqs.purge_queue(QueueUrl=queue)
