"""The file metadata function in this process, against a bucket and a table on the local AWS."""

import json
import logging
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.errors import RecordsFailed
from sluice_functions.observability import logger
from sluice_functions.s3_events import S3Object
from tests.support.bare_tables import table, versioned_bucket
from tests.support.faults import Answer, Fault, ProxiedRequest, Proxy, Reset, proxy
from tests.support.functions import LambdaContext, loaded
from tests.support.modelled_calls import modelled_calls, received_calls
from tests.support.s3_events import TEST_EVENT, created, event

PNG = (Path(__file__).parent.parent.parent / "samples" / "sunrise.png").read_bytes()
LONGEST_KEY = "ä" * 500 + "/" + "k" * 20 + ".md"  # 1,024 bytes
SPECIAL_KEY = "a b+c&d%20e%2F=?#[]@!$'()*,;:\\^`{}|~\"<>/ü 日本.tar.gz"
ATTEMPTS = 4


class Lines(logging.Handler):
    """Collects the function's log lines as records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def about(self, message: str) -> list[Any]:
        return [one for one in self.records if one.msg == message]


@dataclass(frozen=True)
class Extractor:
    """The function, its bucket and table, a proxy in front of each service, and the log."""

    handler: Any
    name: str
    in_front_of_s3: Proxy
    in_front_of_dynamodb: Proxy
    s3: Any
    dynamodb: Any
    log: Lines = field(default_factory=Lines)

    def upload(self, key: str, content: bytes = b"content", **options: Any) -> dict[str, Any]:
        """Upload an object. Returns the record of its event."""
        answer = self.s3.put_object(Bucket=self.name, Key=key, Body=content, **options)
        record = created(self.name, key, answer["VersionId"])
        record["s3"]["object"].update(size=len(content), eTag=answer["ETag"].strip('"'))
        return record

    def handle(self, *records: dict[str, Any]) -> Any:
        return self.handler.handle(event(*records), LambdaContext())

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The rows of a key, oldest first."""
        found = self.dynamodb.query(
            TableName=self.name,
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
        )
        return [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]

    def row(self, key: str) -> dict[str, Any]:
        (found,) = self.rows(key)
        return found


@pytest.fixture(scope="module")
def loaded_extractor(local_aws: LocalAws) -> Iterator[Extractor]:
    name = f"test-extractor-{uuid4().hex[:8]}"
    s3, dynamodb = local_aws.client("s3"), local_aws.client("dynamodb")
    versioned_bucket(s3, name)
    table(dynamodb, name, "objectKey", "uploadTime")
    with proxy(local_aws) as of_s3, proxy(local_aws) as of_dynamodb:
        variables = {
            **local_aws.environment(),
            "AWS_ENDPOINT_URL_S3": of_s3.url,
            "AWS_ENDPOINT_URL_DYNAMODB": of_dynamodb.url,
            "AWS_REGION": "us-east-1",
            "TABLE_NAME": name,
        }
        with loaded("file_metadata", variables) as handler:
            yield Extractor(handler, name, of_s3, of_dynamodb, s3, dynamodb)


@pytest.fixture
def extractor(loaded_extractor: Extractor) -> Iterator[Extractor]:
    fresh = replace(loaded_extractor, log=Lines())
    logger.addHandler(fresh.log)
    for one in (fresh.in_front_of_s3, fresh.in_front_of_dynamodb):
        one.requests.clear()
    yield fresh
    logger._logger.removeHandler(fresh.log)
    for one in (fresh.in_front_of_s3, fresh.in_front_of_dynamodb):
        one.fault = lambda request: None


def first(times: int, fault: Fault) -> Fault:
    """A fault for the first requests only."""
    seen: list[ProxiedRequest] = []

    def counted(request: ProxiedRequest) -> Answer | None:
        seen.append(request)
        return fault(request) if len(seen) <= times else None

    return counted


def throttled(_: ProxiedRequest) -> Answer:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""
    error = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
    body = json.dumps({"__type": error, "message": "The level of configured provisioned throughput was exceeded"})
    return Answer(400, body.encode(), {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "request-1"})


def failing(_: ProxiedRequest) -> Answer:
    return Answer(500, b'{"__type": "InternalServerError", "message": "Internal server error"}')


def reset(_: ProxiedRequest) -> Answer:
    raise Reset


def test_a_file_takes_the_calls_that_are_explained_and_no_other(extractor: Extractor) -> None:
    extractor.handle(extractor.upload("counted", b"content"))
    both = (*extractor.in_front_of_s3.requests, *extractor.in_front_of_dynamodb.requests)
    assert received_calls(both) == modelled_calls("file-metadata")


