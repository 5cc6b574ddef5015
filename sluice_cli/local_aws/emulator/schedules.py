"""Runs schedules when a test asks, and fills in what their inputs take from the run.

ministack 1.5.33 sends `<aws.scheduler.scheduled-time>` and the other context attributes as they are written.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html

`POST /_sluice/schedules?arn=ARN&time=2026-11-27T02:00:00Z` runs a schedule now, as Scheduler would at that time: with
its role, its input and its dead-letter queue; ARN may also be that of a rule with a
schedule. The answer has the id of the execution, or null where there is no such schedule.
"""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import request_scope
from ministack.services import eventbridge, scheduler

import event_targets  # completes `_invoke_target` first
from completing import existing
from own_paths import serving

PATH = "/_sluice/schedules"

_plain_target = existing(eventbridge, "_invoke_target")
existing(scheduler, "_tick_schedules")
existing(eventbridge, "_tick_scheduled_rules")


def _invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
    if target.get("Input") and event_targets.is_schedule(rule.get("Arn", "")):
        target = {**target, "Input": _filled_in(target["Input"], event, rule["Arn"])}
    _plain_target(target, event, rule, view)


def _filled_in(given: str, event: Any, schedule: str) -> str:
    values = {
        "schedule-arn": schedule,
        "scheduled-time": datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": event["EventId"],
        "attempt-number": "1",
    }
    for name, value in values.items():
        given = given.replace(f"<aws.scheduler.{name}>", value)
    return given


def _run(query: bytes) -> dict[str, str | None]:
    asked = {name: values[0] for name, values in parse_qs(query.decode()).items()}
    time = datetime.fromisoformat(asked["time"]).timestamp()
    for (account, region, _), schedule in list(scheduler._schedules._data.items()):
        if schedule.get("Arn") == asked["arn"]:
            # In a thread: the target sends requests to this server, which has to answer this request first.
            execution = str(uuid.uuid4())
            arguments = (schedule, account, region, time, execution)
            threading.Thread(target=_run_schedule, args=arguments, daemon=True).start()
            return {"execution": execution}
    for key, rule in list(eventbridge._rules._data.items()):
        if rule.get("Arn") == asked["arn"] and rule.get("ScheduleExpression"):
            execution = str(uuid.uuid4())
            threading.Thread(target=_run_rule, args=(key, rule, time, execution), daemon=True).start()
            return {"execution": execution}
    return {"execution": None}


def _run_schedule(schedule: dict[str, Any], account: str, region: str, time: float, execution: str) -> None:
    event = {
        "EventId": execution,
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": time,
        "Resources": [schedule["Arn"]],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        eventbridge._invoke_target(schedule["Target"], event, schedule)


def _run_rule(key: tuple[str, str, str], rule: dict[str, Any], time: float, execution: str) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
    account, region, _ = key
    event = {
        "EventId": execution,
        "Source": "aws.events",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "EventBusName": rule.get("EventBusName", "default"),
        "Time": time,
        "Resources": [rule["Arn"]],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        for target in eventbridge._targets._data.get(key, []):
            eventbridge._invoke_target(target, event, rule)


def served(application: Any) -> Any:
    """The ASGI application, with the endpoint that runs schedules."""
    return serving(application, "POST", PATH, _run)


eventbridge._invoke_target = _invoke_target
