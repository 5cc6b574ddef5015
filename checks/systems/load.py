"""The AWS usage of one event, as input of the scaling model."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EventLoad:
    """The usage of one event: the function's memory, its AWS calls, the table's write units, and the write units of the
    busiest partition key, which the setting `shards_setting` spreads. `reasons` says what each call is for, and
    `places` which construct of the stack it goes to (`write_units`: the table's); `construct` is the function's.
    `batch` events share an invocation.
    """

    name: str
    function: str
    memory_mb: int
    calls: Mapping[str, float]
    writes: float
    hottest: float
    api: bool = False
    shards_setting: str | None = None
    provisioned: int | None = None
    batch: int = 1
    reasons: Mapping[str, str] = field(default_factory=dict)
    construct: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
