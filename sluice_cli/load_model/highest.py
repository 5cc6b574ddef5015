"""The highest steady rate that a stack carries as it is."""

import math
from dataclasses import dataclass

from .arrivals import STEADY, LoadPattern
from .function_run import ACCOUNT, RESERVED, SCALING
from .model import Entry, LoadModel
from .simulation import LoadSimulation, SimulatedLoad

# Longer than the units that a provisioned table saves: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
SECONDS, STEP = 900.0, 1.0
# What still waits then has to be done soon.
SECONDS_AFTER = 60.0
MOST = 1_000_000.0
PRECISION = 1.03


@dataclass(frozen=True)
class HighestRate:
    """`rate` in events a second; `limit`: what a higher rate meets first, empty if nothing does."""

    rate: float
    limit: str


def highest_rate(model: LoadModel, entry: Entry, *, seed: int = 1) -> HighestRate:
    """The highest rate that loses, fails and leaves nothing waiting, within 3 %."""
    first = next(one for one in model.reached_from(entry.address) if one in model.functions)
    events = model.functions[first].work.events
    low, high, limit = 0.0, MOST, ""
    while high / max(low, 0.1) > PRECISION:
        rate = math.sqrt(max(low, 0.1) * high)
        pattern = LoadPattern(STEADY, rate / events, SECONDS)
        result = LoadSimulation(model, entry, pattern, step=STEP, seed=seed).run(SECONDS_AFTER)
        if result.bad:
            high, limit = rate, most_limiting(result)
        else:
            low = rate
    return HighestRate(low, limit)


def most_limiting(result: SimulatedLoad) -> str:
    """What limited a run most often; empty if nothing did. Concurrency is last: what else throttles takes it."""
    limits = result.limits
    return max(limits, key=lambda one: (one not in (ACCOUNT, SCALING, RESERVED), limits[one]), default="")
