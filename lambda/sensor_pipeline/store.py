"""The pipeline's AWS calls except for notifications: the object and the two tables."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from botocore.exceptions import ClientError

from sluice_functions import aws, conditional_puts
from sluice_functions.conditional_puts import Put
from sluice_functions.items import typed
from sluice_functions.s3_events import S3Object

from .content import LARGEST_CONTENT, Unreadable
from .readings import Row

# In the sender's words.
IS_ARCHIVED = "the object is archived (its storage class); restore it, then replay this reject"
HAS_CUSTOMER_KEY = "the object is encrypted with a key of the sender's own (SSE-C), which S3 does not keep"


class Content(NamedTuple):
    """An object version in S3. `uploaded` is in seconds since 1970."""

    version: str
    uploaded: Decimal
    encoding: str | None
    size: int
    bytes: bytes


class Store:
    """The tables of readings and rejects. Rows are added a hundred at a time, and never changed."""

    def __init__(self, table_name: str, rejects_table_name: str) -> None:
        self._table_name = table_name
        self._rejects_table_name = rejects_table_name
        self._s3 = aws.client("s3", expected={"NoSuchKey", "NoSuchVersion"})
        self._dynamodb = conditional_puts.client()

    def read(self, wanted: S3Object) -> Content:
        """The content of exactly that version; of one beyond the size limit, no bytes.

        Raises `VersionGone` where it is not there any more, `Unreadable` where S3 does not hand it out, and
        `ClientError`.
        """
        version = {"VersionId": wanted.version_id} if wanted.version_id else {}
        try:
            answer = self._s3.get_object(Bucket=wanted.bucket, Key=wanted.key, **version)
        except ClientError as error:
            # Loaded for the first refusal only: a function starts faster without.
            from sluice_functions.s3_objects import ARCHIVED, gone, why_unreadable

            if reason := why_unreadable(error):
                raise Unreadable(IS_ARCHIVED if reason == ARCHIVED else HAS_CUSTOMER_KEY) from error
            if missing := gone(wanted, error):
                raise missing from error
            raise
        with answer["Body"] as body:
            size = answer["ContentLength"]
            return Content(
                version=answer.get("VersionId") or "null",
                uploaded=Decimal(int(answer["LastModified"].timestamp())),
                encoding=answer.get("ContentEncoding"),
                size=size,
                bytes=body.read() if size <= LARGEST_CONTENT else b"",
            )

    def add(self, rows: Sequence[Row]) -> dict[str, int]:
        """Add readings that do not exist. Returns how many were `stored`."""
        puts = [self._put(self._table_name, row, "attribute_not_exists(deviceId)") for row in rows]
        return {"stored": self._write(puts)}

    def keep(self, rejects: Sequence[Row]) -> dict[str, int]:
        """Store rejects, unless the same or a later attempt stored them. Returns how many were `rejected`."""
        condition = "attribute_not_exists(objectKey) OR rejectedAt < :at"
        puts = [self._put(self._rejects_table_name, row, condition, {":at": row["rejectedAt"]}) for row in rejects]
        return {"rejected": self._write(puts)}

    def _put(self, table: str, row: Row, condition: str, values: Mapping[str, str] | None = None) -> Put:
        used = {"ExpressionAttributeValues": typed(values)} if values else {}
        return {"TableName": table, "Item": typed(row), "ConditionExpression": condition, **used}

    def _write(self, puts: list[Put]) -> int:
        return len(conditional_puts.make(self._dynamodb, puts))
