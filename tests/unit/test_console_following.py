"""One thing's way through what happened, and the live stream's messages."""

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sluice_cli.console.deployment import Deployment, Deployments, nodes_of
from sluice_cli.console.following import Way, _steps, thing_in
from sluice_cli.console.guard import HttpError
from sluice_cli.console.happenings import KEPT, REPLAYED, Happening, Happenings, Thing
from sluice_cli.console.local import LocalConnection
from sluice_cli.console.nodes import Nodes
from sluice_cli.console.pictures import picture_from, with_outputs
from sluice_cli.console.stream import stream
from sluice_cli.deployed.resources import Resource
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, Project


def happened(*ones: tuple[str, tuple[Thing, ...], tuple[Thing, ...]]) -> Way:
    """Each with its kind, what it used, and what it made."""
    return Way(
        [
            Happening(number, {"kind": kind, "trace_id": f"1-{kind}", "request_id": None}, used, made)
            for number, (kind, used, made) in enumerate(ones)
        ]
    )


FIRST, SECOND, RUN, OTHER_RUN = ("object", "b", "k", "1"), ("object", "b", "k", "2"), ("run", "1"), ("run", "2")
ROW, MESSAGE, COPY = ("row", "t", "id=1"), ("message", "m"), ("message", "c")

WAY = happened(
    ("object.created", (), (FIRST,)),
    ("object.created", (), (SECOND,)),
    ("function.started", (FIRST,), (RUN,)),
    ("function.started", (SECOND,), (OTHER_RUN,)),
    ("row.written", (RUN,), (ROW,)),
    ("row.changed", (OTHER_RUN,), (ROW,)),
    ("message.published", (RUN,), (MESSAGE,)),
    ("message.sent", (MESSAGE,), (COPY,)),
    ("message.received", (COPY,), ()),
    ("failure.kept", (), (COPY,)),
)


@pytest.mark.parametrize("thing", [FIRST, RUN, MESSAGE, COPY])
def test_the_way_is_whole_from_wherever_it_is_asked_for(thing: Thing) -> None:
    assert WAY.whole(WAY.begin(thing)) == [0, 2, 4, 6, 7, 8, 9]


def test_what_led_to_something_comes_first_also_where_it_was_recorded_late() -> None:
    late = happened(
        ("object.created", (), (FIRST,)),
        ("message.received", (MESSAGE,), ()),
        ("function.started", (MESSAGE,), (RUN,)),
        ("message.sent", (FIRST,), (MESSAGE,)),
        ("row.written", (RUN,), (ROW,)),
    )
    assert late.whole(late.begin(FIRST)) == [0, 3, 1, 2, 4]
    assert late.whole(late.begin(ROW)) == [0, 3, 1, 2, 4]


def test_of_what_was_made_before_the_console_remembers_the_rest_is_followed() -> None:
    rest = happened(
        ("message.received", (MESSAGE,), ()),
        ("message.received", (COPY,), ()),
        ("function.started", (MESSAGE,), (RUN,)),
        ("message.removed", (MESSAGE,), ()),
        ("row.written", (RUN,), (ROW,)),
        ("object.removed", (FIRST,), ()),
    )
    assert rest.whole(rest.begin(MESSAGE)) == [0, 2, 3, 4]
    assert rest.whole(rest.begin(FIRST)) == [5]
    assert rest.whole(rest.begin(OTHER_RUN)) == []


def test_of_an_object_without_version_the_latest_is_meant() -> None:
    assert WAY.whole(WAY.begin(("object", "b", "k"))) == [1, 3, 5]
    assert WAY.whole(WAY.begin(("object", "b", "k", "gone"))) == [1, 3, 5]
    assert WAY.whole(WAY.begin(("object", "b", "unknown"))) == []


def test_a_row_leads_to_the_last_that_wrote_it() -> None:
    assert WAY.whole(WAY.begin(ROW)) == [1, 3, 5]


def test_a_trace_and_a_request_are_followed_too() -> None:
    assert WAY.whole(WAY.begin(("trace", "1-message.published"))) == [0, 2, 4, 6, 7, 8, 9]


