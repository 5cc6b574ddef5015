"""The tracker's role may do its work, and nothing else."""

from typing import Any
from uuid import uuid4

from tests.local.conftest import Tracker
from tests.support.functions import try_as

Call = tuple[str, str, dict[str, Any]]

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}


def test_the_role_may_do_its_work_and_nothing_else(tracker: Tracker) -> None:
    tracker.upload("read by the role.txt")
    s3, sqs = tracker.local.client("s3"), tracker.local.client("sqs")
    bucket, table, topic = (tracker.outputs[name] for name in ("BucketName", "TableName", "TopicArn"))
    other = f"test-other-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=other)
    s3.put_object(Bucket=other, Key="a", Body=b"")
    other_queue = sqs.create_queue(QueueName=other)["QueueUrl"]
    item = {"objectKey": {"S": "put by the role"}, "uploadTime": {"S": "now"}}
    mine: dict[str, Call] = {
        "read an object": ("s3", "get_object", {"Bucket": bucket, "Key": "read by the role.txt"}),
        "put a row": ("dynamodb", "put_item", {"TableName": table, "Item": item}),
        "ask for rows": (
            "dynamodb",
            "query",
            {
                "TableName": table,
                "KeyConditionExpression": "objectKey = :key",
                "ExpressionAttributeValues": {":key": {"S": "put by the role"}},
            },
        ),
        "keep a failure": (
            "sqs",
            "send_message",
            {"QueueUrl": tracker.outputs["FailureQueueUrl"], "MessageBody": '{"requestPayload": "sent by the role"}'},
        ),
        "publish": ("sns", "publish", {"TopicArn": topic, "Message": '{"objectKey": "published by the role"}'}),
    }
    foreign: dict[str, Call] = {
        "list buckets": ("s3", "list_buckets", {}),
        "list the bucket's objects": ("s3", "list_objects_v2", {"Bucket": bucket}),
        "write an object": ("s3", "put_object", {"Bucket": bucket, "Key": "written by the role", "Body": ""}),
        "delete an object": ("s3", "delete_object", {"Bucket": bucket, "Key": "read by the role.txt"}),
        "change the bucket": ("s3", "delete_bucket_policy", {"Bucket": bucket}),
        "read another bucket": ("s3", "get_object", {"Bucket": other, "Key": "a"}),
        "list another bucket": ("s3", "list_objects_v2", {"Bucket": other}),
        "write another bucket": ("s3", "put_object", {"Bucket": other, "Key": "b", "Body": ""}),
        "scan the table": ("dynamodb", "scan", {"TableName": table}),
        "update a row": ("dynamodb", "update_item", {"TableName": table, "Key": item}),
        "delete a row": ("dynamodb", "delete_item", {"TableName": table, "Key": item}),
        "delete the table": ("dynamodb", "delete_table", {"TableName": table}),
        "list tables": ("dynamodb", "list_tables", {}),
        "put a row elsewhere": ("dynamodb", "put_item", {"TableName": "another", "Item": item}),
        "publish alarms": ("sns", "publish", {"TopicArn": tracker.outputs["AlarmTopicArn"], "Message": "x"}),
        "subscribe": ("sns", "subscribe", {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}),
        "read kept failures": ("sqs", "receive_message", {"QueueUrl": tracker.outputs["FailureQueueUrl"]}),
        "send elsewhere": ("sqs", "send_message", {"QueueUrl": other_queue, "MessageBody": "x"}),
        "invoke itself": ("lambda", "invoke", {"FunctionName": tracker.outputs["FunctionName"]}),
        "change itself": (
            "lambda",
            "update_function_configuration",
            {"FunctionName": tracker.outputs["FunctionName"], "Timeout": 900},
        ),
        "read another's logs": ("logs", "describe_log_groups", {}),
        # Access to its own log group cannot be shown: the local AWS checks the ARN of the group where AWS checks that
        # of the stream.
        "write another's logs": (
            "logs",
            "create_log_stream",
            {"logGroupName": "/aws/lambda/another", "logStreamName": "test"},
        ),
        "make log groups": ("logs", "create_log_group", {"logGroupName": other}),
        "read its role": ("iam", "get_role", {"RoleName": tracker.outputs["FunctionName"]}),
        "make keys": ("kms", "create_key", {}),
    }
    calls = {**mine, **foreign}
    answers = dict(zip(calls, try_as(tracker.local, tracker.outputs["FunctionArn"], list(calls.values())), strict=True))
    assert {name: answers[name] for name in mine} == dict.fromkeys(mine, "allowed")
    assert {name: answers[name] for name in foreign if answers[name] not in REFUSALS} == {}
