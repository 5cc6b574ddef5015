from dataclasses import dataclass
from typing import Any

from sluice_functions import bucket_events, environment, index_shards
from sluice_functions.observability import MetricUnit, instrumented, logger, metrics, tracer
from sluice_functions.s3_events import S3Object

from . import metadata
from .store import Store

LOGGED = ("bucket", "objectKey", "versionId", "size", "contentType", "contentTypeMismatch")


@dataclass(frozen=True)
class Environment:
    table_name: str
    index_shards: str = "1"


ENVIRONMENT = environment.read(Environment)
STORE = Store(ENVIRONMENT.table_name, index_shards.parse_count(ENVIRONMENT.index_shards))


@instrumented
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write a row with the metadata of every object that S3's events name."""
    return bucket_events.answer(event, record, counted_as="recorded", context=context)


@tracer.capture_method(capture_response=False)
def record(found: S3Object) -> None:
    """Record one object version. Idempotent, and independent of the order of events."""
    row = metadata.row(found, *STORE.read(found))
    new = STORE.add(row)
    logger.info("recorded" if new else "already recorded", extra={name: row[name] for name in LOGGED})
    metrics.add_metric("ObjectsRecorded", MetricUnit.Count, int(new))
    metrics.add_metric("ContentTypeMismatches", MetricUnit.Count, int(new and row["contentTypeMismatch"]))
