"""A row and its single notification: a crash between the two does not lose it, and duplicate events
do not repeat it.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from . import aws
from .items import plain, typed

Row = dict[str, Any]

# Longer than one attempt to publish can take (see aws.py), shorter than half the default timeout of a function.
LEASE_SECONDS = 14
WAIT_SECONDS = 0.25


class NotifyOutcome(NamedTuple):
    """The row in the table, and what this attempt did: added it, published its notification."""

    row: Row
    added: bool
    published: bool


class NotifiedRows:
    """A table whose rows are notified to a topic, each once.

    Whoever adds a row takes the lease to publish its notification with it. A repeat of the same event finds the row:
    it is done when the row says the notification is out, and takes over when the lease has run out. So after a crash
    between the row and the notification the next attempt publishes. (Only a crash between SNS taking the message and
    the mark in the row repeats a notification: SNS and DynamoDB share no transaction.)

    Every write is a conditional put of the whole row, which is the same for each repeat of an event: a function needs
    the right to put items and to publish, and none to update.
    """

    def __init__(self, table_name: str, partition_key: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._partition_key = partition_key
        self._topic_arn = topic_arn
        self._dynamodb = aws.client("dynamodb", expected={"ConditionalCheckFailedException"})
        self._sns = aws.client("sns")

    def record(self, row: Row, notification: Mapping[str, str]) -> NotifyOutcome:
        """Add a row and publish its notification (`Subject`, `Message`), each unless that is done already.

        Safe to repeat, at the same time too: who finds somebody else publishing waits for the outcome. A row that was
        added without a notification stays without one.
        """
        leased = leased_row(row)
        existing = self.add(leased)
        added = existing is None
        while existing is not None:
            if "notifiedAt" in existing or "notificationLease" not in existing:
                return NotifyOutcome(existing, added=False, published=False)
            leased = leased_row(row)
            existing = self.take_over(leased)
            if existing is not None and "notifiedAt" not in existing:
                time.sleep(
                    WAIT_SECONDS
                )  # another invocation is publishing it; its lease ends before this one's timeout
        self.publish([leased], notification)
        return NotifyOutcome(self.mark(row), added=added, published=True)

    def add(self, leased: Row) -> Row | None:
        """Add a row with the lease on its notification. Returns the existing row if there is one."""
        return self._put(leased, f"attribute_not_exists({self._partition_key})")

    def take_over(self, leased: Row) -> Row | None:
        """Take the lease on an unpublished notification if it has expired; returns the row as it is otherwise."""
        return self._put(
            leased, "attribute_not_exists(notifiedAt) AND notificationLease < :now", {":now": int(time.time())}
        )

    def renew(self, leased: Row, until: int) -> Row | None:
        """Extend this invocation's lease, or end it with 0. Returns the row as it is if another invocation has the
        lease by now.
        """
        return self._put(
            {**leased, "notificationLease": until},
            "attribute_not_exists(notifiedAt) AND notificationLease = :mine",
            {":mine": leased["notificationLease"]},
        )

    def publish(self, leased: Sequence[Row], notification: Mapping[str, str]) -> None:
        """Publish one notification of rows under this invocation's lease. On failure their leases end, so that the next
        attempt need not wait. Raises `BotoCoreError` and `ClientError`.
        """
        try:
            self._sns.publish(TopicArn=self._topic_arn, **notification)
        except (BotoCoreError, ClientError):
            for row in leased:
                self.renew(row, 0)
            raise

    def mark(self, row: Row) -> Row:
        """Mark a row as notified; returns it."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        notified = {**{name: row[name] for name in row if name != "notificationLease"}, "notifiedAt": at}
        self._put(notified, f"attribute_exists({self._partition_key})")
        return notified

    def _put(self, row: Row, condition: str, values: Mapping[str, Any] | None = None) -> Row | None:
        """Put a row on a condition. Returns the existing row if the condition fails."""
        options = {"ExpressionAttributeValues": typed(values)} if values else {}
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=typed(row),
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **options,
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            if "Item" not in error.response:  # the row was deleted meanwhile
                raise
            return plain(error.response["Item"])
        return None


def leased_row(row: Row) -> Row:
    """The row with a lease that begins now."""
    return {**row, "notificationLease": int(time.time()) + LEASE_SECONDS}
