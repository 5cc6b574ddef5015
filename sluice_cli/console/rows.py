"""Rows of a table: queries by key and index, pages of a scan, and whole rows."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .nodes import Node
from .requests import PageRequest

LONGEST_VALUE = 2_000  # characters of a value in a list
OPERATORS = ("=", "<", "<=", ">", ">=", "between", "begins_with")

Document = dict[str, Any]


def schema(node: Node) -> Document:
    """The keys of a table and of its indexes, from Terraform's state."""
    attributes = node.resource.attributes if node.resource else {}
    types = {one["name"]: one["type"] for one in attributes.get("attribute") or []}

    def key(of: Mapping[str, Any]) -> Document:
        return {
            "hash": _attribute(of.get("hash_key") or attributes.get("hash_key"), types),
            "range": _attribute(of.get("range_key"), types),
        }

    indexes = [
        {"name": one["name"], **key(one)}
        for kind in ("global_secondary_index", "local_secondary_index")
        for one in attributes.get(kind) or []
    ]
    return {"key": key(attributes), "indexes": indexes}


def listed(console: Console, request: PageRequest) -> Any:
    node = _table(console, request)
    dynamodb = console.client("dynamodb", node.region or None)
    keys, index = _keys(node, request.query.get("index"))
    options: Document = {"TableName": node.name, "Limit": request.limit}
    if index:
        options["IndexName"] = index
    if request.query.get("cursor"):
        options["ExclusiveStartKey"] = _key_in(request.query["cursor"])
    if request.query.get("hash"):
        options["ScanIndexForward"] = request.query.get("forward") != "0"
        answer = dynamodb.query(**options, **_condition(keys, request.query))
    else:
        answer = dynamodb.scan(**options)
    last = answer.get("LastEvaluatedKey")
    names = _names(node)
    return {
        "rows": [_row(node, one, names) for one in answer["Items"]],
        "next": json.dumps(_plain(last)) if last else None,
        "scanned": answer.get("ScannedCount", len(answer["Items"])),
    }


def whole(console: Console, request: PageRequest) -> Any:
    node = _table(console, request)
    key = _key_in(request.needed("key"))
    found = console.client("dynamodb", node.region or None).get_item(TableName=node.name, Key=key)
    if "Item" not in found:
        raise HttpError(404, "there is no such row (any more)")
    return {"row": _plain(found["Item"])}


def _table(console: Console, request: PageRequest) -> Node:
    node = console.node(request)
    if node.type != "aws_dynamodb_table" or node.resource is None:
        raise HttpError(400, f"{node.title} is no table")
    return node


def _attribute(name: Any, types: Mapping[str, str]) -> Document | None:
    return {"name": name, "type": types.get(name, "S")} if name else None


def _keys(node: Node, index: str | None) -> tuple[Document, str | None]:
    known = schema(node)
    if not index:
        return known["key"], None
    found = next((one for one in known["indexes"] if one["name"] == index), None)
    if found is None:
        raise HttpError(400, f"{node.title} has no index {index[:100]}")
    return found, index


def _names(node: Node) -> list[str]:
    return [one["name"] for one in schema(node)["key"].values() if one]


def _condition(keys: Document, query: Mapping[str, str]) -> Document:
    names, values = {"#h": keys["hash"]["name"]}, {":h": _typed(keys["hash"], query["hash"])}
    condition, given = "#h = :h", query.get("range")
    if given and keys["range"]:
        operator = query.get("range_op") or "="
        if operator not in OPERATORS:
            raise HttpError(400, f"range_op has to be one of {' '.join(OPERATORS)}")
        names["#r"], values[":r"] = keys["range"]["name"], _typed(keys["range"], given)
        if operator == "between":
            values[":to"] = _typed(keys["range"], query.get("range_to") or given)
            condition += " AND #r BETWEEN :r AND :to"
        elif operator == "begins_with":
            condition += " AND begins_with(#r, :r)"
        else:
            condition += f" AND #r {operator} :r"
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _typed(attribute: Document, text: str) -> Document:
    if attribute["type"] == "B":
        try:
            return {"B": base64.b64decode(text, validate=True)}
        except ValueError:
            raise HttpError(400, f"{attribute['name']} has bytes: write them in base64") from None
    return {attribute["type"]: text}


def _key_in(text: str) -> Document:
    """A key in DynamoDB's JSON. Raises `HttpError`."""
    try:
        key = json.loads(text)
        if not isinstance(key, dict):
            raise TypeError
        return {name: _key_value(value) for name, value in key.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise HttpError(400, 'a key has to be JSON such as {"id": {"S": "1"}}') from None


def _key_value(value: Document) -> Document:
    """Raises `ValueError` or `TypeError` for what is no key of DynamoDB."""
    ((type_, text),) = value.items()
    if type_ not in ("S", "N", "B") or not isinstance(text, str):
        raise TypeError
    return {type_: base64.b64decode(text, validate=True) if type_ == "B" else text}


def _row(node: Node, item: Document, names: list[str]) -> Document:
    row = _plain(item)
    short, cut = {}, False
    for name, value in row.items():
        short[name], was_cut = _cut(value)
        cut = cut or was_cut
    key = {name: row[name] for name in names if name in row}
    arn = node.arn or ""
    thing = ("row", arn, ",".join(f"{name}={next(iter(one.values()))}" for name, one in sorted(key.items())))
    return {"key": key, "row": short, **({"cut": True} if cut else {}), "follow": follow_text((thing,))}


def _cut(value: Document) -> tuple[Document, bool]:
    """A value that is not longer than a list shows."""
    ((type_, content),) = value.items()
    if isinstance(content, str):
        return ({type_: content[:LONGEST_VALUE]}, True) if len(content) > LONGEST_VALUE else (value, False)
    if isinstance(content, list | dict):
        text = json.dumps(content, ensure_ascii=False)
        return ({"S": text[:LONGEST_VALUE]}, True) if len(text) > LONGEST_VALUE else (value, False)
    return value, False


def _plain(value: Any) -> Any:
    """DynamoDB's JSON with bytes in base64."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return base64.b64encode(bytes(value)).decode() if isinstance(value, bytes | bytearray) else value
