"""The upload API's function in this process, against a bucket and a table that the tests make on the local AWS."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send
from tests.support.faults import Answer, Fault, Proxy, Request, proxy, refusing
from tests.support.functions import Context, loaded

LARGEST_CONTENT = 4 * 1024 * 1024


@dataclass(frozen=True)
class Uploads:
    """The upload API's function, its bucket and table, and a proxy in front of both."""

    handler: Any
    name: str
    proxy: Proxy
    local: LocalAws

    def post(self, body: Any, key: str | None = None, **more: Any) -> tuple[int, Any]:
        """Gives status and body; every request has an idempotency key of its own unless `key` says otherwise."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid4().hex}
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        event = {"httpMethod": "POST", "headers": headers, "body": text, **more}
        answer = self.handler.handle(event, Context())
        assert answer["headers"]["Content-Type"] == "application/json"
        return answer["statusCode"], json.loads(answer["body"])

    def product(self, product_id: str) -> dict[str, Any] | None:
        key = {"productId": {"S": product_id}, "productName": {"S": "Lamp"}}
        item = self.local.client("dynamodb").get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return item and {name: next(iter(value.values())) for name, value in item.items()}

    def versions(self, object_key: str) -> list[dict[str, Any]]:
        return list(
            self.local.client("s3").list_object_versions(Bucket=self.name, Prefix=object_key).get("Versions", [])
        )

    def items(self) -> int:
        return int(self.local.client("dynamodb").scan(TableName=self.name, Select="COUNT")["Count"])

    def expire(self, key: str) -> None:
        """Make what is remembered under an idempotency key as old as DynamoDB may leave it lying."""
        self.local.client("dynamodb").update_item(
            TableName=self.name,
            Key={"productId": {"S": f"idempotency#{key}"}, "productName": {"S": "answer"}},
            UpdateExpression="SET expiresAt = :past",
            ConditionExpression="expiresAt > :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )


@pytest.fixture(scope="module")
def loaded_uploads(local_aws: LocalAws) -> Iterator[Uploads]:
    name = f"test-uploads-{uuid4().hex[:8]}"
    s3, dynamodb = map(local_aws.client, ("s3", "dynamodb"))
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "productId", "KeyType": "HASH"},
            {"AttributeName": "productName", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("productId", "productName")],
    )
    with proxy(local_aws) as made:
        variables = {
            **local_aws.environment(),
            **{f"AWS_ENDPOINT_URL_{service}": made.url for service in ("S3", "DYNAMODB")},
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "BUCKET_NAME": name,
            "TABLE_NAME": name,
        }
        with loaded("upload_api", variables) as handler:
            yield Uploads(handler, name, made, local_aws)


@pytest.fixture
def uploads(loaded_uploads: Uploads) -> Iterator[Uploads]:
    loaded_uploads.proxy.requests.clear()
    yield loaded_uploads
    loaded_uploads.proxy.fault = lambda request: None


def upload(**changed: Any) -> dict[str, Any]:
    """A valid body; None leaves a field out."""
    body = {
        "productId": uuid4().hex,
        "productName": "Lamp",
        "price": 19.9,
        "fileName": "lamp.txt",
        "contentType": "text/plain",
        "content": base64.b64encode(b"A lamp.").decode(),
    }
    return {name: value for name, value in {**body, **changed}.items() if value is not None}


def presigned_upload(size: int, **changed: Any) -> dict[str, Any]:
    return upload(content=None, size=size, **changed)


def failing(operation: str, fault: Fault) -> Fault:
    """The fault, for one operation of DynamoDB only."""

    def only(request: Request) -> Answer | None:
        return fault(request) if request.headers.get("X-Amz-Target", "").endswith(f".{operation}") else None

    return only


def cancelled(*reasons: str) -> Answer:
    return Answer(
        400,
        json.dumps(
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons {reasons}",
                "CancellationReasons": [{"Code": reason} for reason in reasons],
            }
        ).encode(),
    )


def test_a_file_is_stored_and_its_product_says_where(uploads: Uploads) -> None:
    body = upload(productName="Lamp")
    status, answer = uploads.post(body)
    row = uploads.product(body["productId"])
    assert row is not None
    (version,) = uploads.versions(row["objectKey"])
    assert (version["Size"], version["VersionId"]) == (7, row["versionId"])
    head = uploads.local.client("s3").get_object(Bucket=uploads.name, Key=row["objectKey"])
    assert (head["Body"].read(), head["ContentType"]) == (b"A lamp.", "text/plain")
    assert row == {
        "productId": body["productId"],
        "productName": "Lamp",
        "price": "19.9",
        "fileName": "lamp.txt",
        "contentType": "text/plain",
        "size": "7",
        "bucket": uploads.name,
        "objectKey": row["objectKey"],
        "versionId": version["VersionId"],
        "uploadTime": row["uploadTime"],
    }
    assert (status, answer) == (
        201,
        {
            "productId": body["productId"],
            "productName": "Lamp",
            "fileName": "lamp.txt",
            "contentType": "text/plain",
            "size": 7,
            "objectKey": row["objectKey"],
            "versionId": version["VersionId"],
        },
    )


@pytest.mark.parametrize(
    "price",
    [
        "0",
        "19.90",
        "0.1",
        "1e3",
        "9007199254740993",
        "0.30000000000000004",
        "12345678901234567890123456789012345.678",
        "99999999999999999999999999999999999999",
        "1E-128",
        "9.9E125",
    ],
)
def test_prices_are_kept_exactly(uploads: Uploads, price: str) -> None:
    body = upload()
    assert uploads.post(json.dumps(body).replace("19.9", price))[0] == 201
    row = uploads.product(body["productId"])
    assert row is not None
    assert Decimal(row["price"]) == Decimal(price)


@pytest.mark.parametrize("price", ["-0", "-0.0", "0e999"])
def test_nothing_is_nothing_however_it_is_written(uploads: Uploads, price: str) -> None:
    body = upload()
    assert uploads.post(json.dumps(body).replace("19.9", price))[0] == 201
    row = uploads.product(body["productId"])
    assert row is not None
    assert row["price"] == "0"


@pytest.mark.parametrize("name", ["übersicht — größe 日本 😀.pdf", "a b+c%2F&d.txt", "...", ".hidden", "x" * 255])
def test_names_that_are_no_paths_are_taken(uploads: Uploads, name: str) -> None:
    body = upload(fileName=name)
    assert uploads.post(body)[0] == 201
    row = uploads.product(body["productId"])
    assert row is not None
    assert row["fileName"] == name


def test_an_empty_file_without_a_type_is_a_file(uploads: Uploads) -> None:
    status, answer = uploads.post(upload(content="", contentType=None))
    assert (status, answer["size"], answer["contentType"]) == (201, 0, "application/octet-stream")


def test_the_largest_content_is_stored_and_one_byte_more_is_told_of_presigned_uploads(uploads: Uploads) -> None:
    largest = base64.b64encode(bytes(LARGEST_CONTENT)).decode()
    status, answer = uploads.post(upload(content=largest))
    assert (status, answer["size"]) == (201, LARGEST_CONTENT)
    more = base64.b64encode(bytes(LARGEST_CONTENT + 1)).decode()
    status, answer = uploads.post(upload(content=more))
    assert status == 413
    assert answer["message"] == (
        "content: 4194305 bytes, more than 4194304; leave content out and give size to get a presigned upload"
    )


def test_a_later_upload_replaces_the_product_and_leaves_the_earlier_file(uploads: Uploads) -> None:
    body = upload()
    earlier = uploads.post(body)[1]
    later = uploads.post({**body, "price": 20})[1]
    row = uploads.product(body["productId"])
    assert row is not None
    assert (row["price"], row["objectKey"]) == ("20", later["objectKey"])
    assert earlier["objectKey"] != later["objectKey"]
    assert len(uploads.versions(earlier["objectKey"])) == 1


def test_a_repeat_gets_the_same_answer_and_changes_nothing(uploads: Uploads) -> None:
    body, key = upload(), uuid4().hex
    first = uploads.post(body, key)
    row, items = uploads.product(body["productId"]), uploads.items()
    uploads.proxy.requests.clear()
    assert uploads.post(body, key) == first
    assert first[0] == 201
    assert (uploads.product(body["productId"]), uploads.items()) == (row, items)
    assert [request.headers["X-Amz-Target"] for request in uploads.proxy.requests] == ["DynamoDB_20120810.GetItem"]


def test_an_older_upload_that_is_repeated_late_does_not_overwrite_a_newer_one(uploads: Uploads) -> None:
    older, key = upload(), uuid4().hex
    first = uploads.post(older, key)
    status, newer = uploads.post({**older, "price": 20}, uuid4().hex)
    assert (first[0], status) == (201, 201)
    row = uploads.product(older["productId"])
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: uploads.post(older, key), range(6))) == [first] * 6
    assert uploads.product(older["productId"]) == row
    assert row is not None
    assert (row["price"], row["objectKey"]) == ("20", newer["objectKey"])


def test_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(uploads: Uploads) -> None:
    body, key = upload(), uuid4().hex
    uploads.post(body, key)
    row, items = uploads.product(body["productId"]), uploads.items()
    status, answer = uploads.post({**body, "price": 20}, key)
    assert (status, answer["message"].split(":")[0]) == (409, "Idempotency-Key")
    assert (uploads.product(body["productId"]), uploads.items()) == (row, items)


def test_requests_with_the_same_key_at_the_same_time_have_one_effect_and_one_answer(uploads: Uploads) -> None:
    body, key, items = upload(), uuid4().hex, uploads.items()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: uploads.post(body, key), range(8)))
    row = uploads.product(body["productId"])
    assert row is not None
    assert answers == [(201, answers[0][1])] * 8
    assert answers[0][1]["versionId"] == row["versionId"]
    assert uploads.items() == items + 2  # the product and what is remembered


def test_different_bodies_with_the_same_key_at_the_same_time_have_one_effect(uploads: Uploads) -> None:
    body, key, items = upload(), uuid4().hex, uploads.items()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda price: uploads.post({**body, "price": price}, key), range(1, 9)))
    row = uploads.product(body["productId"])
    assert row is not None
    assert sorted(status for status, _ in answers) == [201] + [409] * 7
    ((_, stored),) = [one for one in answers if one[0] == 201]
    assert (stored["objectKey"], stored["versionId"]) == (row["objectKey"], row["versionId"])
    assert uploads.items() == items + 2


def test_a_repeat_after_a_crash_before_the_product_overwrites_the_object(uploads: Uploads) -> None:
    body, key, items = upload(), uuid4().hex, uploads.items()
    uploads.proxy.fault = failing("TransactWriteItems", refusing(500))
    with pytest.raises(ClientError):
        uploads.post(body, key)
    assert uploads.items() == items
    uploads.proxy.fault = lambda request: None
    status, answer = uploads.post(body, key)
    assert status == 201
    row = uploads.product(body["productId"])
    assert row is not None
    left, latest = sorted(uploads.versions(row["objectKey"]), key=lambda one: bool(one["IsLatest"]))
    assert latest["VersionId"] == row["versionId"] == answer["versionId"] != left["VersionId"]


def test_transactions_that_cancel_each_other_are_tried_again(uploads: Uploads) -> None:
    left = [cancelled("None", "TransactionConflict"), cancelled("TransactionConflict", "None")]
    uploads.proxy.fault = failing("TransactWriteItems", lambda request: left.pop() if left else None)
    assert uploads.post(upload())[0] == 201
    assert left == []


def test_an_upload_that_always_meets_others_is_told_to_come_again(uploads: Uploads) -> None:
    body = upload()
    uploads.proxy.fault = failing("TransactWriteItems", lambda request: cancelled("None", "TransactionConflict"))
    status, answer = uploads.post(body)
    assert (status, answer["message"]) == (
        429,
        f"{body['productId']}: too many uploads of this product at once; send this one again",
    )
    assert uploads.product(body["productId"]) is None


def test_a_transaction_cancelled_for_any_other_reason_is_raised(uploads: Uploads) -> None:
    uploads.proxy.fault = failing("TransactWriteItems", lambda request: cancelled("None", "ThrottlingError"))
    with pytest.raises(ClientError, match="ThrottlingError"):
        uploads.post(upload())


@pytest.mark.parametrize("service", ["S3", "DynamoDB"])
def test_what_is_nobodys_fault_but_ours_is_raised(uploads: Uploads, service: str) -> None:
    def fault(request: Request) -> Answer | None:
        of_dynamodb = "X-Amz-Target" in request.headers
        return Answer(500) if of_dynamodb == (service == "DynamoDB") else None

    uploads.proxy.fault = fault
    with pytest.raises(ClientError):
        uploads.post(upload())


def test_a_key_is_free_again_once_what_it_remembers_has_expired(uploads: Uploads) -> None:
    body, key = upload(), uuid4().hex
    earlier = uploads.post(body, key)[1]
    uploads.expire(key)
    status, later = uploads.post({**body, "price": 20}, key)
    assert status == 201
    assert earlier["objectKey"] != later["objectKey"]
    row = uploads.product(body["productId"])
    assert row is not None
    assert row["price"] == "20"
    assert uploads.post(body, key)[0] == 409


def test_a_large_file_comes_by_a_presigned_upload(uploads: Uploads) -> None:
    body, key = presigned_upload(11, contentType="application/pdf"), uuid4().hex
    status, answer = uploads.post(body, key)
    row = uploads.product(body["productId"])
    assert row is not None
    sending = answer.pop("upload")
    assert (status, answer) == (
        202,
        {
            "productId": body["productId"],
            "productName": "Lamp",
            "fileName": "lamp.txt",
            "contentType": "application/pdf",
            "size": 11,
            "objectKey": row["objectKey"],
            "presignedUntil": row["presignedUntil"],
        },
    )
    assert "versionId" not in row
    assert uploads.versions(row["objectKey"]) == []
    assert (sending["method"], sending["headers"]) == (
        "PUT",
        {"Content-Type": "application/pdf", "Content-Length": "11"},
    )
    assert uploads.post(body, key) == (202, {**answer, "upload": sending})
    assert send(uploads.local, "PUT", sending["url"], b"hello world", sending["headers"])[0] == 200
    (version,) = uploads.versions(row["objectKey"])
    assert version["Size"] == 11


def test_a_presigned_upload_is_bound_to_type_and_length_and_works_for_a_quarter_of_an_hour(uploads: Uploads) -> None:
    url = uploads.post(presigned_upload(11))[1]["upload"]["url"]
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert "X-Amz-Expires=900&" in url
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost" in url


def test_a_repeat_gets_a_new_presigned_upload_once_the_first_has_expired(uploads: Uploads) -> None:
    body, key = presigned_upload(11), uuid4().hex
    first = uploads.post(body, key)[1]
    uploads.expire(key)
    status, again = uploads.post(body, key)
    assert status == 202
    assert again["objectKey"] == first["objectKey"]


def test_the_largest_presigned_upload_is_what_s3_takes_in_one_request(uploads: Uploads) -> None:
    assert uploads.post(presigned_upload(5 * 1024**3))[0] == 202
    assert uploads.post(presigned_upload(5 * 1024**3 + 1))[0] == 400


PRICE_BEYOND = "price: beyond 1E-128 to 1E125"
NOT_JSON = "the body is not JSON"


def priced(price: str) -> str:
    return json.dumps(upload()).replace("19.9", price)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, NOT_JSON),
        ("", NOT_JSON),
        ("{", NOT_JSON),
        ("[" * 100_000, NOT_JSON),
        ("[]", "the body must be a JSON object"),
        (upload(productId=None), "body must contain ['productId'] properties"),
        (upload(productName=None), "body must contain ['productName'] properties"),
        (upload(price=None), "body must contain ['price'] properties"),
        (upload(fileName=None), "body must contain ['fileName'] properties"),
        (upload(other=1), "body must not contain {'other'} properties"),
        (upload(content=None), "the body must have either content or size"),
        (upload(size=7), "the body must have either content or size"),
        (upload(productId=""), "body.productId must match pattern"),
        (upload(productId=7), "body.productId must be string"),
        (upload(productId="idempotency#1"), "body.productId must match pattern"),
        (upload(productId="x" * 129), "body.productId must match pattern"),
        (upload(productName=""), "body.productName must be longer than or equal to 1 characters"),
        (upload(productName="x" * 257), "body.productName must be shorter than or equal to 256 characters"),
        (upload(productName="a\nb"), "body.productName must match pattern"),
        (upload(productName="\ud800"), "productName: not valid Unicode"),
        (upload(price="19.9"), "body.price must be number"),
        (upload(price=True), "body.price must be number"),
        (priced("-0.01"), "body.price must be bigger than or equal to 0"),
        (priced("NaN"), NOT_JSON),
        (priced("Infinity"), NOT_JSON),
        (priced("-Infinity"), NOT_JSON),
        (priced("1" * 40), "price: more than 38 digits, which would not be kept exactly"),
        (priced("0." + "1" * 39), "price: more than 38 digits, which would not be kept exactly"),
        (priced("1" * 5000), NOT_JSON),
        (priced("1e126"), PRICE_BEYOND),
        (priced("1e-129"), PRICE_BEYOND),
        (priced("1e999999999999999999999"), NOT_JSON),
        (upload(fileName=""), "body.fileName must be longer than or equal to 1 characters"),
        (upload(fileName="x" * 256), "body.fileName must be shorter than or equal to 255 characters"),
        (upload(fileName="../lamp.txt"), "body.fileName must match pattern"),
        (upload(fileName="a\\b"), "body.fileName must match pattern"),
        (upload(fileName="."), "body.fileName must match pattern"),
        (upload(fileName=".."), "body.fileName must match pattern"),
        (upload(fileName="a\0b"), "body.fileName must match pattern"),
        (upload(fileName="a\n"), "body.fileName must match pattern"),
        (upload(fileName="gpj.\u202eexe"), "body.fileName must match pattern"),
        (upload(fileName="\udfff"), "fileName: not valid Unicode"),
        (upload(contentType="text"), "body.contentType must match pattern"),
        (upload(contentType="text/plain\r\nX-Other: 1"), "body.contentType must match pattern"),
        (upload(content="***"), "content: not base64"),
        (upload(content="QUI"), "content: not base64"),
        (upload(content="QUI=\n"), "content: not base64"),
        (upload(content="QUJD-_"), "content: not base64"),
        (upload(content="größe"), "content: not base64"),
        (presigned_upload(0), "body.size must be bigger than or equal to 1"),
        (presigned_upload(-1), "body.size must be bigger than or equal to 1"),
        (upload(content=None, size=1.5), "body.size must be integer"),
    ],
    ids=lambda value: "text" if str(value).startswith("{") else None,  # ids of products are new in each run
)
def test_what_is_wrong_with_a_body_is_said_and_nothing_is_touched(uploads: Uploads, body: Any, reason: str) -> None:
    status, answer = uploads.post(body)
    assert status == 400
    assert answer["message"].startswith(reason)
    assert uploads.proxy.requests == []


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Type": "text/xml"}, 415, "Content-Type is text/xml; send application/json"),
        ({"Content-Type": "application/jsonp"}, 415, "Content-Type is application/jsonp; send application/json"),
        ({"Content-Type": "text/plain; application/json"}, 415, "Content-Type is text/plain; send application/json"),
        ({"Content-Type": ""}, 415, "Content-Type is missing; send application/json"),
        ({}, 415, "Content-Type is missing; send application/json"),
        (None, 415, "Content-Type is missing; send application/json"),
        ({"Content-Type": "application/json"}, 400, "Idempotency-Key: send this header"),
        ({"Content-Type": "application/json", "Idempotency-Key": "a b"}, 400, "Idempotency-Key: send this header"),
        ({"Content-Type": "application/json", "Idempotency-Key": "ä"}, 400, "Idempotency-Key: send this header"),
        ({"Content-Type": "application/json", "Idempotency-Key": "x" * 256}, 400, "Idempotency-Key: send this header"),
    ],
)
def test_other_types_and_missing_keys_are_refused_and_nothing_is_touched(
    uploads: Uploads, headers: dict[str, str] | None, status: int, reason: str
) -> None:
    answer = uploads.post(upload(), headers=headers)
    assert answer[0] == status
    assert answer[1]["message"].startswith(reason)
    assert uploads.proxy.requests == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json", "idempotency-key": "{}"},
        {"CONTENT-TYPE": "Application/JSON; charset=utf-8", "IDEMPOTENCY-KEY": "{}"},
    ],
)
def test_headers_are_read_whatever_their_case_and_parameters(uploads: Uploads, headers: dict[str, str]) -> None:
    key = uuid4().hex
    assert uploads.post(upload(), headers={name: value.format(key) for name, value in headers.items()})[0] == 201


def test_what_is_no_request_is_raised(uploads: Uploads) -> None:
    events: list[Any] = [{"Records": []}, {}, [], None]
    for event in events:
        with pytest.raises(uploads.handler.NotARequest):
            uploads.handler.handle(event, Context())
