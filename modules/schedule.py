from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.scheduler_schedule import SchedulerSchedule
from constructs import Construct

from . import _limits as limits
from ._account import account_id, partition, region
from ._checks import check_templates, is_token, refuse
from ._delivery import free_id, inside_stack
from ._event_input import as_text
from ._identifiers import shorten
from ._paths import path
from ._schedule_expressions import at_expression, check_clock, cron_expression, rate_expression
from ._validation import require
from .accepted import accept
from .alarms import AlarmTopic
from .errors import ConfigurationError
from .iam import Condition, RolePolicies, Statement, service_role
from .key import AnyKey
from .queue import AnyQueue, Queue, failure_queue
from .topic import AnyTopic

if TYPE_CHECKING:
    from .function import PythonFunction

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
GROUP = "default"
INVOKE_ACTIONS = ("lambda:InvokeFunction",)
WITHOUT_KEY = {
    "CKV_AWS_297": "EventBridge Scheduler encrypts schedules by itself, and an input holds no secrets; `key` opts in"
}


class Schedule(Construct):
    """A time at which functions, queues and topics are called: by EventBridge Scheduler, with a role of its own.

    One of `rate` (`5 minutes`, `1 hour`), `cron` (minutes, hours, day of month, month, day of week, year:
    `0 8 ? * MON-FRI *`) and `at` (`2026-12-01T08:00:00`) says when; `cron` and `at` are in `time_zone`
    (`Europe/Berlin`, default UTC), daylight saving included. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

    Scheduler tries `retries` times (0 to 185) for `event_age_seconds` (60 to 86,400), and then keeps the call in the
    queue `undelivered`, whose alarm notifies `alarm_topic`. `key` encrypts the schedule and that queue.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        rate: str | None = None,
        cron: str | None = None,
        at: str | datetime | None = None,
        time_zone: str | None = None,
        description: str | None = None,
        retries: int = 185,
        event_age_seconds: int = limits.DAY,
        key: AnyKey | None = None,
        alarm_topic: AlarmTopic | None = None,
    ) -> None:
        super().__init__(scope, id_)
        limits.SCHEDULE_NAME.check(self, "name", name)
        if description is not None:
            limits.RULE_DESCRIPTION.check(self, "description", description)
        limits.DELIVERY_RETRIES.check(self, "retries", retries)
        limits.DELIVERY_AGE_SECONDS.check(self, "event_age_seconds", event_age_seconds)
        self._expression = self._read_expression(rate, cron, at)
        self._time_zone = self._read_time_zone(time_zone, rate)
        if at is not None and time_zone is not None:
            check_clock(self, at, time_zone)
        check_templates(self, "rate, cron, at or time_zone", [self._expression, self._time_zone])
        self._description = description
        self._retries = {"maximum_retry_attempts": retries, "maximum_event_age_in_seconds": event_age_seconds}
        self._key = key
        if key:
            key.check_use(self, "scheduler")
        self._targets: list[Construct] = []
        self.name = name
        self.resources: list[SchedulerSchedule] = []
        role_name = name if is_token(name) else shorten(name, limits.ROLE_NAME.longest)
        self.role = service_role(
            self,
            name=role_name,
            sid="SchedulerService",
            service="scheduler.amazonaws.com",
            # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
            conditions=[
                Condition("StringEquals", "aws:SourceAccount", [account_id(self)]),
                Condition(
                    "ArnEquals",
                    "aws:SourceArn",
                    [f"arn:{partition(self)}:scheduler:{region(self)}:{account_id(self)}:schedule-group/{GROUP}"],
                ),
            ],
        )
        self._role_name = str(self.role.name)
        self._policies = RolePolicies(self, self._role_name)
        self.undelivered: Queue = failure_queue(
            self,
            "Undelivered",
            name=name,
            suffix="undelivered",
            description=f"Calls that schedule {name} could not deliver wait in",
            key=key,
            alarm_topic=alarm_topic,
        )

        require(self, lambda: bool(self._targets), "nothing is called at that time; add a target by on_time")

    @property
    def role_name(self) -> str:
        """The name of Scheduler's role, which targets grant their permissions to."""
        return self._role_name

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give Scheduler's role one inline policy named after the verb and the resource. Repeated calls add nothing."""
        return self._policies.add(resource, verb, *statements)

    def on_time(
        self,
        target: PythonFunction | AnyQueue | AnyTopic,
        *,
        input: Mapping[str, Any] | str | None = None,
    ) -> None:
        """Call a function, or send a message to a queue or a topic, at that time.

        The target gets `input` (JSON), or an event of Scheduler's. Each target has a schedule of its own: the first has
        this one's name, further ones that and their own. In a FIFO queue all messages of a schedule are one group.
        Raises `ConfigurationError` for a target that is there already, and at synth for a schedule without one.
        """
        if target in self._targets:
            raise ConfigurationError(f"{path(self)}: {path(target)} is called at that time already")
        if isinstance(target, AnyTopic) and target.fifo:
            raise ConfigurationError(f"{path(self)}: {path(target)} is a FIFO topic; put a FIFO queue in its place")
        kept = self.allow(
            self,
            "Keep",
            Statement(sid="KeepUndelivered", actions=["sqs:SendMessage"], resources=[self.undelivered.arn]),
            *self._key_statements(),
        )
        if isinstance(target, AnyQueue):
            granted = target.grant_send(self)
        elif isinstance(target, AnyTopic):
            granted = target.grant_publish(self)
        else:
            granted = self.allow(
                target, "Invoke", Statement(sid="Invoke", actions=INVOKE_ACTIONS, resources=[target.arn])
            )
        suffix = inside_stack(target)
        self.resources.append(
            SchedulerSchedule(
                self,
                free_id(self, f"To{suffix}", path(target)),
                name=self._name_for(suffix),
                description=self._description,
                schedule_expression=self._expression,
                schedule_expression_timezone=self._time_zone,
                flexible_time_window={"mode": "OFF"},
                kms_key_arn=self._key.arn if self._key else None,
                target={
                    "arn": target.arn,
                    "role_arn": self.role.arn,
                    "input": as_text(
                        self, input, limits.SCHEDULE_INPUT, only_json=not isinstance(target, AnyQueue | AnyTopic)
                    ),
                    "retry_policy": self._retries,
                    "dead_letter_config": {"arn": self.undelivered.arn},
                    "sqs_parameters": {"message_group_id": self.name}
                    if isinstance(target, AnyQueue) and target.fifo
                    else None,
                },
                # Scheduler checks the role's permissions when a schedule is created.
                depends_on=[kept, granted],
            )
        )
        self._targets.append(target)
        if not self._key:
            accept(self.resources[-1], WITHOUT_KEY)

    def _name_for(self, suffix: str) -> str:
        if not self._targets:
            return self.name
        name = f"{self.name}-{suffix}"
        return name if is_token(name) else shorten(name, limits.SCHEDULE_NAME.longest, limits.SCHEDULE_NAME.characters)

    def _key_statements(self) -> list[Statement]:
        if self._key is None:
            return []
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
        return [Statement(sid="UseKey", actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=[self._key.arn])]

    def _read_expression(self, rate: str | None, cron: str | None, at: str | datetime | None) -> str:
        given = {name: value for name, value in (("rate", rate), ("cron", cron), ("at", at)) if value is not None}
        if len(given) != 1:
            raise ConfigurationError(
                f"{path(self)}: {', '.join(given) or 'nothing'} says when; give one of rate, cron and at"
            )
        if rate is not None:
            return rate_expression(self, rate)
        return cron_expression(self, cron) if cron is not None else at_expression(self, at or "")

    def _read_time_zone(self, time_zone: str | None, rate: str | None) -> str | None:
        if time_zone is None:
            return None
        if rate is not None:
            raise ConfigurationError(f"{path(self)}: time_zone has no effect on a rate; leave it out, or use cron")
        zones = available_timezones()  # does not exist on all operating systems
        if zones and not is_token(time_zone) and time_zone not in zones:
            raise refuse(self, "time_zone", time_zone, "a name of the IANA time zone database, such as Europe/Berlin")
        return time_zone
