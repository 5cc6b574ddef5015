"""Events: examples for a function, invocations, and events of buses, rules and schedules."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sluice_cli.deployed.resources import Function
from sluice_cli.example_events.events import Origin, eventbridge
from sluice_cli.example_events.examples import ExampleEvents
from sluice_cli.example_events.patterns import matching
from sluice_cli.example_events.triggers import pattern_of
from sluice_cli.invoking import LONGEST_EVENT
from sluice_cli.invoking import invoke as invoke_function
from sluice_cli.local_aws.schedules import run_now
from sluice_cli.local_aws.signed_request import own_request

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .logs import as_json
from .nodes import Node
from .requests import PageRequest, text_of

AWS_EVENTS = "/_sluice/events"
LONGEST_PATH = 12_000  # characters


def example(console: Console, request: PageRequest) -> Any:
    made = _examples(console, console.node(request)).make(request.needed("kind"))
    return {"event": made.event, "notes": list(made.notes)}


def kinds_of_events(console: Console, node: Node) -> list[str]:
    """The kinds of events that a function is called with."""
    return _examples(console, node).kinds


def invoke(console: Console, request: PageRequest) -> Any:
    content = request.json()
    function = _function(console.deployment.node(text_of(content, "node")))
    if "event" not in content:
        raise HttpError(400, "event is missing")
    if len(json.dumps(content["event"])) > LONGEST_EVENT:
        raise HttpError(413, "the event is larger than Lambda takes (6 MB)")
    done = invoke_function(function, content["event"], console.client)
    return {
        "request_id": done.request_id,
        "ok": done.error is None,
        "error": done.error,
        "answer": done.payload,
        "seconds": done.seconds,
        "log": [as_json(one) for one in done.log],
        "follow": follow_text((("run", done.request_id),)),
    }


def put_event(console: Console, request: PageRequest) -> Any:
    """An event on a bus, one that a rule matches, or a run of a schedule."""
    content = request.json()
    node = console.deployment.node(text_of(content, "node"))
    if node.resource is None or "event" not in node.actions:
        raise HttpError(400, f"{node.title} takes no events")
    if is_schedule(node):
        id_ = run_now(console.connection.local, node.arn or "", datetime.now(UTC))
        if id_ is None:
            raise HttpError(404, f"{node.title} is not deployed (any more)")
        return {"id": id_, "follow": follow_text((("event", id_),))}
    event = content["event"] if "event" in content else example_for_bus(node)
    if not isinstance(event, dict) or not isinstance(event.get("detail", {}), dict):
        raise HttpError(400, "event has to be an object with source, detail-type and detail, which is an object")
    bus = node.name if node.type == "aws_cloudwatch_event_bus" else node.resource.attributes.get("event_bus_name")
    entry = {
        "Source": str(event.get("source") or "com.example"),
        "DetailType": str(event.get("detail-type") or "Example"),
        "Detail": json.dumps(event.get("detail") or {}),
        "EventBusName": str(bus or "default"),
    }
    if entry["Source"].startswith("aws."):
        answer = _of_aws(console, entry, node.region or "us-east-1")["Entries"][0]
    else:
        answer = console.client("events", node.region or None).put_events(Entries=[entry])["Entries"][0]
    if answer.get("ErrorCode"):
        raise HttpError(400, f"{answer['ErrorCode']}: {answer.get('ErrorMessage')}")
    return {"id": answer["EventId"], "follow": follow_text((("event", answer["EventId"]),))}


def _of_aws(console: Console, entry: dict[str, str], region: str) -> Any:
    """An event as a service of AWS sends it: PutEvents takes none."""
    path = f"{AWS_EVENTS}?{urlencode({'region': region, 'entry': json.dumps(entry)})}"
    if len(path) > LONGEST_PATH:
        raise HttpError(413, "an event of AWS's own may have about 8,000 characters")
    console.connection.running()
    status, body = own_request(console.connection.local, "POST", path)
    if status != 200:
        raise HttpError(502, "the local AWS sends no events of AWS: run `sluice down` and `sluice up`")
    return json.loads(body)


def is_schedule(node: Node) -> bool:
    """Whether time alone runs a node: a schedule, or a rule with one and no pattern."""
    attributes = node.resource.attributes if node.resource else {}
    is_timed = bool(attributes.get("schedule_expression")) and not attributes.get("event_pattern")
    return node.type == "aws_scheduler_schedule" or (node.type == "aws_cloudwatch_event_rule" and is_timed)


def example_for_bus(node: Node) -> dict[str, Any]:
    """An event that a rule's pattern lets through; for a bus an example."""
    pattern = pattern_of(node.resource) if node.resource and node.type == "aws_cloudwatch_event_rule" else {}
    event = eventbridge(Origin.of(node.arn or ""), matching(pattern))
    return {name: event[name] for name in ("source", "detail-type", "detail")}


def _examples(console: Console, node: Node) -> ExampleEvents:
    return ExampleEvents(_function(node), console.deployment.resources, console.client)


def _function(node: Node) -> Function:
    if node.type != "aws_lambda_function" or node.resource is None:
        raise HttpError(400, f"{node.title} is no function")
    return Function(node.resource)
