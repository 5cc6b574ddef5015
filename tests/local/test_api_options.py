"""What a deployed API does with a route to a queue, with paths of any depth, with authorizers and with a domain."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSRequest

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import session, signed_request
from tests.support.connected import Connections
from tests.support.waiting import eventually

# As in tests/support/connections/grants.py.
DOMAIN, PAGE, CACHE_SECONDS = "api.grants.example.com", "https://app.example.com", 2
UNAUTHORIZED = {"message": "Unauthorized"}
DENIED = {"message": "User is not authorized to access this resource with an explicit deny in an identity-based policy"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Caller:
    """Sends requests without a signature, as a script of a web page would."""

    local: LocalAws
    api_url: str

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        request = AWSRequest("GET", self.api_url + path, headers={"Origin": PAGE, **(headers or {})}).prepare()
        answer = session(str(self.local.folder / "client.pem"), timeout=30).send(request)
        return Answer(answer.status_code, json.loads(answer.content), answer.headers)

    def token(self, token: str, path: str = "/own") -> Answer:
        return self.get(path, {"X-Token": token})


@pytest.fixture(scope="module")
def caller(connections: Connections, outputs: dict[str, str]) -> Caller:
    return Caller(connections.local, outputs["ApiUrl"])


@pytest.fixture(scope="module")
def signed_in(connections: Connections, outputs: dict[str, str]) -> dict[str, str]:
    """The tokens of a person of the user pool."""
    return connections.signed_in(outputs["PoolId"], outputs["ClientId"])


@pytest.fixture(scope="module")
def outputs(connections: Connections) -> dict[str, str]:
    outputs = dict(connections.project.outputs("grants"))
    running = connections.local.running()
    assert running is not None
    outputs["ApiUrl"] = f"{running.url}/_aws/execute-api/{outputs['ApiId']}/live"
    return outputs


def test_a_body_goes_straight_to_a_queue(connections: Connections, outputs: dict[str, str]) -> None:
    body = json.dumps({"order": "a & b=c%", "länge": uuid4().hex}).encode()  # other tests send to the queue too
    read = connections.messages("grants-orders")
    status, answer = signed_request(connections.local, "POST", f"{outputs['ApiUrl']}/orders", body)
    assert status == 202, answer
    (message,) = eventually(lambda: [one for one in read() if one["Body"].encode() == body])
    assert json.loads(answer) == {"messageId": message["MessageId"]}


def test_any_method_of_any_path_below_one_is_answered(connections: Connections, outputs: dict[str, str]) -> None:
    for method in ("GET", "PUT", "DELETE"):
        status, _ = signed_request(connections.local, method, f"{outputs['ApiUrl']}/files/a/b/c")
        assert status == 200


def test_a_request_authorizer_decides_about_each_request_and_its_context_reaches_the_route(caller: Caller) -> None:
    first, second = caller.token("good"), caller.token("good")
    assert (first.status, first.body["team"], first.body["principalId"]) == (200, "blue", "somebody")
    assert first.body["decision"] != second.body["decision"]


def test_requests_that_an_authorizer_does_not_allow_are_answered_as_by_api_gateway(caller: Caller) -> None:
    answers = [caller.get("/own"), caller.token(""), caller.token("bad"), caller.token("broken")]
    assert [(one.status, one.body) for one in answers] == [
        (401, UNAUTHORIZED),
        (401, UNAUTHORIZED),
        (403, DENIED),
        (500, {"message": None}),
    ]


def test_pages_can_read_the_answers_of_authorizers_that_refuse(caller: Caller) -> None:
    for answer in (caller.get("/own"), caller.token("bad"), caller.token("broken"), caller.get("/people")):
        assert answer.status in (401, 403, 500)
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_a_cached_decision_holds_for_its_seconds_and_for_the_routes_that_its_policy_names(caller: Caller) -> None:
    first, again = (caller.token("good-1", "/cached") for _ in range(2))
    assert first.body["decision"] == again.body["decision"]
    assert caller.token("good-1", "/cached/further").status == 403  # its policy names the first route only
    assert caller.token("good-2", "/cached/further").status == 200
    assert caller.get("/cached").status == 401
    time.sleep(CACHE_SECONDS)
    assert caller.token("good-1", "/cached").body["decision"] != first.body["decision"]


def test_a_person_of_the_user_pool_may_call_and_their_claims_reach_the_route(
    caller: Caller, signed_in: dict[str, str]
) -> None:
    identified = caller.get("/people", {"Authorization": signed_in["IdToken"]})
    assert (identified.status, identified.body["claims"]["token_use"]) == (200, "id")
    permitted = caller.get("/members", {"Authorization": signed_in["AccessToken"]})
    assert (permitted.status, permitted.body["claims"]["token_use"]) == (200, "access")
    assert permitted.body["claims"]["username"] == identified.body["claims"]["cognito:username"]


def test_other_tokens_are_unauthorized(caller: Caller, signed_in: dict[str, str]) -> None:
    head, claims, _signature = signed_in["IdToken"].split(".")
    for path, token in (
        ("/people", ""),
        ("/people", "garbled"),
        ("/people", f"{head}.{claims}.AAAA"),
        ("/people", signed_in["AccessToken"]),
        ("/members", signed_in["IdToken"]),
    ):
        answer = caller.get(path, {"Authorization": token})
        assert (answer.status, answer.body) == (401, UNAUTHORIZED)
    assert (caller.get("/people").status, caller.token("good", "/people").status) == (401, 401)


def test_the_api_answers_at_its_domain_below_the_base_path(connections: Connections, caller: Caller) -> None:
    running = connections.local.running()
    assert running
    at_domain = Caller(connections.local, running.url)
    allowed = at_domain.get("/v1/own", {"Host": DOMAIN, "X-Token": "good"})
    assert (allowed.status, allowed.body["team"]) == (200, "blue")
    assert at_domain.get("/v1/own", {"Host": DOMAIN, "X-Token": "bad"}).status == 403
    assert at_domain.get("/v1/own", {"Host": DOMAIN}).status == 401
    assert at_domain.get("/own", {"Host": DOMAIN, "X-Token": "good"}).body == {"message": "Forbidden"}
    signed = signed_request(connections.local, "GET", f"{running.url}/v1/files/a", headers={"Host": DOMAIN})
    assert signed[0] == 200
