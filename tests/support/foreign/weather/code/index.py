import os

import boto3


def handler(event, context):
    if event.get("fail"):
        raise RuntimeError("told to fail")
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["id"]}})
    return {"stored": event["id"]}
