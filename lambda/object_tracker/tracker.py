"""Recording one object: the row first, then its one notification."""

import time
from datetime import UTC, datetime

from shared.observability import MetricUnit, logger, metrics, tracer
from shared.s3_events import S3Object

from . import objects
from .store import Store

WAIT_SECONDS = 0.25


@tracer.capture_method(capture_response=False)
def record(wanted: S3Object, store: Store) -> tuple[objects.Row, bool]:
    """Record an object version and notify once; gives the row and whether it is new.

    Safe to repeat, at the same time too: the row is added under a condition, and only who holds the lease that is
    taken with it publishes. After a crash between the row and the notification the lease runs out and the next
    attempt publishes. (Only a crash between SNS taking the message and the mark in the row repeats a notification:
    SNS and DynamoDB share no transaction.)
    """
    row = objects.row(wanted, store.head(wanted))
    existing = store.add(row)
    new = existing is None
    while existing is not None:
        if "notifiedAt" in existing:
            logger.info("already recorded", extra=_named(existing))
            return existing, False
        existing = store.take_over(row)
        if existing is not None and "notifiedAt" not in existing:
            time.sleep(WAIT_SECONDS)  # someone is publishing it right now; their lease ends before our timeout
    try:
        store.publish(objects.notification(row))
    except Exception:
        store.give_back(row)
        raise
    row["notifiedAt"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    store.mark_notified(row, row["notifiedAt"])
    logger.info("recorded and notified", extra={**_named(row), "size": row["size"], "contentType": row["contentType"]})
    metrics.add_metric("ObjectsRecorded", MetricUnit.Count, 1)
    return row, new


def _named(row: objects.Row) -> dict[str, str]:
    return {name: row[name] for name in ("bucket", "objectKey", "versionId")}
