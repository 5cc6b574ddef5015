"""Which function processes an object: of several that may use a table, the one that the bucket's events lead to."""

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from sluice_cli.deployed.resources import Function, Resource
from sluice_cli.example_events.triggers import pattern_of, triggers_of

from .deployment import Deployment
from .nodes import Node

TARGETS = {"lambda_function": "lambda_function_arn", "queue": "queue_arn", "topic": "topic_arn"}


class Located(Protocol):
    """Identifies an object."""

    @property
    def bucket(self) -> str: ...

    @property
    def key(self) -> str: ...


def functions_using(deployment: Deployment, table: Node) -> list[Function]:
    """The functions that may use a table."""
    nodes = deployment.nodes.by_id
    ends = dict.fromkeys(source for source, target in deployment.edges if target == table.id)
    found = (nodes[one] for one in ends if one in nodes)
    return [Function(one.resource) for one in found if one.type == "aws_lambda_function" and one.resource]


def function_of(deployment: Deployment, table: Node, item: Located) -> Function | None:
    """The only function that may use a table, or the only one of them that the object's events reach, directly or
    through a queue, topic or rule. None where there is none, or more than one."""
    users = functions_using(deployment, table)
    if len(users) > 1:
        targets = set(_targets(item, deployment.resources))
        users = [one for one in users if _is_reached(one, item, targets, deployment.resources)]
    return users[0] if len(users) == 1 else None


def _is_reached(function: Function, item: Located, targets: set[str], resources: Sequence[Resource]) -> bool:
    if any(one == function.arn or one.startswith(f"{function.arn}:") for one in targets):
        return True
    for trigger in triggers_of(function, resources):
        if trigger.resource.arn in targets:
            return True
        # S3's events on a bus name the bucket, which a rule's pattern has where it is about some buckets only.
        if trigger.kind == "eventbridge" and json.dumps(item.bucket) in json.dumps(pattern_of(trigger.resource)):
            return True
    return False


def _targets(item: Located, resources: Sequence[Resource]) -> Iterator[str]:
    """The ARNs that the bucket's notifications of the object go to, and the queues that are subscribed to topics."""
    for resource in resources:
        if resource.type != "aws_s3_bucket_notification" or resource.attributes.get("bucket") != item.bucket:
            continue
        for kind, name in TARGETS.items():
            for block in resource.attributes.get(kind) or []:
                prefix, suffix = (str(block.get(f"filter_{one}") or "") for one in ("prefix", "suffix"))
                if item.key.startswith(prefix) and item.key.endswith(suffix):
                    yield from _with_subscribers(str(block.get(name)), resources)


def _with_subscribers(arn: str, resources: Sequence[Resource]) -> Iterator[str]:
    yield arn
    for one in resources:
        if one.type == "aws_sns_topic_subscription" and one.attributes.get("topic_arn") == arn:
            yield str(one.attributes.get("endpoint"))
