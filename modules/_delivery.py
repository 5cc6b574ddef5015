"""Event delivery: sources (bucket, topic, rule) and targets (function, queue, topic)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cdktf import TerraformResource
from constructs import Construct

from ._identifiers import digest
from ._paths import path
from ._stack import stack_of
from .errors import ConfigurationError
from .iam import Condition, PolicyDocument, Statement

EVENTBRIDGE = "events.amazonaws.com"
# Rules publish to topics, and use keys, without the condition keys that name the source.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions,
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
WITHOUT_CONDITIONS_ON_TOPICS_AND_KEYS = frozenset({EVENTBRIDGE})


@dataclass(frozen=True)
class EventSource:
    """A resource that delivers events, as the policies of its targets describe it.

    `known_arn` returns the ARN for use in another stack, without a reference to the resource, or None if its name is
    known to Terraform only. Without `known_arn` the connection belongs to the target's stack, which may refer to the
    source.

    `permission_id` is the id of the permission to invoke a function. With `account_id_in` policies have a condition on
    the account, because the ARN names none: the account's id for use in the stack of a construct.
    """

    construct: Construct
    service: str
    arn: str
    permission_id: str
    known_arn: Callable[[Construct], str | None] | None = None
    account_id_in: Callable[[Construct], str] | None = None

    def arn_in(self, target: Construct) -> str:
        """The ARN for a policy of the target. Raises `ConfigurationError` if it would make two stacks depend on each
        other.
        """
        if self.known_arn is None or same_stack(self.construct, target):
            return self.arn
        known = self.known_arn(target)
        if known is None:
            raise ConfigurationError(
                f"{path(self.construct)}: its name is known to Terraform only, and {path(target)}, in another stack, "
                "has to name it in its policy: give it a name that Python knows, or put both into one stack"
            )
        return known

    def conditions(self, target: Construct) -> list[Condition]:
        """The conditions that a policy of the target has for requests on behalf of this source."""
        conditions = [Condition("ArnEquals", "aws:SourceArn", [self.arn_in(target)])]
        if self.account_id_in is not None:
            conditions.append(Condition("StringEquals", "aws:SourceAccount", [self.account_id_in(target)]))
        return conditions


class DeliveryTarget(Protocol):
    """A target of a bucket, a topic or a rule: a `PythonFunction`, a `Queue` or a `Topic`."""

    arn: str

    def admit(self, source: EventSource) -> Sequence[TerraformResource]:
        """Let the source deliver here. Returns what has to exist before the source delivers."""


def same_stack(one: Construct, other: Construct) -> bool:
    return stack_of(one) is stack_of(other)


def needs(user: Construct, used: Construct) -> None:
    """Record that one construct's stack refers to another stack. Raises `ConfigurationError` for a circle."""
    if same_stack(user, used):
        return
    try:
        stack_of(user).add_dependency(stack_of(used))
    except RuntimeError as error:
        raise ConfigurationError(
            f"{path(user)} and {path(used)} are in two stacks that would need each other: give the resources names "
            "that Python knows and no key, or put both into one stack"
        ) from error


def place(source: Construct, target: Construct) -> tuple[Construct, str]:
    """Scope and id of the resource that connects two constructs: a child of the source, or of the target if that is in
    another stack. The id contains the path of the other construct, so it does not depend on the order of calls.
    """
    if same_stack(source, target):
        return source, free_id(source, f"To{inside_stack(target)}", path(target))
    return target, free_id(target, f"From{inside_stack(source)}", path(source))


def free_id(scope: Construct, id_: str, text: str) -> str:
    """The id, with a hash of the text if a child with that id exists (`A/B` and `AB`)."""
    return id_ if scope.node.try_find_child(id_) is None else id_ + digest(text, scope)


def inside_stack(construct: Construct) -> str:
    """A construct's path in its stack as one word: `OrdersWorker` for `Orders/Worker`."""
    return path(construct).removeprefix(path(stack_of(construct))).replace("/", "")


def admit_by_policy(
    policy: PolicyDocument, target: Construct, source: EventSource, *, actions: Sequence[str], resource: str
) -> None:
    """Allow a source in the target's resource policy: one statement for each service, with all of its sources.

    A queue's policy has at most 20 statements.
    """
    sid = sid_of(source.service)
    known = policy.find(sid)
    conditions = {(one.test, one.variable): list(one.values) for one in known.conditions} if known else {}
    if known and ("ArnEquals", "aws:SourceArn") not in conditions:
        return  # the whole service is allowed already
    for one in source.conditions(target):
        values = conditions.setdefault((one.test, one.variable), [])
        values += [value for value in one.values if value not in values]
    policy.put(
        Statement(
            sid=sid,
            principals={"Service": [source.service]},
            actions=actions,
            resources=[resource],
            conditions=[Condition(test, variable, values) for (test, variable), values in conditions.items()],
        )
    )


def sid_of(service: str) -> str:
    return "Allow" + service.split(".")[0].title()
