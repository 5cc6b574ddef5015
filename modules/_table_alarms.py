from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from ._checks import text_of, times
from ._delivery import free_id
from ._table_options import Capacity, Index
from ._table_scaling import id_part
from .alarms import Alarms, AlarmTopic

ALARM_UTILIZATION = 0.8  # share of the provisioned capacity above which the alarm goes off
ALARM_PERIOD = 300  # seconds


def add_alarms(
    table: Construct, name: str, capacity: Capacity | None, indexes: Sequence[Index], topic: AlarmTopic | None
) -> None:
    """Alarms on throttled and, with provisioned capacity, on consumed reads and writes of a table and its indexes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    alarms = Alarms(table, "Alarms", name=name, topic=topic)
    for direction in ("Read", "Write"):
        for index in ("", *(one.name for one in indexes)):
            dimensions = {"TableName": name} | ({"GlobalSecondaryIndexName": index} if index else {})
            place, suffix = f"{name} {index}".strip(), id_part(index)
            alarms.add(
                free_id(alarms, f"{direction}Throttled{suffix}", index),
                description=f"{place}: {direction.lower()}s were throttled; raise its capacity",
                namespace="AWS/DynamoDB",
                metric=f"{direction}ThrottleEvents",
                dimensions=dimensions,
                above=0,
                qualifier=index,
            )
            if capacity:
                units = capacity.autoscale_to or (capacity.read if direction == "Read" else capacity.write)
                alarms.add(
                    free_id(alarms, f"{direction}Consumed{suffix}", index),
                    description=(
                        f"{place} consumes more than {ALARM_UTILIZATION:.0%} of its {text_of(units)} "
                        f"{direction.lower()} units"
                    ),
                    namespace="AWS/DynamoDB",
                    metric=f"Consumed{direction}CapacityUnits",
                    dimensions=dimensions,
                    # The metric is the sum over the period; capacity is in units a second.
                    above=times(units, ALARM_PERIOD * ALARM_UTILIZATION),
                    period_seconds=ALARM_PERIOD,
                    qualifier=index,
                )
