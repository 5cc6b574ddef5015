from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from sluice_functions import aws, items

EXISTS = "PreconditionFailed"


class SalesStore:
    """The table of sales, by its index of days."""

    def __init__(self, table_name: str, day_index: str) -> None:
        self._table_name = table_name
        self._day_index = day_index

    def of_day(self, day: str) -> Iterator[dict[str, Any]]:
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._table_name,
                IndexName=self._day_index,
                KeyConditionExpression="#day = :day",
                ExpressionAttributeNames={"#day": "day"},  # a reserved word
                ExpressionAttributeValues={":day": {"S": day}},
            )
        )
        return (items.plain(item) for page in pages for item in page["Items"])


class ReportStore:
    """The bucket of reports."""

    def __init__(self, bucket_name: str) -> None:
        self._bucket_name = bucket_name
        self._s3 = aws.client("s3", expected={EXISTS})

    def write_once(self, key: str, text: str) -> bool:
        """Write an object unless it is there already. Returns whether this call wrote it.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        try:
            self._s3.put_object(
                Bucket=self._bucket_name,
                Key=key,
                Body=text.encode(),
                ContentType="text/csv; charset=utf-8",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != EXISTS:
                raise
            return False
        return True


def read_secret(arn: str) -> str:
    return str(aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
