"""The simulation: time goes on in steps, and messages that enter in one step move together.

A step is short against what it decides (new environments, tokens, visibility timeouts); what is shorter than a step,
the run of a function, occupies a part of an environment in it. docs/load.md says why that is faithful, and a test
holds it against a simulation of single events.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from sluice_cli.errors import InputError

from .arrivals import LoadPattern, poisson
from .capacity import AccountConcurrency, TableLoad, TokenBucket
from .figures import (
    ApiFigures,
    FunctionFigures,
    LatencyHistogram,
    Pieces,
    QueueFigures,
    StreamFigures,
    Timeline,
    number_in,
    split,
)
from .function_run import FunctionUnderLoad
from .model import Entry, LoadModel
from .queue_run import FIFO_SENDS, QueueUnderLoad, requests_a_second
from .stream_run import StreamUnderLoad
from .surroundings import Demands

# Steps of a simulation, in seconds: the shortest with which it has at most MOST_STEPS.
STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
MOST_STEPS = 4_000
# After the last event, what waits is processed for so long at most.
LONGEST_AFTER = 21_600 + 600
MOMENTS = 200
# Callers that try again: three times, after 1, 2 and 4 seconds.
CALLERS_TRIES = 3


@dataclass
class SimulatedLoad:
    """What a run of the simulation found. Numbers are of messages: `events` of them are in each."""

    model: LoadModel
    entry: Entry
    arrivals: LoadPattern
    events: float
    step: float
    # The functions at which events end, and how many messages of theirs an event becomes together.
    ends: tuple[str, ...]
    ends_an_event: float = 1
    arrived: int = 0
    seconds: float = 0
    still_waiting: int = 0
    functions: dict[str, FunctionFigures] = field(default_factory=dict)
    queues: dict[str, QueueFigures] = field(default_factory=dict)
    apis: dict[str, ApiFigures] = field(default_factory=dict)
    tables: dict[str, TableLoad] = field(default_factory=dict)
    # By stream, the figures of each of its consumers.
    streams: dict[str, list[StreamFigures]] = field(default_factory=dict)
    refused_by_streams: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=lambda: Timeline(1))
    published: dict[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Messages in failure and dead-letter queues."""
        return (
            sum(one.kept for one in self.functions.values())
            + sum(one.dead for one in self.queues.values())
            + sum(one.kept for stream in self.streams.values() for one in stream)
        )

    @property
    def lost(self) -> int:
        return (
            sum(one.lost for one in self.functions.values())
            + sum(one.expired for one in self.queues.values())
            + sum(one.lost for stream in self.streams.values() for one in stream)
        )

    @property
    def refused(self) -> int:
        """Requests, messages and records that their senders gave up, throttled or failed."""
        return (
            sum(one.refused for one in self.apis.values())
            + sum(one.refused for one in self.queues.values())
            + sum(one.errors_to_callers for one in self.functions.values())
            + sum(refused for refused, _ in self.refused_by_streams.values())
        )

    @property
    def finished(self) -> int:
        """Events of which everything is done, where functions finish unequal shares of them in the mean."""
        return round(sum(self.functions[one].finished for one in self.ends) / self.ends_an_event)

    @property
    def latency(self) -> LatencyHistogram:
        """From the moment an event came in to the end of the last function's run, wherever events end."""
        merged = LatencyHistogram()
        for one in self.ends:
            merged.add_all(self.functions[one].latency)
        return merged

    @property
    def limits(self) -> dict[str, int]:
        """What limited any part, and how often."""
        found: dict[str, int] = {}
        for limits in (
            *(one.limits for one in self.functions.values()),
            *(one.limits for one in self.queues.values()),
            *(one.limits for one in self.apis.values()),
            *(one.limits for stream in self.streams.values() for one in stream),
            *(limits for _, limits in self.refused_by_streams.values()),
        ):
            for what, number in limits.items():
                found[what] = found.get(what, 0) + number
        return found

    @property
    def bad(self) -> int:
        return self.kept + self.lost + self.refused + self.still_waiting


