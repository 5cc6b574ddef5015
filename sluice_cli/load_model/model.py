"""What is simulated of a stack: settings, work, and how the parts are connected. Nothing here changes in a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .quotas import AccountLimits


@dataclass(frozen=True)
class FunctionWork:
    """What a message takes of a function. A message has `events` events (readings of an object); calls are of one
    event, by the address of the resource and as what they are priced: `write`, `read`, `write_units`.

    `cpu_ms` of `duration_ms` is processor time on a full core: more memory makes it shorter. A further message of a
    batch takes `further_ms`; to the parts in `once_a_run` a run makes its calls once, whatever it has. `busiest`: the
    share of an event's writes to a table, or to an index of it, that go to one partition key. `message_groups`: groups
    with messages at the same time in the FIFO queue that the function reads; None if that was not counted.
    """

    duration_ms: float
    cpu_ms: float = 0
    init_ms: float = 0
    further_ms: float | None = None
    events: float = 1
    calls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    busiest: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    once_a_run: frozenset[str] = frozenset()
    message_groups: int | None = None


@dataclass(frozen=True)
class FunctionSettings:
    """A function. `reserved`: its reserved concurrency. `measured_mb`: the memory that `work` was counted with."""

    label: str
    work: FunctionWork
    memory_mb: float = 128
    measured_mb: float = 128
    timeout: float = 3
    is_arm: bool = False
    is_traced: bool = False
    reserved: int | None = None
    provisioned: int = 0
    attempts_more: int = 2
    longest_age: float = 21_600
    keeps_failures: bool = False

    def seconds(self, messages: float, full_core_mb: float) -> float:
        """How long a run with that many messages takes."""
        work = self.work
        further = work.duration_ms if work.further_ms is None else work.further_ms
        written = work.duration_ms + (messages - 1) * further
        share = work.cpu_ms / work.duration_ms if work.duration_ms else 0
        slower = max(1.0, full_core_mb / self.measured_mb)
        now = max(1.0, full_core_mb / self.memory_mb)
        return max(written * (1 + share * (now - slower)), 0.0) / 1000


@dataclass(frozen=True)
class QueueSettings:
    """A queue. `max_receives`: None where it has no dead-letter queue. Of a FIFO queue: whether its limits are those of
    high throughput, its message groups, and whether messages are sent ten in a request.
    """

    label: str
    visibility: float = 30
    retention: float = 345_600
    max_receives: int | None = None
    is_fifo: bool = False
    has_high_throughput: bool = False
    message_groups: int = 1
    is_sent_in_batches: bool = False


@dataclass(frozen=True)
class StreamConsumer:
    """How Lambda polls a stream for a function. `attempts_more`, `longest_age`: None until the record expires."""

    label: str
    function: str
    batch_size: int = 100
    window: float = 0
    parallel: int = 1
    attempts_more: int | None = None
    longest_age: float | None = None
    keeps_failures: bool = False


@dataclass(frozen=True)
class StreamSettings:
    """A Kinesis stream, or the stream of a table, which has its address. `shards`: None where the table's capacity
    decides."""

    label: str
    consumers: tuple[StreamConsumer, ...] = ()
    shards: int | None = None
    retention: float = 86_400


@dataclass(frozen=True)
class ScheduleSettings:
    """When a schedule starts runs: seconds after midnight of a Monday, within a week."""

    label: str
    expression: str
    times: tuple[float, ...] = ()


@dataclass(frozen=True)
class MappingSettings:
    """How Lambda polls a queue for a function."""

    label: str
    queue: str
    function: str
    batch_size: int = 10
    window: float = 0
    max_concurrency: int | None = None
    pollers: tuple[int, int] | None = None
    reports_failures: bool = False


@dataclass(frozen=True)
class CapacitySettings:
    """Units a second of a table or of one of its indexes; None: on demand. `ceiling`: up to which autoscaling goes."""

    writes: float | None = None
    reads: float | None = None
    warm_writes: float = 0
    warm_reads: float = 0
    most_writes: float | None = None
    most_reads: float | None = None
    ceiling_writes: float | None = None
    target_writes: float = 0.7


@dataclass(frozen=True)
class TableSettings:
    """A table and its global secondary indexes, by name; the table's own capacity has the name ''."""

    label: str
    capacities: Mapping[str, CapacitySettings]

    @property
    def is_provisioned(self) -> bool:
        return self.capacities[""].writes is not None


@dataclass(frozen=True)
class ApiSettings:
    """An API: its stage's throttle (None: only the account's), and the price of its requests. A function URL has
    neither throttle nor price."""

    label: str
    rate: float | None = None
    burst: float | None = None
    price: str = "rest_requests"
    is_function_url: bool = False


@dataclass(frozen=True)
class PlainPart:
    """A bucket, topic, bus or rule: events pass through it."""

    label: str
    kind: str
    uses_key_each_time: bool = False
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """Where events may come in from outside."""

    address: str
    name: str
    label: str
    kind: str
    is_filtered: bool = False


@dataclass(frozen=True)
class LoadModel:
    """A stack. `routes`: where each part sends what it gets, by address; a function's are the parts that it writes to
    and that react to it."""

    stack: str
    quotas: AccountLimits
    functions: Mapping[str, FunctionSettings] = field(default_factory=dict)
    queues: Mapping[str, QueueSettings] = field(default_factory=dict)
    mappings: Mapping[str, MappingSettings] = field(default_factory=dict)
    tables: Mapping[str, TableSettings] = field(default_factory=dict)
    apis: Mapping[str, ApiSettings] = field(default_factory=dict)
    parts: Mapping[str, PlainPart] = field(default_factory=dict)
    streams: Mapping[str, StreamSettings] = field(default_factory=dict)
    schedules: Mapping[str, ScheduleSettings] = field(default_factory=dict)
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()

    def label(self, address: str) -> str:
        groups = (self.functions, self.queues, self.tables, self.apis, self.parts, self.mappings, self.streams)
        for group in groups:
            if address in group:
                return str(group[address].label)
        return address

    def with_function(self, address: str, **changes: object) -> "LoadModel":
        changed = replace(self.functions[address], **changes)  # type: ignore[arg-type]
        return replace(self, functions={**self.functions, address: changed})

    def with_mapping(self, address: str, **changes: object) -> "LoadModel":
        changed = replace(self.mappings[address], **changes)  # type: ignore[arg-type]
        return replace(self, mappings={**self.mappings, address: changed})

    def with_stream(self, address: str, number: int, **changes: object) -> "LoadModel":
        """With a consumer of a stream changed."""
        stream = self.streams[address]
        consumers = list(stream.consumers)
        consumers[number] = replace(consumers[number], **changes)  # type: ignore[arg-type]
        return replace(self, streams={**self.streams, address: replace(stream, consumers=tuple(consumers))})

    def with_queue(self, address: str, **changes: object) -> "LoadModel":
        changed = replace(self.queues[address], **changes)  # type: ignore[arg-type]
        return replace(self, queues={**self.queues, address: changed})

    def reached_from(self, entry: str) -> list[str]:
        """The parts that events of an entry get to, nearest first; each once, so that circles end."""
        found, waiting = [entry], [entry]
        while waiting:
            for target in self.targets(waiting.pop(0)):
                if target not in found:
                    found.append(target)
                    waiting.append(target)
        return found

    def targets(self, address: str) -> list[str]:
        """Where a part sends what it gets; the functions behind a queue or a stream."""
        polled = [one.function for one in self.mappings.values() if one.queue == address]
        polled += [one.function for one in self.streams[address].consumers] if address in self.streams else []
        return [*self.routes.get(address, ()), *polled]
