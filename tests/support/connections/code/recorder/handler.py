"""Writes a row for every record that it is called with; refuses poisoned ones."""

import json
import os
from typing import Any
from uuid import uuid4

import boto3


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
    refused = []
    for record in event.get("Records", [event]):
        text = json.dumps(record)
        if "poison" in text:
            refused.append({"itemIdentifier": record["messageId"]})
        else:
            table.put_item(Item={"id": str(uuid4()), "via": os.environ["VIA"], "record": text})
    return {"batchItemFailures": refused}
