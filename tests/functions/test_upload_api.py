"""The upload API's function in this process, against a bucket and a table on the local AWS."""

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from sluice_cli.local_aws.signed_request import send
from tests.support.faults import Answer, ProxiedRequest, refusing
from tests.support.functions import LambdaContext
from tests.support.modelled_calls import modelled_calls, received_calls
from tests.support.uploads import Uploads, failing, presigned_upload, upload

LARGEST_CONTENT = 4 * 1024 * 1024


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


def test_a_request_takes_the_calls_that_are_explained_and_no_other(uploads: Uploads) -> None:
    uploads.post(upload())
    assert received_calls(uploads.proxy.requests) == modelled_calls("upload-api")


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
        "state": "stored",
        "checksum": base64.b64encode(hashlib.sha256(b"A lamp.").digest()).decode(),
        "checksumAlgorithm": "SHA256",
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
def test_absent_values_in_any_notation_are_treated_alike(uploads: Uploads, price: str) -> None:
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


def test_the_largest_content_is_stored_and_one_byte_more_is_referred_to_presigned_uploads(uploads: Uploads) -> None:
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
    assert uploads.items() == items + 2  # the product and the stored answer


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


def test_an_upload_that_keeps_conflicting_is_asked_to_retry(uploads: Uploads) -> None:
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
def test_internal_errors_are_raised(uploads: Uploads, service: str) -> None:
    def fault(request: ProxiedRequest) -> Answer | None:
        of_dynamodb = "X-Amz-Target" in request.headers
        return Answer(500) if of_dynamodb == (service == "DynamoDB") else None

    uploads.proxy.fault = fault
    with pytest.raises(ClientError):
        uploads.post(upload())


def test_an_idempotency_key_can_be_reused_after_its_record_expires(uploads: Uploads) -> None:
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


