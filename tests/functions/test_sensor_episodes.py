"""The sensor pipeline's function in episodes mode, against tables and a topic on the local AWS."""

import json
import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from settings import Settings
from sluice_cli.local_aws.server import LocalAws
from sluice_functions.errors import RecordsFailed
from tests.support.faults import Answer, ProxiedRequest, Reset, refusing
from tests.support.functions import start_process
from tests.support.s3_events import created, event
from tests.support.sensor_function import PipelineInProcess, running_pipeline
from tests.support.sensor_pipeline import lines, reading


@pytest.fixture(scope="module")
def loaded_pipeline(local_aws: LocalAws) -> Iterator[PipelineInProcess]:
    settings = Settings(
        sensor_notifications="episodes", sensor_hysteresis='{"temperature": 2}', sensor_longest_silence_seconds=600
    )
    with running_pipeline(local_aws, settings) as running:
        yield running


def told(pipeline: PipelineInProcess, device: str) -> list[tuple[Any, ...]]:
    """The notifications of a device: begins, and ends with their counts, in order of time."""
    heard = [json.loads(text) for text in pipeline.listener.heard()]
    own = sorted((one["timestamp"], one["event"], one.get("count")) for one in heard if one["deviceId"] == device)
    return [one[1:] for one in own]


def is_publish(request: ProxiedRequest) -> bool:
    return request.body.startswith(b"Action=Publish")


def test_a_stuck_sensor_is_notified_at_its_beginning_and_end_across_objects(
    pipeline: PipelineInProcess, device: str
) -> None:
    pipeline.ingest(f"readings/{device}/1", lines(*(reading(n, 99 + n, deviceId=device) for n in range(10))))
    assert told(pipeline, device) == [("begin", None)]
    pipeline.ingest(f"readings/{device}/2", lines(reading(10, 59, deviceId=device), reading(11, 61, deviceId=device)))
    again = pipeline.ingest(f"readings/{device}/3", lines(reading(12, 20, deviceId=device), "garbage"))
    assert told(pipeline, device) == [("begin", None), ("end", "11")]
    pipeline.handle(again)
    assert told(pipeline, device) == [("begin", None), ("end", "11")]
    assert [len(pipeline.rows(f"readings/{device}/{n}")) for n in (1, 2, 3)] == [10, 2, 1]
    assert all("notifiedAt" in row for row in pipeline.rows(f"readings/{device}/1"))


def test_events_doubled_shuffled_and_at_once_count_every_reading_once(pipeline: PipelineInProcess, device: str) -> None:
    chance = random.Random(3)  # noqa: S311 - not a secret
    events = []
    for number in range(5):
        key = f"readings/{device}/{number}"
        some = [reading(10 * number + n, 99, deviceId=device) for n in range(8)]
        version = pipeline.upload(key, lines(*some))
        events += [event(created(pipeline.bucket, key, version))] * chance.randint(1, 3)
    chance.shuffle(events)
    with ThreadPoolExecutor(4) as pool:
        assert {one["processed"] for one in pool.map(pipeline.handle, events)} == {1}
    pipeline.ingest(f"readings/{device}/end", reading(59, 20, deviceId=device))
    assert told(pipeline, device) == [("begin", None), ("end", "40")]


def test_a_process_killed_between_counting_and_publishing_loses_nothing(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/{device}/killed"
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, reading(value=99, deviceId=device))))

    def kill(request: ProxiedRequest) -> Answer | None:
        del request
        os.kill(process.pid, signal.SIGKILL)
        raise Reset

    pipeline.proxy.fault = lambda request: kill(request) if is_publish(request) else None
    process = start_process("sensor_pipeline", pipeline.variables, arrived)
    process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL
    pipeline.proxy.fault = lambda request: None
    pipeline.handle(arrived)  # waits for the lease of the killed process
    assert told(pipeline, device) == [("begin", None)]
    pipeline.handle(arrived)
    assert told(pipeline, device) == [("begin", None)]


def test_a_topic_that_refuses_fails_the_event_and_the_next_attempt_publishes(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/{device}/refused"
    some = lines(reading(1, 99, deviceId=device), reading(2, 20, deviceId=device))
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, some)))
    fail = refusing(500)
    pipeline.proxy.fault = lambda request: fail(request) if is_publish(request) else None
    with pytest.raises(RecordsFailed, match="PublishBatch"):
        pipeline.handle(arrived)
    assert told(pipeline, device) == []
    pipeline.proxy.fault = lambda request: None
    pipeline.handle(arrived)
    assert told(pipeline, device) == [("begin", None), ("end", "1")]


def test_a_read_that_fails_after_the_topic_took_the_notifications_does_not_repeat_them(
    pipeline: PipelineInProcess, device: str
) -> None:
    key = f"readings/{device}/unread"
    some = lines(reading(1, 99, deviceId=device), reading(2, 20, deviceId=device))
    arrived = event(created(pipeline.bucket, key, pipeline.upload(key, some)))
    fail, published = refusing(500), False

    def after_publishing(request: ProxiedRequest) -> Answer | None:
        nonlocal published
        published |= is_publish(request)
        is_get = request.headers.get("X-Amz-Target", "").endswith(".GetItem")
        return fail(request) if published and is_get else None

    pipeline.proxy.fault = after_publishing
    with pytest.raises(RecordsFailed, match="GetItem"):
        pipeline.handle(arrived)
    pipeline.proxy.fault = lambda request: None
    pipeline.handle(arrived)
    assert told(pipeline, device) == [("begin", None), ("end", "1")]


def test_readings_within_limits_ask_once_for_each_sensor_and_write_no_episode(
    pipeline: PipelineInProcess, device: str
) -> None:
    pipeline.ingest(f"readings/{device}/usual", lines(*(reading(n, 20, deviceId=device) for n in range(50))))
    operations = [one.headers.get("X-Amz-Target", "").rpartition(".")[2] for one in pipeline.proxy.requests]
    assert sorted(filter(None, operations)) == ["GetItem", "GetItem", "TransactWriteItems"]


def test_hundreds_of_breaches_are_one_episode_within_one_invocation(pipeline: PipelineInProcess, device: str) -> None:
    key, count = f"readings/{device}/stuck", 600
    stuck = [
        reading(timestamp=f"2026-01-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z", value=99, deviceId=device)
        for n in range(count)
    ]
    pipeline.ingest(key, lines(*stuck, reading(timestamp="2026-01-01T01:00:00Z", deviceId=device)))
    assert len(pipeline.requests(".TransactWriteItems")) <= count // 25
    assert len(pipeline.requests(".PutItem") + pipeline.requests(".UpdateItem")) <= 4
    assert sum(is_publish(one) for one in pipeline.proxy.requests) == 2
    assert told(pipeline, device) == [("begin", None), ("end", str(count))]