def test_an_upload_becomes_one_row_with_its_metadata(extractor: Extractor) -> None:
    record = extractor.upload("photos/Sunrise.PNG", PNG, ContentType="image/png")
    assert extractor.handle(record) == {"recorded": 1}
    version = record["s3"]["object"]["versionId"]
    head = extractor.s3.head_object(Bucket=extractor.name, Key="photos/Sunrise.PNG")
    uploaded = head["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert extractor.row("photos/Sunrise.PNG") == {
        "objectKey": "photos/Sunrise.PNG",
        "uploadTime": f"{uploaded}#{version}",
        "uploadDay": uploaded[:10],
        "timestamp": uploaded,
        "name": "Sunrise.PNG",
        "extension": "png",
        "size": str(len(PNG)),
        "bucket": extractor.name,
        "versionId": version,
        "eTag": head["ETag"].strip('"'),
        "contentType": "image/png",
        "contentTypeSource": "header",
        "contentTypeMismatch": False,
        "headerContentType": "image/png",
        "detectedContentType": "image/png",
    }


def test_a_duplicate_of_an_event_is_handled_and_adds_nothing(extractor: Extractor) -> None:
    record = extractor.upload("twice")
    assert extractor.handle(record, record) == {"recorded": 2}
    before = extractor.row("twice")
    assert extractor.handle(record) == {"recorded": 1}
    assert extractor.row("twice") == before
    assert [one.msg for one in extractor.log.records] == ["recorded", "already recorded", "already recorded"]


def test_every_version_has_a_row_in_whichever_order_the_events_come(extractor: Extractor) -> None:
    old = extractor.upload("versions", b"old")
    time.sleep(1.1)  # S3's times have a resolution of a second
    new = extractor.upload("versions", b"newer")
    assert extractor.handle(new) == extractor.handle(old) == extractor.handle(new) == {"recorded": 1}
    assert [(row["versionId"], row["size"]) for row in extractor.rows("versions")] == [
        (old["s3"]["object"]["versionId"], "3"),
        (new["s3"]["object"]["versionId"], "5"),
    ]


@pytest.mark.parametrize("seed", range(2))
def test_events_of_many_versions_shuffled_doubled_and_at_once_give_a_row_each(extractor: Extractor, seed: int) -> None:
    key, chance = f"storm {seed}", random.Random(seed)  # noqa: S311 - not a secret
    records = [extractor.upload(key, b"x" * size) for size in range(1, 9)]
    sizes = {one["s3"]["object"]["versionId"]: str(size) for size, one in enumerate(records, 1)}
    found = [S3Object(extractor.name, key, version) for version in sizes for _ in range(chance.randint(1, 4))]
    chance.shuffle(found)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(extractor.handler.record, found))
    rows = extractor.rows(key)
    assert {row["versionId"]: row["size"] for row in rows} == sizes
    assert len(rows) == len(sizes)
    assert len(extractor.log.about("recorded")) == len(sizes)


def test_an_event_without_a_version_means_the_version_that_is_there(extractor: Extractor) -> None:
    version = extractor.upload("unversioned")["s3"]["object"]["versionId"]
    extractor.handle(created(extractor.name, "unversioned"))
    assert extractor.row("unversioned")["versionId"] == version


def test_only_the_start_of_an_object_is_asked_for(extractor: Extractor) -> None:
    extractor.upload("large", PNG + bytes(3_000_000))
    extractor.handle(created(extractor.name, "large"))
    (request,) = extractor.in_front_of_s3.requests
    assert (request.method, request.headers["Range"]) == ("GET", "bytes=0-8191")
    assert extractor.row("large")["size"] == str(len(PNG) + 3_000_000)
    assert extractor.row("large")["contentType"] == "image/png"


@pytest.mark.parametrize("named", [True, False], ids=["version named", "no version named"])
def test_an_empty_object_has_a_row_too(extractor: Extractor, named: bool) -> None:
    key = f"empty {named}.TXT"
    record = extractor.upload(key, b"", ContentType="text/plain; charset=utf-8")
    extractor.handle(record if named else created(extractor.name, key))
    row = extractor.row(key)
    assert (row["size"], row["contentType"], row["contentTypeSource"]) == ("0", "text/plain", "header")
    assert (row["headerContentType"], row["extension"]) == ("text/plain; charset=utf-8", "txt")
    assert "detectedContentType" not in row
    assert extractor.log.about("AWS call failed") == []


