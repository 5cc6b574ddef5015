"""Records one object: first the row, then its notification."""

from sluice_functions.observability import MetricUnit, logger, metrics, tracer
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import head_from_event

from . import objects
from .store import NeedsCustomerKey, Store


@tracer.capture_method(capture_response=False)
def record(wanted: S3Object, store: Store) -> tuple[objects.Row, bool]:
    """Record an object version and notify once. Returns the row and whether it is new. Idempotent.

    An object that is encrypted with a customer-provided key (SSE-C) is recorded from its event. Raises `UnknownObject`,
    `VersionGone`, and `NeedsCustomerKey` if there is no event.
    """
    try:
        row = objects.row(wanted, store.head(wanted))
    except NeedsCustomerKey:
        if not wanted.event_time:
            raise
        row = objects.encrypted_row(wanted, head_from_event(wanted))
    outcome = store.notified.record(row, objects.notification(row))
    named = {name: row[name] for name in ("bucket", "objectKey", "versionId")}
    if outcome.published:
        logger.info("recorded and notified", extra={**named, "size": row["size"], "contentType": row["contentType"]})
        metrics.add_metric("ObjectsRecorded", MetricUnit.Count, 1)
    else:
        logger.info("already recorded", extra=named)
    return outcome.row, outcome.added
