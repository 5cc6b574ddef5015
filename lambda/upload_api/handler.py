import time
from dataclasses import dataclass
from typing import Any

from sluice_functions import bucket_events, environment, http, s3_events
from sluice_functions.observability import MetricUnit, instrumented, logger, metrics

from . import rows, uploads
from .arrivals import Arrivals
from .store import Store, TooManyConcurrentUploads
from .table import ItemTable

ERRORS: dict[type[Exception], int] = {
    http.InvalidRequest: 400,
    rows.KeyReused: 409,
    http.RequestTooLarge: 413,
    uploads.UnsupportedContentType: 415,
    TooManyConcurrentUploads: 429,
}


class NotARequest(ValueError):
    """The event is neither a request nor an S3 event; Lambda keeps it in the failure queue."""


@dataclass(frozen=True)
class Environment:
    bucket_name: str
    table_name: str
    cors_origins: str = ""  # comma-separated


ENVIRONMENT = environment.read(Environment)
ORIGINS = http.origins(ENVIRONMENT.cors_origins)
TABLE = ItemTable(ENVIRONMENT.table_name)
STORE = Store(ENVIRONMENT.bucket_name, TABLE)
ARRIVALS = Arrivals(TABLE)


@instrumented
def handle(event: dict[str, Any], context: Any) -> Any:
    """Handle POST /upload, or S3's events of objects from presigned uploads."""
    if http.is_request(event):
        return http.readable_by_pages(http.respond(ERRORS, lambda: upload(event)), event, ORIGINS)
    if not s3_events.is_event(event):
        raise NotARequest("neither a request of a REST API nor an event of S3")
    answer = bucket_events.answer(event, ARRIVALS.complete, counted_as="completed", context=context)
    ARRIVALS.expire_overdue()
    return answer


def upload(event: dict[str, Any]) -> http.Answer:
    """Store the file, or return a presigned URL, and store the answer: a repeated request gets the same answer and
    changes nothing.

    The file is written first, then product and answer in one transaction. After a crash in between, the repeated
    request overwrites the object. Of concurrent requests with the same key one writes, and all get its answer.
    """
    wanted = uploads.requested(event)
    remembered = STORE.record(wanted)
    if remembered is None:
        product, record = store(wanted)
        remembered = STORE.write(product, record, rows.announced(product) if wanted.content is None else None)
        if remembered is record:
            logger.info("uploaded", extra={name: product[name] for name in (*rows.PUBLIC, "state")})
            metrics.add_metric("Uploads", MetricUnit.Count, 1)
        if wanted.content is None:
            ARRIVALS.expire_overdue()
    return rows.answer(remembered, wanted)


def store(wanted: uploads.Upload) -> tuple[rows.Row, rows.Row]:
    bucket, now = ENVIRONMENT.bucket_name, int(time.time())
    if wanted.content is None:
        return rows.presigned(wanted, bucket, STORE.presign(wanted), now)
    version, checksum = STORE.put(wanted)
    return rows.stored(wanted, bucket, version, now, checksum)
