"""Settings that help where messages keep their order: FIFO queues and streams."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .model import LoadModel
from .queue_run import FIFO_GROUPS, FIFO_RECEIVES, FIFO_SENDS
from .simulation import SimulatedLoad
from .stream_run import PRODUCERS, SHARDS

# More than what was needed, so that randomness has room.
HEADROOM = 1.25
LARGER_BATCH = 1_000


@dataclass(frozen=True)
class SettingChange:
    """A setting to change: in words, and on the model."""

    words: str
    model: LoadModel


def messages_a_second(result: SimulatedLoad) -> float:
    """The highest rate of messages, with room."""
    return result.arrivals.rate * HEADROOM


def fifo_changes(result: SimulatedLoad) -> Iterator[SettingChange]:
    """What lets a FIFO queue take more: batches of its senders, high throughput, message groups."""
    model, sends = result.model, any(one.limits.get(FIFO_SENDS) for one in result.functions.values())
    for address, queue in model.queues.items():
        limits = result.queues[address].limits if address in result.queues else {}
        if not queue.is_fifo:
            continue
        if (limits.get(FIFO_SENDS) or sends) and not queue.is_sent_in_batches:
            yield SettingChange(
                f"{queue.label}: ten messages in each request of its senders (SendMessageBatch)",
                model.with_queue(address, is_sent_in_batches=True),
            )
        if (limits.get(FIFO_SENDS) or limits.get(FIFO_RECEIVES) or sends) and not queue.has_high_throughput:
            yield SettingChange(
                f"{queue.label}: high throughput (`fifo_throughput_limit`, `deduplication_scope`)",
                model.with_queue(address, has_high_throughput=True),
            )
        mapping = next((one for one in model.mappings.values() if one.queue == address), None)
        if mapping and limits.get(FIFO_GROUPS):
            size = min(mapping.batch_size, int(model.quotas.of("fifo_batch")))
            seconds = model.functions[mapping.function].seconds(size, model.quotas.of("lambda_full_core"))
            groups = math.ceil(messages_a_second(result) * seconds / size)
            if groups > queue.message_groups:
                yield SettingChange(
                    f"{queue.label}: messages in {groups:,} groups at a time in place of {queue.message_groups:,}",
                    model.with_queue(address, message_groups=groups),
                )


def stream_changes(result: SimulatedLoad) -> Iterator[SettingChange]:
    """What lets functions keep up with a stream: batches at a time of a shard, larger batches, shards."""
    model, rate = result.model, messages_a_second(result)
    for address, figures in result.streams.items():
        stream = model.streams[address]
        if stream.shards and result.refused_by_streams[address][1].get(PRODUCERS):
            yield _shards(model, address, math.ceil(rate / model.quotas.of("kinesis_records")))
        for number, (consumer, one) in enumerate(zip(stream.consumers, figures, strict=True)):
            if not one.limits.get(SHARDS):
                continue
            seconds = model.functions[consumer.function].seconds(
                consumer.batch_size, model.quotas.of("lambda_full_core")
            )
            parallel = int(model.quotas.of("stream_parallel"))
            name = f"{stream.label} to {consumer.label}"
            if consumer.parallel < parallel:
                yield SettingChange(
                    f"{name}: parallelization factor {consumer.parallel} → {parallel}",
                    model.with_stream(address, number, parallel=parallel),
                )
            if consumer.batch_size < LARGER_BATCH:
                yield SettingChange(
                    f"{name}: batches of {consumer.batch_size} → {LARGER_BATCH:,} records, with a window of 1 s",
                    model.with_stream(address, number, batch_size=LARGER_BATCH, window=max(consumer.window, 1.0)),
                )
            needed = math.ceil(rate * seconds / consumer.batch_size / consumer.parallel)
            if stream.shards and needed > stream.shards:
                yield _shards(model, address, needed)


def _shards(model: LoadModel, address: str, shards: int) -> SettingChange:
    stream = model.streams[address]
    return SettingChange(
        f"{stream.label}: {stream.shards:,} → {shards:,} shards",
        replace(model, streams={**model.streams, address: replace(stream, shards=shards)}),
    )
