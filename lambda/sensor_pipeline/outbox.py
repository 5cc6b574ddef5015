"""Readings beyond their limit: rows first, a hundred in a request, then a notification of each, ten in a request.

Whoever adds a row takes the lease to notify of it with it. After a crash in between, the next attempt reads the row in
DynamoDB's refusal to add it again, and takes the lease over once it has run out. (Only a crash between SNS's taking a
message and the row's mark repeats it: SNS and DynamoDB share no transaction.)

Every write is a conditional put of the whole row: the function needs the right to put items and none to read or update.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from sluice_functions import aws, conditional_puts
from sluice_functions.conditional_puts import Put
from sluice_functions.errors import ExplainedError
from sluice_functions.items import plain, typed

from .readings import Row

# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
MOST_IN_ONE_PUBLISH = 10
# Shorter than half the default timeout of a function, so that a repeated event can wait for it. A lease with less left
# than one attempt to publish takes (aws.py) is renewed first.
LEASE_SECONDS = 14
RENEWED_BELOW_SECONDS = 8


class NotPublished(ExplainedError):
    """SNS refused some notifications; the event will be retried."""


class Leases(NamedTuple):
    """Rows to notify: `mine` under this invocation's lease, `others` under another's."""

    mine: list[Row]
    others: list[Row]


class Outbox:
    """The readings table and the topic for readings beyond their threshold."""

    def __init__(self, table_name: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._topic_arn = topic_arn
        self._dynamodb = conditional_puts.client()
        self._sns = aws.client("sns")

    def add(self, rows: Sequence[Row]) -> tuple[int, Leases]:
        """Add up to 100 new rows. Returns how many were added, and the rows to notify. An existing row without a lease
        is never notified.
        """
        leased = [_leased(row) for row in rows]
        existing = self._make([self._put(row, "attribute_not_exists(deviceId)") for row in leased])
        return existing.count(None), _sorted(rows, leased, existing)

    def take_over(self, rows: Sequence[Row]) -> Leases:
        """Take over up to 100 expired leases. Rows that are notified already are in neither list."""
        leased = [_leased(row) for row in rows]
        condition, now = "attribute_not_exists(notifiedAt) AND notificationLease < :now", {":now": int(time.time())}
        existing = self._make([self._put(row, condition, now) for row in leased])
        return _sorted(rows, leased, existing)

    def publish(self, rows: Sequence[Row]) -> int:
        """Publish up to 10 rows under this invocation's lease, and mark them. Returns how many.

        Raises `NotPublished`, `BotoCoreError` and `ClientError`; unpublished rows are then released for the next
        attempt.
        """
        rows = self._renewed(rows)
        if not rows:
            return 0
        # Loaded where it is used: a function starts faster without.
        from .notifications import of_reading

        entries = [{"Id": str(number), **of_reading(row)} for number, row in enumerate(rows)]
        try:
            answer = self._sns.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        except (BotoCoreError, ClientError):
            self._give_back(rows)
            raise
        failed = {int(one["Id"]): one for one in answer.get("Failed", [])}
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        marked = [{**row, "notifiedAt": at} for number, row in enumerate(rows) if number not in failed]
        for row in marked:
            del row["notificationLease"]
        self._make([self._put(row, "attribute_exists(deviceId)") for row in marked])
        if failed:
            self._give_back([rows[number] for number in failed])
            said = "; ".join(sorted({f"{one.get('Code')}: {one.get('Message')}" for one in failed.values()}))
            raise NotPublished(f"SNS refused {len(failed)} of {len(rows)} notifications: {said}")
        return len(marked)

    def _renewed(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with a lease that is long enough, without those that another invocation took over."""
        soon = int(time.time()) + RENEWED_BELOW_SECONDS
        short = [row for row in rows if row["notificationLease"] < soon]
        leased = [_leased(row) for row in short]
        existing = self._make([self._put_mine(row, old) for row, old in zip(leased, short, strict=True)])
        return [row for row in rows if row["notificationLease"] >= soon] + [
            row for row, there in zip(leased, existing, strict=True) if there is None
        ]

    def _give_back(self, rows: Sequence[Row]) -> None:
        self._make([self._put_mine({**row, "notificationLease": 0}, row) for row in rows])

    def _put_mine(self, row: Row, old: Row) -> Put:
        condition = "attribute_not_exists(notifiedAt) AND notificationLease = :mine"
        return self._put(row, condition, {":mine": old["notificationLease"]})

    def _put(self, row: Row, condition: str, values: Row | None = None) -> Put:
        return {
            "TableName": self._table_name,
            "Item": typed(row),
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **({"ExpressionAttributeValues": typed(values)} if values else {}),
        }

    def _make(self, puts: Sequence[Put]) -> list[Any]:
        return conditional_puts.make_or_get(self._dynamodb, puts)


def _sorted(rows: Sequence[Row], leased: Sequence[Row], existing: Sequence[Any]) -> Leases:
    mine = [row for row, there in zip(leased, existing, strict=True) if there is None]
    others = [row for row, there in zip(rows, existing, strict=True) if there is not None and is_pending(plain(there))]
    return Leases(mine, others)


def is_pending(item: Row) -> bool:
    """Whether a row still has to be notified."""
    return "notificationLease" in item and "notifiedAt" not in item


def _leased(row: Row) -> Row:
    return {**row, "notificationLease": int(time.time()) + LEASE_SECONDS}
