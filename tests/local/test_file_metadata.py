"""Files into file metadata's bucket; rows and query results out. Failed events are kept."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from checks.deployed import failure_queue_of
from sluice_cli.failures.queue import FailureQueue
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from sluice_functions.index_shards import ShardedTable
from sluice_functions.sharded_queries import ShardedIndex
from tests.support.deployed import Deployment
from tests.support.faults import Answer, ProxiedRequest, Proxy, Reset, proxy
from tests.support.functions import deliver, invoke, reconfigured, try_as
from tests.support.logs import logged
from tests.support.queues import FailureQueueReader
from tests.support.s3_events import TEST_EVENT, created, event
from tests.support.waiting import eventually

SYSTEM = "file-metadata"
SAMPLES = Path(__file__).parent.parent.parent / "samples"
PNG, PDF = (SAMPLES / "sunrise.png").read_bytes(), (SAMPLES / "report.pdf").read_bytes()
Call = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True)
class Files:
    """The deployed system."""

    deployment: Deployment
    outputs: dict[str, str]
    failures: FailureQueueReader

    def client(self, service: str) -> Any:
        return self.deployment.local.client(service)

    @property
    def arn(self) -> str:
        return self.outputs["FunctionArn"]

    def upload(self, key: str, content: bytes = b"content", **options: Any) -> str:
        """Upload an object. Returns its version id."""
        answer = self.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=key, Body=content, **options)
        return str(answer["VersionId"])

    def query(self, key: str, value: str, **options: Any) -> list[dict[str, Any]]:
        """The rows with one partition key, oldest first."""
        found = self.client("dynamodb").query(
            TableName=self.outputs["TableName"],
            KeyConditionExpression=f"{key} = :value",
            ExpressionAttributeValues={":value": {"S": value}},
            **options,
        )
        return [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]

    def rows(self, key: str) -> list[dict[str, Any]]:
        return self.query("objectKey", key, ConsistentRead=True)

    def arrives(self, key: str) -> dict[str, Any]:
        (row,) = eventually(lambda: self.rows(key))
        return row

    def kept(self, mark: str) -> list[dict[str, Any]]:
        """The events in the failure queue that contain a key or another text."""
        return [one for one in self.failures.kept() if mark in json.dumps(one["requestPayload"])]

    def log(self) -> list[dict[str, Any]]:
        return logged(self.client("logs"), self.outputs["LogGroupName"])

    @contextmanager
    def in_front_of(self, service: str) -> Iterator[Proxy]:
        """A proxy between the deployed function and one service (`DYNAMODB`)."""
        local = self.deployment.local
        with proxy(local) as made, reconfigured(local, self.arn, {f"AWS_ENDPOINT_URL_{service}": made.url}):
            yield made


@pytest.fixture(scope="module")
def files(deployment: Deployment) -> Files:
    outputs = deployment.outputs(SYSTEM)
    return Files(deployment, outputs, FailureQueueReader(deployment.local, outputs["FailureQueueUrl"]))


def throttled(_: ProxiedRequest) -> Answer:
    error = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
    return Answer(400, json.dumps({"__type": error, "message": "The level of configured throughput"}).encode())


def test_the_bucket_keeps_versions_encrypts_and_admits_the_web_origin(files: Files) -> None:
    s3, named = files.client("s3"), {"Bucket": files.outputs["BucketName"]}
    assert s3.get_bucket_versioning(**named)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(**named)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = s3.get_bucket_cors(**named)["CORSRules"]
    # Terraform keeps both as unordered sets.
    origins = files.deployment.target.environment["CORS_ORIGINS"].split(",")
    assert (sorted(rule["AllowedOrigins"]), sorted(rule["AllowedMethods"])) == (sorted(origins), ["GET", "HEAD", "PUT"])
    tags = {one["Key"]: one["Value"] for one in s3.get_bucket_tagging(**named)["TagSet"]}
    assert (tags["System"], tags["CostCenter"]) == (SYSTEM, "unassigned")


def test_the_table_has_the_provisioned_units_its_indexes_too_and_can_be_restored(files: Files) -> None:
    dynamodb, named = files.client("dynamodb"), {"TableName": files.outputs["TableName"]}
    table = dynamodb.describe_table(**named)["Table"]
    places = [table, *table["GlobalSecondaryIndexes"]]
    units = [one["ProvisionedThroughput"] for one in places]
    assert [(one["ReadCapacityUnits"], one["WriteCapacityUnits"]) for one in units] == [(100, 100)] * 3
    backups = dynamodb.describe_continuous_backups(**named)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_an_uploaded_file_becomes_a_row_with_its_metadata(files: Files) -> None:
    version = files.upload("photos/Sunrise 1.PNG", PNG, ContentType="image/png")
    row = files.arrives("photos/Sunrise 1.PNG")
    assert row.pop("uploadTime") == f"{row['timestamp']}#{version}"
    assert row.pop("uploadDay") == row.pop("timestamp")[:10]
    assert row == {
        "objectKey": "photos/Sunrise 1.PNG",
        "name": "Sunrise 1.PNG",
        "extension": "png",
        "size": str(len(PNG)),
        "bucket": files.outputs["BucketName"],
        "versionId": version,
        "eTag": files.client("s3")
        .head_object(Bucket=files.outputs["BucketName"], Key="photos/Sunrise 1.PNG")["ETag"]
        .strip('"'),
        "contentType": "image/png",
        "contentTypeSource": "header",
        "contentTypeMismatch": False,
        "headerContentType": "image/png",
        "detectedContentType": "image/png",
    }


def test_a_wrong_content_type_is_detected(files: Files) -> None:
    files.upload("lies.pdf", PNG, ContentType="application/pdf")
    row = files.arrives("lies.pdf")
    assert (row["contentType"], row["headerContentType"]) == ("image/png", "application/pdf")
    assert (row["contentTypeSource"], row["contentTypeMismatch"]) == ("content", True)


def test_a_missing_content_type_is_detected_from_the_content(files: Files) -> None:
    files.upload("no header", PDF)
    row = files.arrives("no header")
    assert (row["contentType"], row["contentTypeSource"]) == ("application/pdf", "content")
    assert row["contentTypeMismatch"] is False


def test_a_file_of_zero_bytes_has_a_row(files: Files) -> None:
    files.upload("zero bytes.txt", b"", ContentType="text/plain")
    row = files.arrives("zero bytes.txt")
    assert (row["size"], row["contentType"]) == ("0", "text/plain")
    assert "detectedContentType" not in row


@pytest.mark.parametrize(
    ("key", "extension"),
    [
        ("ä" * 500 + "/" + "k" * 20 + ".md", "md"),
        ("a b+c&d%20e%2F=?#[]@!$'()*,;:\\^`{}|~\"<>/ü 日本.tar.gz", "gz"),
        (".bashrc", None),
        ("%41", None),
        ("folder/", None),
        ("releases/v1.2/", None),
        # They still exist when the deployment is destroyed, which has to empty the bucket.
        ("ctrl\x01/\x1f\x7f.txt", "txt"),
        ("line\nend/cr\rend.txt", "txt"),
    ],
    ids=[
        *("1,024 bytes", "every special character", "dotfile", "encoded looking", "folder", "folder with a dot"),
        *("control characters", "line ends"),
    ],
)
def test_the_row_has_the_key_that_was_uploaded(files: Files, key: str, extension: str | None) -> None:
    files.upload(key)
    assert files.arrives(key).get("extension") == extension


@pytest.mark.parametrize("header", ["audio/wav", "audio/x-wav; codecs=1", "AUDIO/WAVE", "audio/vnd.wave", None])
def test_the_index_answers_under_the_one_name_of_a_type_whichever_the_header_used(
    files: Files, header: str | None
) -> None:
    key = f"recording under {header}.wav".replace("/", " ")
    files.upload(key, b"RIFF\x24\0\0\0WAVEfmt " + bytes(60), **({"ContentType": header} if header else {}))
    files.arrives(key)
    found = files.query("contentType", "audio/vnd.wave", IndexName=files.outputs["ContentTypeIndexName"])
    assert key in {row["objectKey"] for row in found}


def test_an_archived_object_has_a_row(files: Files) -> None:
    files.upload("backup.zip", b"PK\x03\x04", ContentType="application/zip", StorageClass="DEEP_ARCHIVE")
    row = files.arrives("backup.zip")
    assert (row["contentType"], row["contentNotRead"]) == ("application/zip", "archived: restore it to read it")
    assert files.kept("backup.zip") == []


def test_an_object_encrypted_with_a_key_of_the_sender_has_a_row(files: Files) -> None:
    files.upload("vault.bin", b"secret", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    row = files.arrives("vault.bin")
    assert (row["size"], row["contentNotRead"]) == ("6", "encrypted with a key of the sender (SSE-C)")
    assert files.kept("vault.bin") == []


def test_a_file_uploaded_in_parts_is_one_object(files: Files) -> None:
    s3, named = files.client("s3"), {"Bucket": files.outputs["BucketName"], "Key": "in parts.png"}
    upload = {**named, "UploadId": s3.create_multipart_upload(**named, ContentType="image/png")["UploadId"]}
    parts = [PNG.ljust(5 * 1024 * 1024, b"\0"), bytes(5 * 1024 * 1024), b"end"]
    tags = [s3.upload_part(**upload, PartNumber=n, Body=part)["ETag"] for n, part in enumerate(parts, 1)]
    s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]}
    )
    row = files.arrives("in parts.png")
    assert (row["size"], row["contentType"], row["contentTypeMismatch"]) == ("10485763", "image/png", False)
    assert row["eTag"].endswith("-3")


def test_a_file_of_five_gigabytes_is_recorded_with_its_size_and_not_read(files: Files) -> None:
    # Such an object is too large for a test: S3's answer for a small one is changed to declare it.
    key = "five gigabytes.bin"
    with files.in_front_of("S3") as s3:

        def declare(request: ProxiedRequest) -> Answer:
            answer = s3.pass_on(request)
            return Answer(206, bytes(8192), {**answer.headers, "Content-Range": f"bytes 0-8191/{5 * 1024**3}"})

        s3.fault = declare
        files.upload(key)
        row = files.arrives(key)
    assert row["size"] == str(5 * 1024**3)
    assert [request.headers["Range"] for request in s3.requests] == ["bytes=0-8191"]


def test_duplicates_and_repeats_add_nothing(files: Files) -> None:
    key = "many times.txt"
    record = created(files.outputs["BucketName"], key, files.upload(key))
    row = files.arrives(key)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: invoke(files.deployment.local, files.arn, event(record, record)), range(6)))
    assert [one.answer for one in answers] == [{"recorded": 2}] * 6
    assert files.rows(key) == [row]


def test_versions_are_one_objects_history_in_whichever_order_their_events_come(files: Files) -> None:
    key, bucket, local = "history.txt", files.outputs["BucketName"], files.deployment.local
    with files.in_front_of("S3") as s3:  # so that the first events fail, and are retried out of order
        s3.fault = lambda request: Answer(403)
        versions = []
        for content in (b"1", b"22", b"333"):
            versions.append(files.upload(key, content))
            time.sleep(1.1)  # S3's times have a resolution of a second
        eventually(lambda: len(files.kept(key)) == 3)
    assert files.rows(key) == []
    for version in (versions[2], versions[0], versions[1], versions[0]):
        assert invoke(local, files.arn, event(created(bucket, key, version))).answer == {"recorded": 1}
    assert [(row["versionId"], row["size"]) for row in files.rows(key)] == list(zip(versions, "123", strict=True))


def test_objects_are_found_by_content_type_and_by_day_in_the_order_of_their_upload(files: Files) -> None:
    for name in ("first", "second"):
        files.upload(f"found/{name}", b"%!PS-Adobe-3.0\n", ContentType="application/postscript")
        day = files.arrives(f"found/{name}")["uploadDay"]
        time.sleep(1.1)
    index = files.outputs["ContentTypeIndexName"]
    newest = files.query("contentType", "application/postscript", IndexName=index, ScanIndexForward=False)
    assert [row["objectKey"] for row in newest] == ["found/second", "found/first"]
    that_day = files.query("uploadDay", day, IndexName=files.outputs["DayIndexName"])
    assert [row["objectKey"] for row in that_day if row["objectKey"].startswith("found/")] == [
        "found/first",
        "found/second",
    ]
    assert [row["uploadTime"] for row in that_day] == sorted(row["uploadTime"] for row in that_day)


def test_shards_of_a_day_are_read_as_one_while_they_are_on_and_afterwards(files: Files) -> None:
    keys = [f"sharded/{number}.bin" for number in range(10)]
    with reconfigured(files.deployment.local, files.arn, {"INDEX_SHARDS": "4"}):
        for key in keys[:7]:
            files.upload(key, ContentType="audio/x-sharded")
        days = {files.arrives(key)["uploadDay"].partition(" ")[0] for key in keys[:7]}
    for key in keys[7:]:
        files.upload(key, ContentType="audio/x-sharded")
    days |= {files.arrives(key)["uploadDay"] for key in keys[7:]}
    table = ShardedTable(
        files.outputs["TableName"], keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay")
    )
    client = files.client("dynamodb")
    for index, partition_key, values in (
        ("ContentTypeIndexName", "contentType", {"audio/x-sharded"}),
        ("DayIndexName", "uploadDay", days),
    ):
        reader = ShardedIndex(
            client, table, name=files.outputs[index], partition_key=partition_key, sort_key="uploadTime"
        )
        rows = [row for value in sorted(values) for row in reader.rows(value, newest_first=False)]
        assert sorted(row["objectKey"] for row in rows if row["objectKey"] in keys) == keys
        times = [row["uploadTime"] for row in rows]
        assert times == sorted(times)
    assert len(files.query("contentType", "audio/x-sharded", IndexName=files.outputs["ContentTypeIndexName"])) < 10


def test_the_event_s3_sends_to_try_a_notification_adds_nothing(files: Files) -> None:
    assert invoke(files.deployment.local, files.arn, TEST_EVENT).answer == {"recorded": 0}


@pytest.mark.parametrize("fault", ["throttled", "500", "reset"])
def test_a_table_that_fails_three_times_is_tried_a_fourth_time(files: Files, fault: str) -> None:
    key = f"table fails three times: {fault}.txt"
    with files.in_front_of("DYNAMODB") as table:

        def fail(request: ProxiedRequest) -> Answer | None:
            if len(table.requests) > 3:
                return None
            if fault == "reset":
                raise Reset
            return throttled(request) if fault == "throttled" else Answer(500)

        table.fault = fail
        files.upload(key)
        files.arrives(key)
    assert len(table.requests) == 4
    assert files.kept(key) == []


def test_a_table_that_keeps_failing_is_logged_and_its_events_are_kept_and_replayed(files: Files) -> None:
    keys = ["kept/1 + 2.txt", "kept/3.txt"]
    with files.in_front_of("DYNAMODB") as table:
        table.fault = throttled
        versions = [files.upload(key) for key in keys]
        eventually(lambda: len(files.kept("kept/")) == 2, within=90)
    assert len(table.requests) == 2 * 3 * 4  # events, attempts of Lambda, attempts of botocore
    assert [files.rows(key) for key in keys] == [[], []]

    def refusals() -> list[dict[str, Any]]:
        return [line for line in files.log() if "The level of configured throughput" in line.get("error", "")]

    # The log may arrive after the message in the queue.
    eventually(lambda: len(refusals()) >= 2 * 3 * 4)
    lines = refusals()
    assert {line["message"] for line in lines} == {"AWS call failed"}
    assert {line["call"] for line in lines} == {"dynamodb:PutItem"}
    assert {line["attempt"] for line in lines} == {1, 2, 3, 4}

    deployment = files.deployment
    with FailureQueue(failure_queue_of(files.outputs), deployment.local.client) as queue:
        waiting = {}

        def all_read() -> bool:
            # Messages that `kept` has just received are hidden for a moment.
            for one in queue.read():
                if "Records" in one.event:
                    waiting[one.event["Records"][0]["s3"]["object"]["versionId"]] = one
            return waiting.keys() >= set(versions)

        eventually(all_read)
        kept = [waiting[version] for version in versions]
        assert all("ProvisionedThroughputExceededException" in one.reason for one in kept)
        assert [queue.replay(one) for one in kept] == [None, None]
        assert [[row["versionId"] for row in files.rows(key)] for key in keys] == [[one] for one in versions]
    with FailureQueue(failure_queue_of(files.outputs), deployment.local.client) as queue:
        assert not {one.id for one in queue.read()} & {one.id for one in kept}
    # A second replay, as if two people used the list.
    for one in kept:
        assert invoke(deployment.local, files.arn, one.event).answer == {"recorded": 1}
    assert [len(files.rows(key)) for key in keys] == [1, 1]


def test_a_purged_version_is_passed_over_and_a_malformed_record_kept_while_good_ones_are_recorded(
    files: Files,
) -> None:
    s3, bucket = files.client("s3"), files.outputs["BucketName"]
    good, gone = ("neighbour.txt", files.upload("neighbour.txt")), ("gone.txt", files.upload("gone.txt"))
    files.arrives("gone.txt")
    s3.delete_object(Bucket=bucket, Key="gone.txt", VersionId=gone[1])
    sent = event(created(bucket, *gone), {"eventName": "ObjectCreated:Put", "mark": "gone too"}, created(bucket, *good))
    deliver(files.deployment.local, files.arn, sent)
    (failure,) = eventually(lambda: files.kept("gone too"))
    assert failure["requestPayload"] == sent
    said = failure["responsePayload"]["errorMessage"]
    assert said.startswith("1 of 3 records failed: record 1: not a record of an S3 event")
    assert len(files.rows("neighbour.txt")) == 1


def test_the_calls_to_s3_and_dynamodb_are_subsegments_of_the_functions_trace(files: Files) -> None:
    seen: dict[str, dict[str, Any]] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(30)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        with reconfigured(files.deployment.local, files.arn, {"AWS_XRAY_DAEMON_ADDRESS": address}):
            files.upload("traced.txt")
            while "## handle" not in seen:  # the outermost comes last
                # https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
                segment = json.loads(daemon.recv(65536).partition(b"\n")[2])
                seen[segment["name"]] = segment
    assert set(seen) == {"s3", "dynamodb", "## file_metadata.handler.record", "## handle"}
    assert seen["s3"]["aws"]["operation"] == "GetObject"
    assert seen["s3"]["aws"]["key"] == "traced.txt"
    assert seen["dynamodb"]["aws"]["operation"] == "PutItem"
    assert seen["dynamodb"]["aws"]["table_name"] == files.outputs["TableName"]
    record, handle = seen["## file_metadata.handler.record"], seen["## handle"]
    assert seen["s3"]["parent_id"] == seen["dynamodb"]["parent_id"] == record["id"]
    assert record["parent_id"] == handle["id"]
    assert len({one["trace_id"] for one in seen.values()}) == 1


def test_autoscaling_can_be_turned_on_without_recreating_anything(files: Files, tmp_path: Path) -> None:
    # Planned only: the local AWS does not scale.
    target = Target({**files.deployment.target.environment, "METADATA_AUTOSCALE_TO": "400"}, tmp_path)
    synthesize(target, [SYSTEM])
    changes = planned(target)
    scaling = {address for address in changes if address.startswith("aws_appautoscaling_")}
    assert {tuple(actions) for address, actions in changes.items() if address in scaling} == {("create",)}
    assert len(scaling) == 12  # reads and writes of the table and two indexes: a target and a policy each
    (table,) = [actions for address, actions in changes.items() if address.startswith("aws_dynamodb_table.")]
    assert table == ["no-op"]
    others = {tuple(actions) for address, actions in changes.items() if address not in scaling}
    assert others == {("no-op",), ("update",)}  # the alarms' thresholds


def planned(target: Target) -> Mapping[str, list[str]]:
    """The actions of a plan by resource."""
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-out=plan"]):
        done = Stack(SYSTEM, target).run(*arguments)
        assert done.returncode == 0, done.stderr
    shown = Stack(SYSTEM, target).run("show", "-json", "plan")
    changes = json.loads(shown.stdout)["resource_changes"]
    return {one["address"]: one["change"]["actions"] for one in changes if one["mode"] == "managed"}


def test_the_role_may_do_its_work_and_nothing_else(files: Files) -> None:
    version = files.upload("read by the role.txt")
    s3, sqs = files.client("s3"), files.client("sqs")
    bucket, table, function = (files.outputs[name] for name in ("BucketName", "TableName", "FunctionName"))
    other = f"test-other-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=other)
    s3.put_object(Bucket=other, Key="a", Body=b"")
    other_queue = sqs.create_queue(QueueName=other)["QueueUrl"]
    key = {name: {"S": "by the role"} for name in ("objectKey", "uploadTime")}
    query = {
        "TableName": table,
        "KeyConditionExpression": "objectKey = :key",
        "ExpressionAttributeValues": {":key": {"S": "by the role"}},
    }
    mine: dict[str, Call] = {
        "read an object": ("s3", "get_object", {"Bucket": bucket, "Key": "read by the role.txt"}),
        "read a version": (
            "s3",
            "head_object",
            {"Bucket": bucket, "Key": "read by the role.txt", "VersionId": version},
        ),
        "put a row": ("dynamodb", "put_item", {"TableName": table, "Item": key}),
        "keep a failure": (
            "sqs",
            "send_message",
            {"QueueUrl": files.outputs["FailureQueueUrl"], "MessageBody": '{"requestPayload": "sent by a test"}'},
        ),
    }
    foreign: dict[str, Call] = {
        "list buckets": ("s3", "list_buckets", {}),
        "list the bucket": ("s3", "list_objects_v2", {"Bucket": bucket}),
        "list versions": ("s3", "list_object_versions", {"Bucket": bucket}),
        "write an object": ("s3", "put_object", {"Bucket": bucket, "Key": "written by the role", "Body": ""}),
        "delete an object": ("s3", "delete_object", {"Bucket": bucket, "Key": "read by the role.txt"}),
        "change the bucket": ("s3", "delete_bucket_cors", {"Bucket": bucket}),
        "read another bucket": ("s3", "get_object", {"Bucket": other, "Key": "a"}),
        "read a row": ("dynamodb", "get_item", {"TableName": table, "Key": key}),
        "ask for rows": ("dynamodb", "query", query),
        "scan the table": ("dynamodb", "scan", {"TableName": table}),
        "update a row": ("dynamodb", "update_item", {"TableName": table, "Key": key}),
        "delete a row": ("dynamodb", "delete_item", {"TableName": table, "Key": key}),
        "change the table": ("dynamodb", "update_table", {"TableName": table, "BillingMode": "PAY_PER_REQUEST"}),
        "delete the table": ("dynamodb", "delete_table", {"TableName": table}),
        "put a row elsewhere": ("dynamodb", "put_item", {"TableName": "another", "Item": key}),
        "publish alarms": ("sns", "publish", {"TopicArn": files.outputs["AlarmTopicArn"], "Message": "x"}),
        "read kept failures": ("sqs", "receive_message", {"QueueUrl": files.outputs["FailureQueueUrl"]}),
        "send elsewhere": ("sqs", "send_message", {"QueueUrl": other_queue, "MessageBody": "x"}),
        "invoke itself": ("lambda", "invoke", {"FunctionName": function}),
        "change itself": ("lambda", "update_function_configuration", {"FunctionName": function, "Timeout": 900}),
        "make log groups": ("logs", "create_log_group", {"logGroupName": other}),
        "read its role": ("iam", "get_role", {"RoleName": function}),
        "make keys": ("kms", "create_key", {}),
    }
    calls = {**mine, **foreign}
    answers = dict(zip(calls, try_as(files.deployment.local, files.arn, list(calls.values())), strict=True))
    sqs.delete_queue(QueueUrl=other_queue)
    assert {name: answers[name] for name in mine} == dict.fromkeys(mine, "allowed")
    refusals = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}
    assert {name: answers[name] for name in foreign if answers[name] not in refusals} == {}
