"""The console's server on the deployed systems: what it shows, what can be put in, and one thing's way."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sluice_cli.console.guard import STRANGERS_POLICY
from tests.support.commands import project_of
from tests.support.console_client import ConsoleClient, console_of
from tests.support.deployed import EMAIL, Deployment
from tests.support.s3_events import created, event
from tests.support.waiting import eventually

Document = dict[str, Any]

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = "<!doctype html><script>alert('ä')</script>".encode()
# In a bucket whose notifications are for other keys.
HOSTILE = {
    "in/<img src=x onerror=alert(1)>.svg": SVG,
    "in/../../etc/passwd": HTML,
    'in/line\nend\r\n"quote"; filename=x.html': HTML,
    "in/ä b+c%2F&d=e#f?g.png": PNG,
    "in/\u202egnp.exe": b"\0\1\2",
    "in/\u2028\x1b[31m": b"",
    "in/" + "k" * 1_021: b"\xff\xfe",
}


@pytest.fixture(scope="session")
def console(deployment: Deployment) -> Iterator[ConsoleClient]:
    """For the whole session: its last test destroys what is shown."""
    with console_of(project_of(deployment.local), deployment.local) as client:
        yield client


@pytest.fixture(scope="session")
def nodes(console: ConsoleClient) -> list[Document]:
    return [node for stack in console.get("/api/stacks")["stacks"] for node in stack["nodes"]]


def node_of(nodes: list[Document], stack: str, kind: str, word: str = "") -> str:
    own = [
        one["id"] for one in nodes if one["id"].startswith(f"{stack}/") and one["kind"] == kind and word in one["id"]
    ]
    return str(own[0])


def steps_of(console: ConsoleClient, thing: str) -> list[Document]:
    """The steps of a way once it is complete."""

    def look() -> list[Document] | None:
        status, way = console.ask("/api/follow", thing=thing)
        return way["steps"] if status == 200 and way["complete"] else None

    return eventually(look)


def test_the_pictures_show_what_is_deployed(console: ConsoleClient, deployment: Deployment) -> None:
    shown = console.get("/api/stacks")
    assert shown["problem"] is None
    assert [one["name"] for one in shown["stacks"] if one["deployed"]] == deployment.systems
    for stack in shown["stacks"]:
        ids = {one["id"] for one in stack["nodes"]}
        assert {end for edge in stack["edges"] for end in (edge["source"], edge["target"])} <= ids
        assert all(edge["id"] == f"{edge['source']}>{edge['target']}>{edge['kind']}" for edge in stack["edges"])
        assert all(edge["path"].startswith("M") for edge in stack["edges"])
        arns = {one.get("arn") for one in deployment.resources(stack["name"])}
        own = [one for one in stack["nodes"] if one["kind"].startswith("aws_")]
        assert own
        assert all(one["arn"] in arns for one in own)


def test_every_tab_and_form_of_every_node_opens(console: ConsoleClient, nodes: list[Document]) -> None:
    paths = {
        "objects": "objects",
        "rows": "rows",
        "messages": "messages",
        "sent": "sent",
        "log": "logs",
        "traces": "traces",
        "metrics": "metrics",
        "alarms": "alarms",
        "failures": "failures",
        "routes": "node",
    }
    for node in nodes:
        found = console.get("/api/node", node=node["id"])
        assert (found["tabs"], found["actions"]) == (node["tabs"], node["actions"])
        for tab in node["tabs"]:
            console.get(f"/api/{paths[tab]}", node=node["id"])
        for kind in found.get("events", ()):
            assert console.get("/api/example", node=node["id"], kind=kind)["event"]
        if "reading" in node["actions"]:
            assert console.get("/api/devices", node=node["id"])["fields"]
    assert {tab for node in nodes for tab in node["tabs"]} == set(paths)
    actions = {"upload", "reading", "invoke", "publish", "message", "call"}
    assert {action for node in nodes for action in node["actions"]} == actions


def test_a_dropped_file_is_seen_on_its_way_to_the_row(console: ConsoleClient, nodes: list[Document]) -> None:
    bucket, function, table = (
        node_of(nodes, "file-metadata", kind) for kind in ("aws_s3_bucket", "aws_lambda_function", "aws_dynamodb_table")
    )
    with console.stream() as messages:
        made = console.upload(bucket, "in/seen.txt", b"seen")
        seen: list[Document] = []
        while "row.written" not in [one["kind"] for one in seen]:
            type_, data = next(messages)
            if type_ == "happening" and not data.get("replayed") and data["stack"] == "file-metadata":
                seen.append(data)
    own = [(one["kind"], one["node"], one["edges"]) for one in seen if not one["kind"].startswith(("alarm", "message"))]
    assert own[:3] == [
        ("object.created", bucket, []),
        ("function.started", function, [f"{bucket}>{function}>data"]),
        ("row.written", table, [f"{function}>{table}>permission"]),
    ]
    steps = steps_of(console, made["follow"])
    assert [(one["kind"], one["parent"], one["node"]) for one in steps] == [
        ("object.created", None, bucket),
        ("function.run", 1, function),
        ("row.written", 2, table),
    ]
    run = steps[1]
    assert [one["name"].split()[1] for one in run["calls"]] == ["GetObject", "PutItem"]
    assert "recorded" in [one["text"] for one in run["lines"]]
    assert console.get("/api/trace", id=run["traces"][0])["spans"][0]["function"] is True
    # The same way, from its other end.
    (row,) = console.get("/api/rows", node=table, hash="in/seen.txt")["rows"]
    assert [one["kind"] for one in steps_of(console, row["follow"])] == [one["kind"] for one in steps]


def test_objects_with_hostile_names_are_listed_shown_and_given(console: ConsoleClient, nodes: list[Document]) -> None:
    bucket = node_of(nodes, "sensor-pipeline", "aws_s3_bucket")
    for key, content in HOSTILE.items():
        assert console.upload(bucket, key, content, {"X-Content-Type": "text/html"})["key"] == key
    listed = {one["key"] for one in console.get("/api/objects", node=bucket, prefix="in/")["objects"]}
    assert listed >= set(HOSTILE)
    for key, content in HOSTILE.items():
        preview = console.get("/api/object", node=bucket, key=key)
        assert preview["key"] == key
        expected = "image" if content == PNG else "none" if content[:1] in (b"\0", b"\xff") else "text"
        assert preview["preview"] == expected
        assert preview["text"] == (content.decode() if expected == "text" else None)
        query = preview["image"] or f"/api/object/image?node={bucket}&key=in/%252F"
        status, headers, body = console.raw("GET", query)
        if expected == "image":
            assert (status, headers["content-type"], body) == (200, "image/png", PNG)
            assert headers["content-security-policy"] == STRANGERS_POLICY


@pytest.mark.parametrize("key", HOSTILE)
def test_a_download_is_never_a_page(console: ConsoleClient, nodes: list[Document], key: str) -> None:
    from urllib.parse import urlencode

    query = urlencode({"node": node_of(nodes, "sensor-pipeline", "aws_s3_bucket"), "key": key})
    status, headers, body = console.raw("GET", f"/api/object/content?{query}")
    assert (status, body) == (200, HOSTILE[key])
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert headers["content-disposition"].isascii()
    assert not set(headers["content-disposition"][29:]) & set('"\\;/<>\r\n ')
    assert (headers["x-content-type-options"], headers["content-security-policy"]) == ("nosniff", STRANGERS_POLICY)
    status, _, answer = console.raw("GET", f"/api/object/image?{query}")
    assert status == (200 if HOSTILE[key] == PNG else 415), answer


def test_a_large_file_is_passed_on_in_parts(console: ConsoleClient, nodes: list[Document]) -> None:
    bucket = node_of(nodes, "sensor-pipeline", "aws_s3_bucket")
    size = 20 * 1024 * 1024
    made = console.upload(bucket, "large.bin", bytes(size))
    # Of two parts of 16 MB at most: no more than one is in memory.
    assert (made["size"], made["etag"].rpartition("-")[2]) == (size, "2")
    preview = console.get("/api/object", node=bucket, key="large.bin")
    assert (preview["preview"], preview["size"]) == ("none", size)
    status, headers, body = console.raw("GET", f"/api/object/content?node={bucket}&key=large.bin")
    assert (status, headers["content-length"], len(body)) == (200, str(size), size)


def test_lists_come_in_pages(console: ConsoleClient, nodes: list[Document]) -> None:
    bucket = node_of(nodes, "file-metadata", "aws_s3_bucket")
    table = node_of(nodes, "file-metadata", "aws_dynamodb_table")
    for number in range(7):
        console.upload(bucket, f"paged/{number}.txt", b"paged")
    keys: list[str] = []
    cursor = ""
    while cursor is not None:
        page = console.get("/api/objects", node=bucket, prefix="paged/", limit=3, cursor=cursor)
        keys += [one["key"] for one in page["objects"]]
        cursor = page["next"]
    assert keys == [f"paged/{number}.txt" for number in range(7)]

    def rows() -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        cursor = ""
        while cursor is not None:
            page = console.get("/api/rows", node=table, limit=5, cursor=cursor)
            assert len(page["rows"]) <= 5
            found += [tuple(value["S"] for value in one["key"].values()) for one in page["rows"]]
            cursor = page["next"]
        return found

    def whole() -> list[tuple[str, ...]]:
        found = rows()
        return found if set(keys) <= {key for key, *_ in found} else []

    listed = eventually(whole)
    assert len(listed) == len(set(listed))
    index = console.get("/api/node", node=table)["table"]["indexes"][0]
    value = console.get("/api/rows", node=table, hash="paged/1.txt")["rows"][0]["row"][index["hash"]["name"]]
    asked = {"index": index["name"], "hash": next(iter(value.values())), "forward": "0"}
    assert "paged/1.txt" in [
        one["row"]["objectKey"]["S"] for one in console.get("/api/rows", node=table, **asked)["rows"]
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"index": "none"},
        {"hash": "a", "range_op": "; drop"},
        {"cursor": "x"},
        {"cursor": "[]"},
        {"cursor": '{"a": 1}'},
        {"limit": "many"},
    ],
)
def test_wrong_questions_about_rows_are_refused(console: ConsoleClient, nodes: list[Document], query: Document) -> None:
    table = node_of(nodes, "file-metadata", "aws_dynamodb_table")
    status, answer = console.ask("/api/rows", node=table, **({"range": "b"} | query))
    assert (status, bool(answer["error"])) == (400, True)


def test_a_route_is_called_signed_and_the_call_is_followed_to_its_notification(
    console: ConsoleClient, nodes: list[Document]
) -> None:
    api = node_of(nodes, "object-tracker", "aws_api_gateway_rest_api")
    bucket = node_of(nodes, "object-tracker", "aws_s3_bucket")
    uploaded = console.upload(bucket, "called.txt", b"called")
    steps = steps_of(console, uploaded["follow"])
    kinds = [one["kind"] for one in steps]
    assert {"object.created", "function.run", "row.written", "message.published"} <= set(kinds)
    routes = console.get("/api/node", node=api)["api"]["routes"]
    assert [(one["method"], one["path"], one["authorization"]) for one in routes] == [
        ("GET", "/objects", "AWS_IAM"),
        ("POST", "/objects", "AWS_IAM"),
    ]
    answer = console.post(
        "/api/call", node=api, method="GET", path="/objects", parameters={"query": {"key": "called.txt"}}, body=None
    )
    assert (answer["status"], "called.txt" in answer["body"]) == (200, True)
    way = steps_of(console, answer["follow"])
    assert [(one["kind"], one["parent"]) for one in way] == [("api.called", None), ("function.run", 1)]
    assert (way[0]["status"], way[0]["detail"]) == ("ok", "200")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"method": "GET", "path": "/objects", "parameters": {"query": {"key": 1}}}, 400),
        ({"method": "CONNECT", "path": "/objects"}, 400),
        ({"method": "GET"}, 400),
        ({"method": "GET", "path": "/objects/../../x"}, 200),
        ({"method": "GET", "path": "//other.example.com/objects"}, 200),
        (
            {"method": "GET", "path": "/objects", "parameters": {"header": {"X-A\r\nX-B": "1", "X-C": "1\r\nX-D: 2"}}},
            200,
        ),
        ({"method": "GET", "path": "@other.example.com/objects"}, 200),
    ],
)
def test_a_call_never_leaves_the_local_aws(
    console: ConsoleClient, nodes: list[Document], content: Document, status: int
) -> None:
    api = node_of(nodes, "object-tracker", "aws_api_gateway_rest_api")
    found, answer = console.send("/api/call", node=api, **content)
    assert found == status
    assert status != 200 or answer["status"] in (400, 403, 404)


def test_readings_of_a_simulated_device_come_out_as_rows_and_a_breach(
    console: ConsoleClient, nodes: list[Document]
) -> None:
    bucket = node_of(nodes, "sensor-pipeline", "aws_s3_bucket")
    fields = {one["name"]: one["value"] for one in console.get("/api/devices", node=bucket)["fields"]}
    assert list(fields)[:2] == ["deviceId", "sensorType"]
    assert {"value", "timestamp"} <= set(fields)
    sent = console.post("/api/reading", node=bucket, fields={**fields, "value": 999.5}, count=2)
    assert len(sent["keys"]) == 2
    kinds = [one["kind"] for one in steps_of(console, sent["follow"])]
    assert kinds[:2] == ["object.created", "function.run"]
    assert {"row.written", "message.published"} <= set(kinds)
    topic = node_of(nodes, "sensor-pipeline", "aws_sns_topic", "Breaches")
    assert console.get("/api/sent", node=topic)["sent"]


@pytest.mark.parametrize("wrong", [{"fields": {}}, {"fields": []}, {"fields": {"a": 1}, "count": 0}, {}])
def test_wrong_readings_are_refused(console: ConsoleClient, nodes: list[Document], wrong: Document) -> None:
    bucket = node_of(nodes, "sensor-pipeline", "aws_s3_bucket")
    assert console.send("/api/reading", node=bucket, **wrong)[0] == 400


def test_a_message_to_a_topic_is_mailed_and_shown_as_text(console: ConsoleClient, nodes: list[Document]) -> None:
    topic = node_of(nodes, "object-tracker", "aws_sns_topic", "AlarmTopic")
    body = "<script>alert(1)</script>"
    id_ = console.post("/api/message", node=topic, body=body, subject="hostile")["id"]
    mails = console.get("/api/sent", node="object-tracker/mail")["sent"]
    (mail,) = [one for one in mails if one["id"] == id_]
    assert (mail["protocol"], mail["to"], mail["body"]) == ("email", EMAIL, body)
    steps = steps_of(console, mail["follow"])
    assert [one["kind"] for one in steps] == ["message.published", "mail.sent"]
    assert steps[1]["edges"] == [f"{topic}>object-tracker/mail>data"]


def test_failures_are_seen_replayed_captured_and_discarded(console: ConsoleClient, deployment: Deployment) -> None:
    nodes = [node for stack in console.get("/api/stacks")["stacks"] for node in stack["nodes"]]
    queue = node_of(nodes, "file-metadata", "aws_sqs_queue")
    function = node_of(nodes, "file-metadata", "aws_lambda_function")
    bucket = node_of(nodes, "file-metadata", "aws_s3_bucket")
    console.upload(bucket, "kept.txt", b"kept")
    outputs = deployment.outputs("file-metadata")
    kept = {
        "requestContext": {
            "functionArn": outputs["FunctionArn"],
            "condition": "RetriesExhausted",
            "requestId": "kept-1",
        },
        "requestPayload": console.get("/api/example", node=function, kind="s3")["event"],
        "responsePayload": {"errorMessage": "<b>it failed</b>"},
    }
    bodies = (json.dumps(kept), "no failure", "another")
    sent = [console.post("/api/message", node=queue, body=body)["id"] for body in bodies]
    others = sent[1:]
    for _ in range(2):
        found = console.get("/api/failures", node=queue)["failures"]
        own = {one["id"]: (one["reason"], one["function"]) for one in found if one["id"] in ("kept-1", *others)}
        assert own["kept-1"] == ("<b>it failed</b>", function)
        assert [own[one][1] for one in others] == [None, None]
    of_function = [one["id"] for one in console.get("/api/failures", node=function)["failures"]]
    assert ("kept-1" in of_function, set(others) & set(of_function)) == (True, set())
    captured = console.post("/api/failures/capture", node=queue, id="kept-1")
    project = console.server.console.project.folder
    assert (project / captured["file"]).is_file()
    assert console.send("/api/failures/capture", node=queue, id="kept-1")[0] == 400  # it is written already
    results = console.post("/api/failures/replay", node=queue, ids=["kept-1", others[0]])["results"]
    assert {one["id"]: one["ok"] for one in results} == {"kept-1": True, others[0]: False}
    assert console.send("/api/failures/discard", node=queue, ids=others, reason=" ")[0] == 400
    assert console.send("/api/failures/discard", node=queue, ids=["gone"], reason="x")[0] == 404
    console.post("/api/failures/discard", node=queue, ids=others, reason="a test's")
    left = {one["id"] for one in console.get("/api/failures", node=queue)["failures"]}
    assert left & {"kept-1", *others} == set()
    assert console.get("/api/messages", node=queue)["in_flight"] == 0


def test_rejected_records_are_seen_replayed_captured_and_discarded(
    console: ConsoleClient, nodes: list[Document]
) -> None:
    table = node_of(nodes, "sensor-pipeline", "aws_dynamodb_table", "Rejects")
    bucket = node_of(nodes, "sensor-pipeline", "aws_s3_bucket")
    function = node_of(nodes, "sensor-pipeline", "aws_lambda_function")
    reading = {"deviceId": "d", "sensorType": "temperature", "timestamp": "2026-01-01T00:00:00Z"}
    for value in ("<b>warm</b>", "cold"):
        console.upload(bucket, f"readings/of a page/{value}.json", json.dumps([{**reading, "value": value}]).encode())

    def kept() -> list[Document]:
        found = console.get("/api/failures", node=table)["failures"]
        return [one for one in found if key_of(one).startswith("readings/of+a+page/")]

    def key_of(failure: Document) -> str:
        return str(failure["event"]["Records"][0]["s3"]["object"]["key"])

    first, second = eventually(lambda: kept() if len(kept()) == 2 else None)
    names = ["%3Cb%3Ewarm%3C/b%3E.json", "cold.json"]
    assert sorted(map(key_of, (first, second))) == [f"readings/of+a+page/{name}" for name in names]
    assert (first["function"], first["queue"]) == (function, table)
    assert {"object.created", "function.run", "row.written"} <= {
        one["kind"] for one in steps_of(console, first["follow"])
    }
    (result,) = console.post("/api/failures/replay", node=table, ids=[first["id"]])["results"]
    assert (result["ok"], result["reason"]) == (False, "1 of 1 records were rejected again")
    captured = console.post("/api/failures/capture", node=table, id=second["id"])
    assert (console.server.console.project.folder / captured["file"]).is_file()
    ids = [first["id"], second["id"]]
    assert console.send("/api/failures/discard", node=table, ids=[*ids, "gone"], reason="x")[0] == 404
    console.post("/api/failures/discard", node=table, ids=ids, reason="a test's")
    assert kept() == []


def test_an_invocation_answers_with_its_log(
    console: ConsoleClient, nodes: list[Document], deployment: Deployment
) -> None:
    function = node_of(nodes, "file-metadata", "aws_lambda_function")
    bucket = node_of(nodes, "file-metadata", "aws_s3_bucket")
    console.upload(bucket, "invoked.txt", b"x")
    name = deployment.outputs("file-metadata")["BucketName"]
    done = console.post("/api/invoke", node=function, event=event(created(name, "invoked.txt")))
    assert (done["ok"], done["request_id"] in {one["request_id"] for one in done["log"]}) == (True, True)
    assert console.send("/api/invoke", node=function)[0] == 400
    assert console.send("/api/invoke", node=bucket, event={})[0] == 400


def test_log_lines_come_once_as_they_are_written(console: ConsoleClient, nodes: list[Document]) -> None:
    function = node_of(nodes, "file-metadata", "aws_lambda_function")
    bucket = node_of(nodes, "file-metadata", "aws_s3_bucket")
    cursor = console.get("/api/logs", node=function)["cursor"]
    console.upload(bucket, "logged.txt", b"x")
    read: list[Document] = []

    def ended() -> bool:
        read.extend(console.get("/api/logs", node=function, cursor=cursor)["lines"])
        return any(one["text"].startswith("REPORT") for one in read)

    eventually(ended)
    time.sleep(0.5)
    read += console.get("/api/logs", node=function, cursor=cursor)["lines"]
    assert len(read) == len({json.dumps(one, sort_keys=True) for one in read})


def test_another_project_and_a_node_that_is_gone_are_told_so(console: ConsoleClient) -> None:
    status, answer = console.ask("/api/node", node="file-metadata/aws_s3_bucket.Gone")
    assert (status, answer["error"]) == (404, "file-metadata/aws_s3_bucket.Gone is not deployed (any more)")


def test_a_stack_that_is_destroyed_while_it_is_shown_leaves_the_picture(
    console: ConsoleClient, destroyed: Deployment
) -> None:
    synthesized = json.loads((destroyed.folder("file-metadata") / "cdk.tf.json").read_text())
    bucket = f"file-metadata/aws_s3_bucket.{next(iter(synthesized['resource']['aws_s3_bucket']))}"
    eventually(lambda: not [one for one in console.get("/api/stacks")["stacks"] if one["deployed"]])
    shown = console.get("/api/stacks")
    assert shown["problem"] == "nothing of this project is deployed on its local AWS: run `sluice up`"
    for path in ("/api/node", "/api/objects", "/api/metrics"):
        assert console.ask(path, node=bucket)[0] == 404