WRONG = base64.b64encode(hashlib.sha256(b"another file").digest()).decode()


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"hello", {"Content-Length": "5"}, 403, "SignatureDoesNotMatch"),
        (b"hello world", {"Content-Type": "text/html"}, 403, "SignatureDoesNotMatch"),
        (b"hello world", {"x-amz-checksum-sha256": WRONG}, 400, "BadDigest"),
    ],
    ids=["length", "type", "checksum"],
)
def test_a_presigned_upload_of_another_length_type_or_checksum_is_refused(
    uploads: Uploads, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = uploads.post(presigned_upload(11))[1]
    sending = answer["upload"]
    refused, body = send(uploads.local, "PUT", sending["url"], content, {**sending["headers"], **headers})
    assert (refused, code in str(body)) == (status, True)
    assert uploads.versions(answer["objectKey"]) == []


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


NOT_A_KEY = "Idempotency-Key: 1 to 255 ASCII characters, no spaces"
PRICE_BEYOND = "price: beyond 1E-128 to 1E125"
NOT_JSON = "the body is not JSON"


def priced(price: str) -> str:
    return json.dumps(upload()).replace("19.9", price)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, f"{NOT_JSON}: it is empty"),
        ("", f"{NOT_JSON}: it is empty"),
        ("{", f"{NOT_JSON}: line 1, column 2"),
        ("[" * 100_000, f"{NOT_JSON} within this API's limits: it is nested too deeply"),
        ("[]", "the body must be a JSON object"),
        (upload(productId=None), "missing: productId"),
        (upload(productName=None), "missing: productName"),
        (upload(price=None), "missing: price"),
        (upload(fileName=None), "missing: fileName"),
        (upload(other=1), "unknown field: other"),
        (upload(content=None), "the body must have either content or size"),
        (upload(size=7), "the body must have either content or size"),
        (upload(productId=""), "productId: 1 to 128 letters, digits and . _ : -"),
        (upload(productId=7), "productId: has to be a string"),
        (upload(productId="idempotency#1"), "productId: 1 to 128 letters, digits and . _ : -"),
        (upload(productId="x" * 129), "productId: 1 to 128 letters, digits and . _ : -"),
        (upload(productName=""), "productName: at least 1 characters"),
        (upload(productName="x" * 257), "productName: at most 256 characters"),
        (upload(productName="a\nb"), "productName: no control characters"),
        (upload(productName="\ud800"), "productName: not valid Unicode"),
        (upload(price="19.9"), "price: has to be a number"),
        (upload(price=True), "price: has to be a number"),
        (priced("-0.01"), "price: at least 0"),
        (priced("NaN"), f"{NOT_JSON}: NaN is not a JSON number"),
        (priced("Infinity"), NOT_JSON),
        (priced("-Infinity"), NOT_JSON),
        (priced("1" * 40), "price: more than 38 digits, which would not be kept exactly"),
        (priced("0." + "1" * 39), "price: more than 38 digits, which would not be kept exactly"),
        (priced("1" * 5000), f"{NOT_JSON} within this API's limits: a number has 5000 digits, 1000 at most"),
        (priced("1e126"), PRICE_BEYOND),
        (priced("1e-129"), PRICE_BEYOND),
        (priced("1e999999999999999999999"), f"{NOT_JSON} within this API's limits: a number's exponent is beyond 125"),
        (upload(fileName=""), "fileName: at least 1 characters"),
        (upload(fileName="x" * 256), "fileName: at most 255 characters"),
        (upload(fileName="../lamp.txt"), "fileName: a name, not a path"),
        (upload(fileName="a\\b"), "fileName: a name, not a path"),
        (upload(fileName="."), "fileName: a name, not a path"),
        (upload(fileName=".."), "fileName: a name, not a path"),
        (upload(fileName="a\0b"), "fileName: a name, not a path"),
        (upload(fileName="a\n"), "fileName: a name, not a path"),
        (upload(fileName="gpj.\u202eexe"), "fileName: a name, not a path"),
        (upload(fileName="\udfff"), "fileName: not valid Unicode"),
        (upload(contentType="text"), "contentType: a media type such as text/plain; charset=utf-8"),
        (upload(contentType="text/plain\r\nX-Other: 1"), "contentType: a media type such as text/plain; charset=utf-8"),
        (upload(content="***"), "content: not base64"),
        (upload(content="QUI"), "content: not base64"),
        (upload(content="QUI=\n"), "content: not base64"),
        (upload(content="QUJD-_"), "content: not base64"),
        (upload(content="größe"), "content: not base64"),
        (presigned_upload(0), "size: at least 1"),
        (presigned_upload(-1), "size: at least 1"),
        (upload(content=None, size=1.5), "size: has to be an integer"),
    ],
    ids=lambda value: "text" if str(value).startswith("{") else None,  # products have new ids in each run
)
def test_an_invalid_body_is_refused_with_the_reason_and_without_side_effects(
    uploads: Uploads, body: Any, reason: str
) -> None:
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
        (
            {"Content-Type": "application/json", "Idempotency-Key": "a b"},
            400,
            "Idempotency-Key: 1 to 255 ASCII characters, no spaces",
        ),
        (
            {"Content-Type": "application/json", "Idempotency-Key": "ä"},
            400,
            "Idempotency-Key: 1 to 255 ASCII characters, no spaces",
        ),
        (
            {"Content-Type": "application/json", "Idempotency-Key": "x" * 256},
            400,
            "Idempotency-Key: 1 to 255 ASCII characters, no spaces",
        ),
    ],
)
def test_invalid_content_types_and_keys_are_refused_without_side_effects(
    uploads: Uploads, headers: dict[str, str] | None, status: int, reason: str
) -> None:
    answer = uploads.post(upload(), headers=headers)
    assert answer[0] == status
    assert answer[1]["message"].startswith(reason)
    assert uploads.proxy.requests == []


KEYLESS = {"Content-Type": "application/json"}


@pytest.mark.parametrize("headers", [KEYLESS, {**KEYLESS, "Idempotency-Key": ""}, {**KEYLESS, "Idempotency-Key": " "}])
def test_without_a_key_the_same_body_is_the_same_upload(uploads: Uploads, headers: dict[str, str]) -> None:
    body = upload()
    first, items = uploads.post(body, headers=headers), uploads.items()
    row = uploads.product(body["productId"])
    assert first[0] == 201
    assert uploads.post(body, headers=headers) == first
    assert (uploads.product(body["productId"]), uploads.items()) == (row, items)
    status, other = uploads.post({**body, "price": 20}, headers=headers)
    assert (status, other["objectKey"] == first[1]["objectKey"]) == (201, False)


