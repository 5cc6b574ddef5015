"""The object tracker through its REST API."""

import json
from urllib.parse import quote
from uuid import uuid4

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sluice_cli.local_aws.server import REGION
from sluice_cli.local_aws.signed_request import send, session
from tests.local.conftest import Tracker
from tests.support.deployed import SECOND_ORIGIN, WEB_ORIGIN
from tests.support.waiting import eventually


def test_a_signed_query_returns_the_rows_of_the_table(tracker: Tracker) -> None:
    key = "asked/a b+c — größe.txt"
    versions = {tracker.upload(key, b"x" * size) for size in (1, 2)}
    eventually(lambda: len(tracker.notified(key)) == 2)
    status, answer = tracker.get(f"?key={quote(key, safe='')}")
    assert (status, answer["key"]) == (200, key)
    assert {one["versionId"] for one in answer["objects"]} == versions
    assert [one["uploadTime"] for one in answer["objects"]] == sorted(
        (row["uploadTime"] for row in tracker.rows(key)), reverse=True
    )


@pytest.mark.parametrize("origin", [WEB_ORIGIN, SECOND_ORIGIN, "http://other.example.com"])
def test_pages_of_allowed_origins_read_answers_and_errors(tracker: Tracker, origin: str) -> None:
    allowed = origin if origin in (WEB_ORIGIN, SECOND_ORIGIN) else None
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    preflight = send_from_page(tracker, "OPTIONS", asked)
    assert (preflight[0], preflight[1]["Access-Control-Allow-Methods"]) == (204, "GET,OPTIONS,POST")
    assert preflight[1]["Access-Control-Allow-Origin"] == (allowed or WEB_ORIGIN)
    answered = send_from_page(tracker, "GET", {"Origin": origin}, signed=True)
    assert (answered[0], answered[1].get("Access-Control-Allow-Origin")) == (400, allowed)
    refused = send_from_page(tracker, "GET", {"Origin": origin})
    assert (refused[0], refused[1]["Access-Control-Allow-Origin"]) == (403, origin)


def send_from_page(
    tracker: Tracker, method: str, headers: dict[str, str], *, signed: bool = False
) -> tuple[int, dict[str, str]]:
    """Send a request with an Origin. Returns the status and the CORS headers."""
    request = AWSRequest(method, tracker.outputs["ApiUrl"], headers)
    if signed:
        running = tracker.local.running()
        assert running
        credentials = Credentials(running.access_key_id, running.secret_access_key)
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    answer = session(str(tracker.local.folder / "client.pem"), timeout=30).send(request.prepare())
    return answer.status_code, {k: v for k, v in answer.headers.items() if k.startswith("Access-Control-")}


def test_posting_an_object_that_its_event_recorded_repeats_the_row_and_notifies_nobody(tracker: Tracker) -> None:
    version = tracker.upload("posted.txt", b"1234")
    eventually(lambda: tracker.notified("posted.txt"))
    status, answer = tracker.post({"key": "posted.txt"})
    assert (status, answer["versionId"], answer["size"]) == (200, version, 4)
    assert len(tracker.rows("posted.txt")) == len(tracker.notifications("posted.txt")) == 1


