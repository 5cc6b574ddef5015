"""What one event takes of a system on AWS: what the scaling model calculates with."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EventLoad:
    """What one event takes: the function's memory, its AWS calls, the table's write units, and how many of these go to
    the busiest partition key. `reasons` says what each call is for. `batch` events share an invocation.
    """

    name: str
    function: str
    memory_mb: int
    calls: Mapping[str, float]
    writes: float
    hottest: float
    api: bool = False
    provisioned: int | None = None
    batch: int = 1
    reasons: Mapping[str, str] = field(default_factory=dict)
