from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sluice_functions import bucket_events, environment
from sluice_functions.observability import MetricUnit, instrumented, logger, metrics, tracer
from sluice_functions.s3_events import S3Object

from . import readings
from .each import EachReading
from .formats import ReadingFormat
from .ingestion import Notifier, ingest
from .names import FieldNames
from .outbox import Outbox
from .readings import Rules
from .store import Store


@dataclass(frozen=True)
class Environment:
    table_name: str
    rejects_table_name: str
    topic_arn: str
    sensor_thresholds: str
    sensor_format: str
    sensor_field_names: str
    sensor_earliest_timestamp: str
    sensor_rejects_days: str
    sensor_notifications: str


ENVIRONMENT = environment.read(Environment)
RULES = Rules(
    known=readings.thresholds(ENVIRONMENT.sensor_thresholds),
    earliest=datetime.fromisoformat(ENVIRONMENT.sensor_earliest_timestamp),
    rejects_kept=timedelta(days=int(ENVIRONMENT.sensor_rejects_days)),
)
READER = ReadingFormat(
    known=frozenset(RULES.known),
    names=FieldNames.parse(ENVIRONMENT.sensor_field_names),
    format=ENVIRONMENT.sensor_format,
)
STORE = Store(ENVIRONMENT.table_name, ENVIRONMENT.rejects_table_name)
OUTBOX = Outbox(ENVIRONMENT.table_name, ENVIRONMENT.topic_arn)


def _notifier() -> Callable[[], Notifier]:
    if ENVIRONMENT.sensor_notifications == "each":
        return lambda: EachReading(OUTBOX)
    # Imported on first use, to keep cold starts of the other mode short.
    from . import episode_notifier

    own = environment.read(episode_notifier.Environment)
    store = episode_notifier.EpisodeStore(own.episodes_table_name, ENVIRONMENT.table_name, ENVIRONMENT.topic_arn)
    return lambda: episode_notifier.Episodes(store, OUTBOX, own.rules)


NOTIFIER = _notifier()


@instrumented
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process the readings of every object that S3's events name."""
    return bucket_events.answer(event, process, counted_as="processed", context=context)


@tracer.capture_method(capture_response=False)
def process(found: S3Object) -> None:
    counts = ingest(found, STORE, NOTIFIER(), READER, RULES)
    named = {"bucket": found.bucket, "objectKey": found.key, "versionId": found.version_id}
    logger.info("processed", extra={**named, **counts})
    for name, count in counts.items():
        metrics.add_metric(f"Readings{name.title()}", MetricUnit.Count, count)
