"""FIFO queues and streams under load, against the numbers that AWS documents (quotas.py has the pages)."""

import math
from dataclasses import replace

import pytest

from sluice_cli.load_model.advice import advise
from sluice_cli.load_model.arrivals import RETRY_STORM
from sluice_cli.load_model.model import (
    CapacitySettings,
    Entry,
    LoadModel,
    QueueSettings,
    StreamConsumer,
    StreamSettings,
)
from sluice_cli.load_model.queue_run import FIFO_GROUPS, FIFO_SENDS
from sluice_cli.load_model.quotas import AccountLimits
from sluice_cli.load_model.stream_run import PRODUCERS, SHARDS

from .models import behind_queue, direct, run, worker

WRITES = {"table": {"write": 1.0}}


def fifo(duration_ms: float, **queue: object) -> LoadModel:
    settings = replace(QueueSettings("Queue", is_fifo=True), **queue)  # type: ignore[arg-type]
    return behind_queue(worker(duration_ms, init_ms=0), settings, batch_size=10, reports_failures=True)


def kinesis(duration_ms: float, shards: int, *, timeout: float = 30, **consumer: object) -> LoadModel:
    reader = StreamConsumer("Worker", "worker", **consumer)  # type: ignore[arg-type]
    return LoadModel(
        "stack",
        AccountLimits(),
        functions={"worker": worker(duration_ms, init_ms=0, timeout=timeout)},
        streams={"stream": StreamSettings("Stream", (reader,), shards)},
        entries=(Entry("stream", "Stream", "Stream", "stream"),),
    )


def behind_table(table: CapacitySettings, **consumer: object) -> LoadModel:
    """A bucket's function writes to a table, whose stream another function reads."""
    model = direct(worker(20, init_ms=0, calls=WRITES), table)
    reader = StreamConsumer("Reader", "reader", **consumer)  # type: ignore[arg-type]
    return replace(
        model,
        functions={**model.functions, "reader": worker(10, init_ms=0)},
        streams={"table": StreamSettings("stream of Table", (reader,))},
        routes={**model.routes, "worker": ("table",)},
    )


def test_a_message_group_has_one_batch_at_a_time() -> None:
    # A batch of ten takes 1 s: each group takes ten messages a second.
    for groups in (1, 4):
        result = run(fifo(100, message_groups=groups), 100, 60)
        queue = result.queues["queue"]
        assert queue.peak_batches <= groups + 0.01
        assert result.seconds == pytest.approx(600 / groups, rel=0.05)
        assert (result.finished, result.bad) == (result.arrived, 0)
        assert set(queue.limits) == {FIFO_GROUPS}


def test_a_fifo_queue_takes_300_requests_a_second_to_send_or_3000_messages_ten_in_each() -> None:
    for in_batches, most in ((False, 300), (True, 3_000)):
        result = run(fifo(1, message_groups=1_000, is_sent_in_batches=in_batches), 5_000, 30)
        queue = result.queues["queue"]
        # The first second has what was not used before.
        assert queue.sent == pytest.approx(most * 31, rel=0.02)
        assert queue.refused == result.refused == result.arrived - queue.sent
        assert queue.limits[FIFO_SENDS] == queue.refused


@pytest.mark.parametrize(("region", "most"), [("us-east-1", 70_000), ("eu-central-1", 19_000), ("sa-east-1", 4_500)])
def test_high_throughput_has_the_requests_of_its_region_and_300_for_each_group(region: str, most: float) -> None:
    for groups in (2, 1_000_000):
        model = fifo(1, message_groups=groups, has_high_throughput=True)
        model = replace(model, quotas=AccountLimits(region))
        result = run(model, 200_000, 2, step=0.1)
        assert result.queues["queue"].sent == pytest.approx(min(most, 300 * groups) * 3, rel=0.05)


def test_a_function_that_sends_to_a_fifo_queue_fails_beyond_its_requests() -> None:
    model = direct(worker(20, calls={"next": {"write": 1.0}}, attempts_more=0))
    model = replace(model, queues={"next": QueueSettings("Next", is_fifo=True)})
    result = run(model, 1_000, 20)
    # Events that find no room wait, and are sent after the others.
    assert 300 * 20 < result.finished <= 300 * (result.seconds + 1)
    assert result.functions["worker"].limits[FIFO_SENDS] == result.lost > 0


def test_a_failed_batch_of_a_fifo_queue_blocks_its_group_until_it_is_visible_again() -> None:
    queue = {"visibility": 60.0, "max_receives": 3}
    model = behind_queue(worker(5_000, timeout=3), QueueSettings("Queue", is_fifo=True, **queue), batch_size=1)  # type: ignore[arg-type]
    result = run(model, 0.05, 100)
    # Each message has three attempts, a minute apart, one message after the other.
    assert result.queues["queue"].dead == result.arrived > 1
    assert result.seconds > result.arrived * 2 * 60
    standard = replace(model, queues={"queue": QueueSettings("Queue", **queue)})  # type: ignore[arg-type]
    assert run(standard, 0.05, 100).seconds < 100 + 3 * 60


def test_advice_for_a_fifo_queue_is_batches_of_its_senders_high_throughput_and_groups() -> None:
    changes = [one["change"] for one in advise(run(fifo(100), 2_000, 20, step=0.5))]
    assert changes == [
        "Queue: ten messages in each request of its senders (SendMessageBatch)",
        "Queue: messages in 250 groups at a time in place of 1",
    ]


