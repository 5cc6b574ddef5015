"""A queue under load, and how Lambda polls it: batches, concurrency, visibility timeout, dead-letter queue.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .capacity import Slots, TokenBucket
from .figures import Pieces, QueueFigures, number_in, split
from .function_run import FunctionUnderLoad
from .model import QueueSettings
from .quotas import AccountLimits
from .surroundings import Surroundings

POLLERS = "the batches that Lambda processes at a time"
FIFO_GROUPS = "the message groups, each of which has one batch at a time"
FIFO_SENDS = "the requests a second to send to a FIFO queue"
FIFO_RECEIVES = "the requests a second to receive from a FIFO queue"


def requests_a_second(settings: QueueSettings, quotas: AccountLimits) -> float:
    """How many requests of each kind a queue takes: to send, and to receive."""
    if not settings.is_fifo:
        return math.inf
    if not settings.has_high_throughput:
        return quotas.of("fifo_requests")
    return min(quotas.of("fifo_high_throughput"), settings.message_groups * quotas.of("fifo_requests"))


@dataclass
class Held:
    """Batches that were received at `tick` and wait for the function's concurrency."""

    tick: int
    receives: int
    size: int
    pieces: Pieces

    @property
    def batches(self) -> int:
        return math.ceil(number_in(self.pieces) / self.size)


@dataclass
class Waiting:
    """Messages in the order in which they came."""

    pieces: deque[tuple[float, int]] = field(default_factory=deque)
    number: int = 0

    def add(self, pieces: Pieces, number: int) -> None:
        self.pieces.extend(pieces)
        self.number += number

    def take(self, number: int) -> Pieces:
        taken: Pieces = []
        left = number
        while left > 0 and self.pieces:
            born, count = self.pieces.popleft()
            part = min(count, left)
            taken.append((born, part))
            left -= part
            if count > part:
                self.pieces.appendleft((born, count - part))
        self.number -= number - left
        return taken


