"""Buckets and tables on the local AWS, as the systems' stacks have them, without Terraform."""

from typing import Any


def versioned_bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def table(dynamodb: Any, name: str, partition_key: str, sort_key: str) -> None:
    """A table with keys that are strings, which is billed by request."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in (partition_key, sort_key)],
    )