def test_no_key_is_taken_for_the_hash_of_a_body(uploads: Uploads) -> None:
    body = upload()
    text = json.dumps(body)
    first = uploads.post(text, headers=KEYLESS)
    status, second = uploads.post({**body, "price": 20}, hashlib.sha256(text.encode()).hexdigest())
    assert (status, second["objectKey"] == first[1]["objectKey"]) == (201, False)
    assert uploads.post(text, headers=KEYLESS) == first


def test_the_same_body_many_times_at_once_without_a_key_has_one_effect(uploads: Uploads) -> None:
    body, items = upload(), uploads.items()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: uploads.post(body, headers=KEYLESS), range(8)))
    assert answers == [(201, answers[0][1])] * 8
    assert uploads.items() == items + 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('text/plain; charset="utf-8"', 'text/plain; charset="utf-8"'),
        ('video/webm;codecs="vp9,opus"', 'video/webm;codecs="vp9,opus"'),
        ("video/webm;codecs=vp8,opus", "video/webm;codecs=vp8,opus"),
        ("text/plain ; charset=utf-8", "text/plain ; charset=utf-8"),
        (" text/plain;\tcharset=utf-8 ", "text/plain;\tcharset=utf-8"),
        ("text/plain;", "text/plain;"),
        ("", "application/octet-stream"),
        ("  ", "application/octet-stream"),
    ],
)
def test_a_content_type_is_taken_as_browsers_give_it_by_either_way(uploads: Uploads, given: str, kept: str) -> None:
    status, answer = uploads.post(upload(contentType=given))
    assert (status, answer["contentType"]) == (201, kept)
    head = uploads.local.client("s3").head_object(Bucket=uploads.name, Key=answer["objectKey"])
    assert head["ContentType"] == kept
    status, answer = uploads.post(presigned_upload(7, contentType=given))
    sending = answer["upload"]
    assert (status, sending["headers"]["Content-Type"]) == (202, kept)
    assert send(uploads.local, "PUT", sending["url"], b"A lamp.", sending["headers"])[0] == 200
    assert send(uploads.local, "PUT", sending["url"], b"A lamp.", {"Content-Type": "image/png"})[0] == 403


@pytest.mark.parametrize("content", [b"\xff", b"/?>", b"\xfb\xef\xbe"], ids=["all slashes", "some", "pluses"])
def test_the_limit_is_of_the_content_however_its_base64_is_escaped(uploads: Uploads, content: bytes) -> None:
    largest = (content * LARGEST_CONTENT)[:LARGEST_CONTENT]

    def body(content: bytes) -> str:
        escaped = base64.b64encode(content).decode().replace("/", "\\/")  # as PHP encodes JSON by default
        return json.dumps(upload(content="@")).replace("@", escaped)

    status, answer = uploads.post(body(largest))
    assert (status, answer["size"]) == (201, LARGEST_CONTENT)
    status, answer = uploads.post(body(largest + b"x"))
    assert (status, answer["message"].partition(";")[0]) == (413, "content: 4194305 bytes, more than 4194304")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ('"price": 1, "price": 999', '"price"'),
        ('"price": 1, "pr\\u0069ce": 999', '"price"'),
        ('"price": 1, "price": 1', '"price"'),
        ('"price": 1, "x": {"a\\"b": 1, "a\\"b": 2}', '"a\\"b"'),
    ],
)
def test_a_name_twice_is_refused_and_nothing_is_touched(uploads: Uploads, fields: str, named: str) -> None:
    body = json.dumps(upload(price=None)).removesuffix("}") + f", {fields}}}"
    assert uploads.post(body) == (400, {"message": f"the body names {named} twice"})
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


def test_an_event_that_is_not_a_request_raises_an_error(uploads: Uploads) -> None:
    events: list[Any] = [{"Records": []}, {}, [], None, {"detail-type": "Scheduled Event"}]
    for event in events:
        with pytest.raises(uploads.handler.NotARequest):
            uploads.handler.handle(event, LambdaContext())
