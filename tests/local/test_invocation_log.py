"""Files into the invocation log's bucket; rows out. Failed events are kept."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.deployed import ENVIRONMENT, Deployment
from tests.support.faults import proxy, refusing
from tests.support.functions import deliver, invoke, reconfigured, try_as
from tests.support.invocation_log import DeployedInvocationLog
from tests.support.queues import FailureQueueReader
from tests.support.s3_events import TEST_EVENT, UNUSUAL_KEYS, created, event
from tests.support.waiting import eventually

Call = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def log(deployment: Deployment) -> DeployedInvocationLog:
    return DeployedInvocationLog.of(deployment)


@pytest.fixture(scope="module")
def kept(log: DeployedInvocationLog) -> Callable[[str], list[dict[str, Any]]]:
    """The events in the failure queue that contain a key or another text."""
    queue = FailureQueueReader(log.local, log.outputs["FailureQueueUrl"], "us-west-2")
    return lambda mark: [one for one in queue.kept() if mark in json.dumps(one["requestPayload"])]


def test_it_runs_in_us_west_2_under_the_documents_names_and_sizes(log: DeployedInvocationLog) -> None:
    names = [log.outputs[name] for name in ("BucketName", "DynamoDBTableName", "LambdaFunctionName")]
    assert names == [
        f"lambda-trigger-bucket-{ENVIRONMENT}-000000000000",
        f"lambda-invocation-logs-{ENVIRONMENT}",
        f"s3-processor-{ENVIRONMENT}",
    ]
    bucket, table, function = names
    s3, dynamodb = log.client("s3"), log.client("dynamodb")
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-west-2"
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    found = dynamodb.describe_table(TableName=table)["Table"]
    assert found["KeySchema"] == [
        {"AttributeName": "requestId", "KeyType": "HASH"},
        {"AttributeName": "timestamp", "KeyType": "RANGE"},
    ]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    settings = log.client("lambda").get_function_configuration(FunctionName=function)
    assert (settings["Timeout"], settings["MemorySize"]) == (30, 128)


def test_an_uploaded_file_becomes_a_row_that_names_the_invocation(log: DeployedInvocationLog) -> None:
    key = "orders/order 1 + 2.json"
    log.upload(key)
    (row,) = eventually(lambda: log.rows(key))
    (line,) = eventually(lambda: log.log(key))
    assert UUID(row.pop("requestId")).version == 5
    uploaded = datetime.fromisoformat(row.pop("timestamp"))
    assert timedelta(0) < datetime.now(UTC) - uploaded < timedelta(minutes=1)
    assert row == {
        "bucketName": log.outputs["BucketName"],
        "objectKey": key,
        "eventName": "ObjectCreated:Put",
        "functionName": log.outputs["LambdaFunctionName"],
        "awsRequestId": line["function_request_id"],
    }


@pytest.mark.parametrize("key", UNUSUAL_KEYS, ids=lambda key: key[:20].encode("unicode_escape").decode())
def test_the_row_has_the_key_that_was_uploaded(log: DeployedInvocationLog, key: str) -> None:
    log.upload(key, b"")
    assert len(eventually(lambda: log.rows(key))) == 1


def test_two_uploads_of_one_key_give_two_rows(log: DeployedInvocationLog) -> None:
    for content in (b"1", b"2"):
        log.upload("twice.txt", content)
    first, second = eventually(lambda: rows if len(rows := log.rows("twice.txt")) > 1 else None)
    assert first["requestId"] != second["requestId"]
    assert first["timestamp"] <= second["timestamp"]


def test_the_row_says_how_the_object_was_created(log: DeployedInvocationLog) -> None:
    s3, bucket = log.client("s3"), log.outputs["BucketName"]
    log.upload("original.txt")
    s3.copy_object(Bucket=bucket, Key="copied.txt", CopySource={"Bucket": bucket, "Key": "original.txt"})
    upload = {"Bucket": bucket, "Key": "in parts.bin"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tag = s3.upload_part(**upload, PartNumber=1, Body=b"all of it")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    (copied,) = eventually(lambda: log.rows("copied.txt"))
    (in_parts,) = eventually(lambda: log.rows("in parts.bin"))
    assert copied["eventName"] == "ObjectCreated:Copy"
    assert in_parts["eventName"] == "ObjectCreated:CompleteMultipartUpload"


def test_deleting_an_object_invokes_no_function(
    log: DeployedInvocationLog, kept: Callable[[str], list[dict[str, Any]]]
) -> None:
    log.upload("deleted.txt")
    eventually(lambda: log.rows("deleted.txt"))
    log.client("s3").delete_object(Bucket=log.outputs["BucketName"], Key="deleted.txt")
    log.upload("after the deletion.txt")
    eventually(lambda: log.rows("after the deletion.txt"))
    assert len(log.rows("deleted.txt")) == 1
    assert kept("deleted.txt") == []


def test_two_records_of_one_event_each_get_a_row_however_often_the_event_comes(log: DeployedInvocationLog) -> None:
    keys = ("together/1", "together/2")
    both = event(*[created(log.outputs["BucketName"], key) for key in keys])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: invoke(log.local, log.outputs["FunctionArn"], both), range(8)))
    assert [one.answer for one in answers] == [{"logged": 2}] * 8
    (first,), (second,) = map(log.rows, keys)
    assert first["requestId"] != second["requestId"]
    before = [first, second]
    deliver(log.local, log.outputs["FunctionArn"], both)
    eventually(lambda: len(log.log(keys[1])) == 9)
    assert [row for key in keys for row in log.rows(key)] == before


def test_the_event_s3_sends_to_try_a_notification_is_not_logged(log: DeployedInvocationLog) -> None:
    assert invoke(log.local, log.outputs["FunctionArn"], TEST_EVENT).answer == {"logged": 0}


def test_a_malformed_record_is_kept_while_its_good_neighbours_are_logged(
    log: DeployedInvocationLog, kept: Callable[[str], list[dict[str, Any]]]
) -> None:
    bucket = log.outputs["BucketName"]
    timeless = {name: value for name, value in created(bucket, "timeless.txt").items() if name != "eventTime"}
    sent = event(timeless, created(bucket, "neighbour.txt"))
    deliver(log.local, log.outputs["FunctionArn"], sent)
    (failure,) = eventually(lambda: kept("timeless.txt"))
    assert failure["requestPayload"] == sent
    assert "1 of 2 records failed: record 0: eventTime" in failure["responsePayload"]["errorMessage"]
    assert len(log.rows("neighbour.txt")) == 1
    assert log.rows("timeless.txt") == []


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"mark": "no event of S3"}, "neither an S3 event nor a test event"),
        ({"Records": "text", "mark": "no list"}, "neither an S3 event nor a test event"),
        ({"Records": [None], "mark": "no record"}, "not a record of an S3 event"),
        (
            {"Records": [{**created("b", "gone.txt"), "eventName": "ObjectRemoved:Delete"}], "mark": "a deletion"},
            "ObjectRemoved:Delete is not the creation of an object",
        ),
    ],
    ids=lambda value: value["mark"] if isinstance(value, dict) else "",
)
def test_events_other_than_created_objects_go_to_the_failure_queue(
    log: DeployedInvocationLog, kept: Callable[[str], list[dict[str, Any]]], sent: dict[str, Any], reason: str
) -> None:
    deliver(log.local, log.outputs["FunctionArn"], sent)
    (failure,) = eventually(lambda: kept(sent["mark"]))
    assert failure["requestPayload"] == sent
    assert reason in failure["responsePayload"]["errorMessage"]
    assert failure["requestContext"]["condition"] == "RetriesExhausted"


def test_lambdas_retry_records_the_event_after_the_table_refused_it(
    log: DeployedInvocationLog, kept: Callable[[str], list[dict[str, Any]]]
) -> None:
    # Only the endpoint is changed: the function finds its table through AWS_ENDPOINT_URL.
    key = "refused at first.txt"
    with (
        proxy(log.local) as table,
        reconfigured(log.local, log.outputs["FunctionArn"], {"AWS_ENDPOINT_URL": table.url}),
    ):
        table.fault = refusing(500, times=2)  # both requests of the first attempt
        log.upload(key)
        (row,) = eventually(lambda: log.rows(key))
    targets = [request.headers["X-Amz-Target"] for request in table.requests if "X-Amz-Target" in request.headers]
    assert targets == ["DynamoDB_20120810.PutItem"] * 3
    assert log.rows(key) == [row]
    assert kept(key) == []


def test_a_log_line_cannot_be_forged_by_a_key(log: DeployedInvocationLog) -> None:
    key = '\n{"objectKey": "forged", "level": "ERROR"}'
    log.upload(key)
    (line,) = eventually(lambda: log.log(key))
    assert line["message"] == "logged"
    assert log.log("forged") == []


def test_the_role_may_put_rows_and_nothing_else(log: DeployedInvocationLog) -> None:
    log.upload("not for the role.txt")
    s3, sqs = log.client("s3"), log.client("sqs")
    bucket, table, function = (log.outputs[name] for name in ("BucketName", "DynamoDBTableName", "FunctionArn"))
    other = f"test-other-{uuid4().hex[:8]}"
    other_queue = sqs.create_queue(QueueName=other)["QueueUrl"]
    item = {name: {"S": value} for name, value in (("requestId", "by the role"), ("timestamp", "now"))}
    full = {**item, "objectKey": {"S": "put by the role"}}
    mine: dict[str, Call] = {
        "put a row": ("dynamodb", "put_item", {"TableName": table, "Item": full}),
        "keep a failure": (
            "sqs",
            "send_message",
            {"QueueUrl": log.outputs["FailureQueueUrl"], "MessageBody": '{"requestPayload": "sent by a test"}'},
        ),
    }
    batch = {"RequestItems": {table: [{"DeleteRequest": {"Key": item}}]}}
    foreign: dict[str, Call] = {
        "read an object": ("s3", "get_object", {"Bucket": bucket, "Key": "not for the role.txt"}),
        "list the bucket": ("s3", "list_objects_v2", {"Bucket": bucket}),
        "write an object": ("s3", "put_object", {"Bucket": bucket, "Key": "written by the role", "Body": ""}),
        "delete an object": ("s3", "delete_object", {"Bucket": bucket, "Key": "not for the role.txt"}),
        "list buckets": ("s3", "list_buckets", {}),
        "change the bucket": ("s3", "delete_bucket_policy", {"Bucket": bucket}),
        "read a row": ("dynamodb", "get_item", {"TableName": table, "Key": item}),
        "scan the table": ("dynamodb", "scan", {"TableName": table}),
        "update a row": ("dynamodb", "update_item", {"TableName": table, "Key": item}),
        "delete a row": ("dynamodb", "delete_item", {"TableName": table, "Key": item}),
        "delete rows in a batch": ("dynamodb", "batch_write_item", batch),
        "delete the table": ("dynamodb", "delete_table", {"TableName": table}),
        "put a row elsewhere": ("dynamodb", "put_item", {"TableName": "another", "Item": full}),
        "publish alarms": ("sns", "publish", {"TopicArn": log.outputs["AlarmTopicArn"], "Message": "x"}),
        "read kept failures": ("sqs", "receive_message", {"QueueUrl": log.outputs["FailureQueueUrl"]}),
        "send elsewhere": ("sqs", "send_message", {"QueueUrl": other_queue, "MessageBody": "x"}),
        "invoke itself": ("lambda", "invoke", {"FunctionName": function}),
        "change itself": ("lambda", "update_function_configuration", {"FunctionName": function, "Timeout": 900}),
        "write another's log": (
            "logs",
            "create_log_stream",
            {"logGroupName": "/aws/lambda/another", "logStreamName": other},
        ),
        "make log groups": ("logs", "create_log_group", {"logGroupName": other}),
        "read its role": ("iam", "get_role", {"RoleName": log.outputs["LambdaFunctionName"]}),
        "make keys": ("kms", "create_key", {}),
    }
    calls = {**mine, **foreign}
    answers = dict(zip(calls, try_as(log.local, function, list(calls.values())), strict=True))
    sqs.delete_queue(QueueUrl=other_queue)
    assert {name: answers[name] for name in mine} == dict.fromkeys(mine, "allowed")
    refusals = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}
    assert {name: answers[name] for name in foreign if answers[name] not in refusals} == {}
    assert s3.head_object(Bucket=bucket, Key="not for the role.txt")["ContentLength"] == len(b"content")
