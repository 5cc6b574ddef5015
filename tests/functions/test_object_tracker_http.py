"""The object tracker's answers over HTTP."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functions.conftest import Tracker
from tests.support.faults import refusing

LONGEST_BODY = 16 * 1024


def get(tracker: Tracker, parameters: dict[str, str] | None) -> tuple[int, Any]:
    return _answered(tracker, {"httpMethod": "GET", "queryStringParameters": parameters, "body": None})


def post(tracker: Tracker, body: Any, **more: Any) -> tuple[int, Any]:
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return _answered(tracker, {"httpMethod": "POST", "queryStringParameters": None, "body": text, **more})


def _answered(tracker: Tracker, request: dict[str, Any]) -> tuple[int, Any]:
    answer = tracker.handle(request)
    assert answer["headers"]["Content-Type"] == "application/json"
    answer["body"].encode()  # API Gateway would answer 502 for a body that cannot be sent
    return answer["statusCode"], json.loads(answer["body"])


def test_posting_records_an_object_once(tracker: Tracker) -> None:
    version = tracker.upload("asked for/a b.txt", b"12345", ContentType="text/plain")
    first = post(tracker, {"key": "asked for/a b.txt"})
    second = post(tracker, {"key": "asked for/a b.txt"})
    (row,) = tracker.rows("asked for/a b.txt")
    assert first[0] == 201
    assert second == (200, first[1])
    assert first[1] == {
        "objectKey": "asked for/a b.txt",
        "uploadTime": row["uploadTime"],
        "name": "a b.txt",
        "size": 5,
        "timestamp": row["timestamp"],
        "bucket": tracker.bucket,
        "versionId": version,
        "eTag": row["eTag"],
        "contentType": "text/plain",
        "notifiedAt": row["notifiedAt"],
    }
    assert len(tracker.notifications("asked for/a b.txt")) == 1


def test_posting_a_version_records_that_version(tracker: Tracker) -> None:
    old = tracker.upload("two versions", b"1")
    tracker.upload("two versions", b"22")
    status, answer = post(tracker, {"key": "two versions", "versionId": old})
    assert (status, answer["versionId"], answer["size"]) == (201, old, 1)


def test_a_body_in_base64_is_read(tracker: Tracker) -> None:
    tracker.upload("größe")
    body = base64.b64encode(json.dumps({"key": "größe"}, ensure_ascii=False).encode()).decode()
    assert post(tracker, body, isBase64Encoded=True)[0] == 201


def test_asking_gives_all_uploads_of_a_key_latest_first(tracker: Tracker) -> None:
    versions = [tracker.upload("history", b"x" * size) for size in (1, 2)]
    for version in versions:
        post(tracker, {"key": "history", "versionId": version})
    rows = sorted((row["uploadTime"] for row in tracker.rows("history")), reverse=True)
    status, answer = get(tracker, {"key": "history"})
    assert (status, answer["key"]) == (200, "history")
    assert [one["uploadTime"] for one in answer["objects"]] == rows
    assert {one["versionId"] for one in answer["objects"]} == set(versions)
    assert not any("notificationLease" in one for one in answer["objects"])


@pytest.mark.parametrize(
    ("parameters", "status", "reason"),
    [
        (None, 400, "key: give the object's key"),
        ({}, 400, "key: give the object's key"),
        ({"other": "x"}, 400, "key: give the object's key"),
        ({"key": ""}, 400, "key: give the object's key"),
        ({"key": "x" * 1025}, 400, "key: 1025 bytes long, S3 allows 1024"),
        ({"key": "ü" * 513}, 400, "key: 1026 bytes long, S3 allows 1024"),
        ({"key": "\ud800"}, 400, "key: not valid Unicode"),
        *(({"key": key}, 400, "key: leads above the bucket") for key in ("..", "../other/key", "a/../../b", "../..")),
        ({"key": "never seen"}, 404, "no object 'never seen' is recorded"),
        ({"key": "x" * 1024}, 404, "is recorded"),
    ],
    ids=lambda value: str(value)[:30].encode("unicode_escape").decode(),
)
def test_a_question_that_cannot_be_answered_is_refused_with_a_reason(
    tracker: Tracker, parameters: dict[str, str] | None, status: int, reason: str
) -> None:
    answered, answer = get(tracker, parameters)
    assert (answered, list(answer)) == (status, ["message"])
    assert reason in answer["message"]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        *((body, 400, "the body is not JSON") for body in (None, "", " ", "{", '{"key": "a"', "key=a", "{'key': 'a'}")),
        *((body, 400, "the body is not JSON") for body in ('{"key": "a"}}', '{"key": NaN}', '{"key": Infinity}')),
        ('{"key": -Infinity}', 400, "the body is not JSON"),
        ("[" * 8000 + "]" * 8000, 400, "the body is not JSON"),
        ('{"key": ' * 1500 + "1" + "}" * 1500, 400, "the body is not JSON"),
        ('{"key": ' + "9" * 5000 + "}", 400, "the body is not JSON"),
        ('{"key": "\ud800"}', 400, "the body is not JSON"),
        *((body, 400, "the body must be a JSON object") for body in ("[]", '[{"key": "a"}]', '"key"', "5", "null")),
        *((body, 400, "key: give the object's key") for body in ({}, {"versionId": "v"}, {"key": None}, {"key": ""})),
        *((body, 400, "key: give the object's key") for body in ({"key": 5}, {"key": ["a"]}, {"key": {"key": "a"}})),
        ('{"key": 1e999}', 400, "key: give the object's key"),
        ({"key": "x" * 1025}, 400, "key: 1025 bytes long, S3 allows 1024"),
        ('{"key": "\\ud800"}', 400, "key: not valid Unicode"),
        *(({"key": "a", "versionId": one}, 400, "versionId: give the version") for one in (5, "", ["v"], False)),
        ({"key": "a", "versionId": "x" * 1025}, 400, "versionId: 1025 bytes long"),
        ('{"key": "a", "versionId": "\\udfff"}', 400, "versionId: not valid Unicode"),
        ({"key": "a", "bucket": "b"}, 400, "unknown field 'bucket'"),
        ('{"key": "a", "\\ud800": 1}', 400, "unknown field"),
        ({"key": "no such object"}, 404, "'no such object' (version latest) is not in the bucket"),
        ({"key": "no such object", "versionId": "x\ny"}, 404, "is not in the bucket"),
        (json.dumps({"key": "a", "padding": "x" * LONGEST_BODY}), 413, f"longer than {LONGEST_BODY} bytes"),
        ("x" * 10_000_000, 413, f"longer than {LONGEST_BODY} bytes"),
        (json.dumps({"key": "ü" * LONGEST_BODY}, ensure_ascii=False)[:LONGEST_BODY], 413, "longer than"),
    ],
    ids=lambda value: str(value)[:30].encode("unicode_escape").decode(),
)
def test_a_request_that_cannot_be_met_is_refused_with_a_reason(
    tracker: Tracker, body: Any, status: int, reason: str
) -> None:
    answered, answer = post(tracker, body)
    assert (answered, list(answer)) == (status, ["message"])
    assert reason in answer["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"key": "a"}', 400),
        ("****", 400),
        ("ü", 400),
        ("YQ", 400),
        (base64.b64encode(b"\xff\xfe").decode(), 400),
        (base64.b64encode(b"x" * (LONGEST_BODY + 1)).decode(), 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_invalid_or_too_long_base64_body_is_refused(tracker: Tracker, body: str, status: int) -> None:
    answered, answer = post(tracker, body, isBase64Encoded=True)
    assert (answered, list(answer)) == (status, ["message"])


def test_a_version_s3_calls_invalid_is_an_unknown_object(tracker: Tracker) -> None:
    version = tracker.upload("invalid version")
    tracker.proxy.fault = refusing(400)  # S3's answer on AWS; the local AWS answers 404
    assert post(tracker, {"key": "invalid version", "versionId": version + "x"})[0] == 404


def test_an_object_encrypted_with_a_key_of_the_sender_cannot_be_recorded_by_request(tracker: Tracker) -> None:
    tracker.upload("vault by request", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32)
    assert post(tracker, {"key": "vault by request"}) == (
        409,
        {"message": "'vault by request' is encrypted with a key of the sender (SSE-C)"},
    )
    assert tracker.rows("vault by request") == []


def test_a_failing_service_is_raised_not_answered(tracker: Tracker) -> None:
    tracker.upload("unlucky")
    tracker.proxy.fault = refusing(500)
    with pytest.raises(ClientError):
        post(tracker, {"key": "unlucky"})
    with pytest.raises(ClientError):
        get(tracker, {"key": "unlucky"})
