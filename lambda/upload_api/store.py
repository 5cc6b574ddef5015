"""The upload API's AWS calls: the bucket and the table."""

import random
import time
from typing import Any

from botocore.config import Config

from shared import aws
from shared.items import plain, typed

from .uploads import PRESIGNED_SECONDS, Row, Upload

# Transactions on one item at the same time cancel each other, and are not tried again by the SDK:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 0.1  # after the first attempt; twice as long after each


class TooManyAtOnce(RuntimeError):
    """Others kept writing the same product, or with the same idempotency key, through all attempts."""


class Store:
    """Files in a bucket; in one table the products, and for each idempotency key the answer that was given."""

    def __init__(self, bucket_name: str, table_name: str) -> None:
        self._bucket_name = bucket_name
        self._table_name = table_name
        # Without s3v4 some regions presign with the old signature, which binds neither type nor length.
        self._s3 = aws.client("s3", aws.CLIENT_CONFIG.merge(Config(signature_version="s3v4")))
        self._dynamodb = aws.client("dynamodb", expected={"TransactionCanceledException"})

    def record(self, upload: Upload) -> Row | None:
        """What is remembered under the upload's idempotency key."""
        found = self._dynamodb.get_item(TableName=self._table_name, Key=typed(upload.record_key), ConsistentRead=True)
        record = plain(found.get("Item", {}))
        # DynamoDB removes expired items some time later: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
        return record if record and record["expiresAt"] > time.time() else None

    def put(self, upload: Upload) -> str:
        """Store the file; gives its version."""
        return str(
            self._s3.put_object(
                Bucket=self._bucket_name, Key=upload.object_key, Body=upload.content, ContentType=upload.content_type
            )["VersionId"]
        )

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
                ExpiresIn=PRESIGNED_SECONDS,
            )
        )

    def write(self, product: Row, record: Row) -> Row:
        """Write product and record together, unless the key has a record already; gives the record that holds.

        Raises `TooManyAtOnce`.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._dynamodb.transact_write_items(TransactItems=self._puts(product, record))
                return record
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                reasons: list[dict[str, Any]] = error.response["CancellationReasons"]
                if reasons[0]["Code"] == "ConditionalCheckFailed":
                    return plain(reasons[0]["Item"])
                if not any(reason["Code"] == "TransactionConflict" for reason in reasons):
                    raise
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
        raise TooManyAtOnce(f"{product['productId']}: too many uploads of this product at once; send this one again")

    def _puts(self, product: Row, record: Row) -> list[dict[str, Any]]:
        only_first = {
            "ConditionExpression": "attribute_not_exists(productId) OR expiresAt <= :now",
            "ExpressionAttributeValues": typed({":now": int(time.time())}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return [
            {"Put": {"TableName": self._table_name, "Item": typed(record), **only_first}},
            {"Put": {"TableName": self._table_name, "Item": typed(product)}},
        ]