def test_of_a_batch_only_what_belongs_to_the_thing_is_followed() -> None:
    batch = happened(
        ("message.sent", (), (("message", "1"),)),
        ("message.sent", (), (("message", "2"),)),
        ("function.started", (("message", "1"), ("message", "2")), (RUN,)),
        ("row.written", (RUN,), (ROW,)),
        ("mail.sent", (("message", "2"),), ()),
    )
    assert batch.whole(batch.begin(("message", "1"))) == [0, 2, 3]
    # From the row on upwards, all that the batch had, and nothing that came of them elsewhere.
    assert batch.whole(batch.begin(ROW)) == [0, 1, 2, 3]


def test_what_is_announced_late_is_joined_and_comes_first() -> None:
    late = happened(("message.received", (COPY,), ()), ("message.sent", (), (COPY,)))
    assert late.whole(late.begin(COPY)) == [1, 0]


def test_things_that_lead_to_each_other_end() -> None:
    circle = happened(("a", (("x", "2"),), (("x", "1"),)), ("b", (("x", "1"),), (("x", "2"),)))
    assert sorted(circle.whole([0])) == [0, 1]


@pytest.mark.parametrize(
    "text", ["", "x", "[]", '["object"]', '["object", 1]', "{}", "[" * 100_000, "other:1", "request:"]
)
def test_a_text_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(HttpError):
        thing_in(text)


@pytest.fixture
def happenings(tmp_path: Path) -> Happenings:
    (tmp_path / FILE).write_text(json.dumps({"language": "any", "app": "true"}))
    connection = LocalConnection(LocalAws(tmp_path / "local"))
    return Happenings(connection, Deployments(Project.read(tmp_path), connection))


def queue(name: str, **more: Any) -> dict[str, Any]:
    return {"arn": f"arn:aws:sqs:us-east-1:0:{name}", "name": name, **more}


RESOURCES = {
    "aws_sqs_queue": {
        "work": queue("work", redrive_policy='{"deadLetterTargetArn": "${aws_sqs_queue.dead.arn}"}'),
        "dead": queue("dead"),
    },
    "aws_sns_topic_subscription": {
        "work": {
            "protocol": "sqs",
            "topic_arn": "${aws_sns_topic.news.arn}",
            "endpoint": "${aws_sqs_queue.work.arn}",
        }
    },
    "aws_sns_topic": {"news": {"arn": "arn:aws:sns:us-east-1:0:news", "name": "news"}},
    "aws_cloudwatch_metric_alarm": {
        "old": {
            "arn": "arn:aws:cloudwatch:us-east-1:0:alarm:old",
            "alarm_name": "old",
            "alarm_actions": ["${aws_sns_topic.news.arn}"],
        }
    },
}


def one_that(kind: str, arn: str, **things: tuple[Thing, ...]) -> dict[str, Any]:
    given = {"time": 0.0, "title": "", "run": None, "function": None, "trace_id": None, "used": (), "made": ()}
    return {**given, "kind": kind, "arn": arn, **things}


@pytest.fixture
def pictured(happenings: Happenings, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    pictures = {"s": picture_from("s", {"resource": RESOURCES})}
    resources = [Resource("s", type_, name, "", of) for type_, found in RESOURCES.items() for name, of in found.items()]
    target: Any = SimpleNamespace(state_bucket="states")
    deployment = Deployment(target, pictures=pictures, nodes=Nodes(nodes_of(pictures, resources, []), resources))
    monkeypatch.setattr(happenings._deployments, "current", lambda: deployment)
    return deployment


def test_arrows_to_what_was_recorded_before_its_cause_are_known_once_it_is_followed(
    happenings: Happenings, pictured: Deployment
) -> None:
    published, sent = ("message", "1"), ("message", "2")
    happenings._add(one_that("message.sent", "arn:aws:sqs:us-east-1:0:work", used=(published,), made=(sent,)))
    happenings._add(one_that("message.published", "arn:aws:sns:us-east-1:0:news", made=(published,)))
    way = Way(list(happenings.kept))
    steps, _ = _steps(way, way.whole(way.begin(sent)), pictured)
    assert [(one["kind"], one["edges"]) for one in steps] == [
        ("message.published", []),
        ("message.sent", ["s/aws_sns_topic.news>s/aws_sqs_queue.work>data"]),
    ]


@pytest.mark.usefixtures("pictured")
def test_arrows_light_up_where_a_message_is_moved_and_where_an_alarm_says_that_it_is_over(
    happenings: Happenings,
) -> None:
    message: tuple[Thing, ...] = (("message", "1"),)
    happenings._add(one_that("message.sent", "arn:aws:sqs:us-east-1:0:work", made=message))
    happenings._add(one_that("failure.kept", "arn:aws:sqs:us-east-1:0:dead", made=message))
    happenings._add(one_that("message.published", "arn:aws:sns:us-east-1:0:news", used=(("alarm", "old"),)))
    assert [one.shown["edges"] for one in happenings.kept] == [
        [],
        ["s/aws_sqs_queue.work>s/aws_sqs_queue.dead>data"],
        ["s/alarms>s/aws_sns_topic.news>data"],
    ]


def read(parts: Any, count: int) -> list[tuple[str, str, Any]]:
    """The id, type and data of the next messages."""
    found: list[tuple[str, str, Any]] = []
    while len(found) < count:
        for text in next(parts).decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)
            if "data" in lines:
                found.append((lines["id"], lines["event"], json.loads(lines["data"])))
    return found


