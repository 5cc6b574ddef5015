"""The AWS usage of one event, as input of the load simulation (docs/load.md) and of the review's costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EventLoad:
    """The usage of one event: the function's memory, its AWS calls, and the table's write units. `reasons` says what
    each call is for, and `places` which construct of the stack it goes to (`write_units`: the table's); `construct` is
    the function's. `batch` events share an invocation.

    `busiest`, `once_a_run` and `entry` are written to review_load.toml as they are: the share of the writes that go to
    one partition key, calls that a setting makes once a run, and where events come in.
    """

    name: str
    function: str
    memory_mb: int
    calls: Mapping[str, float]
    writes: float
    batch: int = 1
    reasons: Mapping[str, str] = field(default_factory=dict)
    construct: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    busiest: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    once_a_run: Mapping[str, str] = field(default_factory=dict)
    entry: str = ""