class QueueUnderLoad:
    """One queue and its event source mapping, if it has one, while the simulation runs."""

    def __init__(self, simulation: Surroundings, address: str, functions: Mapping[str, FunctionUnderLoad]) -> None:
        self.simulation, self.address, self._functions = simulation, address, functions
        self.settings = simulation.model.queues[address]
        found = [one for one in simulation.model.mappings.values() if one.queue == address]
        self.mapping = found[0] if found else None
        self.figures = QueueFigures()
        self._of = simulation.model.quotas.of
        # By how often they were received.
        self._visible: dict[int, Waiting] = {}
        self._hidden: dict[int, list[tuple[int, Pieces]]] = {}
        # Received, and held because the function has no room.
        self._held: deque[Held] = deque()
        self._since: int | None = None
        # Messages of this step.
        self._fresh = 0
        self._slots, self._messages = Slots(), Slots()
        self.concurrency, self._growth, self._most = self._polling()
        self._least = self.concurrency
        self._number_hidden = self._number_held = 0
        # Of a FIFO queue: requests to send and to receive, and groups whose failed batch is not visible yet.
        self._sends = simulation.sends[address]
        self._receives = TokenBucket(self._sends.rate, self._sends.rate)
        self._blocked = 0

    def _polling(self) -> tuple[float, float, float]:
        """Batches at a time: at first, how many more a second, and at most."""
        of, mapping = self._of, self.mapping
        growth = of("mapping_growth") / 60
        if mapping and mapping.pollers:
            least, most = (one * of("mapping_poller") for one in mapping.pollers)
            return least, growth * of("mapping_provisioned_growth"), most
        most = of("mapping_most")
        if mapping and mapping.max_concurrency:
            most = min(most, mapping.max_concurrency)
        return min(of("mapping_first"), most), growth, most

    @property
    def visible(self) -> int:
        return sum(one.number for one in self._visible.values())

    @property
    def waiting(self) -> int:
        """Messages that are not being processed; none where nothing of this stack receives them."""
        return self.visible + self._number_hidden + self._number_held if self.mapping else 0

    def admit(self, pieces: Pieces, tick: int) -> Pieces:
        """Messages from outside of the stack. Returns those that a FIFO queue throttles."""
        each = self._of("queue_request") if self.settings.is_sent_in_batches else 1
        number = number_in(pieces)
        admitted = int(min(number, max(0.0, self._sends.tokens * each)))
        self._sends.take(admitted / each)
        passed, refused = split(pieces, admitted)
        if refused:
            self.figures.limits[FIFO_SENDS] += number - admitted
            self.simulation.moment.throttled += number - admitted
        self.accept(passed, tick)
        return refused

    def accept(self, pieces: Pieces, tick: int) -> None:
        number = number_in(pieces)
        self.figures.sent += number
        self._fresh += number
        self.figures.requests += number
        if self.mapping:
            self._show(0, pieces, number, tick)

    def _show(self, receives: int, pieces: Pieces, number: int, tick: int) -> None:
        if self._since is None:
            self._since = tick
        self._visible.setdefault(receives, Waiting()).add(pieces, number)

    def _hide(self, tick: int, receives: int, pieces: Pieces) -> None:
        """Messages of a failed batch are visible again after the timeout, or dead."""
        number = number_in(pieces)
        if not number:
            return
        self.simulation.moment.failed += number
        if self.settings.max_receives is not None and receives >= self.settings.max_receives:
            self.figures.dead += number
            return
        later = tick + max(1, math.ceil(self.settings.visibility / self.simulation.step))
        self._hidden.setdefault(later, []).append((receives, pieces))
        self._number_hidden += number
        self._blocked += self._groups_of(number)

    def _groups_of(self, number: int) -> int:
        """How many groups wait for failed messages of theirs, which come first."""
        if not self.settings.is_fifo or self.mapping is None:
            return 0
        return min(self.settings.message_groups, math.ceil(number / min(self.mapping.batch_size, self._fifo_batch)))

    @property
    def _fifo_batch(self) -> int:
        return int(self._of("fifo_batch"))

    def advance(self, tick: int) -> None:
        self._slots.advance(tick)
        self._messages.advance(tick)
        self._receives.refill(self.simulation.step)
        for receives, pieces in self._hidden.pop(tick, ()):
            self._number_hidden -= number_in(pieces)
            self._blocked -= self._groups_of(number_in(pieces))
            self._show(receives, pieces, number_in(pieces), tick)

    def poll(self, tick: int) -> None:
        """Receive batches, and invoke the function with them."""
        self._expire(tick)
        waiting = self.waiting
        if self.mapping is None or not waiting:
            self._scale(is_active=False)
            self._since = self._since if waiting else None
            self.figures.peak_waiting = max(self.figures.peak_waiting, waiting)
            return
        if born := [one.pieces[0][0] for one in self._visible.values() if one.pieces]:
            oldest = tick * self.simulation.step - min(born)
            self.figures.oldest_seconds = max(self.figures.oldest_seconds, oldest)
        function = self._functions[self.mapping.function]
        self._start_held(tick, function)
        self._receive(tick, function)
        self._fresh = 0
        visible = self.visible
        self.figures.peak_waiting = max(self.figures.peak_waiting, self.waiting)
        if not visible:
            self._since = None
        self._scale(is_active=visible > 0)

    def _scale(self, *, is_active: bool) -> None:
        change = self._growth * self.simulation.step
        # AWS does not say how fast it scales down; as fast as up is assumed.
        self.concurrency = (
            min(self._most, self.concurrency + change) if is_active else max(self._least, self.concurrency - change)
        )

    def _receive(self, tick: int, function: FunctionUnderLoad) -> None:
        mapping, visible = self.mapping, self.visible
        free = self.concurrency - self._slots.busy - sum(one.batches for one in self._held)
        if self.settings.is_fifo:
            groups = self.settings.message_groups - self._blocked
            if groups < self.concurrency:
                free -= self.concurrency - max(groups, 0)
            if free <= 0 < visible:
                self.figures.limits[FIFO_GROUPS] += 1
        if mapping is None or free <= 0 or not visible:
            return
        seconds = max(function.seconds(min(mapping.batch_size, max(1, visible // max(1, int(free))))), 0.001)
        places = max(0, math.floor(free / min(seconds / self.simulation.step, 1.0) + 1e-9))
        size, batches = self._batches(tick, visible, places)
        if visible > size * batches and batches == places:
            what = FIFO_GROUPS if self.settings.is_fifo and self.settings.message_groups < self._most else POLLERS
            self.figures.limits[what] += 1
        if self.settings.is_fifo and batches > self._receives.tokens:
            self.figures.limits[FIFO_RECEIVES] += 1
            batches = max(0, int(self._receives.tokens))
        in_flight = self._of("queue_in_flight") - self._messages.busy - self._number_held - self._number_hidden
        if size * batches > in_flight:
            self.figures.limits["the messages in flight of a queue"] += 1
            batches = max(0, int(in_flight // size))
        room = function.room(size)
        # Of a FIFO queue, what failed comes before what came later.
        for receives in sorted(self._visible, reverse=True) if self.settings.is_fifo else list(self._visible):
            group = self._visible[receives]
            number = min(group.number, size * batches)
            if number <= 0:
                continue
            runs = math.ceil(number / size)
            batches -= runs
            now = min(runs, room)
            room -= now
            pieces = group.take(min(number, now * size))
            if pieces:
                self._run(tick, function, receives + 1, now, pieces)
            rest = number - number_in(pieces)
            if rest > 0:
                self.figures.throttles += rest
                self.simulation.moment.throttled += rest
                function.figures.throttles += runs - now
                function.figures.limits[function.limit()] += runs - now
                self._held.append(Held(tick, receives + 1, size, group.take(rest)))
                self._number_held += rest
            if not group.number:
                del self._visible[receives]

    def _batches(self, tick: int, visible: int, places: int) -> tuple[int, int]:
        """How many messages a batch has, and how many batches are invoked now."""
        mapping = self.mapping
        if mapping is None or places <= 0:
            return 1, 0
        most = min(mapping.batch_size, self._fifo_batch) if self.settings.is_fifo else mapping.batch_size
        if mapping.window and not self.settings.is_fifo:
            # A batch is invoked when it is full, or when its window is over.
            full = min(places, visible // most)
            waited = (tick - (self._since if self._since is not None else tick)) * self.simulation.step
            if waited >= mapping.window and full < places and visible > full * most:
                self._since = tick
                return (most, full + 1) if full else (visible, 1)
            if full:
                self._since = tick
            return most, full
        # Without a window, idle pollers take messages as they come; of a backlog, each takes a full batch.
        size = min(most, math.ceil(visible / places) if visible <= self._fresh else most)
        return size, min(places, math.ceil(visible / size))

    def _start_held(self, tick: int, function: FunctionUnderLoad) -> None:
        """What waits for the function's concurrency; after the visibility timeout the queue shows it again."""
        timeout = math.ceil(self.settings.visibility / self.simulation.step)
        while self._held:
            held = self._held[0]
            if tick - held.tick >= timeout:
                self._held.popleft()
                number = number_in(held.pieces)
                self._number_held -= number
                if self.settings.max_receives is not None and held.receives >= self.settings.max_receives:
                    self.figures.dead += number
                else:
                    self._show(held.receives, held.pieces, number, tick)
                continue
            room = min(held.batches, function.room(held.size))
            if not room:
                return
            pieces, held.pieces = split(held.pieces, room * held.size)
            if not held.pieces:
                self._held.popleft()
            self._number_held -= number_in(pieces)
            self._run(tick, function, held.receives, room, pieces)

    def _run(self, tick: int, function: FunctionUnderLoad, receives: int, runs: int, pieces: Pieces) -> None:
        messages, step = number_in(pieces), self.simulation.step
        started = function.start(tick, runs, pieces)
        seconds = max(started.seconds, 0.001)
        self._slots.take(tick, runs, seconds / step)
        self._messages.take(tick, messages, seconds / step)
        self.figures.peak_batches = max(self.figures.peak_batches, self._slots.busy)
        self.figures.batches += runs
        self._receives.take(runs)
        self.figures.received += messages
        # Received and deleted, ten messages a request.
        self.figures.requests += 2 * max(runs, messages / self._of("queue_request"))
        self._hide(tick, receives, started.failed)

    def _expire(self, tick: int) -> None:
        now = tick * self.simulation.step
        if now <= self.settings.retention:
            return
        for group in self._visible.values():
            while group.pieces and now - group.pieces[0][0] > self.settings.retention:
                _, number = group.pieces.popleft()
                group.number -= number
                self.figures.expired += number
