"""Objects of one batch of events, notified together."""

from typing import Any

from sluice_functions import bucket_events
from sluice_functions.notify_digests import DigestedRows
from sluice_functions.observability import tracer
from sluice_functions.s3_events import S3Object

from . import objects
from .store import Store
from .tracker import log_known, log_notified, row_of


def answer(event: Any, context: Any, store: Store) -> dict[str, Any]:
    """Record all objects of the events, then publish one digest of those that are new.

    What could be recorded is notified, whether or not others failed. If a digest fails, its error is raised: all events
    come again then, and those that are done change nothing.
    """
    batch = DigestedRows(store.notified, objects.digest)

    @tracer.capture_method(capture_response=False)
    def record(found: S3Object) -> None:
        row = row_of(found, store)
        if not batch.add(row):
            log_known(row)

    try:
        return bucket_events.answer(event, record, counted_as="recorded", context=context)
    finally:
        for row in batch.publish():
            log_notified(row)
