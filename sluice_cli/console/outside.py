"""Resources on the local AWS that no deployed stack has: of tests, other tools, or stacks of other projects.

Their boxes are named by ARN. Of the services that pictures draw, a resource is read from AWS instead of a state, with
the attributes that tabs and forms use, by Terraform's names.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from sluice_cli.deployed.resources import Resource
from sluice_cli.review.picture.ends import ARN, FOREIGN, SERVICES
from sluice_cli.review.picture.graph import DRAWN

from .local import LocalConnection
from .nodes import Node

NOWHERE = "of no deployed stack"
# What happens at has these names, too, without a box that opens.
OTHERS = {
    re.compile(r"arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)"): "CloudWatch alarm",
    re.compile(r"arn:[^:]*:events:[^:]*:[^:]*:rule/(?:.+/)?(.+)"): DRAWN["aws_cloudwatch_event_rule"],
    re.compile(r"arn:[^:]*:scheduler:[^:]*:[^:]*:schedule/(?:.+/)?(.+)"): DRAWN["aws_scheduler_schedule"],
    re.compile(r"/restapis/(\w+)"): DRAWN["aws_api_gateway_rest_api"],
    re.compile(r"/apis/(\w+)"): DRAWN["aws_apigatewayv2_api"],
    re.compile(r"arn:[^:]*:[^:]+:[^:]*:[^:]*:(.+)"): "resource",
}
ABSENT = (
    "The stack uses it by its name, no deployed stack of this project creates it, and the local AWS does not have it: "
    "there is nothing to show yet. Once it is created there, it opens here."
)
OUTSIDE = "No deployed stack of this project has it: a test, another tool or another project created it."

Document = dict[str, Any]


def id_of(arn: str) -> str | None:
    """The id of the box of a resource: its ARN, without what is inside the resource. None where it has no box."""
    found = ARN.match(arn)
    return found[0] if found and (found[1], found[2]) in SERVICES else None


def named_in(id_: str) -> tuple[str, str]:
    """The type and the name of the resource of an id that `id_of` gave."""
    service, before, name = ARN.findall(id_)[0]
    return SERVICES[service, before], name


def described_by(arn: str) -> Document | None:
    """The title and the subtitle of a resource that no deployed stack has."""
    id_ = id_of(arn)
    if id_:
        type_, name = named_in(id_)
        return {"title": name, "subtitle": f"{DRAWN[type_]} {NOWHERE}"}
    for pattern, words in OTHERS.items():
        if found := pattern.fullmatch(arn):
            return {"title": found[1], "subtitle": f"{words} {NOWHERE}"}
    return None


class Outside:
    """Reads resources of the local AWS that no deployed stack has."""

    def __init__(self, connection: LocalConnection) -> None:
        self._connection = connection

    def node(self, id_: str) -> Node | None:
        """The node of a resource by its ARN, if the local AWS has it."""
        if id_of(id_) != id_:
            return None
        type_, name = named_in(id_)
        resource = self._resource(type_, id_)
        words = f"{DRAWN[type_]} {NOWHERE}"
        return Node(id_, "", "", type_, name, words, resource, note=OUTSIDE) if resource else None

    def completed(self, node: Node) -> Node:
        """The node of a resource that a stack only names, with what the local AWS has of it."""
        if node.resource or not node.address.startswith(FOREIGN):
            return node
        for (service, before), type_ in SERVICES.items():
            if type_ == node.type:
                place = ":" if service == "s3" else f"{self._region}:{self._account}"
                resource = self._resource(type_, f"arn:aws:{service}:{place}:{before}{node.title}")
                return replace(node, resource=resource, note=OUTSIDE if resource else ABSENT)
        return node

    @property
    def _region(self) -> str:
        return str(self._connection.client("sts").meta.region_name)

    @property
    def _account(self) -> str:
        return str(self._connection.client("sts").get_caller_identity()["Account"])

    def _resource(self, type_: str, arn: str) -> Resource | None:
        service, read = READERS[type_]
        try:
            attributes = read(self._connection.client(service, arn.split(":")[3] or None), arn)
        except ClientError:
            return None  # it is not there
        return Resource("", type_, named_in(arn)[1], "", {"arn": arn, **attributes})


def _name(arn: str) -> str:
    return named_in(arn)[1]


def _bucket(client: Any, arn: str) -> Document:
    client.head_bucket(Bucket=_name(arn))
    return {"bucket": _name(arn)}


def _queue(client: Any, arn: str) -> Document:
    return {"name": _name(arn), "url": client.get_queue_url(QueueName=_name(arn))["QueueUrl"]}


def _topic(client: Any, arn: str) -> Document:
    client.get_topic_attributes(TopicArn=arn)
    return {"name": _name(arn)}


def _bus(client: Any, arn: str) -> Document:
    client.describe_event_bus(Name=_name(arn))
    return {"name": _name(arn)}


def _function(client: Any, arn: str) -> Document:
    found = client.get_function_configuration(FunctionName=_name(arn))
    log_group = (found.get("LoggingConfig") or {}).get("LogGroup")
    return {
        "function_name": _name(arn),
        "role": found.get("Role"),
        "runtime": found.get("Runtime"),
        "handler": found.get("Handler"),
        "memory_size": found.get("MemorySize"),
        "timeout": found.get("Timeout"),
        "logging_config": [{"log_group": log_group}],
    }


def _table(client: Any, arn: str) -> Document:
    found = client.describe_table(TableName=_name(arn))["Table"]
    indexes = {
        block: [{"name": one["IndexName"], **_keys(one)} for one in found.get(name) or []]
        for block, name in (
            ("global_secondary_index", "GlobalSecondaryIndexes"),
            ("local_secondary_index", "LocalSecondaryIndexes"),
        )
    }
    return {
        "name": _name(arn),
        "attribute": [
            {"name": one["AttributeName"], "type": one["AttributeType"]} for one in found["AttributeDefinitions"]
        ],
        **_keys(found),
        **indexes,
    }


def _keys(found: Document) -> Document:
    return {f"{one['KeyType'].lower()}_key": one["AttributeName"] for one in found["KeySchema"]}


READERS: dict[str, tuple[str, Callable[[Any, str], Document]]] = {
    "aws_s3_bucket": ("s3", _bucket),
    "aws_sqs_queue": ("sqs", _queue),
    "aws_sns_topic": ("sns", _topic),
    "aws_lambda_function": ("lambda", _function),
    "aws_dynamodb_table": ("dynamodb", _table),
    "aws_cloudwatch_event_bus": ("events", _bus),
}
