"""The simulation: time goes on in steps, and messages that enter in one step move together.

A step is short against what it decides (new environments, tokens, visibility timeouts); what is shorter than a step,
the run of a function, occupies a part of an environment in it. docs/load.md says why that is faithful, and a test
holds it against a simulation of single events.
"""

import math
import random
from dataclasses import dataclass, field

from sluice_cli.errors import InputError

from .arrivals import LoadPattern, poisson
from .capacity import AccountConcurrency, TableLoad, TokenBucket
from .figures import ApiFigures, FunctionFigures, Pieces, QueueFigures, Timeline, number_in, split
from .function_run import FunctionUnderLoad
from .model import Entry, LoadModel
from .queue_run import QueueUnderLoad
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
    last: str
    arrived: int = 0
    seconds: float = 0
    still_waiting: int = 0
    functions: dict[str, FunctionFigures] = field(default_factory=dict)
    queues: dict[str, QueueFigures] = field(default_factory=dict)
    apis: dict[str, ApiFigures] = field(default_factory=dict)
    tables: dict[str, TableLoad] = field(default_factory=dict)
    timeline: Timeline = field(default_factory=lambda: Timeline(1))
    published: dict[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Messages in failure and dead-letter queues."""
        return sum(one.kept for one in self.functions.values()) + sum(one.dead for one in self.queues.values())

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.functions.values()) + sum(one.expired for one in self.queues.values())

    @property
    def refused(self) -> int:
        """Requests that their callers gave up, throttled or failed."""
        return sum(one.refused for one in self.apis.values()) + sum(
            one.errors_to_callers for one in self.functions.values()
        )

    @property
    def finished(self) -> int:
        return self.functions[self.last].finished if self.last in self.functions else 0

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
        self.tables = {address: TableLoad(one, model.quotas) for address, one in model.tables.items()}
        publishes, keys = model.quotas.of("sns_publishes"), model.quotas.of("kms_requests")
        self.publishes, self.keys = TokenBucket(publishes, publishes), TokenBucket(keys, keys)
        reserved = sum(one.reserved or 0 for one in model.functions.values())
        self.account = AccountConcurrency(max(0.0, model.quotas.of("lambda_concurrency") - reserved))
        names = [one for one in reached if one in model.functions]
        if not names:
            raise InputError(
                f"{model.stack}: no function gets the events of {entry.label}; there is nothing to simulate"
            )
        self.last = names[-1]
        self.events = model.functions[names[0]].work.events
        self.functions = {one: FunctionUnderLoad(self, one) for one in names}
        self.queues = {one: QueueUnderLoad(self, one, self.functions) for one in reached if one in model.queues}
        self.apis = {one: self._api(one) for one in reached if one in model.apis}
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
            if part and part.kind == "topic" and number:
                found.append((self.publishes, number, "SNS's messages of an account", once))
            if part and part.uses_key_each_time and number:
                found.append((self.keys, number, "KMS's requests of an account", once))
        return found

    def targets(self, function: str) -> list[tuple[str, float]]:
        """The parts that a function sends to, and how many messages for each of its own."""
        work = self.model.functions[function].work
        return [
            (target, work.calls.get(target, {}).get("write", 0) * work.events)
            for target in self.model.routes.get(function, ())
        ]

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
            self.last,
            self.arrived,
            tick * self.step,
            self._waiting() + self._pending,
            {name: one.figures for name, one in self.functions.items()},
            {name: one.figures for name, one in self.queues.items()},
            self.figures,
            self.tables,
            self.timeline,
            self.published,
        )

    def _is_busy(self) -> bool:
        polled = {one.queue for one in self.model.mappings.values()}
        return bool(
            self._pending
            or any(one.waiting for one in self.functions.values())
            or any(one.waiting for name, one in self.queues.items() if name in polled)
        )

    def _waiting(self) -> int:
        return sum(one.waiting for one in self.functions.values()) + sum(one.waiting for one in self.queues.values())

    def _step(self, tick: int) -> None:
        now = tick * self.step
        self.moment = self.timeline.at(now)
        self.is_failing = self.arrivals.is_failing(now)
        self.account.advance(tick)
        for bucket in (self.publishes, self.keys, self._account_api, *filter(None, self.apis.values())):
            bucket.refill(self.step)
        for table in self.tables.values():
            table.refill(self.step)
        for function in self.functions.values():
            function.advance(tick)
        for queue in self.queues.values():
            queue.advance(tick)
        rate = self.arrivals.at(now)
        number = poisson(self.random, rate * min(self.step, self.arrivals.seconds - now)) if rate else 0
        if number:
            self.arrived += number
            self.moment.arrived += number
            self._deliver(self.entry.address, [(now, number)], tick, 0)
        for address, pieces, tries in self._sent.pop(tick, ()):
            self._pending -= number_in(pieces)
            self._deliver(address, pieces, tick, tries)
        for queue in self.queues.values():
            queue.poll(tick)
        for function in self.functions.values():
            function.invoke_waiting(tick)
        self.moment.waiting = max(self.moment.waiting, self._waiting())
        self.moment.concurrency = max(self.moment.concurrency, sum(one.slots.busy for one in self.functions.values()))

    def send(self, address: str, pieces: Pieces, tick: int, tries: int = 0) -> None:
        """Deliver messages to a part in a later step."""
        self._sent.setdefault(tick, []).append((address, pieces, tries))
        self._pending += number_in(pieces)

    def _deliver(self, address: str, pieces: Pieces, tick: int, tries: int) -> None:
        if address in self.functions:
            self.functions[address].accept(pieces, tick)
        elif address in self.queues:
            self.queues[address].accept(pieces, tick)
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
        admitted = min(number, max(0, math.floor(self._account_api.tokens)))
        if admitted < number:
            figures.limits["API Gateway's requests of an account"] += number - admitted
        if bucket is not None and bucket.tokens < admitted:
            figures.limits["the stage's throttle"] += admitted - max(0, math.floor(bucket.tokens))
            admitted = max(0, math.floor(bucket.tokens))
        for one in (self._account_api, bucket):
            if one is not None:
                one.take(admitted)
        passed, refused = split(pieces, admitted)
        self.moment.throttled += number - admitted
        figures.refused += self._try_again(address, refused, tick, tries)
        for target in self.model.targets(address)[:1]:
            if target not in self.functions:
                self._deliver(target, passed, tick, 0)
                continue
            function = self.functions[target]
            failed = self._invoke(function, passed, tick) if passed else []
            function.figures.errors_to_callers += self._try_again(address, failed, tick, tries)

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


def step_for(seconds: float) -> float:
    """The step of a simulation of that length."""
    return next((one for one in STEPS if seconds / one <= MOST_STEPS), STEPS[-1])
