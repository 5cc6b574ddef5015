"""AWS calls of a request: the file to the bucket, product and answer to the table."""

import base64
import hashlib
import random
import time
from typing import Any

from botocore.config import Config

from sluice_functions import aws
from sluice_functions.items import plain

from . import rows
from .rows import Announced, Row
from .table import ItemTable
from .uploads import Upload

# Without s3v4 some regions presign with the old signature, which covers neither type nor length.
S3_CONFIG = aws.CLIENT_CONFIG.merge(Config(signature_version="s3v4"))
# Concurrent transactions on one item cancel each other, and the SDK does not retry them:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 0.1  # after the first attempt; doubled after each further one
CONDITION_FAILED = "ConditionalCheckFailed"


class TooManyConcurrentUploads(RuntimeError):
    """Concurrent requests kept changing the same product, or using the same idempotency key, through all attempts."""


class Store:
    """Files in a bucket; products and answers by idempotency key in one table."""

    def __init__(self, bucket_name: str, table: ItemTable) -> None:
        self._bucket_name = bucket_name
        self._table = table
        self._s3 = aws.client("s3", S3_CONFIG)

    def record(self, upload: Upload) -> Row | None:
        """The record of the upload's idempotency key."""
        record = self._table.get(upload.record_key)
        # DynamoDB removes expired items some time later: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
        return record if record and record["expiresAt"] > time.time() else None

    def put(self, upload: Upload) -> tuple[str, str]:
        """Store the file. Returns its version, and its SHA-256 in base64, which S3 has verified."""
        checksum = base64.b64encode(hashlib.sha256(upload.content or b"").digest()).decode()
        answer = self._s3.put_object(
            Bucket=self._bucket_name,
            Key=upload.object_key,
            Body=upload.content,
            ContentType=upload.content_type,
            ChecksumSHA256=checksum,
        )
        return str(answer["VersionId"]), checksum

    def presign(self, upload: Upload) -> str:
        """A URL with which anyone may upload this one file, of this type and length, as this function.

        It works for `PRESIGNED_SECONDS`, or less where the function's own credentials end before:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        """
        return str(
            self._s3.generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": self._bucket_name,
                    "Key": upload.object_key,
                    "ContentType": upload.content_type,
                    "ContentLength": upload.size,
                },
                ExpiresIn=rows.PRESIGNED_SECONDS,
            )
        )

    def write(self, product: Row, record: Row, announced: Announced | None = None) -> Row:
        """Write product and record together, unless the key has a record already; gives the record that holds.

        An announced product does not replace one whose file is stored: that one stays until the new file is there.
        Raises `TooManyConcurrentUploads`.
        """
        puts = [self._first(record), self._table.putting(product)]
        if announced:
            without_file = "attribute_not_exists(productId) OR #state IN (:pending, :wrong_size, :expired)"
            states = {":pending": rows.PENDING, ":wrong_size": rows.WRONG_SIZE, ":expired": rows.EXPIRED}
            beside = [self._table.putting(row) for row in (announced.announcement, announced.deadline)]
            puts = [puts[0], *beside, self._table.putting(product, without_file, states)]
        for attempt in range(ATTEMPTS):
            try:
                self._table.client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
                return record
            except self._table.client.exceptions.TransactionCanceledException as error:
                reasons: list[dict[str, Any]] = error.response["CancellationReasons"]
                codes = [reason["Code"] for reason in reasons]
                if codes[0] == CONDITION_FAILED:
                    return plain(reasons[0]["Item"])
                if codes[-1] == CONDITION_FAILED:  # the product has a stored file
                    puts.pop()
                elif "TransactionConflict" not in codes:
                    raise
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
        raise TooManyConcurrentUploads(
            f"{product['productId']}: too many uploads of this product at once; send this one again"
        )

    def _first(self, record: Row) -> dict[str, Any]:
        only_first = "attribute_not_exists(productId) OR expiresAt <= :now"
        put = self._table.putting(record, only_first, {":now": int(time.time())})
        return {**put, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