class LoadSimulation:
    """One run over a model. `seed` makes it repeatable."""

    def __init__(
        self, model: LoadModel, entry: Entry, arrivals: LoadPattern, *, step: float | None = None, seed: int = 1
    ) -> None:
        self.model, self.entry, self.arrivals = model, entry, arrivals
        self.step = step or step_for(arrivals.seconds)
        self.random = random.Random(seed)  # noqa: S311 - repeatable numbers, no secrets
        reached = model.reached_from(entry.address)
        names = [one for one in reached if one in model.functions]
        self.ends, self.ends_an_event = ends_of(model, entry)
        # What schedules start runs beside the events, and takes capacity from them.
        for one in model.schedules:
            reached += [other for other in model.reached_from(one) if other not in reached]
        self.tables = {address: TableLoad(one, model.quotas) for address, one in model.tables.items()}
        publishes, keys = model.quotas.of("sns_publishes"), model.quotas.of("kms_requests")
        self.publishes, self.keys = TokenBucket(publishes, publishes), TokenBucket(keys, keys)
        rates = {address: requests_a_second(one, model.quotas) for address, one in model.queues.items()}
        self.sends = {address: TokenBucket(rate, rate) for address, rate in rates.items()}
        reserved = sum(one.reserved or 0 for one in model.functions.values())
        self.account = AccountConcurrency(max(0.0, model.quotas.of("lambda_concurrency") - reserved))
        if not names:
            raise InputError(
                f"{model.stack}: no function gets the events of {entry.label}; there is nothing to simulate"
            )
        self.events = 1.0 if entry.address in model.schedules else model.functions[names[0]].work.events
        self.functions = {one: FunctionUnderLoad(self, one) for one in reached if one in model.functions}
        self.queues = {one: QueueUnderLoad(self, one, self.functions) for one in reached if one in model.queues}
        self.streams = {one: StreamUnderLoad(self, one, self.functions) for one in reached if one in model.streams}
        self.apis = {one: self._api(one) for one in reached if one in model.apis}
        self._turn: dict[str, int] = {}
        self._runs = sorted(
            (time, one)
            for one, schedule in model.schedules.items()
            for time in schedule.times
            if time < arrivals.seconds
        )
        self._account_api = TokenBucket(model.quotas.of("api_requests"), model.quotas.of("api_burst"))
        self.figures = {one: ApiFigures() for one in self.apis}
        self._sent: dict[int, list[tuple[str, Pieces, int]]] = {}
        self._pending = 0
        self.timeline = Timeline(max(self.step, arrivals.seconds / MOMENTS))
        self.moment = self.timeline.at(0)
        self.is_failing = False
        self.arrived = 0
        self.published: dict[str, float] = {}

    def _api(self, address: str) -> TokenBucket | None:
        api = self.model.apis[address]
        if api.rate is None and api.burst is None:
            return None
        rate = self.model.quotas.of("api_requests") if api.rate is None else api.rate
        return TokenBucket(rate, self.model.quotas.of("api_burst") if api.burst is None else api.burst)

    def demands(self, function: str) -> Demands:
        """What a message of a function takes of tables, topics and keys."""
        work = self.model.functions[function].work
        found: Demands = []
        for target, kinds in work.calls.items():
            if target in self.tables:
                found += [(*one, target in work.once_a_run) for one in self.tables[target].demands(target, work)]
            part = self.model.parts.get(target)
            once = target in work.once_a_run
            number = sum(kinds.values()) * (1 if once else work.events)
            if target in self.sends and self.model.queues[target].is_fifo and number:
                batch = self.model.quotas.of("queue_request") if self.model.queues[target].is_sent_in_batches else 1
                found.append((self.sends[target], number / batch, FIFO_SENDS, once))
            if part and part.kind == "topic" and number:
                found.append((self.publishes, number, "SNS's messages of an account", once))
            if part and part.uses_key_each_time and number:
                found.append((self.keys, number, "KMS's requests of an account", once))
        return found

    def targets(self, function: str) -> list[tuple[str, float]]:
        """The parts that a function sends to, and how many messages for each of its own."""
        return [(target, sent_on(self.model, function, target)) for target in self.model.routes.get(function, ())]

    def run(self, longest_after: float = LONGEST_AFTER) -> SimulatedLoad:
        """Simulate until nothing waits any more, or for so many seconds after the last event."""
        tick, last = 0, math.ceil(self.arrivals.seconds / self.step)
        longest = last + math.ceil(longest_after / self.step)
        while tick < last or (self._is_busy() and tick < longest):
            self._step(tick)
            tick += 1
        return SimulatedLoad(
            self.model,
            self.entry,
            self.arrivals,
            self.events,
            self.step,
            self.ends,
            self.ends_an_event,
            self.arrived,
            tick * self.step,
            self._waiting() + self._pending,
            {name: one.figures for name, one in self.functions.items()},
            {name: one.figures for name, one in self.queues.items()},
            self.figures,
            self.tables,
            {name: [consumer.figures for consumer in one.consumers] for name, one in self.streams.items()},
            {name: (one.refused, dict(one.limits)) for name, one in self.streams.items()},
            self.timeline,
            self.published,
        )

    def _is_busy(self) -> bool:
        return bool(self._pending or self._waiting())

    def _waiting(self) -> int:
        queues, streams = self.queues.values(), self.streams.values()
        return (
            sum(one.waiting for one in self.functions.values())
            + sum(one.waiting for one in queues)
            + sum(one.waiting for one in streams)
        )

    def _step(self, tick: int) -> None:
        now = tick * self.step
        self.moment = self.timeline.at(now)
        self.is_failing = self.arrivals.is_failing(now)
        self.account.advance(tick)
        buckets = (self.publishes, self.keys, self._account_api, *self.sends.values())
        for bucket in (*buckets, *filter(None, self.apis.values())):
            bucket.refill(self.step)
        for table in self.tables.values():
            table.refill(self.step)
        for function in self.functions.values():
            function.advance(tick)
        for queue in self.queues.values():
            queue.advance(tick)
        for stream in self.streams.values():
            stream.advance(tick)
        self._run_schedules(now, tick)
        rate = self.arrivals.at(now) if self.entry.address not in self.model.schedules else 0.0
        number = poisson(self.random, rate * min(self.step, self.arrivals.seconds - now)) if rate else 0
        if number:
            self._arrive(self.entry.address, number, now, tick)
        for address, pieces, tries in self._sent.pop(tick, ()):
            self._pending -= number_in(pieces)
            self._deliver(address, pieces, tick, tries)
        for queue in self.queues.values():
            queue.poll(tick)
        for stream in self.streams.values():
            stream.poll(tick)
        for function in self.functions.values():
            function.invoke_waiting(tick)
        self.moment.waiting = max(self.moment.waiting, self._waiting())
        self.moment.concurrency = max(self.moment.concurrency, sum(one.slots.busy for one in self.functions.values()))

    def _run_schedules(self, now: float, tick: int) -> None:
        while self._runs and self._runs[0][0] < now + self.step:
            _, schedule = self._runs.pop(0)
            if schedule == self.entry.address:
                self._arrive(schedule, 1, now, tick)
            else:
                self._deliver(schedule, [(now, 1)], tick, 0)

    def _arrive(self, address: str, number: int, now: float, tick: int) -> None:
        """Events come in from outside of the stack."""
        self.arrived += number
        self.moment.arrived += number
        pieces = [(now, number)]
        if address in self.queues:
            queue = self.queues[address]
            queue.figures.refused += number_in(queue.admit(pieces, tick))
        elif address in self.streams:
            self.streams[address].admit(pieces, tick)
        else:
            self._deliver(address, pieces, tick, 0)

    def send(self, address: str, pieces: Pieces, tick: int, tries: int = 0) -> None:
        """Deliver messages to a part in a later step."""
        self._sent.setdefault(tick, []).append((address, pieces, tries))
        self._pending += number_in(pieces)

    def _deliver(self, address: str, pieces: Pieces, tick: int, tries: int) -> None:
        if address in self.functions:
            self.functions[address].accept(pieces, tick)
        elif address in self.queues:
            self.queues[address].accept(pieces, tick)
        elif address in self.streams:
            self.streams[address].accept(pieces, tick)
        elif address in self.apis:
            self._request(address, pieces, tick, tries)
        else:
            number = number_in(pieces)
            self.published[address] = self.published.get(address, 0) + number
            for target in self.model.targets(address):
                self._deliver(target, pieces, tick, 0)

    def _request(self, address: str, pieces: Pieces, tick: int, tries: int) -> None:
        """Requests to an API: throttled, or passed on at once."""
        figures, bucket, number = self.figures[address], self.apis[address], number_in(pieces)
        figures.requests += number
        is_url = self.model.apis[address].is_function_url
        admitted = number if is_url else min(number, max(0, math.floor(self._account_api.tokens)))
        if admitted < number:
            figures.limits["API Gateway's requests of an account"] += number - admitted
        if bucket is not None and bucket.tokens < admitted:
            figures.limits["the stage's throttle"] += admitted - max(0, math.floor(bucket.tokens))
            admitted = max(0, math.floor(bucket.tokens))
        for one in (None if is_url else self._account_api, bucket):
            if one is not None:
                one.take(admitted)
        passed, refused = split(pieces, admitted)
        self.moment.throttled += number - admitted
        figures.refused += self._try_again(address, refused, tick, tries)
        for target, share in self._shares(address, passed):
            if target in self.queues:
                throttled = self.queues[target].admit(share, tick)
                figures.refused += self._try_again(address, throttled, tick, tries)
                continue
            if target not in self.functions:
                self._deliver(target, share, tick, 0)
                continue
            function = self.functions[target]
            failed = self._invoke(function, share, tick) if share else []
            function.figures.errors_to_callers += self._try_again(address, failed, tick, tries)

    def _shares(self, address: str, pieces: Pieces) -> Iterator[tuple[str, Pieces]]:
        """An API's requests by what they go to: as many to each."""
        targets, left = self.model.targets(address), pieces
        number, turn = number_in(pieces), self._turn.get(address, 0)
        for position, target in enumerate(targets):
            # What cannot be divided goes to one after the other.
            part = number // len(targets) + ((position - turn) % len(targets) < number % len(targets))
            share, left = split(left, part)
            yield target, share
        self._turn[address] = (turn + number) % max(len(targets), 1)

    def _invoke(self, function: FunctionUnderLoad, pieces: Pieces, tick: int) -> Pieces:
        """Synchronous invocations. Returns those that had no environment, or failed."""
        room = min(number_in(pieces), function.room(1))
        now, throttled = split(pieces, room)
        number = number_in(throttled)
        if number:
            function.figures.throttles += number
            function.figures.limits[function.limit()] += number
            self.moment.throttled += number
        if not now:
            return throttled
        started = function.start(tick, room, now)
        self.moment.failed += number_in(started.failed)
        if started.seconds > self.model.quotas.of("api_timeout"):
            function.figures.limits["the time that an integration of API Gateway may take"] += room
            return [*pieces]
        return [*throttled, *started.failed]

    def _try_again(self, address: str, pieces: Pieces, tick: int, tries: int) -> int:
        """Callers that retry do so later. Returns how many requests are given up."""
        if pieces and self.arrivals.callers_retry and tries < CALLERS_TRIES:
            self.send(address, pieces, tick + max(1, round(2.0**tries / self.step)), tries + 1)
            return 0
        return number_in(pieces)


