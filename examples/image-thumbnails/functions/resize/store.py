import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from sluice_functions import aws, s3_objects
from sluice_functions.items import typed
from sluice_functions.s3_events import S3Object

OLDER = "ConditionalCheckFailedException"


class Store:
    """The buckets and the table."""

    def __init__(self, thumbnail_bucket: str, table_name: str, kept_days: int) -> None:
        self._bucket, self._table_name, self._kept = thumbnail_bucket, table_name, timedelta(days=kept_days)
        self._s3 = aws.client("s3", expected=s3_objects.NO_SUCH_VERSION)
        self._dynamodb = aws.client("dynamodb", expected={OLDER})

    def read(self, picture: S3Object) -> bytes:
        """Exactly the version that the event is about. Raises `VersionGone` if it was deleted."""
        try:
            found = self._s3.get_object(Bucket=picture.bucket, Key=picture.key, VersionId=picture.version_id)
        except ClientError as error:
            raise s3_objects.gone(picture, error) or error from error
        return bytes(found["Body"].read())

    def put_thumbnail(self, picture: S3Object, content: bytes) -> str:
        """Store a thumbnail, and return its key. A retry writes the same object again."""
        key = hashlib.sha256(f"{picture.key}\n{picture.version_id}".encode()).hexdigest() + ".webp"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType="image/webp")
        return key

    def put_row(self, picture: S3Object, status: str, details: dict[str, Any]) -> bool:
        """Write the row of a picture. Returns False if there is one for this upload, or for a later one, already."""
        now = datetime.now(UTC)
        row = {
            "pictureKey": picture.key,
            "versionId": picture.version_id,
            "uploadOrder": picture.order,
            "status": status,
            "processedAt": now.isoformat(timespec="seconds"),
            "expiresAt": int((now + self._kept).timestamp()),
            **details,
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item=typed(row),
                ConditionExpression="attribute_not_exists(pictureKey) OR uploadOrder < :order",
                ExpressionAttributeValues=typed({":order": picture.order}),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
