"""What a run of the simulation is measured by: latencies, and numbers over time."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

# A latency is known to this share of itself.
RESOLUTION = 0.02
STEP = math.log1p(RESOLUTION)
SHORTEST = 0.0001


class LatencyHistogram:
    """How many messages took how long, in logarithmic classes."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = defaultdict(int)
        self.total = 0

    def add(self, seconds: float, number: int) -> None:
        self._counts[int(math.log(max(seconds, SHORTEST) / SHORTEST) / STEP)] += number
        self.total += number

    def add_all(self, other: "LatencyHistogram") -> None:
        for key, number in other._counts.items():
            self._counts[key] += number
        self.total += other.total

    def percentile(self, share: float) -> float | None:
        """Seconds that this share of the messages took at most; None without any."""
        if not self.total:
            return None
        wanted, seen = share * self.total, 0
        for key in sorted(self._counts):
            seen += self._counts[key]
            if seen >= wanted:
                return SHORTEST * math.exp((key + 0.5) * STEP)
        return None


@dataclass
class Moment:
    """A span of the simulated time. Sums, but for `waiting` and `concurrency`, which are the highest of it."""

    arrived: float = 0
    finished: float = 0
    throttled: float = 0
    failed: float = 0
    waiting: float = 0
    concurrency: float = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)


class Timeline:
    """Moments of equal length."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.moments: list[Moment] = []

    def at(self, time: float) -> Moment:
        number = int(time / self.width)
        while len(self.moments) <= number:
            self.moments.append(Moment())
        return self.moments[number]


@dataclass
class FunctionFigures:
    """What a function did, in messages."""

    runs: float = 0
    messages: int = 0
    seconds: float = 0
    cold_starts: int = 0
    throttles: int = 0
    failed_attempts: int = 0
    kept: int = 0
    lost: int = 0
    errors_to_callers: int = 0
    environments: int = 0
    peak_concurrency: float = 0
    peak_waiting: int = 0
    finished: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    limits: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class PolledFigures:
    """What waited for Lambda, and was polled in batches."""

    batches: int = 0
    received: int = 0
    peak_waiting: int = 0
    oldest_seconds: float = 0
    peak_batches: float = 0
    throttles: int = 0
    limits: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class QueueFigures(PolledFigures):
    """What a queue held, in messages."""

    sent: int = 0
    requests: float = 0
    dead: int = 0
    expired: int = 0
    refused: int = 0


@dataclass
class StreamFigures(PolledFigures):
    """What a stream held for one of its functions, in records."""

    kept: int = 0
    lost: int = 0


@dataclass
class ApiFigures:
    """What an API answered, in requests."""

    requests: int = 0
    refused: int = 0
    limits: dict[str, int] = field(default_factory=lambda: defaultdict(int))


Pieces = list[tuple[float, int]]  # when messages entered the system, and how many


def number_in(pieces: Iterable[tuple[float, int]]) -> int:
    return sum(number for _, number in pieces)


def split(pieces: Pieces, number: int) -> tuple[Pieces, Pieces]:
    """The first messages, and the others."""
    if number <= 0:
        return [], pieces
    left = number
    for position, (born, count) in enumerate(pieces):
        if count > left:
            return [*pieces[:position], (born, left)] if left else pieces[:position], [
                (born, count - left),
                *pieces[position + 1 :],
            ]
        left -= count
        if not left:
            return pieces[: position + 1], pieces[position + 1 :]
    return pieces, []