def test_a_lying_header_is_kept_and_not_trusted(extractor: Extractor) -> None:
    extractor.handle(extractor.upload("contract.pdf", PNG, ContentType="application/pdf"))
    row = extractor.row("contract.pdf")
    assert (row["contentType"], row["contentTypeSource"], row["contentTypeMismatch"]) == ("image/png", "content", True)
    assert (row["headerContentType"], row["detectedContentType"]) == ("application/pdf", "image/png")


def test_without_a_header_the_content_decides_the_type(extractor: Extractor) -> None:
    extractor.handle(extractor.upload("no header", PNG))
    row = extractor.row("no header")
    assert (row["contentType"], row["contentTypeSource"], row["contentTypeMismatch"]) == ("image/png", "content", False)


@pytest.mark.parametrize(
    ("key", "name", "extension"),
    [
        (LONGEST_KEY, "k" * 20 + ".md", "md"),
        (SPECIAL_KEY, "ü 日本.tar.gz", "gz"),
        (".hidden/.bashrc", ".bashrc", None),
        ("LICENSE", "LICENSE", None),
        ("folder/", "folder", None),
        ("/", "/", None),
        ("%41%zz%", "%41%zz%", None),
        ("🦆/\n\t.x", "\n\t.x", "x"),
        ("ctrl\x01/\x1f\r\x7f.txt", "\x1f\r\x7f.txt", "txt"),
    ],
)
def test_any_key_s3_takes_is_recorded_as_it_is(
    extractor: Extractor, key: str, name: str, extension: str | None
) -> None:
    assert len(key.encode()) <= 1024
    extractor.handle(extractor.upload(key))
    row = extractor.row(key)
    assert (row["objectKey"], row["name"], row.get("extension")) == (key, name, extension)


def test_a_multipart_upload_is_one_object(extractor: Extractor) -> None:
    named = {"Bucket": extractor.name, "Key": "parts.png"}
    upload = {**named, "UploadId": extractor.s3.create_multipart_upload(**named)["UploadId"]}
    parts = [PNG.ljust(5 * 1024 * 1024, b"\0"), b"end"]
    tags = [
        extractor.s3.upload_part(**upload, PartNumber=number, Body=content)["ETag"]
        for number, content in enumerate(parts, 1)
    ]
    done = extractor.s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]}
    )
    extractor.handle(created(extractor.name, "parts.png", done["VersionId"]))
    row = extractor.row("parts.png")
    assert (row["size"], row["contentType"]) == (str(5 * 1024 * 1024 + 3), "image/png")
    assert row["eTag"] == done["ETag"].strip('"')
    assert row["eTag"].endswith("-2")


def test_the_size_of_an_object_of_five_gigabytes_is_what_s3_declares(extractor: Extractor) -> None:
    # Such an object is too large for a test: a small one is declared as the start of it.
    extractor.upload("five gigabytes")

    def declare(request: ProxiedRequest) -> Answer:
        answer = extractor.in_front_of_s3.pass_on(request)
        declared = {**answer.headers, "ETag": '"0123456789abcdef0123456789abcdef-640"'}
        return Answer(206, b"x" * 8192, {**declared, "Content-Range": f"bytes 0-8191/{5 * 1024**3}"})

    extractor.in_front_of_s3.fault = declare
    extractor.handle(created(extractor.name, "five gigabytes"))
    row = extractor.row("five gigabytes")
    assert (row["size"], row["eTag"]) == ("5368709120", "0123456789abcdef0123456789abcdef-640")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_has_a_row_from_its_head(extractor: Extractor, storage_class: str) -> None:
    key = f"backups/{storage_class}.png"
    record = extractor.upload(key, PNG, ContentType="image/png", StorageClass=storage_class)
    assert extractor.handle(record) == {"recorded": 1}
    row = extractor.row(key)
    assert (row["size"], row["eTag"], row["extension"]) == (str(len(PNG)), record["s3"]["object"]["eTag"], "png")
    assert (row["contentType"], row["contentTypeSource"], row["contentTypeMismatch"]) == ("image/png", "header", False)
    assert row["contentNotRead"] == "archived: restore it to read it"
    assert "detectedContentType" not in row
    assert extractor.log.about("AWS call failed") == []


