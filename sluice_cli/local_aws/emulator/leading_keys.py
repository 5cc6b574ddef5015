"""The condition key `dynamodb:LeadingKeys`, which ministack 1.5.33 lacks: the partition keys that a request names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb

from completing import existing

EQUAL = re.compile(r"(#?[\w.-]+)\s*=\s*(:[\w.-]+)")
OPERATIONS = ("Put", "Get", "Delete", "Update", "ConditionCheck")

_plain_context = existing(iam_actions, "dynamodb_service_context")
existing(dynamodb._tables, "get")


def _context(body: bytes) -> dict[str, Any]:
    context = dict(_plain_context(body))
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return context
    keys = sorted(set(_leading_keys(request))) if isinstance(request, dict) else []
    return {**context, "dynamodb:LeadingKeys": keys} if keys else context


def _leading_keys(request: Mapping[str, Any]) -> Iterator[str]:
    for table, part in _parts(request):
        name = _partition_key(str(table), part.get("IndexName"))
        values = [part.get(field, {}).get(name) for field in ("Key", "Item")]
        for condition in (part.get("KeyConditions") or {}).get(name, {}).get("AttributeValueList", []):
            values.append(condition)
        names = part.get("ExpressionAttributeNames") or {}
        for attribute, value in EQUAL.findall(part.get("KeyConditionExpression") or ""):
            if names.get(attribute, attribute) == name:
                values.append((part.get("ExpressionAttributeValues") or {}).get(value))
        yield from (str(next(iter(one.values()))) for one in values if isinstance(one, dict) and one)


def _parts(request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A request's tables, each with what names an item or a partition of it."""
    if "TableName" in request:
        yield request["TableName"], request
    for table, asked in (request.get("RequestItems") or {}).items():
        if isinstance(asked, dict):
            yield from ((table, {"Key": key}) for key in asked.get("Keys", []))
        else:
            yield from ((table, next(iter(one.values()))) for one in asked if one)
    for item in request.get("TransactItems") or []:
        yield from ((item[name]["TableName"], item[name]) for name in OPERATIONS if name in item)


def _partition_key(table: str, index: str | None) -> str:
    """The name of the partition key of a table, or of one of its indexes."""
    held = dynamodb._tables.get(table.rpartition("/")[2]) or {}
    indexes = [*(held.get("GlobalSecondaryIndexes") or []), *(held.get("LocalSecondaryIndexes") or [])]
    keyed = next((one for one in indexes if one.get("IndexName") == index), held) if index else held
    schema = keyed.get("KeySchema") or []
    return next((str(one["AttributeName"]) for one in schema if one.get("KeyType") == "HASH"), "")


iam_actions.dynamodb_service_context = _context
