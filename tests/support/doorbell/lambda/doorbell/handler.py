import os
from typing import Any
from urllib.parse import unquote_plus

import boto3

DYNAMODB = boto3.client("dynamodb")


def handle(event: dict[str, Any], context: object) -> dict[str, int]:
    """Each record of an S3 event becomes a row; a repeated event writes the same row again."""
    del context
    for record in event.get("Records", []):
        found = record["s3"]["object"]
        DYNAMODB.put_item(
            TableName=os.environ["TABLE_NAME"],
            Item={"objectKey": {"S": unquote_plus(found["key"])}, "sequencer": {"S": found["sequencer"]}},
        )
    return {"rung": len(event.get("Records", []))}
