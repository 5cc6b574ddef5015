"""The function's AWS calls: reading an object's first bytes, and writing to the table."""

import random
import time
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from sluice_functions import aws
from sluice_functions.index_shards import RowShards, ShardedTable
from sluice_functions.items import typed
from sluice_functions.observability import logger
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import ARCHIVED, CUSTOMER_KEY, NO_SUCH_VERSION, gone, head_from_event, why_unreadable

from .content_types import FIRST_BYTES
from .metadata import Row

# botocore returns an answer before its body is read, and does not retry when reading the body fails.
BROKEN_BODY = (HTTPClientError, IncompleteReadError)
BODY_ATTEMPTS = 3

EMPTY_OBJECT = "InvalidRange"  # the object is empty
EXPECTED_REFUSALS = {EMPTY_OBJECT, "InvalidObjectState", "InvalidRequest", *NO_SUCH_VERSION}


class Store:
    """One row for each object version. Rows are never changed. Each is in one of `shards` shards of the indexes."""

    def __init__(self, table_name: str, shards: int) -> None:
        self._table_name = table_name
        self._s3 = aws.client("s3", aws.PATIENT_CONFIG, expected=EXPECTED_REFUSALS)
        self._dynamodb = aws.client("dynamodb", aws.PATIENT_CONFIG, expected={"ConditionalCheckFailedException"})
        table = ShardedTable(table_name, keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay"))
        self._shards = RowShards(self._dynamodb, table, shards)

    def read(self, wanted: S3Object) -> tuple[dict[str, Any], bytes, str | None]:
        """HeadObject's answer for exactly this version, the first bytes of its content, and why they could not be read.

        One call; two for an object that is empty or archived. An object that is encrypted with a customer-provided key
        is described by its event. Raises `VersionGone` if the version does not exist any more, and `ClientError` if it
        may not be read.
        """
        version = {"VersionId": wanted.version_id} if wanted.version_id else {}
        named = {"Bucket": wanted.bucket, "Key": wanted.key, **version}
        try:
            answer, first_bytes = self._read_start(named)
        except ClientError as error:
            reason = why_unreadable(error)
            if reason == CUSTOMER_KEY:
                return head_from_event(wanted), b"", reason
            if reason == ARCHIVED or error.response["Error"]["Code"] == EMPTY_OBJECT:
                return dict(self._s3.head_object(**named)), b"", reason
            if missing := gone(wanted, error):
                raise missing from error
            raise
        # `bytes 0-8191/123456`; without this header the answer holds the whole object.
        size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else answer["ContentLength"]
        return {**answer, "ContentLength": size}, first_bytes, None

    def add(self, row: Row) -> bool:
        """Add a row. Returns False if it exists."""
        spread = self._shards.spread(row)
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=typed(spread),
                ConditionExpression="attribute_not_exists(objectKey)",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _read_start(self, named: dict[str, str]) -> tuple[dict[str, Any], bytes]:
        attempt = 0
        while True:
            attempt += 1
            answer = self._s3.get_object(**named, Range=f"bytes=0-{FIRST_BYTES - 1}")
            try:
                return answer, _start(answer["Body"])
            except BROKEN_BODY as error:
                logger.warning("reading an object broke off", extra={**named, "attempt": attempt, "error": str(error)})
                if attempt == BODY_ATTEMPTS:
                    raise
                # Backoff with jitter, as in botocore's standard mode.
                time.sleep(random.uniform(0, 2 ** (attempt - 1)))  # noqa: S311 - jitter


def _start(body: Any) -> bytes:
    """The first bytes, even if a server ignores Range, as the local AWS does for a named version."""
    start = b""
    # A further read tells a short read from the end of the content: it fails if there should be more.
    while len(start) < FIRST_BYTES and (more := body.read(FIRST_BYTES - len(start))):
        start += more
    return start
