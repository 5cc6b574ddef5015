"""Completion and expiry of presigned uploads: complete when the file arrives, expired when it does not."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice_functions import aws
from sluice_functions.items import plain, typed
from sluice_functions.observability import MetricUnit, logger, metrics
from sluice_functions.s3_events import S3Object
from sluice_functions.s3_objects import has_customer_key, head_from_event

from . import rows
from .rows import Row
from .store import S3_CONFIG
from .table import ItemTable

# HeadObject's error codes for a missing object, a missing version and a delete marker.
GONE = {"404", "NoSuchKey", "NoSuchVersion", "405", "MethodNotAllowed"}

SECONDS_BETWEEN_LOOKS = 60  # seconds between two checks for overdue uploads, in each execution environment
AT_ONE_LOOK = 25  # overdue uploads handled at once, for each partition of deadlines


class Arrivals:
    def __init__(self, table: ItemTable) -> None:
        self._table = table
        self._s3 = aws.client("s3", S3_CONFIG, expected=GONE)
        self._next_look = 0.0

    def complete(self, found: S3Object) -> None:
        """Complete the product that was announced for an object. Idempotent: events may come twice and out of order."""
        named = {"objectKey": found.key, "versionId": found.version_id}
        announcement = self._table.get(rows.announcement_key(found.key))
        head = self._head(found) if announcement else None
        if announcement is None or head is None:
            reason = "it was not announced, or too long ago" if announcement is None else "it was deleted meanwhile"
            logger.warning("arrival without effect", extra={**named, "reason": reason})
            metrics.add_metric("ObjectsGone", MetricUnit.Count, int(announcement is not None))
            return
        product = rows.arrived(announcement, found, head)
        written = self._write(product)
        if product["state"] == rows.STORED:
            self._close(announcement)
        facts = {name: product[name] for name in ("productId", "productName", "size", "state")}
        logger.info("arrived" if written else "arrived already, or outdated", extra={**named, **facts})
        if written:
            metric = "UploadsArrived" if product["state"] == rows.STORED else "UploadsOfWrongSize"
            metrics.add_metric(metric, MetricUnit.Count, 1)

    def expire_overdue(self) -> None:
        """Mark and count uploads that have not arrived by their deadline, at most once a minute.

        AWS errors are logged, and the rest is left to the next call: they must not fail the request or event that is
        being handled.
        """
        now = time.time()
        if now < self._next_look:
            return
        self._next_look = now + SECONDS_BETWEEN_LOOKS
        try:
            for deadline in self._overdue(now):
                if self._expire(deadline):
                    logger.warning("never arrived", extra={"objectKey": deadline["objectKey"], "due": deadline["due"]})
                    metrics.add_metric("UploadsExpired", MetricUnit.Count, 1)
        except (BotoCoreError, ClientError):
            logger.exception("overdue uploads could not be expired; the next call tries again")

    def _head(self, found: S3Object) -> dict[str, Any] | None:
        """HeadObject's answer for exactly this version, with its checksum; None if it is deleted."""
        named = {"Bucket": found.bucket, "Key": found.key}
        if found.version_id:
            named["VersionId"] = found.version_id
        try:
            return dict(self._s3.head_object(**named, ChecksumMode="ENABLED"))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                return None
            if code == "400" and has_customer_key(self._s3, named):
                return head_from_event(found)
            raise

    def _write(self, product: Row) -> bool:
        """False where it is written already, or something newer is.

        Of one object the latest version counts; of one product, among the files that are there, that of the latest
        request. A file of the wrong size replaces nothing but its own product that waits for it.
        """
        mine = "objectKey = :key AND (attribute_not_exists(sequencer) OR sequencer < :sequencer)"
        values = {":key": product["objectKey"], ":sequencer": product["sequencer"], ":stored": rows.STORED}
        if product["state"] == rows.WRONG_SIZE:
            return self._table.put(product, f"{mine} AND #state <> :stored", values)
        older = "objectKey <> :key AND (uploadTime <= :time OR #state <> :stored)"
        condition = f"attribute_not_exists(productId) OR ({mine}) OR ({older})"
        return self._table.put(product, condition, {**values, ":time": product["uploadTime"]})

    def _close(self, announcement: Row) -> None:
        self._table.put({**announcement, "arrived": True})
        self._table.delete(rows.announced(announcement["product"]).deadline)

    def _overdue(self, now: float) -> Iterator[Row]:
        before = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for partition in rows.DEADLINE_PARTITIONS:
            found = self._table.client.query(
                TableName=self._table.name,
                KeyConditionExpression="productId = :partition AND productName < :before",
                ExpressionAttributeValues=typed({":partition": partition, ":before": before}),
                ConsistentRead=True,
                Limit=AT_ONE_LOOK,
            )
            yield from map(plain, found["Items"])

    def _expire(self, deadline: Row) -> bool:
        """Returns True for exactly one caller; False if the file arrived, or was announced again since."""
        announcement = self._table.get(rows.announcement_key(deadline["objectKey"]))
        awaited = announcement and announcement["due"] == deadline["due"] and "arrived" not in announcement
        if announcement and awaited:
            values = {":key": deadline["objectKey"], ":pending": rows.PENDING}
            self._table.put(rows.expired(announcement), "objectKey = :key AND #state = :pending", values)
        return self._table.delete(deadline) and bool(awaited)
