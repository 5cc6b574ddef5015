"""Happenings: runs of functions, calls of APIs, rules and schedules, alarms, and calls that IAM refused."""

import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from ministack.services import apigateway, apigateway_v1, cloudwatch, eventbridge

import denials
import invocations
from completing import existing
from domains import ENCODED_SLASH
from happenings import Thing, caused_by, record
from observed_messages import announce_arn

MOST_THINGS = 100  # of one event

_plain_rest = existing(apigateway_v1, "handle_execute")
_plain_http = existing(apigateway, "handle_execute")
_plain_target = existing(eventbridge, "_invoke_target")
_plain_actions = existing(cloudwatch, "_dispatch_alarm_actions")


def things_of(event: Any) -> Iterator[Thing]:
    """What an event was sent for, in the shapes that AWS documents."""
    if not isinstance(event, dict):
        return
    if isinstance(event.get("id"), str) and "detail-type" in event:
        yield ("event", event["id"])
    records = event.get("Records")
    for one in records[:MOST_THINGS] if isinstance(records, list) else ():
        try:
            # Any type: users write these fields.
            yield from [tuple(map(str, thing)) for thing in _things_of_record(one)]
        except (KeyError, TypeError, AttributeError, IndexError):  # an event from a user, not from AWS
            continue


def _things_of_record(one: Any) -> Iterator[Thing]:
    source = one.get("eventSource") or one.get("EventSource")
    if source == "aws:s3":
        item = one["s3"]["object"]
        yield ("object", one["s3"]["bucket"]["name"], unquote_plus(item["key"]), item.get("versionId") or _tag(item))
    elif source == "aws:sqs":
        yield ("message", one["messageId"])
    elif source == "aws:sns":
        yield ("message", one["Sns"]["MessageId"])
    elif source == "aws:dynamodb":
        yield ("row", one["eventSourceARN"].partition("/stream/")[0], key_text(one["dynamodb"]["Keys"]))


def _tag(item: Any) -> str:
    return str(item.get("eTag") or "").strip('"')


def key_text(key: Any) -> str:
    """A row's key as one text, whatever the order of its attributes."""
    return ",".join(f"{name}={next(iter(value.values()), '')}" for name, value in sorted(key.items()))


def _started(run: Any, event: Any) -> None:
    things = tuple(things_of(event))
    record("function.started", run.arn, run.function, run=run, status="running", used=things, made=(_run(run),))


def _ended(run: Any, failed: bool) -> None:
    with caused_by(_run(run)):
        status = "error" if failed else "ok"
        seconds = time.time() - run.started
        record("function.ended", run.arn, run.function, run=run, status=status, seconds=seconds, detail=run.error)


def _run(run: Any) -> Thing:
    return ("run", run.request_id)


async def _rest(api_id: str, stage: str, method: str, path: str, *arguments: Any) -> Any:
    return await _call(_plain_rest, f"/restapis/{api_id}", method, path, api_id, stage, method, path, *arguments)


async def _http(api_id: str, stage: str, path: str, method: str, *arguments: Any, **options: Any) -> Any:
    return await _call(_plain_http, f"/apis/{api_id}", method, path, api_id, stage, path, method, *arguments, **options)


async def _call(plain: Any, arn: str, method: str, path: str, *arguments: Any, **options: Any) -> Any:
    id_, started = str(uuid.uuid4()), time.time()
    title = f"{method} {path.replace(ENCODED_SLASH, '%2F')}"
    request: Thing = ("request", id_)
    record("api.called", arn, title, status="running", request_id=id_, made=(request,))
    status = 500
    try:
        with caused_by(request):
            answer = await plain(*arguments, **options)
        status = int(answer[0])  # a function may answer with a text
        return answer
    finally:
        word = "ok" if status < 400 else "refused" if status in (401, 403) else "error"
        seconds = time.time() - started
        with caused_by(request):
            record("api.answered", arn, title, status=word, seconds=seconds, detail=str(status), request_id=id_)


def _target(target: Any, event: Any, rule: Any, view: Any = None) -> None:
    thing: Thing = ("event", str(event.get("EventId", "")))
    kind = "schedule.fired" if ":scheduler:" in rule.get("Arn", "") or not rule.get("EventPattern") else "rule.matched"
    record(kind, rule.get("Arn", ""), rule.get("Name", ""), detail=str(event.get("DetailType", "")), made=(thing,))
    with caused_by(thing):
        _plain_target(target, event, rule, view)
        announce_arn((target.get("DeadLetterConfig") or {}).get("Arn"), "failure.kept")


def _act(alarm: Any, before: str, state: str, reason: str) -> None:
    name = alarm.get("AlarmName", "")
    thing: Thing = ("alarm", name)
    if "ALARM" in (before, state):
        kind, status = ("alarm.ringing", "error") if state == "ALARM" else ("alarm.ended", "ok")
        record(kind, alarm.get("AlarmArn", ""), name, detail=reason, status=status, made=(thing,))
    with caused_by(thing):
        _plain_actions(alarm, before, state, reason)


def _refused(denial: dict[str, Any]) -> None:
    record("call.refused", denial["resource"], denial["action"], status="refused", detail=f"for {denial['principal']}")


apigateway_v1.handle_execute = _rest
apigateway.handle_execute = _http
eventbridge._invoke_target = _target
cloudwatch._dispatch_alarm_actions = _act
invocations.start_listeners.append(_started)
invocations.listeners.append(_ended)
denials.listeners.append(_refused)
