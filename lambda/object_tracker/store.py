"""The tracker's AWS calls: S3, the table, the topic."""

from typing import Any

from botocore.exceptions import ClientError

from sluice_functions import aws, s3_objects
from sluice_functions.errors import ExplainedError
from sluice_functions.items import plain, typed
from sluice_functions.notify_once import NotifiedRows
from sluice_functions.s3_events import S3Object

from .objects import Row

NOT_THERE = {"404", "403", "NoSuchKey", "NoSuchVersion", "AccessDenied", "Forbidden", "MethodNotAllowed", "405"}


class UnknownObject(ExplainedError):
    """The object does not exist, or the function may not read it: without s3:ListBucket S3 answers 403 for both."""


class NeedsCustomerKey(ExplainedError):
    """The object is encrypted with a customer-provided key (SSE-C), which only its sender has."""


class Store:
    """One row for each object version, with the state of its notification."""

    def __init__(self, table_name: str, topic_arn: str) -> None:
        self._table_name = table_name
        self._s3 = aws.client("s3", expected=NOT_THERE)
        self._dynamodb = aws.client("dynamodb")
        self.notified = NotifiedRows(table_name, "objectKey", topic_arn)

    def head(self, wanted: S3Object) -> dict[str, Any]:
        """HeadObject of exactly that version. Raises `UnknownObject`, `NeedsCustomerKey`, and `VersionGone`."""
        version = {"VersionId": wanted.version_id} if wanted.version_id else {}
        named = {"Bucket": wanted.bucket, "Key": wanted.key, **version}
        try:
            return dict(self._s3.head_object(**named))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "400" and s3_objects.has_customer_key(self._s3, named):
                raise NeedsCustomerKey(f"{wanted.key!r} is {s3_objects.CUSTOMER_KEY}") from error
            if gone := s3_objects.gone(wanted, error):
                raise gone from error
            # 400: the version id is invalid.
            if code in NOT_THERE or (version and code == "400"):
                raise UnknownObject(
                    f"{wanted.key!r} (version {wanted.version_id or 'latest'}) is not in the bucket, or may not be read"
                ) from error
            raise

    def history(self, key: str, limit: int) -> list[Row]:
        """The rows of one object, latest upload first."""
        found = self._dynamodb.query(
            TableName=self._table_name,
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues=typed({":key": key}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return [plain(item) for item in found["Items"]]