def test_a_page_gets_what_is_new_until_the_console_ends(happenings: Happenings) -> None:
    happenings.post("stacks", {"revision": "before the page came"})
    parts = stream(happenings, None, "a")
    assert next(parts) == b"retry: 1000\n\n"
    threading.Timer(0.2, lambda: happenings.post("aws", {"running": False})).start()
    assert read(parts, 1) == [("a-2", "aws", {"running": False})]
    threading.Timer(0.2, happenings.close).start()
    assert list(parts) == []


def test_a_page_that_comes_back_gets_what_it_missed(happenings: Happenings) -> None:
    for number in range(5):
        happenings.post("stacks", {"revision": f"{number}\n\nevent: x"})
    parts = stream(happenings, "a-3", "a")
    assert read(parts, 2) == [
        ("a-4", "stacks", {"revision": "3\n\nevent: x"}),
        ("a-5", "stacks", {"revision": "4\n\nevent: x"}),
    ]


@pytest.mark.parametrize("last_id", ["b-1", "x", "", "a-", "a--1", "a-1\n", None])
def test_the_id_of_another_console_is_none(happenings: Happenings, last_id: str | None) -> None:
    for number in range(3):
        happenings.kept.append(Happening(number, {"number": number}))
        happenings.post("happening", {"number": number})
    parts = stream(happenings, last_id, "a")
    assert read(parts, 3) == [("a-3", "happening", {"number": number, "replayed": True}) for number in range(3)]


def test_a_page_that_falls_behind_is_told_how_many_it_missed_and_memory_is_bounded(happenings: Happenings) -> None:
    more = 250
    for number in range(KEPT + more):
        happenings.kept.append(Happening(number, {"number": number}))
        happenings.post("happening", {"number": number})
    assert (len(happenings.kept), len(happenings.messages)) == (KEPT, KEPT)
    parts = stream(happenings, "a-100", "a")
    first, second, *_ = read(parts, 2)
    assert first == ("a-250", "skipped", {"count": 150, "from": 101, "to": 250})
    assert second == ("a-251", "happening", {"number": 250})
    assert len(read(stream(happenings, None, "a"), REPLAYED)) == REPLAYED


STATES = {
    "store": {"outputs": {"table": {"value": "arn:aws:dynamodb:us-east-1:0:table/t"}, "name": {"value": "t"}}},
    "other": {
        "outputs": {"table": {"value": "arn:aws:dynamodb:us-east-1:0:table/o"}, "key": {"value": "arn:aws:kms:k"}}
    },
}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("cross-stack-reference-input-store.outputs.table", "arn:aws:dynamodb:us-east-1:0:table/t"),
        ("store.outputs.table", "arn:aws:dynamodb:us-east-1:0:table/t"),
        ("mine.outputs.key", "arn:aws:kms:k"),  # of the only stack that has such an output
        ("mine.outputs.table", None),
        ("cross-stack-reference-input-store.outputs.name", None),  # no ARN
        ("cross-stack-reference-input-store.outputs.absent", None),
    ],
)
def test_arns_of_other_stacks_outputs_are_known_to_pictures(reference: str, expected: str | None) -> None:
    text = f"${{data.terraform_remote_state.{reference}}}"
    document = {"resource": {"a": {"b": {"policy": json.dumps({"Resource": [text, f"{text}/*"]})}}}}
    policy = json.loads(with_outputs(document, STATES)["resource"]["a"]["b"]["policy"])
    assert policy == {"Resource": [expected or text, f"{expected or text}/*"]}
