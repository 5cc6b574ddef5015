"""Rejected records, kept in a table by the function that refused them: listed by object, processed again, discarded.

A table counts as such where its name has `reject` in it. Its rows name the object: `bucket`, `objectKey`, and where the
bucket has versions `versionId`; why (`reason`) and when (`rejectedAt`, which a repeated refusal renews).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sluice_cli.deployed.resources import Function
from sluice_cli.example_events.events import Origin, s3
from sluice_cli.failures.discarding import log_discarded, log_group_of
from sluice_cli.failures.queue import Failure
from sluice_cli.invoking import invoke

from .console import Console
from .guard import HttpError
from .happenings import Thing
from .nodes import Node
from .rows import schema

MOST_ROWS = 1_000

Document = dict[str, Any]


@dataclass(frozen=True)
class RejectedObject:
    """The rejected records of one object."""

    id: str
    bucket: str
    key: str
    version: str | None
    rows: list[Document] = field(default_factory=list, repr=False)

    @property
    def reason(self) -> str:
        first = _text(self.rows[0], "reason") or "no reason is given"
        return first if len(self.rows) == 1 else f"{len(self.rows)} records, the first: {first}"

    @property
    def since(self) -> str:
        return min(_text(one, "rejectedAt") for one in self.rows)

    @property
    def thing(self) -> Thing:
        return ("object", self.bucket, self.key, self.version or "")

    def failure(self, function: Function) -> Failure:
        """As a kept failure, whose event is the object's."""
        item = {"key": self.key, "versionId": self.version}
        event = s3(Origin.of(function.arn), self.bucket, item)
        return Failure(self.id, self.since, event, self.reason, self.id, function.arn)


def rejected(console: Console, node: Node) -> list[RejectedObject]:
    """The objects with rejected records, oldest first, of the table's first thousand rows."""
    found: dict[tuple[str, str, str], RejectedObject] = {}
    dynamodb = console.client("dynamodb", node.region or None)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=node.name, ConsistentRead=True, PaginationConfig={"MaxItems": MOST_ROWS}
    )
    for row in (one for page in pages for one in page["Items"]):
        bucket, key, version = (_text(row, name) for name in ("bucket", "objectKey", "versionId"))
        if bucket and key:
            id_ = hashlib.sha256("\0".join((bucket, key, version)).encode()).hexdigest()[:16]
            known = version if version not in ("", "null") else None
            one = found.setdefault((bucket, key, version), RejectedObject(id_, bucket, key, known))
            one.rows.append(row)
    return sorted(found.values(), key=lambda one: one.since)


def function_of(console: Console, node: Node) -> Function:
    """The function that writes the table. Raises `HttpError` where it is not the only one."""
    nodes = console.deployment.nodes.by_id
    ends = [source for source, target in console.deployment.edges if target == node.id]
    found = [of for one in ends if (of := nodes[one]).type == "aws_lambda_function" and of.resource]
    if len(found) != 1 or found[0].resource is None:
        raise HttpError(
            400, f"{len(found)} functions may write {node.title}: only one's rejects can be processed again"
        )
    return Function(found[0].resource)


def replay(console: Console, node: Node, one: RejectedObject) -> str | None:
    """Process the object again. Gives the reason if that failed, or if records are rejected again."""
    function = function_of(console, node)
    done = invoke(function, one.failure(function).event, console.client)
    if done.error:
        said = done.payload.get("errorMessage") if isinstance(done.payload, dict) else None
        return str(said or done.error)
    kept = sum(not _remove_unchanged(console, node, row) for row in one.rows)
    return f"{kept} of {len(one.rows)} records were rejected again" if kept else None


def discard(console: Console, node: Node, chosen: Sequence[RejectedObject], reason: str) -> None:
    """Log what is discarded in the function's log, then remove the rows, but for those that were rejected again."""
    function = function_of(console, node)
    entries = [
        {"bucket": one.bucket, "key": one.key, "version": one.version, "reason": _text(row, "reason")}
        for one in chosen
        for row in one.rows
    ]
    group = log_group_of(console.client, function.arn)
    log_discarded(console.client, function.region, group, reason, entries)
    for row in (row for one in chosen for row in one.rows):
        _remove_unchanged(console, node, row)


def time_of(text: str) -> float:
    """Seconds since 1970 of an ISO time; now, where it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return datetime.now(UTC).timestamp()


def _remove_unchanged(console: Console, node: Node, row: Document) -> bool:
    """Remove a row unless its time was renewed since it was read. Gives whether it was removed."""
    dynamodb = console.client("dynamodb", node.region or None)
    names = [one["name"] for one in schema(node)["key"].values() if one]
    condition: Document = {"ConditionExpression": "attribute_not_exists(rejectedAt)"}
    if "rejectedAt" in row:
        condition = {
            "ConditionExpression": "rejectedAt = :at",
            "ExpressionAttributeValues": {":at": row["rejectedAt"]},
        }
    try:
        dynamodb.delete_item(TableName=node.name, Key={name: row[name] for name in names}, **condition)
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name) or {}
    found = next(iter(value.values()), "")
    return found if isinstance(found, str) else json.dumps(found, default=str)
