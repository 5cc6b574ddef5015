"""Requests that clients repeat, against a table on the local AWS."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws
from sluice_functions import aws as clients
from sluice_functions import http, idempotency
from sluice_functions.http import Answer, InvalidRequest
from sluice_functions.idempotency import IdempotentRequests, PayloadChanged, RequestInProgress
from tests.support.bare_aws import BareAws
from tests.support.faults import ProxiedRequest, Reset, proxy

Event = dict[str, Any]


@pytest.fixture(scope="module")
def table(aws: BareAws) -> Iterator[str]:
    dynamodb, name = aws.client("dynamodb"), f"{aws.prefix}-requests"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    yield name
    dynamodb.delete_table(TableName=name)


@pytest.fixture
def requests(table: str, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> IdempotentRequests:
    for name, value in local_aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients, "_sessions", {})
    return IdempotentRequests(table)


class Work:
    """Work that counts how often it is done, and under which ids."""

    def __init__(self, outcome: Callable[[], Answer] = lambda: http.answer(201, {"order": 7})) -> None:
        self.ids: list[str] = []
        self._outcome = outcome

    def __call__(self, request_id: str) -> Answer:
        self.ids.append(request_id)
        return self._outcome()


def request(key: str | None, body: Any = "order", **more: Any) -> Event:
    headers = {} if key is None else {"idempotency-key": key}
    return {
        "httpMethod": "POST",
        "path": "/orders",
        "resource": "/orders",
        "headers": headers,
        "body": json.dumps(body),
        "requestContext": {},
        **more,
    }


def of(caller: str) -> Event:
    return {"requestContext": {"authorizer": {"principalId": caller}}}


def test_a_repeat_gets_the_same_answer_and_nothing_is_done_again(requests: IdempotentRequests) -> None:
    work = Work()
    first = requests.answer(request("same"), work)
    again = requests.answer(request("same"), work)
    assert first == http.answer(201, {"order": 7})
    assert again == {**first, "headers": {**first["headers"], "Idempotent-Replayed": "true"}}
    (id_,) = work.ids
    assert str(UUID(id_)) == id_


def test_keys_belong_to_a_caller_a_method_and_a_path(requests: IdempotentRequests) -> None:
    work = Work()
    others = [of("ann"), of("bob"), {"path": "/orders/1"}, {"httpMethod": "PUT"}, {}]
    for other in others:
        assert "Idempotent-Replayed" not in requests.answer(request("of-whom", **other), work)["headers"]
    assert len(set(work.ids)) == len(others)
    for other in others:
        assert "Idempotent-Replayed" in requests.answer(request("of-whom", **other), work)["headers"]
    assert len(work.ids) == len(others)


@pytest.mark.parametrize(
    "other",
    [
        request("changed", "other"),
        request("changed", queryStringParameters={"dry": "yes"}),
        request("changed", isBase64Encoded=True),
    ],
)
def test_another_payload_under_a_key_is_refused(requests: IdempotentRequests, other: Event) -> None:
    work = Work()
    requests.answer(request("changed"), work)
    with pytest.raises(PayloadChanged, match="this Idempotency-Key was used for another request; send a new one"):
        requests.answer(other, work)
    assert len(work.ids) <= 1


def test_of_requests_at_the_same_time_one_is_done_and_the_others_are_told_so(requests: IdempotentRequests) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def outcome() -> Answer:
        begun.set()
        assert go_on.wait(20)
        return http.answer(201, {"order": 8})

    work = Work(outcome)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(requests.answer, request("at-once"), work)
        assert begun.wait(20)
        for _ in range(3):
            with pytest.raises(RequestInProgress, match="this request is being worked on; repeat it later"):
                requests.answer(request("at-once"), work)
        go_on.set()
        assert first.result(20)["statusCode"] == 201
    assert requests.answer(request("at-once"), work)["body"] == '{"order": 8}'
    assert len(work.ids) == 1


def test_many_repeats_at_the_same_time_do_the_work_once(requests: IdempotentRequests) -> None:
    work = Work()

    def attempt(_: int) -> str:
        try:
            return str(requests.answer(request("many"), work)["body"])
        except RequestInProgress:
            return "in progress"

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(attempt, range(24)))
    assert answers <= {'{"order": 7}', "in progress"}
    assert '{"order": 7}' in answers
    assert len(work.ids) == 1


def test_work_that_fails_may_be_repeated_at_once_under_the_same_id(requests: IdempotentRequests) -> None:
    def fail() -> Answer:
        raise InvalidRequest("out of stock")

    failing, working = Work(fail), Work()
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="out of stock"):
            requests.answer(request("fails"), failing)
    assert requests.answer(request("fails"), working)["statusCode"] == 201
    assert len({*failing.ids, *working.ids}) == 1


CRASH = """
import json, os, sys
from sluice_functions.idempotency import IdempotentRequests

