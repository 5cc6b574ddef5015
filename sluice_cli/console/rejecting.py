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

from .causes import function_of, functions_using
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


def as_failure(console: Console, node: Node, one: RejectedObject) -> Failure:
    """A kept failure, whose event is the object's."""
    function = function_of(console.deployment, node, one)
    arn = function.arn if function else ""
    event = s3(Origin.of(arn or node.arn or ""), one.bucket, {"key": one.key, "versionId": one.version})
    return Failure(one.id, one.since, event, one.reason, one.id, arn)


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


def function_that_rejected(console: Console, node: Node, one: RejectedObject) -> Function:
    """The function that rejected records of an object. Raises `HttpError` where it is not known."""
    function = function_of(console.deployment, node, one)
    if function is None:
        count = len(functions_using(console.deployment, node))
        raise HttpError(
            400, f"which of the {count} functions that may use {node.title} rejected {one.key} is not known"
        )
    return function


def replay(console: Console, node: Node, one: RejectedObject) -> str | None:
    """Process the object again. Gives the reason if that failed, or if records are rejected again."""
    function = function_that_rejected(console, node, one)
    done = invoke(function, as_failure(console, node, one).event, console.client)
    if done.error:
        said = done.payload.get("errorMessage") if isinstance(done.payload, dict) else None
        return str(said or done.error)
    kept = sum(not _remove_unchanged(console, node, row) for row in one.rows)
    return f"{kept} of {len(one.rows)} records were rejected again" if kept else None


def discard(console: Console, node: Node, chosen: Sequence[RejectedObject], reason: str) -> None:
    """Log what is discarded in the function's log, then remove the rows, but for those that were rejected again."""
    functions: dict[str, Function] = {}
    by_function: dict[str, list[Document]] = {}
    for one in chosen:
        named = {"bucket": one.bucket, "key": one.key, "version": one.version}
        function = function_that_rejected(console, node, one)
        functions[function.arn] = function
        entries = by_function.setdefault(function.arn, [])
        entries += [{**named, "reason": _text(row, "reason")} for row in one.rows]
    for arn, entries in by_function.items():
        log_discarded(console.client, functions[arn].region, log_group_of(console.client, arn), reason, entries)
    for row in (row for one in chosen for row in one.rows):
        _remove_unchanged(console, node, row)


def time_of(text: str) -> float:
    """Seconds since 1970 of an ISO time, in UTC where it has no zone; now, where it is none."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return datetime.now(UTC).timestamp()


def _remove_unchanged(console: Console, node: Node, row: Document) -> bool:
    """Remove a row unless its time was renewed since it was read. Gives whether it is gone: the function may remove its
    rows itself."""
    dynamodb = console.client("dynamodb", node.region or None)
    names = [one["name"] for one in schema(node)["key"].values() if one]
    condition: Document = {"ConditionExpression": "attribute_not_exists(rejectedAt)"}
    if "rejectedAt" in row:
        condition = {
            "ConditionExpression": "rejectedAt = :at",
            "ExpressionAttributeValues": {":at": row["rejectedAt"]},
        }
    key = {name: row[name] for name in names}
    try:
        dynamodb.delete_item(TableName=node.name, Key=key, **condition)
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return "Item" not in dynamodb.get_item(TableName=node.name, Key=key, ConsistentRead=True)
    return True


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name) or {}
    found = next(iter(value.values()), "")
    return found if isinstance(found, str) else json.dumps(found, default=str)
