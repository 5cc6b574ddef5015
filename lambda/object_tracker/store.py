"""The tracker's AWS calls: S3, the table, the topic."""

import time
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from shared.aws import CLIENT_CONFIG
from shared.s3_events import S3Object

from .objects import Row

# Longer than one attempt to publish can take (see shared/aws.py), shorter than half the default timeout.
LEASE_SECONDS = 14

NOT_THERE = {"404", "403", "NoSuchKey", "NoSuchVersion", "AccessDenied", "Forbidden", "MethodNotAllowed", "405"}


class UnknownObject(LookupError):
    """S3 has no such object, or none this function may read: without s3:ListBucket it answers 403 for both."""


class Store:
    """One row for each object version, and whether its notification is out.

    Whoever adds a row also takes the lease to publish its notification. A repeat of the same event finds the row: it
    is done when the row says the notification is out, and takes over when the lease has run out.
    """

    def __init__(self, table_name: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._topic_arn = topic_arn
        self._s3 = boto3.client("s3", config=CLIENT_CONFIG)
        self._dynamodb = boto3.client("dynamodb", config=CLIENT_CONFIG)
        self._sns = boto3.client("sns", config=CLIENT_CONFIG)

    def head(self, wanted: S3Object) -> dict[str, Any]:
        """HeadObject of exactly that version. Raises `UnknownObject`."""
        version = {"VersionId": wanted.version_id} if wanted.version_id else {}
        try:
            return dict(self._s3.head_object(Bucket=wanted.bucket, Key=wanted.key, **version))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # 400: what was given as the version is none.
            if code in NOT_THERE or (version and code == "400"):
                raise UnknownObject(
                    f"{wanted.key!r} (version {wanted.version_id or 'latest'}) is not in the bucket, or may not be read"
                ) from error
            raise

    def add(self, row: Row) -> Row | None:
        """Add a row with the lease on its notification; gives the row that is there already, if any."""
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=_typed({**row, "notificationLease": _lease_end()}),
                ConditionExpression="attribute_not_exists(objectKey)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            return _plain(error.response["Item"])
        return None

    def take_over(self, row: Row) -> Row | None:
        """Take the lease on a notification that is not out and nobody is publishing; else gives the row as it is."""
        try:
            self._update(
                row,
                "SET notificationLease = :end",
                "attribute_not_exists(notifiedAt) AND notificationLease < :now",
                {":end": _lease_end(), ":now": int(time.time())},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            return _plain(error.response["Item"])
        return None

    def give_back(self, row: Row) -> None:
        """End the lease at once, for the next attempt."""
        self._update(row, "SET notificationLease = :none", "attribute_not_exists(notifiedAt)", {":none": 0})

    def publish(self, notification: dict[str, str]) -> None:
        self._sns.publish(TopicArn=self._topic_arn, **notification)

    def mark_notified(self, row: Row, when: str) -> None:
        self._update(row, "SET notifiedAt = :when", "attribute_exists(objectKey)", {":when": when})

    def history(self, key: str, limit: int) -> list[Row]:
        """The rows of one object, latest upload first."""
        found = self._dynamodb.query(
            TableName=self._table_name,
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues=_typed({":key": key}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return [_plain(item) for item in found["Items"]]

    def _update(self, row: Row, expression: str, condition: str, values: dict[str, Any]) -> None:
        self._dynamodb.update_item(
            TableName=self._table_name,
            Key=_typed({"objectKey": row["objectKey"], "uploadTime": row["uploadTime"]}),
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues=_typed(values),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def _lease_end() -> int:
    return int(time.time()) + LEASE_SECONDS


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in values.items()}


def _plain(item: dict[str, Any]) -> Row:
    deserialize = TypeDeserializer().deserialize
    # The tracker's numbers are whole: sizes and times.
    return {
        name: int(value) if "N" in typed else value for name, typed in item.items() for value in [deserialize(typed)]
    }
