"""When events arrive: the patterns of `sluice simulate-load`."""

import math
import random
from dataclasses import dataclass

STEADY, BURST, DIURNAL, RETRY_STORM = "steady", "burst", "diurnal", "retry-storm"
PATTERNS = {
    STEADY: "the rate, all the time",
    BURST: "a tenth of the rate, and the rate for a minute of every ten, at once",
    DIURNAL: "a day: a tenth of the rate at midnight, the rate at noon",
    RETRY_STORM: "the rate; for a minute after a third of the time every run fails, and callers of APIs try again",
}
DAY = 86_400
QUIET = 0.1  # of the rate
BURST_SECONDS, BURST_EVERY = 60, 600
OUTAGE_SECONDS = 60
# Above this mean a Poisson number is as good as a normal one.
LARGE_MEAN = 50


@dataclass(frozen=True)
class LoadPattern:
    """`rate` messages a second in a pattern, for `seconds`."""

    pattern: str
    rate: float
    seconds: float

    def at(self, time: float) -> float:
        """Messages a second at a moment."""
        if time >= self.seconds:
            return 0.0
        if self.pattern == BURST:
            # The first burst comes when the quiet before it has shown its latency.
            length = min(BURST_EVERY, self.seconds)
            return self.rate if length / 3 <= time % BURST_EVERY < length / 3 + BURST_SECONDS else self.rate * QUIET
        if self.pattern == DIURNAL:
            middle = (1 + QUIET) / 2
            return self.rate * (middle - (1 - middle) * math.cos(2 * math.pi * time / DAY))
        return self.rate

    def is_failing(self, time: float) -> bool:
        """Whether runs fail now, whatever they do: in a retry storm, what they depend on is down."""
        return self.pattern == RETRY_STORM and self.seconds / 3 <= time < self.seconds / 3 + OUTAGE_SECONDS

    @property
    def callers_retry(self) -> bool:
        return self.pattern == RETRY_STORM


def poisson(random_: random.Random, mean: float) -> int:
    """A random number of independent events."""
    if mean > LARGE_MEAN:
        return max(0, round(random_.gauss(mean, math.sqrt(mean))))
    number, product, limit = 0, random_.random(), math.exp(-mean)
    while product > limit:
        number += 1
        product *= random_.random()
    return number
