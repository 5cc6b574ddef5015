"""Schedules on the local AWS (sluice_cli/local_aws/emulator/schedules.py), run by `sluice_cli.testing.run_schedule`."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from sluice_cli.errors import LocalAwsError
from sluice_cli.local_aws.schedules import run_now
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import run_schedule
from tests.support.bare_aws import BareAws, allow
from tests.support.waiting import eventually

Scheduled = Callable[..., tuple[str, str, str]]


@pytest.fixture
def scheduled(aws: BareAws) -> Iterator[Scheduled]:
    """Makes a schedule that sends an input to a queue, where its role may do the actions; gives its name and the URLs
    of the queue and of its dead-letter queue."""
    scheduler, names = aws.client("scheduler"), []

    def make(sent: dict[str, Any], *actions: str) -> tuple[str, str, str]:
        name = f"nightly-{uuid4().hex[:8]}"
        (url, arn), (kept_url, kept) = aws.queue(name), aws.queue(f"{name}-kept")
        allowed = [allow(actions, arn)] if actions else []
        role = aws.role(name, *allowed, allow(["sqs:SendMessage"], kept), trusted="scheduler")
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression="cron(0 2 * * ? *)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": role, "Input": json.dumps(sent), "DeadLetterConfig": {"Arn": kept}},
        )
        names.append(name)
        return name, url, kept_url

    yield make
    for name in names:
        scheduler.delete_schedule(Name=name)


def received(local: LocalAws, url: str) -> list[Any]:
    messages = local.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(one["Body"]) for one in messages]


def test_a_schedule_runs_when_a_test_asks_with_the_planned_time_in_its_input(
    local_aws: LocalAws, scheduled: Scheduled
) -> None:
    given = {
        "planned": "<aws.scheduler.scheduled-time>",
        "by": "<aws.scheduler.schedule-arn>",
        "attempt": "<aws.scheduler.attempt-number>",
        "run": "<aws.scheduler.execution-id>",
        "kind": "full <report>",
    }
    name, url, _ = scheduled(given, "sqs:SendMessage")
    execution = run_schedule(local_aws, name, at=datetime(2026, 11, 27, 2, tzinfo=ZoneInfo("Europe/Berlin")))
    (sent,) = eventually(lambda: received(local_aws, url))
    assert sent == {
        "run": execution,
        "planned": "2026-11-27T01:00:00Z",
        "by": f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}",
        "attempt": "1",
        "kind": "full <report>",
    }

    before = datetime.now(UTC).replace(microsecond=0)
    run_schedule(local_aws, name)
    (sent,) = eventually(lambda: received(local_aws, url))
    assert before <= datetime.fromisoformat(sent["planned"]) <= datetime.now(UTC)


def test_a_rule_with_a_schedule_runs_when_asked(local_aws: LocalAws, aws: BareAws) -> None:
    events, name = aws.client("events"), f"rule-{uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, ScheduleExpression="rate(7 days)")["RuleArn"]
    aws.cleanup(events.delete_rule, Name=name, Force=True)
    url, queue = aws.queue(name)
    sends = {"Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queue}
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    statements = [{"Effect": "Allow", **sends}, {"Effect": "Deny", **sends, **insecure, "Principal": "*"}]
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": statements})})
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue}])
    aws.cleanup(events.remove_targets, Rule=name, Ids=["1"])
    execution = run_now(local_aws, rule, datetime(2026, 11, 27, 2, tzinfo=UTC))
    (sent,) = eventually(lambda: received(local_aws, url))
    assert (sent["id"], sent["detail-type"], sent["resources"]) == (execution, "Scheduled Event", [rule])
    assert sent["time"] == "2026-11-27T02:00:00Z"
    assert run_now(local_aws, f"{rule}-another", datetime.now(UTC)) is None


def test_events_refused_by_the_schedules_role_go_to_the_dead_letter_queue(
    local_aws: LocalAws, scheduled: Scheduled
) -> None:
    name, url, kept = scheduled({"time": "<aws.scheduler.scheduled-time>"})
    run_schedule(local_aws, name, at=datetime(2026, 11, 27, 2))
    assert eventually(lambda: received(local_aws, kept)) == [{"time": "2026-11-27T02:00:00Z"}]
    assert received(local_aws, url) == []


def test_a_schedule_that_is_not_there_is_named_with_those_that_are(local_aws: LocalAws, scheduled: Scheduled) -> None:
    name, _, _ = scheduled({}, "sqs:SendMessage")
    with pytest.raises(LocalAwsError, match=f"there is no schedule 'nightly' in us-east-1; there are: .*{name}"):
        run_schedule(local_aws, "nightly")
