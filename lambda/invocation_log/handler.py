from dataclasses import dataclass
from typing import Any

from sluice_functions import bucket_events, environment
from sluice_functions.observability import instrumented
from sluice_functions.s3_events import S3Object

from .invocations import Row, row
from .store import Store


@dataclass(frozen=True)
class Environment:
    dynamodb_table_name: str


STORE = Store(environment.read(Environment).dynamodb_table_name)


@instrumented
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write a row for every record of S3's events, with the invocation that processed it."""

    def of(found: S3Object) -> Row:
        return row(found, context.function_name, context.aws_request_id)

    return bucket_events.answer(event, of, counted_as="logged", context=context, finish_batch=STORE.add)
