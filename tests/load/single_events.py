"""A simulation of single events, each at its own moment: what the simulation in steps is held against.

It follows the same documented rules with none of its code: a heap of moments, and one object for each event.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What the single events did."""

    arrived: int = 0
    latencies: list[float] = field(default_factory=list)
    throttles: int = 0
    runs: int = 0
    refused: int = 0
    kept: int = 0
    cold_starts: int = 0
    peak_concurrency: int = 0
    last: float = 0

    def percentile(self, share: float) -> float:
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


@dataclass
class Rules:
    """A function behind a bucket, an API with a token bucket, or a queue; it may write to a provisioned table."""

    duration: float
    concurrency: int = 1_000
    init: float = 0.3
    api: tuple[float, float] | None = None
    batch: int = 0
    pollers: int = 1_250
    visibility: float = 30
    units: float | None = None
    outage: tuple[float, float] = (0, 0)
    longest_age: float = 21_600


class SingleEvents:
    """Runs `rate` random events a second for `seconds` through a function."""

    def __init__(self, rules: Rules, rate: float, seconds: float, seed: int) -> None:
        self.rules, self.outcome = rules, Outcome()
        self.random = random.Random(seed)  # noqa: S311 - repeatable
        self._number = itertools.count()
        self._moments: list[tuple[float, int, Callable[[float], None]]] = []
        # When each environment may take its next request.
        self._idle: list[float] = []
        self._environments = self._running = 0
        self._new, self._new_at = 1_000.0, 0.0
        self._tokens, self._tokens_at = (rules.api[1], 0.0) if rules.api else (0.0, 0.0)
        self._units, self._units_at = 300 * (rules.units or 0), 0.0
        self._visible: list[tuple[float, int]] = []
        self._polling, self._most_polling, self._polling_at = 0, 5.0, 0.0
        self._is_behind = False
        now = self.random.expovariate(rate)
        while now < seconds:
            self.at(now, self._arrive)
            now += self.random.expovariate(rate)

    def at(self, moment: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._moments, (moment, next(self._number), action))

    def run(self) -> Outcome:
        while self._moments:
            moment, _, action = heapq.heappop(self._moments)
            self.outcome.last = moment
            action(moment)
        return self.outcome

    def _arrive(self, now: float) -> None:
        self.outcome.arrived += 1
        if self.rules.api:
            self._request(now)
        elif self.rules.batch:
            self._visible.append((now, 1))
            self._poll(now)
        else:
            self._attempt(now, born=now, throttles=0, errors=0)

    def _environment(self, now: float) -> float | None:
        """An environment's cold start, or 0 for a warm one; None without room."""
        self._new = min(1_000.0, self._new + (now - self._new_at) * 100)
        self._new_at = now
        if self._idle and self._idle[0] <= now:
            heapq.heappop(self._idle)
            return 0.0
        if self._environments < self.rules.concurrency and self._new >= 1:
            self._environments += 1
            self._new -= 1
            self.outcome.cold_starts += 1
            return self.rules.init
        return None

    def _start(self, now: float, duration: float) -> None:
        self.outcome.runs += 1
        self._running += 1
        self.outcome.peak_concurrency = max(self.outcome.peak_concurrency, self._running)
        heapq.heappush(self._idle, now + max(duration, 0.1))
        self.at(now + duration, self._end)

    def _end(self, now: float) -> None:
        self._running -= 1

    def _fails(self, now: float) -> bool:
        rules = self.rules
        if rules.outage[0] <= now < rules.outage[1]:
            return True
        if rules.units is None:
            return False
        self._units = min(300 * rules.units, self._units + (now - self._units_at) * rules.units)
        self._units_at = now
        if self._units < 1:
            return True
        self._units -= 1
        return False

    def _attempt(self, now: float, born: float, throttles: int, errors: int) -> None:
        if now - born > self.rules.longest_age:
            self.outcome.kept += 1
            return
        cold = self._environment(now)
        if cold is None:
            self.outcome.throttles += 1
            wait = min(300, 2.0**throttles) * self.random.uniform(0.5, 1.5)
            self.at(now + wait, lambda later: self._attempt(later, born, throttles + 1, errors))
            return
        failing = self._fails(now)
        duration = self.rules.duration + (1.5 if failing and self.rules.units is not None else 0)
        self._start(now, duration)
        if not failing:
            self.outcome.latencies.append(now - born + duration + cold)
        elif errors == 2:
            self.outcome.kept += 1
        else:
            self.at(now + duration + 60 * (errors + 1), lambda later: self._attempt(later, born, 0, errors + 1))

    def _request(self, now: float) -> None:
        rate, burst = self.rules.api or (0, 0)
        self._tokens = min(burst, self._tokens + (now - self._tokens_at) * rate)
        self._tokens_at = now
        if self._tokens < 1:
            self.outcome.refused += 1
            return
        self._tokens -= 1
        cold = self._environment(now)
        if cold is None:
            self.outcome.throttles += 1
            self.outcome.refused += 1
            return
        self._start(now, self.rules.duration)
        self.outcome.latencies.append(self.rules.duration + cold)

    def _poll(self, now: float) -> None:
        rules = self.rules
        if self._is_behind:
            self._most_polling = min(rules.pollers, self._most_polling + (now - self._polling_at) * 5)
        self._polling_at = now
        while self._visible and self._polling < min(self._most_polling, rules.pollers):
            cold = self._environment(now)
            if cold is None:
                self.outcome.throttles += 1
                self.at(now + 0.1, self._poll)
                break
            batch, self._visible = self._visible[: rules.batch], self._visible[rules.batch :]
            duration = rules.duration * len(batch)
            self._start(now, duration)
            self._polling += 1
            self.at(now + max(duration, 0.1), self._polled)
            for born, _ in batch:
                self.outcome.latencies.append(now - born + duration + cold)
        self._is_behind = bool(self._visible)

    def _polled(self, now: float) -> None:
        self._polling -= 1
        self._poll(now)