SENDERS_KEY: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def test_an_object_with_a_customer_provided_key_has_a_row_from_its_event(extractor: Extractor) -> None:
    record = extractor.upload("vault/secret.png", PNG, ContentType="image/png", **SENDERS_KEY)
    assert extractor.handle(record, record) == {"recorded": 2}
    version = record["s3"]["object"]["versionId"]
    assert extractor.row("vault/secret.png") == {
        "objectKey": "vault/secret.png",
        "uploadTime": f"2026-01-02T03:04:05Z#{version}",
        "uploadDay": "2026-01-02",
        "timestamp": "2026-01-02T03:04:05Z",
        "name": "secret.png",
        "extension": "png",
        "size": str(len(PNG)),
        "bucket": extractor.name,
        "versionId": version,
        "eTag": record["s3"]["object"]["eTag"],
        "contentType": "application/octet-stream",
        "contentTypeSource": "header",
        "contentTypeMismatch": False,
        "contentNotRead": "encrypted with a key of the sender (SSE-C)",
    }
    assert extractor.log.about("AWS call failed") == []


def test_an_event_without_the_fields_that_s3_hides_fails(extractor: Extractor) -> None:
    record = extractor.upload("vault/unknown", **SENDERS_KEY)
    del record["s3"]["object"]["size"]
    with pytest.raises(RecordsFailed, match="record 0: size, eTag and eventTime must be there"):
        extractor.handle(record)
    assert extractor.rows("vault/unknown") == []


def test_a_version_that_is_purged_before_it_is_read_fails_nothing_and_is_counted(extractor: Extractor) -> None:
    record = extractor.upload("purged.png", PNG)
    version = record["s3"]["object"]["versionId"]
    extractor.s3.delete_object(Bucket=extractor.name, Key="purged.png", VersionId=version)
    assert extractor.handle(record) == {"recorded": 0}
    assert extractor.rows("purged.png") == []
    (line,) = extractor.log.about("gone before it was read")
    assert line.reason == f"'purged.png' (version {version}) is not in the bucket (any more)"


def test_a_folder_marker_is_an_object_without_an_extension(extractor: Extractor) -> None:
    extractor.handle(extractor.upload("releases/v1.2/", b"", ContentType="application/x-directory; charset=UTF-8"))
    row = extractor.row("releases/v1.2/")
    assert (row["name"], row["size"], row["contentType"]) == ("v1.2", "0", "application/x-directory")
    assert "extension" not in row


def test_a_bad_record_fails_the_event_and_the_others_are_processed(extractor: Extractor) -> None:
    good = extractor.upload("beside a bad one")
    gone = created(extractor.name, "never uploaded", "no-such-version")
    with pytest.raises(RecordsFailed, match=r"1 of 3 records failed: record 0: not a record .*"):
        extractor.handle({"eventName": "ObjectCreated:Put"}, good, gone)
    assert extractor.row("beside a bad one")
    assert [one.record_number for one in extractor.log.about("record failed")] == [0]


def test_s3s_test_event_adds_nothing(extractor: Extractor) -> None:
    assert extractor.handler.handle(TEST_EVENT, LambdaContext()) == {"recorded": 0}
    assert extractor.in_front_of_s3.requests == extractor.in_front_of_dynamodb.requests == []


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (throttled, 400, "ProvisionedThroughputExceededException: The level of configured"),
        (failing, 500, "InternalServerError: Internal server error"),
        (reset, None, "Connection was closed before"),
    ],
    ids=["throttled", "500", "reset"],
)
def test_a_table_that_fails_at_first_is_tried_again_and_each_failure_is_logged(
    extractor: Extractor, fault: Fault, status: int | None, said: str
) -> None:
    key = f"table fails: {said}"
    record = extractor.upload(key)
    extractor.in_front_of_dynamodb.fault = first(ATTEMPTS - 1, fault)
    assert extractor.handle(record) == {"recorded": 1}
    assert len(extractor.in_front_of_dynamodb.requests) == ATTEMPTS
    assert extractor.row(key)
    lines = extractor.log.about("AWS call failed")
    assert [(one.levelname, one.call, one.attempt, one.status) for one in lines] == [
        ("WARNING", "dynamodb:PutItem", attempt, status) for attempt in range(1, ATTEMPTS)
    ]
    assert all(one.error.startswith(said) for one in lines)
    if fault is throttled:
        assert {one.aws_request_id for one in lines} == {"request-1"}


@pytest.mark.parametrize("fault", [throttled, failing, reset])
def test_a_table_that_keeps_failing_fails_the_event_in_time(extractor: Extractor, fault: Fault) -> None:
    record = extractor.upload("never written")
    extractor.in_front_of_dynamodb.fault = fault
    started = time.monotonic()
    with pytest.raises(RecordsFailed, match=r"1 of 1 records failed: record 0: (An error occurred|the connection)"):
        extractor.handle(record)
    assert time.monotonic() - started < 120  # with the defaults of botocore it is several minutes
    assert len(extractor.in_front_of_dynamodb.requests) == ATTEMPTS
    assert [one.attempt for one in extractor.log.about("AWS call failed")] == list(range(1, ATTEMPTS + 1))
    assert len(extractor.log.about("record failed")) == 1
    assert extractor.rows("never written") == []


