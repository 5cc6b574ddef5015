from dataclasses import dataclass
from typing import Any

from sluice_functions import bucket_events, environment, http, s3_events
from sluice_functions.observability import instrumented

from . import objects
from .store import NeedsCustomerKey, Store, UnknownObject
from .tracker import record

LONGEST_BODY = 16 * 1024  # bytes; a request names one object
NEWEST = 100  # rows an answer shows

ERRORS: dict[type[Exception], int] = {
    http.InvalidRequest: 400,
    UnknownObject: 404,
    s3_events.VersionGone: 404,
    NeedsCustomerKey: 409,
    http.RequestTooLarge: 413,
}


@dataclass(frozen=True)
class Environment:
    bucket_name: str
    table_name: str
    topic_arn: str
    cors_origins: str = ""  # with commas between
    notifications: str = "each"


ENVIRONMENT = environment.read(Environment)
ORIGINS = http.origins(ENVIRONMENT.cors_origins)
DIGESTS = ENVIRONMENT.notifications == "digests"
STORE = Store(ENVIRONMENT.table_name, ENVIRONMENT.topic_arn)


@instrumented
def handle(event: dict[str, Any], context: Any) -> Any:
    """Record the objects of S3's events, or answer an HTTP request: GET queries an object, POST records one."""
    if http.is_request(event):
        answer = http.respond(ERRORS, lambda: ask(event) if event["httpMethod"] == "GET" else request(event))
        return http.readable_by_pages(answer, event, ORIGINS)
    if DIGESTS:
        from . import digests  # imported on first use, to keep cold starts of the other mode short

        return digests.answer(event, context, STORE)
    return bucket_events.answer(event, lambda found: record(found, STORE), counted_as="recorded", context=context)


def ask(event: dict[str, Any]) -> http.Answer:
    """GET /objects?key=...: the rows of an object, latest upload first."""
    key = objects.checked_key((event.get("queryStringParameters") or {}).get("key"))
    history = STORE.history(key, NEWEST)
    if not history:
        raise UnknownObject(f"no object {key!r} is recorded")
    return http.answer(200, {"key": key, "objects": [objects.public(row) for row in history]})


def request(event: dict[str, Any]) -> http.Answer:
    """POST /objects {"key": ..., "versionId": ...}: record an object that exists in the bucket."""
    wanted = objects.requested_object(ENVIRONMENT.bucket_name, http.json_body(event, longest=LONGEST_BODY))
    row, new = record(wanted, STORE, (lambda row: objects.digest([row])) if DIGESTS else objects.notification)
    return http.answer(201 if new else 200, objects.public(row))
