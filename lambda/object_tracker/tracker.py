"""Records one object: first the row, then its notification."""

from collections.abc import Callable

from sluice_functions.observability import MetricUnit, logger, metrics, tracer
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import head_from_event

from . import objects
from .store import NeedsCustomerKey, Store

NAMED = ("bucket", "objectKey", "versionId")
Notification = Callable[[objects.Row], dict[str, str]]


@tracer.capture_method(capture_response=False)
def record(
    wanted: S3Object, store: Store, notification: Notification = objects.notification
) -> tuple[objects.Row, bool]:
    """Record an object version and notify once. Returns the row and whether it is new. Idempotent.

    An object that is encrypted with a customer-provided key (SSE-C) is recorded from its event. Raises `UnknownObject`,
    `VersionGone`, and `NeedsCustomerKey` if there is no event.
    """
    row = row_of(wanted, store)
    outcome = store.notified.record(row, notification(row))
    if outcome.published:
        log_notified(row)
    else:
        log_known(row)
    return outcome.row, outcome.added


def row_of(wanted: S3Object, store: Store) -> objects.Row:
    """The row of an object version, whether or not it is in the table. Raises as `record`."""
    try:
        return objects.row(wanted, store.head(wanted))
    except NeedsCustomerKey:
        if not wanted.event_time:
            raise
        return objects.encrypted_row(wanted, head_from_event(wanted))


def log_notified(row: objects.Row) -> None:
    logger.info("recorded and notified", extra={name: row[name] for name in (*NAMED, "size", "contentType")})
    metrics.add_metric("ObjectsRecorded", MetricUnit.Count, 1)


def log_known(row: objects.Row) -> None:
    logger.info("already recorded", extra={name: row[name] for name in NAMED})