def test_permanent_errors_are_not_retried(extractor: Extractor) -> None:
    record = extractor.upload("refused for good")
    body = b'{"__type": "AccessDeniedException", "message": "not authorized to perform: dynamodb:PutItem"}'
    extractor.in_front_of_dynamodb.fault = lambda request: Answer(400, body)
    with pytest.raises(RecordsFailed, match=r"AccessDeniedException.*not authorized to perform: dynamodb:PutItem"):
        extractor.handle(record)
    assert len(extractor.in_front_of_dynamodb.requests) == 1


def test_a_write_whose_answer_is_lost_counts_as_done_when_retried(extractor: Extractor) -> None:
    record = extractor.upload("answer lost")

    def lose(request: ProxiedRequest) -> Answer:
        extractor.in_front_of_dynamodb.pass_on(request)
        raise Reset

    extractor.in_front_of_dynamodb.fault = first(1, lose)
    assert extractor.handle(record) == {"recorded": 1}
    assert len(extractor.in_front_of_dynamodb.requests) == 2
    assert extractor.row("answer lost")
    assert extractor.log.about("already recorded")


def test_a_hanging_table_is_given_up_before_the_function_times_out(extractor: Extractor) -> None:
    record = extractor.upload("hangs")

    def hang(_: ProxiedRequest) -> Answer:
        time.sleep(3)
        raise Reset

    extractor.in_front_of_dynamodb.fault = hang
    started = time.monotonic()
    with pytest.raises(RecordsFailed, match="record 0: AWS did not answer in time"):
        extractor.handle(record)
    assert time.monotonic() - started < 120  # with the defaults of botocore it is several minutes
    assert [one.attempt for one in extractor.log.about("AWS call failed")] == list(range(1, ATTEMPTS + 1))


@pytest.mark.parametrize("fault", [failing, reset])
def test_a_bucket_that_fails_at_first_is_tried_again(extractor: Extractor, fault: Fault) -> None:
    record = extractor.upload("bucket fails")
    extractor.in_front_of_s3.fault = first(ATTEMPTS - 1, fault)
    assert extractor.handle(record) == {"recorded": 1}
    assert [one.call for one in extractor.log.about("AWS call failed")] == ["s3:GetObject"] * (ATTEMPTS - 1)


def broken_off(extractor: Extractor) -> Fault:
    """Answers correctly, and closes the connection in the middle of the content."""

    def fault(request: ProxiedRequest) -> Answer:
        answer = extractor.in_front_of_s3.pass_on(request)
        length = str(len(answer.body))
        return Answer(answer.status, answer.body[: len(answer.body) // 2], {**answer.headers, "Content-Length": length})

    return fault


@pytest.mark.parametrize("named", [True, False], ids=["version named", "no version named"])
def test_a_content_that_breaks_off_is_read_again(extractor: Extractor, named: bool) -> None:
    # botocore has returned the answer by then, and does not retry.
    key = f"breaks off {named}.png"
    record = extractor.upload(key, PNG[:6000])
    extractor.in_front_of_s3.fault = first(2, broken_off(extractor))
    assert extractor.handle(record if named else created(extractor.name, key)) == {"recorded": 1}
    assert len(extractor.in_front_of_s3.requests) == 3
    assert extractor.row(key)["contentType"] == "image/png"
    lines = extractor.log.about("reading an object broke off")
    assert [(one.Key, one.attempt) for one in lines] == [(key, 1), (key, 2)]
    assert all("total bytes expected" in one.error for one in lines)


def test_a_content_that_keeps_breaking_off_fails_the_event(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, float]] = []

    def at_once(least: float, most: float) -> float:
        waits.append((least, most))
        return 0

    monkeypatch.setattr("random.uniform", at_once)
    record = extractor.upload("keeps breaking off", PNG)
    extractor.in_front_of_s3.fault = broken_off(extractor)
    with pytest.raises(RecordsFailed, match="record 0: the connection to AWS broke off"):
        extractor.handle(record)
    assert len(extractor.in_front_of_s3.requests) == 3
    assert waits == [(0, 1), (0, 2)]  # seconds; a random part of each is waited
    assert extractor.rows("keeps breaking off") == []


def test_no_content_is_logged(extractor: Extractor) -> None:
    extractor.handle(extractor.upload("secret", b"the secret content of a file"))
    assert "secret content" not in repr([vars(one) for one in extractor.log.records])
