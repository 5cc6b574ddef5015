"""The pipeline's AWS calls: the object, the two tables, the topic."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import aws, conditional_puts
from shared.conditional_puts import Put
from shared.items import typed
from shared.notify_once import NotifiedRows
from shared.s3_events import S3Object

from .readings import Row, notification


class Store:
    """Readings and rejects, a row each, written a hundred at a time; rows are only ever added."""

    def __init__(self, table_name: str, rejects_table_name: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._rejects_table_name = rejects_table_name
        self._s3 = aws.client("s3")
        self._dynamodb = conditional_puts.client()
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
        return {"TableName": table, "Item": typed(row), "ConditionExpression": condition, **used}

    def _write(self, puts: list[Put]) -> int:
        return len(conditional_puts.make(self._dynamodb, puts))
