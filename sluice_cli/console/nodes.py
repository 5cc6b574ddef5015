"""The nodes of the pictures: what is deployed behind each, and what a page can open and do there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_cli.deployed.resources import Resource
from sluice_cli.failures.queue import Sources
from sluice_cli.review.picture.arrows import ALARMS
from sluice_cli.review.picture.events import MAIL

TABS = {
    "aws_s3_bucket": ("objects", "metrics", "alarms"),
    "aws_lambda_function": ("log", "traces", "metrics", "alarms", "failures"),
    "aws_dynamodb_table": ("rows", "metrics", "alarms"),
    "aws_sns_topic": ("sent", "metrics", "alarms"),
    "aws_sqs_queue": ("messages", "metrics", "alarms"),
    "aws_api_gateway_rest_api": ("routes", "metrics", "alarms"),
    "aws_apigatewayv2_api": ("routes", "metrics", "alarms"),
    "aws_cloudwatch_event_rule": ("metrics", "alarms"),
    ALARMS: ("alarms",),
    MAIL: ("sent",),
}
ACTIONS = {
    "aws_s3_bucket": ("upload",),
    "aws_lambda_function": ("invoke",),
    "aws_sns_topic": ("publish",),
    "aws_sqs_queue": ("message",),
    "aws_api_gateway_rest_api": ("call",),
    "aws_apigatewayv2_api": ("call",),
    "aws_cloudwatch_event_bus": ("event",),
    "aws_cloudwatch_event_rule": ("event",),
    "aws_scheduler_schedule": ("event",),
}
NAMES = ("function_name", "bucket", "name")


@dataclass(frozen=True)
class Node:
    """A box of a picture, and the resource behind it: None for callers, mail and the like, and for what is not
    deployed."""

    id: str
    stack: str
    address: str
    type: str
    title: str
    subtitle: str
    resource: Resource | None = None
    failure_queue: Sources | None = None
    takes_readings: bool = False
    note: str = ""  # what people read about it

    @property
    def name(self) -> str | None:
        attributes = self.resource.attributes if self.resource else {}
        return next((str(attributes[one]) for one in NAMES if attributes.get(one)), None)

    @property
    def arn(self) -> str | None:
        return (self.resource.arn or None) if self.resource else None

    @property
    def region(self) -> str:
        """Of its ARN; of a bucket, which has none there, of its attribute."""
        if self.resource is None:
            return ""
        return self.resource.region or str(self.resource.attributes.get("region") or "")

    @property
    def tabs(self) -> list[str]:
        if self.resource is None and self.type not in (ALARMS, MAIL):
            return []
        keeps_failures = self.failure_queue or self.keeps_rejects
        return [*TABS.get(self.type, ()), *(("failures",) if keeps_failures else ())]

    @property
    def keeps_rejects(self) -> bool:
        """Whether it is a table of rejected records (rejecting.py)."""
        return self.type == "aws_dynamodb_table" and "reject" in (self.name or "").lower()

    @property
    def actions(self) -> list[str]:
        if self.resource is None:
            return []
        return [*ACTIONS.get(self.type, ()), *(("reading",) if self.takes_readings else ())]


def identities(resource: Resource) -> Iterable[str]:
    """The names of a resource in the local AWS's happenings."""
    attributes, type_ = resource.attributes, resource.type
    if resource.arn:
        yield resource.arn
    if type_ == "aws_s3_bucket":
        yield f"arn:aws:s3:::{attributes.get('bucket')}"
    elif type_ == "aws_api_gateway_rest_api":
        yield f"/restapis/{attributes.get('id')}"
    elif type_ == "aws_apigatewayv2_api":
        yield f"/apis/{attributes.get('id')}"


class Nodes:
    """The nodes of all deployed stacks, by id and by what the local AWS calls them."""

    def __init__(self, nodes: Sequence[Node], resources: Sequence[Resource]) -> None:
        self.by_id = {one.id: one for one in nodes}
        self.resources = resources
        self._by_identity: dict[str, str] = {}
        self._alarms: dict[str, str] = {}
        drawn = {(one.stack, one.address): one.id for one in nodes}
        for resource in resources:
            own = drawn.get((resource.stack, resource.address))
            if own:  # all instances of a resource with `count` or `for_each` are one box
                for text in identities(resource):
                    self._by_identity.setdefault(text, own)
            if resource.type in ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"):
                id_ = drawn.get((resource.stack, ALARMS))
                if id_:
                    self._alarms.setdefault(str(resource.attributes.get("alarm_name")), id_)
                if id_ and resource.arn:
                    self._by_identity.setdefault(resource.arn, id_)
        for (
            one
        ) in nodes:  # of no deployed stack (outside.py): what happens there is seen at the first box that names it
            if one.resource and not one.resource.stack:
                self._by_identity.setdefault(one.resource.arn, one.id)

    def named(self, text: str) -> str | None:
        """The id of the node that an ARN or another identity names: of an object's its bucket, of a function's version
        the function."""
        found = self._by_identity.get(text)
        if found or not text.startswith("arn:"):
            return found
        parts = text.split(":")
        if parts[2] == "s3":
            return self._by_identity.get(text.partition("/")[0])
        if parts[2] == "lambda":
            return self._by_identity.get(":".join(parts[:7]))
        return self._by_identity.get(text.partition("/index/")[0]) if parts[2] == "dynamodb" else None

    def alarms_of(self, name: str) -> str | None:
        """The id of the alarms' node that has an alarm of this name."""
        return self._alarms.get(name)

    def of_resource(self, resource: Resource) -> str | None:
        """The id of a resource's node."""
        return next((id_ for one in identities(resource) if (id_ := self._by_identity.get(one))), None)


def described(node: Node) -> dict[str, Any]:
    """A node in the list of a picture."""
    return {
        "id": node.id,
        "kind": node.type,
        "title": node.title,
        "subtitle": node.subtitle,
        "name": node.name,
        "arn": node.arn,
        "tabs": node.tabs,
        "actions": node.actions,
    }
