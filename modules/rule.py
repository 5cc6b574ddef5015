from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from constructs import Construct

from . import _limits as limits
from ._account import account_id, partition, region
from ._checks import check_templates, is_token
from ._delivery import EVENTBRIDGE, EventSource, free_id, inside_stack, needs, same_stack
from ._event_filters import OF_RULES, OR, check_pattern
from ._event_input import as_text
from ._event_pattern import EventPattern
from ._expressions import as_written
from ._loops import connect
from ._paths import path
from .alarms import AlarmTopic
from .errors import ConfigurationError
from .key import AnyKey
from .queue import AnyQueue, Queue, failure_queue
from .topic import AnyTopic

if TYPE_CHECKING:
    from .function import PythonFunction

DEFAULT_BUS = "default"
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
EVENT_FIELDS = frozenset(
    {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "replay-name", OR}
)


class Rule(Construct):
    """An EventBridge rule: events that match a pattern go to functions, queues and topics.

    `pattern` is EventBridge's, as a dict (`{"source": ["orders"], "detail-type": ["Order placed"]}`), or a bucket's
    `event_pattern()`. `event_bus` is the name, or the ARN, of the bus that the events come by (default: the account's).
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

    EventBridge tries to deliver an event `retries` times (0 to 185) for `event_age_seconds` (60 to 86,400), and then
    keeps it in the queue `undelivered`, whose alarm notifies `alarm_topic`; `key` encrypts that queue.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        pattern: Mapping[str, Any],
        description: str | None = None,
        event_bus: str = DEFAULT_BUS,
        retries: int = 185,
        event_age_seconds: int = limits.DAY,
        key: AnyKey | None = None,
        alarm_topic: AlarmTopic | None = None,
    ) -> None:
        super().__init__(scope, id_)
        limits.RULE_NAME.check(self, "name", name)
        limits.EVENT_BUS.check(self, "event_bus", event_bus)
        if description is not None:
            limits.RULE_DESCRIPTION.check(self, "description", description)
        limits.DELIVERY_RETRIES.check(self, "retries", retries)
        limits.DELIVERY_AGE_SECONDS.check(self, "event_age_seconds", event_age_seconds)
        if not pattern:
            raise ConfigurationError(f"{path(self)}: pattern is empty; name the events, as in {{'source': ['orders']}}")
        check_templates(self, "pattern", pattern)
        check_pattern(self, "pattern", pattern, OF_RULES)
        _check_fields(self, pattern)
        if isinstance(pattern.get("detail"), list | tuple):
            raise ConfigurationError(
                f"{path(self)}: pattern['detail'] is a list, which matches no event: a detail is an object; "
                "name its fields: {'detail': {'state': ['stopped']}}"
            )
        limits.EVENT_PATTERN.check(self, "pattern", json.dumps(pattern))
        self._bus = event_bus
        self._retries = {
            "maximum_retry_attempts": retries,
            "maximum_event_age_in_seconds": event_age_seconds,
        }
        self._targets: list[Construct] = []
        self.name = name
        self.resource = CloudwatchEventRule(
            self,
            "Rule",
            name=name,
            description=description,
            event_pattern=as_written(self, json.dumps(pattern)),
            event_bus_name=None if event_bus == DEFAULT_BUS else event_bus,
        )
        self.arn: str = self.resource.arn
        self._source = EventSource(
            self, EVENTBRIDGE, self.arn, f"InvokeFor{self.node.id}", known_arn=self._known_arn_in
        )
        self.undelivered: Queue = failure_queue(
            self,
            "Undelivered",
            name=name.replace(".", "-") if not is_token(name) else name,
            suffix="undelivered",
            description=f"Events that rule {name} could not deliver wait in",
            key=key,
            alarm_topic=alarm_topic,
        )
        self.undelivered.admit(self._source)
        if isinstance(pattern, EventPattern):
            connect(pattern.origin, self, heard=pattern.objects)
            pattern.turn_on()

    def on_event(
        self,
        target: PythonFunction | AnyQueue | AnyTopic,
        *,
        input: Mapping[str, Any] | str | None = None,
    ) -> None:
        """Send matching events to a function, a queue or a topic, which their policies, and keys, then allow.

        The target gets the event, or `input` in its place. In a FIFO queue all events of a rule are one message group.
        Raises `ConfigurationError` for a sixth target, for a target that is there already, and where a function would
        wake itself through a bucket's `event_pattern`.
        """
        if target in self._targets:
            raise ConfigurationError(f"{path(self)}: {path(target)} is a target already")
        limits.RULE_TARGETS.check(self, "on_event", [*self._targets, target])
        if isinstance(target, AnyTopic) and target.fifo:
            raise ConfigurationError(f"{path(self)}: EventBridge delivers to no FIFO topic, and {path(target)} is one")
        connect(self, target)
        needs(self, target)
        self._targets.append(target)
        permissions = target.admit(self._source)
        CloudwatchEventTarget(
            self,
            free_id(self, f"To{inside_stack(target)}", path(target)),
            rule=self.resource.name,
            event_bus_name=None if self._bus == DEFAULT_BUS else self._bus,
            arn=target.arn,
            input=as_text(self, input),
            sqs_target={"message_group_id": self.name} if isinstance(target, AnyQueue) and target.fifo else None,
            retry_policy=self._retries,
            dead_letter_config={"arn": self.undelivered.arn},
            depends_on=[one for one in permissions if same_stack(one, self)],
        )

    def _known_arn_in(self, scope: Construct) -> str | None:
        if is_token(self.name) or is_token(self._bus):
            return None
        bus = limits.EVENT_BUS_ARN.fullmatch(self._bus)
        name = self.name if self._bus == DEFAULT_BUS else f"{bus[3] if bus else self._bus}/{self.name}"
        return f"arn:{partition(scope)}:events:{region(scope)}:{account_id(scope)}:rule/{name}"


def _check_fields(where: Construct, pattern: Mapping[str, Any]) -> None:
    alternatives = [one for one in pattern.get(OR, ()) if isinstance(one, Mapping)]
    for name in {name for one in (pattern, *alternatives) for name in one} - EVENT_FIELDS:
        raise ConfigurationError(
            f"{path(where)}: pattern has {name!r}, which no event has, so that it would match none; the fields of an "
            f"event: {', '.join(sorted(EVENT_FIELDS - {OR}))}"
        )