def test_a_shard_has_as_many_batches_at_a_time_as_its_parallelization_factor() -> None:
    # A batch of ten takes 1 s: two shards take 20 records a second, with three batches at a time 60.
    for parallel in (1, 3):
        result = run(kinesis(100, shards=2, batch_size=10, parallel=parallel), 100, 60)
        (figures,) = result.streams["stream"]
        assert figures.peak_batches <= 2 * parallel + 0.01
        assert result.seconds == pytest.approx(6_000 / (20 * parallel), rel=0.05)
        assert (result.finished, result.bad) == (result.arrived, 0)
        assert set(figures.limits) == {SHARDS}


@pytest.mark.parametrize("rate", [1, 8, 300])
def test_records_come_in_the_batches_of_a_poll_a_second_of_each_shard(rate: float) -> None:
    (figures,) = run(kinesis(0.1, shards=2), rate, 120).streams["stream"]
    # A poll without records makes no batch.
    mean = rate / 2
    # 100 records in a batch at most.
    expected = mean / (1 - math.exp(-mean)) / math.ceil(mean / 100)
    assert figures.received / figures.batches == pytest.approx(expected, rel=0.15)


def test_a_record_waits_for_the_next_poll_and_a_window_gathers_longer() -> None:
    for settings, longest in (({}, 1.0), ({"window": 5}, 5.0)):
        result = run(kinesis(1, shards=1, **settings), 5, 300)
        latency = result.latency
        assert latency.percentile(0.5) == pytest.approx(longest / 2, rel=0.2)
        assert latency.percentile(1.0) == pytest.approx(longest, rel=0.2)


def test_a_full_batch_does_not_wait_for_the_end_of_its_window() -> None:
    result = run(kinesis(0.1, shards=1, window=60, batch_size=50), 50, 60)
    assert (result.latency.percentile(0.99) or 9) < 5


def test_a_shard_takes_a_thousand_records_a_second_from_its_writers() -> None:
    result = run(kinesis(0.01, shards=2), 5_000, 30)
    refused, limits = result.refused_by_streams["stream"]
    assert result.arrived - refused == pytest.approx(2_000 * 31, rel=0.02)
    assert limits == {PRODUCERS: refused}
    changes = [one["change"] for one in advise(result)]
    assert changes[0].startswith("Stream: 2 → 7 shards")


def test_a_failed_batch_blocks_its_shard_until_its_attempts_are_used_up() -> None:
    settings = {"batch_size": 1, "attempts_more": 2, "timeout": 3}
    for keeps in (True, False):
        result = run(kinesis(5_000, shards=1, keeps_failures=keeps, **settings), 0.3, 100)
        assert (result.kept, result.lost)[not keeps] == result.arrived > 1
        assert result.functions["worker"].runs == 3 * result.arrived
        # Three timeouts of 3 s and waits of 1 s and 2 s, one record after the other.
        assert result.seconds > result.arrived * 10


def test_without_a_number_of_attempts_a_record_is_tried_until_it_is_too_old() -> None:
    result = run(kinesis(5_000, shards=1, batch_size=1, timeout=3, longest_age=120), 0.05, 100)
    assert result.lost == result.arrived
    assert result.functions["worker"].runs > 5
    forever = run(kinesis(5_000, shards=1, batch_size=1, timeout=3), 0.05, 100, step=1)
    assert (forever.lost, forever.still_waiting) == (0, forever.arrived)


def test_an_outage_of_a_minute_loses_nothing_of_a_stream() -> None:
    result = run(kinesis(10, shards=2), 50, 180, RETRY_STORM)
    assert (result.finished, result.bad) == (result.arrived, 0)
    (figures,) = result.streams["stream"]
    assert 50 * 50 < figures.peak_waiting < 50 * 130


def test_each_function_gets_every_record() -> None:
    model = kinesis(10, shards=1)
    readers = (StreamConsumer("Worker", "worker"), StreamConsumer("Other", "other"))
    model = replace(
        model,
        functions={**model.functions, "other": worker(20, init_ms=0)},
        streams={"stream": StreamSettings("Stream", readers, 1)},
    )
    result = run(model, 10, 60)
    assert [one.finished for one in result.functions.values()] == [result.arrived] * 2
    assert (result.finished, result.ends) == (result.arrived, ("worker", "other"))


@pytest.mark.parametrize(
    ("table", "shards"),
    [
        (CapacitySettings(), 4),
        (CapacitySettings(writes=5, reads=5), 1),
        (CapacitySettings(writes=2_500, reads=3_000), 4),
        (CapacitySettings(warm_writes=20_000), 20),
    ],
)
def test_a_tables_stream_has_a_shard_for_each_partition(table: CapacitySettings, shards: int) -> None:
    result = run(behind_table(table, batch_size=1, parallel=1), 4_000, 1, step=0.1)
    (figures,) = result.streams["table"]
    # A run of 10 ms occupies an environment for 100 ms, and its shard for 10 ms only.
    assert figures.peak_batches <= shards + 0.01


def test_events_end_at_the_function_that_reads_the_tables_stream() -> None:
    result = run(behind_table(CapacitySettings()), 20, 120)
    assert result.ends == ("reader",)
    assert (result.finished, result.bad) == (result.arrived, 0)
    # A poll every quarter of a second.
    assert 0.03 < (result.latency.percentile(0.5) or 0) < 0.35
    assert (result.latency.percentile(1.0) or 9) < 0.6


def test_writers_outside_of_the_stack_are_throttled_by_the_tables_units() -> None:
    model = behind_table(CapacitySettings(writes=10, reads=1))
    model = replace(model, entries=(Entry("table", "Table", "stream of Table", "table's stream"),))
    result = run(model, 100, 400)
    assert result.arrived - result.refused == pytest.approx(10 * 700, rel=0.05)
