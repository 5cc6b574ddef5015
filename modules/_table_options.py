from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """Provisioned capacity units of a table and of each of its indexes.

    With `autoscale_to` Application Auto Scaling changes the units, up to that number and never below `read` and
    `write`.
    """

    read: float
    write: float
    autoscale_to: float | None = None


@dataclass(frozen=True)
class OnDemandLimit:
    """The most read and write units a second that a table on demand, and each of its indexes, takes: a limit to costs.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
    """

    read: float | None = None
    write: float | None = None


@dataclass(frozen=True)
class Index:
    """A global secondary index.

    It holds all attributes, or besides its keys and the table's only those in `attributes` (none: `[]`).
    """

    name: str
    partition_key: str
    sort_key: str | None = None
    attributes: Sequence[str] | None = None
