"""The console on connections of all kinds: queues in between, FIFO, EventBridge, schedules, dead letters."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.connected import Connections
from tests.support.console_client import ConsoleClient, console_of
from tests.support.waiting import eventually

Document = dict[str, Any]

FILLED = ("connections-in-order.fifo", "connections-picked", "connections-work-dead-letters", "grants-orders")


@pytest.fixture(scope="module")
def console(connections: Connections) -> Iterator[ConsoleClient]:
    with console_of(connections.project.target.project, connections.local) as client:
        yield client
    sqs = connections.local.client("sqs")
    for name in FILLED:  # other tests expect nothing in them
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


@pytest.fixture(scope="module")
def nodes(console: ConsoleClient) -> dict[str, str]:
    """The ids of boxes by `stack/Title`."""
    stacks = console.get("/api/stacks")["stacks"]
    assert [one["deployed"] for one in stacks] == [True, True]
    return {f"{stack['name']}/{node['title']}": node["id"] for stack in stacks for node in stack["nodes"]}


def way_of(console: ConsoleClient, thing: str, *last: str) -> list[Document]:
    """The steps of a way once it is complete, and has these kinds of steps."""

    def look() -> list[Document] | None:
        status, way = console.ask("/api/follow", thing=thing)
        is_whole = status == 200 and way["complete"] and set(last) <= {one["kind"] for one in way["steps"]}
        return list(way["steps"]) if is_whole else None

    return eventually(look, within=60)


def kinds_and_places(console: ConsoleClient, steps: list[Document]) -> list[tuple[str, str]]:
    titles = {node["id"]: node["title"] for one in console.get("/api/stacks")["stacks"] for node in one["nodes"]}
    return [(one["kind"], titles.get(one["node"], "")) for one in steps]


def test_an_object_is_followed_through_a_queue(console: ConsoleClient, nodes: dict[str, str]) -> None:
    made = console.upload(nodes["connections/Uploads"], "queued/ä \u200b%2F..txt", b"content")
    steps = way_of(console, made["follow"], "row.written")
    assert kinds_and_places(console, steps)[:5] == [
        ("object.created", "Uploads"),
        ("message.sent", "Work"),
        ("message.received", "Work"),
        ("function.run", "By queue"),
        ("row.written", "Seen"),
    ]
    assert [one["depth"] for one in steps[:2]] == [0, 1]
    # Each step but the first came along an arrow of the picture, or happened where the one before did.
    assert all(one["edges"] or one["kind"].startswith(("object", "message.re")) for one in steps)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "ruled/followed.txt",
            {("rule.matched", "Uploaded"), ("function.run", "By rule"), ("message.sent", "In order")},
        ),
        ("news/followed.txt", {("message.published", "News"), ("function.run", "By topic")}),
    ],
    ids=["rule", "topic"],
)
def test_an_object_is_followed_through_a_rule_and_a_topic(
    console: ConsoleClient, nodes: dict[str, str], key: str, expected: set[tuple[str, str]]
) -> None:
    made = console.upload(nodes["connections/Uploads"], key, b"content")
    found = kinds_and_places(console, way_of(console, made["follow"], "row.written"))
    assert found[0] == ("object.created", "Uploads")
    assert {*expected, ("row.written", "Seen")} <= set(found)


def test_an_event_of_a_rule_is_an_example_that_it_matches(console: ConsoleClient, nodes: dict[str, str]) -> None:
    rule = nodes["connections/Uploaded"]
    example = console.get("/api/node", node=rule)["event"]
    assert example["source"] == "aws.s3"
    assert example["detail"]["object"]["key"].startswith("ruled/")
    sent = console.post("/api/event", node=rule, event=example)
    found = kinds_and_places(console, way_of(console, sent["follow"], "function.run", "message.sent"))
    assert found[0] == ("rule.matched", "Uploaded")
    assert {("function.run", "By rule"), ("message.sent", "In order"), ("row.written", "Seen")} <= set(found)
    wrongs: list[Any] = [{"detail": []}, [], "x"]
    for wrong in wrongs:
        assert console.send("/api/event", node=rule, event=wrong)[0] == 400


def test_a_schedule_runs_now_and_is_followed(console: ConsoleClient, nodes: dict[str, str]) -> None:
    schedule = nodes["connections/Minutely"]
    assert "event" not in console.get("/api/node", node=schedule)
    sent = console.post("/api/event", node=schedule)
    found = kinds_and_places(console, way_of(console, sent["follow"], "row.written"))
    assert found == [("schedule.fired", "Minutely"), ("function.run", "By schedule"), ("row.written", "Seen")]


def test_a_message_of_a_fifo_queue_has_its_group(console: ConsoleClient, nodes: dict[str, str]) -> None:
    queue = nodes["connections/In order"]
    assert console.get("/api/node", node=queue)["messages"] == {"fifo": True}
    body = uuid4().hex
    for _ in range(2):  # the second is no duplicate: it was sent by hand, too
        console.post("/api/message", node=queue, body=body, group="g-1", attributes={"kind": "order"})
    found = [one for one in console.get("/api/messages", node=queue)["messages"] if one["body"] == body]
    assert [(one["group"], one["attributes"]) for one in found] == [("g-1", {"kind": "order"})] * 2


def test_a_topics_message_reaches_the_queue_whose_filter_takes_its_attributes(
    console: ConsoleClient, nodes: dict[str, str]
) -> None:
    sent = console.post("/api/message", node=nodes["connections/News"], body="taken", attributes={"kind": "order"})
    found = kinds_and_places(console, way_of(console, sent["follow"], "message.sent", "row.written"))
    assert {("message.sent", "Picked"), ("function.run", "By topic")} <= set(found)
    other = console.post("/api/message", node=nodes["connections/News"], body="left", attributes={"kind": "invoice"})
    found = kinds_and_places(console, way_of(console, other["follow"], "row.written"))
    assert ("message.sent", "Picked") not in found


def test_a_message_that_fails_is_followed_to_the_dead_letters_and_replayed(
    console: ConsoleClient, nodes: dict[str, str]
) -> None:
    letters = nodes["connections/Dead letters"]
    sent = console.post("/api/message", node=nodes["connections/Work"], body="poison of the console")
    id_ = sent["id"]
    steps = way_of(console, sent["follow"], "failure.kept")
    assert ("failure.kept", "Dead letters") in kinds_and_places(console, steps)
    (moved,) = [one["edges"] for one in steps if one["kind"] == "failure.kept"]
    assert moved == [f"{nodes['connections/Work']}>{letters}>data"]
    kept = eventually(
        lambda: [one for one in console.get("/api/failures", node=letters)["failures"] if id_ in one["follow"]]
    )
    assert [(one["event"], one["queue"]) for one in kept] == [("poison of the console", letters)]
    (result,) = console.post("/api/failures/replay", node=letters, ids=[kept[0]["id"]])["results"]
    assert result["ok"] is True
    # It fails again, and is kept again.
    again = eventually(
        lambda: [
            one
            for one in console.get("/api/failures", node=letters)["failures"]
            if one["event"] == "poison of the console" and one["id"] != kept[0]["id"]
        ],
        within=30,
    )
    console.post("/api/failures/discard", node=letters, ids=[again[0]["id"]], reason="a test's")


def call(console: ConsoleClient, api: str, method: str, path: str, /, **parameters: Document) -> Document:
    answer: Document = console.post("/api/call", node=api, method=method, path=path, parameters=parameters, body=None)
    return answer


def test_routes_with_authorizers_ask_for_what_these_read(console: ConsoleClient, nodes: dict[str, str]) -> None:
    api = nodes["grants/API"]
    routes = {one["path"]: one for one in console.get("/api/node", node=api)["api"]["routes"]}
    assert [one["name"] for one in routes["/own"]["parameters"]] == ["X-Token"]
    assert [one["name"] for one in routes["/people"]["parameters"]] == ["Authorization"]
    assert routes["/files/{proxy+}"]["method"] == "ANY"
    allowed = call(console, api, "GET", "/own", header={"X-Token": "good"})
    assert (allowed["status"], '"team": "blue"' in allowed["body"]) == (200, True)
    assert call(console, api, "GET", "/own", header={"X-Token": "bad"})["status"] == 403
    assert call(console, api, "GET", "/own")["status"] == 401
    refused = call(console, api, "GET", "/people", header={"Authorization": "no token"})
    assert refused["status"] == 401
    assert [one["status"] for one in way_of(console, refused["follow"], "api.called")] == ["refused"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_route_of_any_method_takes_any_path(console: ConsoleClient, nodes: dict[str, str], method: str) -> None:
    for path in ("a/b", "%2F", "ä €", "..", "a?b#c", "\u202e"):
        answer = call(console, nodes["grants/API"], method, "/files/{proxy+}", path={"proxy": path})
        assert (path, answer["status"]) == (path, 200)


def test_a_route_to_a_queue_is_followed_to_its_message(console: ConsoleClient, nodes: dict[str, str]) -> None:
    sent = console.post("/api/call", node=nodes["grants/API"], method="POST", path="/orders", body='{"order": "ö"}')
    assert sent["status"] == 202
    found = kinds_and_places(console, way_of(console, sent["follow"], "message.sent"))
    assert found == [("api.called", "API"), ("message.sent", "Orders")]
