"""The pipeline's AWS calls: the object, the two tables, the topic."""

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from shared import aws
from shared.items import typed
from shared.notify_once import NotifiedRows
from shared.s3_events import S3Object

from .readings import Row, notification

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
MOST_IN_ONE_WRITE = 100
Put = dict[str, Any]

FAILED_CONDITION = "ConditionalCheckFailed"
# Others are writing the same row, or there are too many writes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
PASSING = {"None", FAILED_CONDITION, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 0.1  # after the first attempt; twice as long after each


class TooManyAtOnce(RuntimeError):
    """The table kept refusing through all attempts; the event comes again."""


class Store:
    """Readings and rejects, a row each; rows are only ever added.

    They are written a hundred at a time as transactions of conditional puts, which cost twice the write units. A batch
    write would not, but knows no conditions, and the right to it is also a right to delete; a transaction of puts asks
    for the right to put items, nothing else.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """

    def __init__(self, table_name: str, rejects_table_name: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._rejects_table_name = rejects_table_name
        self._s3 = aws.client("s3")
        self._dynamodb = aws.client("dynamodb", expected={"TransactionCanceledException"})
        self._notified = NotifiedRows(table_name, "deviceId", topic_arn)

    def open(self, wanted: S3Object) -> tuple[str, Any]:
        """The version and the content of exactly that version. Raises `ClientError` where it is not there any more."""
        version = {"VersionId": wanted.version_id} if wanted.version_id else {}
        answer = self._s3.get_object(Bucket=wanted.bucket, Key=wanted.key, **version)
        return answer.get("VersionId") or "null", answer["Body"]

    def add(self, rows: Sequence[Row]) -> dict[str, int]:
        """Add readings that are not there; gives how many were `stored`."""
        puts = {
            (row["deviceId"], row["readingTime"]): self._put(self._table_name, row, "attribute_not_exists(deviceId)")
            for row in rows
        }
        return {"stored": self._write(list(puts.values()))}

    def keep(self, rejects: Sequence[Row]) -> dict[str, int]:
        """Keep rejects, unless this or a later look at the same version has; gives how many were `rejected`."""
        condition = "attribute_not_exists(objectKey) OR rejectedAt < :at"
        puts = [self._put(self._rejects_table_name, row, condition, {":at": row["rejectedAt"]}) for row in rejects]
        return {"rejected": self._write(puts)}

    def notify(self, row: Row) -> dict[str, int]:
        """Add a reading and notify of it, each once; gives whether it was `stored` and whether it was `notified`."""
        outcome = self._notified.record(row, notification(row))
        return {"stored": int(outcome.added), "notified": int(outcome.published)}

    def _put(self, table: str, row: Row, condition: str, values: Mapping[str, str] | None = None) -> Put:
        used = {"ExpressionAttributeValues": typed(values)} if values else {}
        return {"Put": {"TableName": table, "Item": typed(row), "ConditionExpression": condition, **used}}

    def _write(self, waiting: list[Put]) -> int:
        """Make the puts whose condition holds; gives how many. Raises `TooManyAtOnce`."""
        for attempt in range(ATTEMPTS):
            try:
                self._dynamodb.transact_write_items(TransactItems=waiting)
                return len(waiting)
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
                if not PASSING.issuperset(codes):
                    raise
            waiting = [put for put, code in zip(waiting, codes, strict=True) if code != FAILED_CONDITION]
            if not waiting:
                return 0
            if not {"None", FAILED_CONDITION}.issuperset(codes):
                time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
        raise TooManyAtOnce(f"the table kept refusing {len(waiting)} rows")
