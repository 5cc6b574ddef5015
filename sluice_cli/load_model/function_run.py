"""A function under load: its environments, its runs, and the events that wait to be invoked asynchronously."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .capacity import Slots, TokenBucket, UnitCapacity
from .figures import FunctionFigures, Pieces, number_in, split
from .surroundings import Surroundings

# What the SDK waits between its three attempts at a throttled call, on average (standard mode: up to 1 s, then 2 s):
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
SDK_WAIT = 1.5
# A throttled crowd tries again in so many groups at most, at times of their own, as single events would.
GROUPS = 12
# Events that waited are counted together where their ages differ by less than a 16th or 32nd (2 ** 4, 2 ** 5).
FINE = 5

# What limits a function's concurrency.
RESERVED = "the function's reserved concurrency"
ACCOUNT = "the account's concurrent executions"
SCALING = "the rate at which environments are added"


@dataclass
class Started:
    """What became of the messages of runs that started, and how long those runs take."""

    succeeded: Pieces
    failed: Pieces
    seconds: float
    failed_seconds: float


class RetryGroup:
    """Asynchronous events that are tried at the same time, with equally many attempts behind them."""

    def __init__(self) -> None:
        self.number = 0
        self._entered: dict[float, int] = {}

    def add(self, pieces: Pieces, now: float) -> None:
        """Events that waited long are counted together with those that entered at about the same time."""
        entered, total = self._entered, 0
        for born, number in pieces:
            age = now - born
            grain = 2.0 ** (math.frexp(age)[1] - FINE) if age > 1 else 0.0
            key = round(born / grain) * grain if grain else born
            entered[key] = entered.get(key, 0) + number
            total += number
        self.number += total

    def drop_before(self, moment: float) -> int:
        """Drop events that entered before a moment. Returns how many."""
        old = [born for born in self._entered if born < moment]
        dropped = sum(self._entered.pop(born) for born in old)
        self.number -= dropped
        return dropped

    def take(self, number: int) -> Pieces:
        """Events that entered first."""
        if number >= self.number:
            taken = list(self._entered.items())
            self._entered, self.number = {}, 0
            return taken
        taken, left = [], number
        while left > 0:
            born = next(iter(self._entered))
            count = self._entered.pop(born)
            part = min(count, left)
            taken.append((born, part))
            left -= part
            if count > part:
                self._entered = {born: count - part, **self._entered}
        self.number -= number
        return taken


class FunctionUnderLoad:
    """One function while the simulation runs."""

    def __init__(self, simulation: Surroundings, address: str) -> None:
        self.simulation, self.address = simulation, address
        self.settings = simulation.model.functions[address]
        self.figures = FunctionFigures()
        self.slots = Slots()
        self.environments = float(self.settings.provisioned)
        of = simulation.model.quotas.of
        self._scaling = of("lambda_scaling") / of("lambda_scaling_seconds")
        self._most_new = of("lambda_scaling")
        self._new = self._most_new
        self._shortest = 1 / of("lambda_requests_an_environment")
        self._full_core = of("lambda_full_core")
        self._first_wait, self._longest_wait = of("async_throttle_first"), of("async_throttle_longest")
        self._failing = 0.0
        self._schedule: dict[int, dict[tuple[int, int], RetryGroup]] = {}
        self.waiting = 0
        self._demands = simulation.demands(address)
        self._targets = simulation.targets(address)
        self._left_over = dict.fromkeys((target for target, _ in self._targets), 0.0)

    def advance(self, tick: int) -> None:
        self.slots.advance(tick)
        self._new = min(self._most_new, self._new + self._scaling * self.simulation.step)

    def room(self, messages: float) -> int:
        """How many runs with that many messages can start in this step."""
        account, seconds = self.simulation.account, min(self.seconds(messages), self.settings.timeout)
        of_function = self.environments + math.floor(self._new)
        if self.settings.reserved is not None:
            free = min(of_function, self.settings.reserved) - self.slots.busy
        else:
            free = min(of_function - self.slots.busy, account.free)
        # Runs whose calls are throttled last longer, and leave room for fewer others.
        usual, longer = (self._places(one) for one in (seconds, self._throttled_seconds(seconds)))
        runs = free / usual
        fitting = self._room_in_services(messages) / messages
        if fitting < runs:
            runs = fitting + (free - fitting * usual) / longer
        return max(0, math.floor(runs + 1e-9))

    def _places(self, seconds: float) -> float:
        """How much of an environment a run takes in a step."""
        return min(max(seconds, self._shortest) / self.simulation.step, 1.0)

    def _needs(self, messages_a_run: float) -> Iterator[tuple[UnitCapacity | TokenBucket, float, str]]:
        """What a message takes of which capacity, in a run with that many."""
        for capacity, each, what, is_once in self._demands:
            yield capacity, each / messages_a_run if is_once else each, what

    def _room_in_services(self, messages_a_run: float) -> float:
        """For how many messages tables, topics and keys have room in this step."""
        return max(0.0, min((one.tokens / each for one, each, _ in self._needs(messages_a_run)), default=math.inf))

    def limit(self) -> str:
        """What limits the function's concurrency now, in words."""
        most = self.simulation.account.quota if self.settings.reserved is None else self.settings.reserved
        if self.environments >= most - 1:
            return RESERVED if self.settings.reserved is not None else ACCOUNT
        return SCALING

    def seconds(self, messages: float) -> float:
        return self.settings.seconds(messages, self._full_core)

    def start(self, tick: int, runs: int, pieces: Pieces) -> Started:
        """Start runs with these messages, if `room` has them."""
        messages = number_in(pieces)
        seconds = self.seconds(messages / runs)
        fitting = self._fitting(messages, runs)
        lasting = min(seconds, self.settings.timeout)
        failing = self._throttled_seconds(lasting)
        share = fitting / messages
        cold = self._occupy(tick, {lasting: runs * share, failing: runs * (1 - share)})
        if seconds > self.settings.timeout:
            self.figures.limits["the function's timeout"] += messages
            fitting = 0
        elif self.simulation.is_failing:
            fitting = 0
        succeeded, failed = split(pieces, fitting)
        self.figures.runs += runs
        self.figures.messages += messages
        self.figures.seconds += (
            runs * (lasting * share + failing * (1 - share)) + cold * self.settings.work.init_ms / 1000
        )
        self.figures.failed_attempts += messages - fitting
        self._record(tick, succeeded, lasting, min(messages, round(cold * messages / runs)))
        self._pass_on(tick, succeeded, lasting)
        return Started(succeeded, failed, lasting, failing)

    def _occupy(self, tick: int, runs: Mapping[float, float]) -> int:
        """Occupy environments for runs, by how long they last. Returns how many are new."""
        for seconds, number in runs.items():
            if number:
                steps = max(seconds, self._shortest) / self.simulation.step
                self.slots.take(tick, number, steps)
                if self.settings.reserved is None:
                    self.simulation.account.take(tick, number, steps)
        needed = max(self.environments, math.ceil(self.slots.busy - 1e-9))
        cold = int(needed - self.environments)
        self.environments, self._new = needed, self._new - cold
        self.figures.cold_starts += cold
        self.figures.environments = max(self.figures.environments, int(needed))
        self.figures.peak_concurrency = max(self.figures.peak_concurrency, self.slots.busy)
        return cold

    def _throttled_seconds(self, seconds: float) -> float:
        return min(seconds + SDK_WAIT, self.settings.timeout)

    def _fitting(self, messages: int, runs: int) -> int:
        """For how many messages the tables, topics and keys have room in this step; they are taken from it."""
        fitting, name, needs = float(messages), "", list(self._needs(messages / runs))
        for capacity, each, what in needs:
            if capacity.tokens < fitting * each:
                fitting, name = max(0.0, capacity.tokens / each), what
        whole = min(messages, math.floor(fitting + self._failing)) if name else messages
        self._failing = fitting + self._failing - whole if name else 0.0
        for capacity, each, _ in needs:
            capacity.take(whole * each)
        if whole < messages:
            self.figures.limits[name] += messages - whole
        return whole

    def _record(self, tick: int, pieces: Pieces, seconds: float, cold: int) -> None:
        now, moment = tick * self.simulation.step, self.simulation.moment
        colds, warm = split(pieces, cold)
        init = self.settings.work.init_ms / 1000
        is_last = self.address in self.simulation.ends
        for group, more in ((colds, init), (warm, 0.0)):
            for born, number in group:
                latency = now - born + seconds + more
                self.figures.latency.add(latency, number)
                if is_last:
                    moment.latency.add(latency, number)
        number = number_in(pieces)
        self.figures.finished += number
        if is_last:
            moment.finished += number / self.simulation.ends_an_event

    def _pass_on(self, tick: int, pieces: Pieces, seconds: float) -> None:
        """Send what the function writes on to the parts that react to it."""
        later = tick + max(1, math.ceil(seconds / self.simulation.step))
        for target, each in self._targets:
            passed: Pieces = []
            for born, number in pieces:
                exact = number * each + self._left_over[target]
                whole = math.floor(exact + 1e-9)
                self._left_over[target] = exact - whole
                if whole:
                    passed.append((born, whole))
            if passed:
                self.simulation.send(target, passed, later)

    # Asynchronous invocations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

    def accept(self, pieces: Pieces, tick: int) -> None:
        """Events to invoke the function with, as soon as it has room."""
        self._put(tick, tick, 0, 0, pieces)

    def _put(self, tick: int, later: int, throttles: int, errors: int, pieces: Pieces) -> None:
        if pieces:
            groups = self._schedule.setdefault(later, {})
            group = groups.setdefault((throttles, errors), RetryGroup())
            before = group.number
            group.add(pieces, tick * self.simulation.step)
            self.waiting += group.number - before

    def invoke_waiting(self, tick: int) -> None:
        """Invoke what is due; what has no room is tried again later."""
        self._invoke_due(tick)
        self.figures.peak_waiting = max(self.figures.peak_waiting, self.waiting)

    def _invoke_due(self, tick: int) -> None:
        due = self._schedule.pop(tick, None)
        if not due:
            return
        total = sum(one.number for one in due.values())
        self.waiting -= total
        now = tick * self.simulation.step
        if now > self.settings.longest_age:
            self._give_up(sum(one.drop_before(now - self.settings.longest_age) for one in due.values()))
            total = sum(one.number for one in due.values())
            if not total:
                return
        room = self.room(1)
        share, left = min(1.0, room / total), 0.0
        for (throttles, errors), group in due.items():
            exact = group.number * share + left
            number = group.number if share == 1.0 else min(group.number, math.floor(exact + 1e-9))
            left = exact - number
            if number:
                started = self.start(tick, number, group.take(number))
                self._failed(tick, errors, started)
            if group.number:
                self._throttled(tick, throttles, errors, group)

    def _failed(self, tick: int, errors: int, started: Started) -> None:
        if not started.failed:
            return
        of, number = self.simulation.model.quotas.of, number_in(started.failed)
        self.simulation.moment.failed += number
        if errors >= self.settings.attempts_more:
            self._give_up(number)
            return
        wait = of("async_first_retry") if errors == 0 else of("async_second_retry")
        later = tick + max(1, math.ceil((started.failed_seconds + wait) / self.simulation.step))
        self._put(tick, later, 0, errors + 1, started.failed)

    def _throttled(self, tick: int, throttles: int, errors: int, group: RetryGroup) -> None:
        simulation = self.simulation
        number = group.number
        self.figures.throttles += number
        self.figures.limits[self.limit()] += number
        simulation.moment.throttled += number
        pieces = group.take(number)
        wait = min(self._longest_wait, self._first_wait * 2.0**throttles)
        more = throttles + (wait < self._longest_wait)
        a_step = max(self.environments, 1) * simulation.step / max(self.seconds(1), self._shortest)
        groups = max(1, min(GROUPS, number, math.ceil(number / a_step)))
        for position in range(groups):
            taken, pieces = split(pieces, number // groups) if position + 1 < groups else (pieces, [])
            # AWS does not say how it spreads them; half to one and a half times the wait is assumed.
            seconds = wait * (0.5 + (position + simulation.random.random()) / groups)
            self._put(tick, tick + max(1, round(seconds / simulation.step)), more, errors, taken)

    def _give_up(self, number: int) -> None:
        if self.settings.keeps_failures:
            self.figures.kept += number
        else:
            self.figures.lost += number
