"""The function's AWS calls: the object's start and the table."""

import random
import time
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from shared import aws
from shared.items import typed
from shared.observability import logger
from shared.s3_events import S3Object
from shared.s3_objects import ARCHIVED, CUSTOMER_KEY, head_from_event, why_unreadable

from .content_types import FIRST_BYTES
from .metadata import Row

# botocore hands an answer over before its body is read, and repeats nothing when that breaks.
BROKEN_BODY = (HTTPClientError, IncompleteReadError)
BODY_ATTEMPTS = 3

EMPTY_OBJECT = "InvalidRange"  # it has no first byte to give
EXPECTED_REFUSALS = {EMPTY_OBJECT, "InvalidObjectState", "InvalidRequest"}


class Store:
    """One row for each object version; only ever added."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._s3 = aws.client("s3", aws.PATIENT_CONFIG, expected=EXPECTED_REFUSALS)
        self._dynamodb = aws.client("dynamodb", aws.PATIENT_CONFIG, expected={"ConditionalCheckFailedException"})

    def read(self, wanted: S3Object) -> tuple[dict[str, Any], bytes, str | None]:
        """HeadObject's answer for exactly that version, the content's first bytes, and why they could not be read.

        One call; two for an object that is empty or archived. An object that is encrypted with a key of the sender is
        described by its event. Raises `ClientError` where the version is not there any more, or may not be read.
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
            raise
        # `bytes 0-8191/123456`; without it the answer is of the whole object.
        size = int(answer["ContentRange"].rpartition("/")[2]) if "ContentRange" in answer else answer["ContentLength"]
        return {**answer, "ContentLength": size}, first_bytes, None

    def add(self, row: Row) -> bool:
        """Add a row; False where it is there already."""
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=typed(row),
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
                # As botocore's standard mode waits.
                time.sleep(random.uniform(0, 2 ** (attempt - 1)))  # noqa: S311 - jitter


def _start(body: Any) -> bytes:
    """The first bytes, also from a server that ignores a Range, as the local AWS does when a version is named."""
    start = b""
    # A short read is told from the end of the content by one more, which fails where there should be more.
    while len(start) < FIRST_BYTES and (more := body.read(FIRST_BYTES - len(start))):
        start += more
    return start
