import time
from dataclasses import dataclass
from typing import Any

from shared import environment, http
from shared.observability import MetricUnit, logger, metrics, tracer

from . import uploads
from .store import Store, TooManyAtOnce

ERRORS: dict[type[Exception], int] = {
    http.InvalidRequest: 400,
    uploads.KeyReused: 409,
    http.RequestTooLarge: 413,
    uploads.UnsupportedContentType: 415,
    TooManyAtOnce: 429,
}


class NotARequest(ValueError):
    """The function was invoked with something else; Lambda keeps it in the failure queue."""


@dataclass(frozen=True)
class Environment:
    bucket_name: str
    table_name: str


ENVIRONMENT = environment.read(Environment)
STORE = Store(ENVIRONMENT.bucket_name, ENVIRONMENT.table_name)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handle(event: dict[str, Any], context: Any) -> http.Answer:
    """POST /upload."""
    if not http.is_request(event):
        raise NotARequest("not a request of a REST API")
    return http.respond(ERRORS, lambda: upload(event))


def upload(event: dict[str, Any]) -> http.Answer:
    """Store the file, or say where to send it, and remember the answer: a repeat gets it again and changes nothing.

    The file first, then product and answer in one write. After a crash between the two, the repeat overwrites the
    object; of requests with the same key at the same time one writes, and all give its answer.
    """
    wanted = uploads.requested(event)
    remembered = STORE.record(wanted)
    if remembered is None:
        product, record = store(wanted)
        remembered = STORE.write(product, record)
        if remembered is record:
            logger.info("uploaded", extra={name: product[name] for name in uploads.PUBLIC})
            metrics.add_metric("Uploads", MetricUnit.Count, 1)
    return uploads.answer(remembered, wanted)


def store(wanted: uploads.Upload) -> tuple[uploads.Row, uploads.Row]:
    bucket, now = ENVIRONMENT.bucket_name, int(time.time())
    if wanted.content is None:
        return uploads.presigned(wanted, bucket, STORE.presign(wanted), now)
    return uploads.stored(wanted, bucket, STORE.put(wanted), now)