def work(request_id):
    print(request_id, flush=True)
    os._exit(9)

IdempotentRequests(sys.argv[1], lease_seconds=1).answer(json.loads(sys.argv[2]), work)
"""


def test_after_a_crash_the_request_is_done_under_the_same_id_once_its_lease_is_over(
    requests: IdempotentRequests, table: str
) -> None:
    event, work = request("crash"), Work()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CRASH, table, json.dumps(event)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    with pytest.raises(PayloadChanged):
        requests.answer(request("crash", "other"), work)
    time.sleep(2.1)
    assert requests.answer(event, work)["statusCode"] == 201
    assert work.ids == [done.stdout.strip()]
    assert "Idempotent-Replayed" in requests.answer(event, work)["headers"]


def test_a_key_is_new_again_when_its_answer_has_expired(requests: IdempotentRequests, table: str) -> None:
    short = IdempotentRequests(table, kept_seconds=1)
    work = Work()
    short.answer(request("expires"), work)
    time.sleep(2.1)
    short.answer(request("expires", "other"), work)
    assert len(set(work.ids)) == 2


def test_the_row_expires_and_shows_nothing_of_the_request(
    requests: IdempotentRequests, table: str, aws: BareAws
) -> None:
    before = int(time.time())
    requests.answer(request("a-row", "secret", **of("ann")), Work())
    items = aws.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    newest = max(items, key=lambda item: int(item["expiresAt"]["N"]))
    assert before + idempotency.DAY <= int(newest["expiresAt"]["N"]) <= int(time.time()) + idempotency.DAY
    assert not [one for one in ("secret", "ann", "a-row") if one in json.dumps(items)]


def test_a_call_whose_answer_got_lost_is_not_taken_for_another_attempt(
    requests: IdempotentRequests, table: str, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(local_aws) as between:
        lost: list[bytes] = []

        def lose_first_answers(request: ProxiedRequest) -> None:
            if request.body not in lost:
                lost.append(request.body)
                between.pass_on(request)
                raise Reset

        between.fault = lose_first_answers
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", between.url)
        monkeypatch.setattr(clients, "_sessions", {})
        work = Work()
        assert IdempotentRequests(table).answer(request("lost"), work)["statusCode"] == 201
        assert len(lost) == 2
    assert "Idempotent-Replayed" in requests.answer(request("lost"), work)["headers"]
    assert len(work.ids) == 1


def test_a_request_without_a_key_is_done_each_time_or_refused(requests: IdempotentRequests, table: str) -> None:
    work = Work()
    for key in (None, "", "  ", '""'):
        requests.answer(request(key), work)
    assert len(set(work.ids)) == 4
    with pytest.raises(InvalidRequest, match="Idempotency-Key is missing: send a new one for each request"):
        IdempotentRequests(table, key_required=True).answer(request(None), work)


@pytest.mark.parametrize("key", ["a" * 256, "a\nb", "\x00"])
def test_a_malformed_key_is_refused(requests: IdempotentRequests, key: str) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key must be 1 to 255 printable characters"):
        requests.answer(request(key), Work())


def test_the_errors_have_the_statuses_of_the_draft(requests: IdempotentRequests) -> None:
    requests.answer(request("status"), Work())
    errors: dict[type[Exception], int] = {InvalidRequest: 400, **idempotency.ERRORS}
    answer = http.respond(errors, lambda: requests.answer(request("status", "other"), Work()))
    assert answer["statusCode"] == 422
    assert {RequestInProgress: 409, PayloadChanged: 422} == idempotency.ERRORS


def test_an_answer_too_long_to_keep_is_an_error_that_says_so(requests: IdempotentRequests) -> None:
    with pytest.raises(idempotency.AnswerTooLong, match=r"the answer has \d+ bytes; 350000 can be kept for repeats"):
        requests.answer(request("long"), Work(lambda: http.answer(200, "x" * 400_000)))
