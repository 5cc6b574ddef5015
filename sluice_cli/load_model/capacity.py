"""What is limited, and how it refills: environments, token buckets, capacity units."""

from collections import defaultdict, deque

from .model import CapacitySettings, FunctionWork, TableSettings
from .quotas import AccountLimits


class Slots:
    """Places that runs occupy for a time: environments of a function, of an account, batches of a queue.

    Counted as a mean over a step, so that a run shorter than a step takes a part of a place in it.
    """

    def __init__(self) -> None:
        self.busy = 0.0
        self._released: dict[int, float] = defaultdict(float)

    def advance(self, tick: int) -> None:
        self.busy = max(0.0, self.busy - self._released.pop(tick, 0.0))

    def take(self, tick: int, runs: float, steps: float) -> None:
        """Occupy places for a number of steps, which need not be whole."""
        whole = int(steps)
        part = steps - whole
        self.busy += runs if whole else runs * part
        if whole:
            self._released[tick + whole] += runs * (1 - part)
            self._released[tick + whole + 1] += runs * part
        else:
            self._released[tick + 1] += runs * part


class AccountConcurrency(Slots):
    """The concurrent executions that functions without a reservation share."""

    def __init__(self, quota: float) -> None:
        super().__init__()
        self.quota = quota

    @property
    def free(self) -> float:
        return self.quota - self.busy


class TokenBucket:
    """`rate` tokens a second, of which at most `burst` are kept."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens = rate, burst, burst

    def refill(self, seconds: float) -> None:
        # A step brings its own tokens beside the kept ones: within it they are spent as they come.
        self.tokens = min(self.burst, self.tokens) + self.rate * seconds

    def take(self, number: float) -> None:
        self.tokens -= number


class UnitCapacity:
    """Write or read units of a table or an index.

    Provisioned: `units` a second, and up to 300 s of what was not used; grown by autoscaling up to `ceiling`. On
    demand: twice the peak of more than 30 minutes ago, at least what a new table takes.
    """

    def __init__(
        self,
        quotas: AccountLimits,
        *,
        units: float | None,
        new: float,
        quota: float,
        most: float | None = None,
        ceiling: float | None = None,
        target: float = 0.7,
    ) -> None:
        self._quotas, self._is_provisioned = quotas, units is not None
        self._quota = min(quota, most) if most is not None else quota
        self._ceiling, self._target = ceiling, target
        self.rate = units if units is not None else min(new, self._quota)
        self._first = self.rate
        self.tokens = self.rate * self._kept
        self.peak = self.used = 0.0
        self._minute = self._seconds = 0.0
        self._minutes: deque[float] = deque()
        self._past_peak = 0.0

    @property
    def _kept(self) -> float:
        return self._quotas.of("table_burst_seconds") if self._is_provisioned else 1.0

    def refill(self, seconds: float) -> None:
        self.tokens = min(self.tokens, self.rate * self._kept) + self.rate * seconds
        self._seconds += seconds
        if self._seconds >= 60:
            self._end_minute(self._minute / self._seconds)
            self._minute = self._seconds = 0.0

    def take(self, units: float) -> None:
        self.tokens -= units
        self._minute += units
        self.used += units

    def _end_minute(self, mean: float) -> None:
        self.peak = max(self.peak, mean)
        self._minutes.append(mean)
        if self._is_provisioned:
            recent = list(self._minutes)[-int(self._quotas.of("autoscaling_seconds") // 60) :]
            if self._ceiling and len(recent) > 1 and min(recent) > self.rate * self._target:
                self.rate = min(self._ceiling, max(self.rate, max(recent) / self._target))
            while len(self._minutes) > 2:
                self._minutes.popleft()
        elif len(self._minutes) > self._quotas.of("table_growth_seconds") / 60:
            self._past_peak = max(self._past_peak, self._minutes.popleft())
            self.rate = min(self._quota, max(self._first, self._quotas.of("table_growth") * self._past_peak))


class TableLoad:
    """A table with its indexes: what a function's messages write and read of it."""

    def __init__(self, settings: TableSettings, quotas: AccountLimits) -> None:
        self.settings, self._quotas = settings, quotas
        self.writes = {name: self._capacity(one, "write") for name, one in settings.capacities.items()}
        self.reads = {name: self._capacity(one, "read") for name, one in settings.capacities.items()}
        self.keys: dict[tuple[str, str], TokenBucket] = {}
        self.throttled = 0.0
        self.limiting: dict[str, float] = defaultdict(float)

    def _capacity(self, one: CapacitySettings, kind: str) -> UnitCapacity:
        of = self._quotas.of
        is_write = kind == "write"
        return UnitCapacity(
            self._quotas,
            units=one.writes if is_write else one.reads,
            new=max(of(f"table_new_{kind}s"), one.warm_writes if is_write else one.warm_reads),
            quota=of(f"table_{kind}s"),
            most=one.most_writes if is_write else one.most_reads,
            ceiling=one.ceiling_writes if is_write else None,
            target=one.target_writes,
        )

    def refill(self, seconds: float) -> None:
        for capacity in (*self.writes.values(), *self.reads.values()):
            capacity.refill(seconds)
        for key in self.keys.values():
            key.refill(seconds)

    def demands(self, address: str, work: FunctionWork) -> "list[tuple[UnitCapacity | TokenBucket, float, str]]":
        """What one message takes of which capacity, and what each is called."""
        calls, label = work.calls.get(address, {}), self.settings.label
        indexes = len(self.writes)
        # Counted units have the indexes' in them; each index takes as much as the table.
        units = (calls["write_units"] / indexes if "write_units" in calls else calls.get("write", 0)) * work.events
        found: list[tuple[UnitCapacity | TokenBucket, float, str]] = []
        for name, capacity in self.writes.items():
            if units:
                found.append((capacity, units, f"{label}{f', index {name}' if name else ''}: write units"))
            share = work.busiest.get(address, {}).get(name, 0.0)
            if units * share:
                rate = self._quotas.of("partition_writes")
                key = self.keys.setdefault((address, name), TokenBucket(rate, rate))
                found.append((key, units * share, f"{label}{f', index {name}' if name else ''}: busiest partition key"))
        if calls.get("read"):
            found.append((self.reads[""], calls["read"] * work.events, f"{label}: read units"))
        return found