def test_posting_records_an_object_whose_row_is_missing(tracker: Tracker) -> None:
    tracker.upload("lost row.txt")
    (row,) = eventually(lambda: tracker.notified("lost row.txt"))
    tracker.local.client("dynamodb").delete_item(
        TableName=tracker.outputs["TableName"],
        Key={name: {"S": row[name]} for name in ("objectKey", "uploadTime")},
    )
    first, second = tracker.post({"key": "lost row.txt"}), tracker.post({"key": "lost row.txt"})
    assert (first[0], second) == (201, (200, first[1]))
    assert [again["uploadTime"] for again in tracker.rows("lost row.txt")] == [row["uploadTime"]]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'{"key": NaN}', 400, "not JSON"),
        (b"[" * 8000, 400, "not JSON"),
        (b"[]", 400, "must be a JSON object"),
        (b"{}", 400, "key: give"),
        (b'{"key": 5}', 400, "key: give"),
        (b'{"key": "\\ud800"}', 400, "key: not valid Unicode"),
        (b'{"key": "a", "versionId": "\\ud800"}', 400, "versionId: not valid Unicode"),
        (b'{"key": "a", "more": 1}', 400, "unknown field 'more'"),
        (b'{"key": "%s"}' % (b"x" * 1025), 400, "1025 bytes long"),
        (b'{"key": "nobody uploaded this"}', 404, "is not in the bucket"),
        (b'{"key": "%s"}' % (b"x" * 20_000), 413, "longer than 16384 bytes"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_request_that_cannot_be_met_is_refused_with_a_reason(
    tracker: Tracker, body: bytes, status: int, reason: str
) -> None:
    answered, answer = tracker.post(body)
    assert answered == status
    assert reason in answer["message"]


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "key: give"),
        ("?key=", 400, "key: give"),
        ("?other=x", 400, "key: give"),
        (f"?key={'x' * 1025}", 400, "1025 bytes long"),
        ("?key=never%20seen", 404, "no object 'never seen' is recorded"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_question_that_cannot_be_answered_is_refused_with_a_reason(
    tracker: Tracker, query: str, status: int, reason: str
) -> None:
    answered, answer = tracker.get(query)
    assert answered == status
    assert reason in answer["message"]


def test_routes_that_are_not_declared_are_refused(tracker: Tracker) -> None:
    url = tracker.outputs["ApiUrl"]
    for method, undeclared in (("DELETE", url), ("PUT", url), ("GET", url + "/more"), ("GET", url.rpartition("/")[0])):
        assert tracker._signed(method, undeclared)[0] in (403, 404)


def signed(tracker: Tracker, key_id: str, secret: str, body: bytes = b"") -> dict[str, str]:
    """The headers of a POST signed with these keys."""
    request = AWSRequest(method="POST", url=tracker.outputs["ApiUrl"], data=body, headers={"Content-Type": "text/json"})
    SigV4Auth(Credentials(key_id, secret), "execute-api", REGION).add_auth(request)
    return dict(request.headers)


def test_requests_that_are_unsigned_or_signed_wrongly_are_refused(tracker: Tracker) -> None:
    tracker.upload("guarded.txt")
    body = json.dumps({"key": "guarded.txt"}).encode()
    running = tracker.local.running()
    assert running is not None
    key_id, secret = running.access_key_id, running.secret_access_key
    good = signed(tracker, key_id, secret, body)
    attempts = {
        "well signed": (good, body),
        "unsigned": ({}, body),
        "another secret": (signed(tracker, key_id, "x" * 40, body), body),
        "an unknown key": (signed(tracker, "AKIA" + "X" * 16, secret, body), body),
        "another body than was signed": (good, b'{"key": "other.txt"}'),
        "another signature": ({**good, "Authorization": good["Authorization"][:-8] + "00000000"}, body),
        "a nonsensical signature": ({**good, "Authorization": "AWS4-HMAC-SHA256 nonsense"}, body),
    }
    statuses = {
        name: send(tracker.local, "POST", tracker.outputs["ApiUrl"], content, headers)[0]
        for name, (headers, content) in attempts.items()
    }
    assert statuses.pop("well signed") in (200, 201)
    assert statuses == dict.fromkeys(statuses, 403)


def test_a_user_without_the_right_to_call_the_api_is_refused(tracker: Tracker) -> None:
    iam, name = tracker.local.client("iam"), f"test-nobody-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    headers = signed(tracker, key["AccessKeyId"], key["SecretAccessKey"], b"{}")
    assert send(tracker.local, "POST", tracker.outputs["ApiUrl"], b"{}", headers)[0] == 403