def sent_on(model: LoadModel, function: str, target: str) -> float:
    """How many messages for a part, or records of a table's stream, a function makes of one of its own."""
    work = model.functions[function].work
    kinds = work.calls.get(target, {})
    number = kinds.get("write", 0)
    if target in model.tables and "write_units" in kinds:
        # Counted units have the indexes' in them.
        number += kinds["write_units"] / len(model.tables[target].capacities)
    return number * (1 if target in work.once_a_run else work.events)


def ends_of(model: LoadModel, entry: Entry) -> tuple[tuple[str, ...], float]:
    """The functions that send nothing on to others, and how many messages of theirs a message of the entry becomes."""
    reached = model.reached_from(entry.address)
    shares = dict.fromkeys(reached, 0.0)
    # As often as the longest way has parts.
    for _ in reached:
        now = dict.fromkeys(reached, 0.0) | {entry.address: 1.0}
        for one in reached:
            targets = model.targets(one)
            for target in targets:
                each = sent_on(model, one, target) if one in model.functions else 1.0
                now[target] += shares[one] * (each / len(targets) if one in model.apis else each)
        shares = now
    functions = [one for one in reached if one in model.functions and shares[one] > 0]

    def goes_on(function: str) -> bool:
        below = model.reached_from(function)[1:]
        return function not in below and any(one in functions for one in below)

    ends = tuple(one for one in functions if not goes_on(one))
    return ends, sum(shares[one] for one in ends) or 1.0


def step_for(seconds: float) -> float:
    """The step of a simulation of that length."""
    return next((one for one in STEPS if seconds / one <= MOST_STEPS), STEPS[-1])
