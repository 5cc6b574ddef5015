"""A stream under load, and how Lambda polls it: shards, batches in order, retries that block their shard.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

import math
from collections import defaultdict
from collections.abc import Mapping

from .capacity import Slots, TokenBucket, UnitCapacity
from .figures import Pieces, StreamFigures, number_in, split
from .function_run import FunctionUnderLoad
from .model import StreamConsumer
from .queue_run import Waiting
from .surroundings import Surroundings

# Seconds before a failed batch is tried again, doubled each time. AWS documents neither; these are assumed.
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0

SHARDS = "the shards of the stream, each of which has its batches in order"
PRODUCERS = "the records a second that the stream's shards take"


class StreamUnderLoad:
    """One stream while the simulation runs; each function that reads it gets every record."""

    def __init__(self, simulation: Surroundings, address: str, functions: Mapping[str, FunctionUnderLoad]) -> None:
        self.simulation, self.address = simulation, address
        self.settings = simulation.model.streams[address]
        self.refused = 0
        self.limits: dict[str, int] = defaultdict(int)
        rate = (self.settings.shards or 0) * simulation.model.quotas.of("kinesis_records")
        self._producers = TokenBucket(rate, rate)
        self.consumers = [ConsumerUnderLoad(self, one, functions[one.function]) for one in self.settings.consumers]

    def shards(self) -> int:
        """How many shards there are now: of a table's stream, one for each of the table's partitions."""
        if self.settings.shards is not None:
            return self.settings.shards
        of, table = self.simulation.model.quotas.of, self.simulation.tables[self.address]
        shares = [table.writes[""].rate / of("partition_writes"), table.reads[""].rate / of("partition_reads")]
        is_provisioned = table.settings.is_provisioned
        return max(1, math.ceil(sum(shares) if is_provisioned else max(shares)))

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.consumers)

    def admit(self, pieces: Pieces, tick: int) -> None:
        """Records of writers outside of the stack: a stream's shards, or a table's write units, take so many."""
        number = number_in(pieces)
        takes: UnitCapacity | TokenBucket
        if self.settings.shards is None:
            takes, what = self.simulation.tables[self.address].writes[""], "the table's write units"
        else:
            takes, what = self._producers, PRODUCERS
        admitted = min(number, max(0, math.floor(takes.tokens)))
        takes.take(admitted)
        passed, refused = split(pieces, admitted)
        if refused:
            self.refused += number - admitted
            self.limits[what] += number - admitted
            self.simulation.moment.throttled += number - admitted
        self.accept(passed, tick)

    def accept(self, pieces: Pieces, tick: int) -> None:
        for consumer in self.consumers:
            consumer.accept(pieces, tick)

    def advance(self, tick: int) -> None:
        self._producers.refill(self.simulation.step)
        for consumer in self.consumers:
            consumer.advance(tick)

    def poll(self, tick: int) -> None:
        for consumer in self.consumers:
            consumer.poll(tick)


class ConsumerUnderLoad:
    """One function that reads a stream: a shard has `parallel` batches at a time, each in order of its keys."""

    def __init__(self, stream: StreamUnderLoad, settings: StreamConsumer, function: FunctionUnderLoad) -> None:
        self._stream, self.settings, self._function = stream, settings, function
        self._simulation = stream.simulation
        self.figures = StreamFigures()
        self._slots = Slots()
        # Records that no poll has brought yet, by the step that brings them.
        self._coming: dict[int, Pieces] = {}
        self._number_coming = 0
        self._visible = Waiting()
        # Failed batches by the step that tries them again: attempts, batches, records.
        self._failed: dict[int, list[tuple[int, int, Pieces]]] = {}
        self._blocked = self._number_failed = 0
        self._left_over = 0.0

    @property
    def lanes(self) -> int:
        """Batches at a time."""
        return self._stream.shards() * self.settings.parallel

    @property
    def waiting(self) -> int:
        return self._visible.number + self._number_coming + self._number_failed

    @property
    def _interval(self) -> float:
        of = self._simulation.model.quotas.of
        polls = of("stream_table_poll") if self._stream.settings.shards is None else of("stream_kinesis_poll")
        return max(polls, self.settings.window)

    def accept(self, pieces: Pieces, tick: int) -> None:
        """Records come with the next poll of their shard, or at the end of the batching window."""
        number = number_in(pieces)
        if not number:
            return
        steps = max(1, round(self._interval / self._simulation.step))
        polls = self._polls(steps)
        groups = min(polls, number)
        for position in range(groups):
            taken, pieces = split(pieces, number // groups) if position + 1 < groups else (pieces, [])
            poll = position if groups == polls else int(self._simulation.random.random() * polls)
            later = (int(poll * steps / polls) - tick) % steps
            self._number_coming += number_in(taken)
            if later:
                self._coming.setdefault(tick + later, []).extend(taken)
            else:
                self._show(taken)
        if self.settings.window and self._number_coming >= self.lanes * self.settings.batch_size:
            # Full batches do not wait for the end of the window.
            for step in sorted(self._coming):
                self._show(self._coming.pop(step))

    def _polls(self, steps: int) -> int:
        """In how many steps of an interval shards are polled, each shard once."""
        return min(self.lanes, steps)

    def _show(self, pieces: Pieces) -> None:
        number = number_in(pieces)
        self._number_coming -= number
        self._visible.add(pieces, number)

    def advance(self, tick: int) -> None:
        self._slots.advance(tick)
        if tick in self._coming:
            self._show(self._coming.pop(tick))

    def poll(self, tick: int) -> None:
        """Invoke the function with the batches that are due."""
        self._expire(tick)
        for attempts, batches, pieces in self._failed.pop(tick, ()):
            self._blocked -= batches
            self._number_failed -= number_in(pieces)
            self._invoke(tick, attempts, batches, pieces)
        free = self.lanes - self._blocked - self._slots.busy
        if self._visible.number:
            self._start(tick, free)
        self.figures.peak_waiting = max(self.figures.peak_waiting, self.waiting)
        if self._visible.pieces:
            age = tick * self._simulation.step - self._visible.pieces[0][0]
            self.figures.oldest_seconds = max(self.figures.oldest_seconds, age)

    def _start(self, tick: int, free: float) -> None:
        visible, size = self._visible.number, self.settings.batch_size
        seconds = max(self._function.seconds(min(size, max(1.0, visible / max(free, 1)))), 0.001)
        # A run that is shorter than a step takes a part of a shard's time in it.
        places = math.floor(max(free, 0.0) / min(seconds / self._simulation.step, 1.0) + 1e-9)
        batches = min(places, self._batches(visible))
        if visible > batches * size:
            self.figures.limits[SHARDS] += 1
        if batches > 0:
            self._invoke(tick, 0, batches, self._visible.take(min(visible, batches * size)))

    def _batches(self, visible: int) -> int:
        """Into how many batches records go: a poll brings those of its shard."""
        polled = self.lanes / self._polls(max(1, round(self._interval / self._simulation.step)))
        exact = polled * (1 - math.exp(-visible / polled)) + self._left_over
        by_shard = max(1, math.floor(exact))
        self._left_over = max(0.0, exact - by_shard) if exact >= 1 else 0.0
        return min(visible, max(math.ceil(visible / self.settings.batch_size), by_shard))

    def _invoke(self, tick: int, attempts: int, batches: int, pieces: Pieces) -> None:
        function, number = self._function, number_in(pieces)
        if not number:
            return
        size = number / batches
        room = min(batches, function.room(size))
        now, rest = split(pieces, number if room == batches else math.floor(room * size))
        if rest:
            # A throttled batch is tried again, which is no attempt: it blocks its shard.
            function.figures.throttles += batches - room
            function.figures.limits[function.limit()] += batches - room
            self.figures.throttles += number_in(rest)
            self._simulation.moment.throttled += number_in(rest)
            self._block(tick, FIRST_WAIT, attempts, batches - room, rest)
        if not now:
            return
        started = function.start(tick, room, now)
        self._slots.take(tick, room, max(started.seconds, 0.001) / self._simulation.step)
        self.figures.peak_batches = max(self.figures.peak_batches, self._slots.busy)
        self.figures.batches += room
        self.figures.received += number_in(now)
        failed = number_in(started.failed)
        if not failed:
            return
        self._simulation.moment.failed += failed
        if self.settings.attempts_more is not None and attempts >= self.settings.attempts_more:
            self._give_up(failed)
            return
        wait = started.failed_seconds + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 16))
        self._block(tick, wait, attempts + 1, max(1, min(room, math.ceil(failed / size))), started.failed)

    def _block(self, tick: int, seconds: float, attempts: int, batches: int, pieces: Pieces) -> None:
        later = tick + max(1, math.ceil(seconds / self._simulation.step))
        self._failed.setdefault(later, []).append((attempts, batches, pieces))
        self._blocked += batches
        self._number_failed += number_in(pieces)

    def _expire(self, tick: int) -> None:
        """Drop records that are too old."""
        oldest = min(self._stream.settings.retention, self.settings.longest_age or math.inf)
        before = tick * self._simulation.step - oldest
        if before <= 0:
            return
        while self._visible.pieces and self._visible.pieces[0][0] < before:
            self._give_up(number_in(self._visible.take(self._visible.pieces[0][1])))
        for step, batches in self._failed.items():
            kept = []
            for attempts, number, pieces in batches:
                left = [(born, count) for born, count in pieces if born >= before]
                old = number_in(pieces) - number_in(left)
                self._number_failed -= old
                self._give_up(old)
                if left:
                    kept.append((attempts, number, left))
                else:
                    self._blocked -= number
            self._failed[step] = kept

    def _give_up(self, number: int) -> None:
        if self.settings.keeps_failures:
            self.figures.kept += number
        else:
            self.figures.lost += number
