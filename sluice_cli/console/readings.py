"""Readings of a simulated device: like the newest JSON object of a bucket, or a common form of one."""

import json
import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from .console import Console
from .guard import HttpError
from .happenings import follow_text
from .nodes import Node
from .requests import PageRequest, text_of

DEVICE = "simulated-0001"
LONGEST_MODEL = 64 * 1024
MOST_READINGS = 1_000
LISTED = 200
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?.*")
SPREAD = 0.02  # of a number from one reading to the next


def fields(console: Console, request: PageRequest) -> Any:
    node = console.node(request)
    reading, note = _model(console, node)
    shown = [{"name": name, "value": _now() if _is_time(value) else value} for name, value in reading.items()]
    return {"fields": shown, "key": _key(console, node, reading, 1), "note": note}


def send(console: Console, request: PageRequest) -> Any:
    content = request.json()
    node = console.deployment.node(text_of(content, "node"))
    given, count = content.get("fields"), content.get("count", 1)
    if not isinstance(given, dict) or not given:
        raise HttpError(400, "fields have to be an object")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_READINGS:
        raise HttpError(400, f"count has to be a whole number from 1 to {MOST_READINGS:,}")
    s3 = _s3(console, node)
    keys, thing = [], None
    for number in range(count):
        reading = given if number == 0 else _varied(given)
        key = _key(console, node, reading, number + 1)
        body = json.dumps(reading, ensure_ascii=False).encode()
        answer = s3.put_object(Bucket=node.name, Key=key, Body=body, ContentType="application/json")
        version = answer.get("VersionId")
        thing = thing or ("object", str(node.name), key, version or answer["ETag"].strip('"'))
        keys.append(key)
    return {"keys": keys, "follow": follow_text((thing,)) if thing else None}


def _model(console: Console, node: Node) -> tuple[dict[str, Any], str]:
    """The newest object that is a JSON object, or has some."""
    s3 = _s3(console, node)
    prefix, _ = _filter(console, node)
    found = s3.list_objects_v2(Bucket=node.name, Prefix=prefix, MaxKeys=LISTED).get("Contents", [])
    for one in sorted(found, key=lambda one: one["LastModified"], reverse=True)[:5]:
        if one["Size"] <= LONGEST_MODEL:
            try:
                body = s3.get_object(Bucket=node.name, Key=one["Key"])["Body"].read()
            except ClientError:
                continue
            reading = reading_in(body)
            if reading:
                return reading, f"like {one['Key']}"
    common = {"deviceId": DEVICE, "sensorType": "temperature", "value": 21.4, "unit": "°C", "timestamp": _now()}
    return common, "a common form: the bucket has no JSON object to follow"


def reading_in(body: bytes) -> dict[str, Any] | None:
    """The first flat JSON object of an object: itself, of an array, or of JSON Lines."""
    try:
        text = body.decode()
        found = json.loads(text.splitlines()[0]) if text.startswith("{") and "\n{" in text else json.loads(text)
    except (ValueError, IndexError, RecursionError):
        return None
    found = found[0] if isinstance(found, list) and found else found
    flat = isinstance(found, dict) and all(not isinstance(one, dict | list) for one in found.values())
    return found if flat and found else None


def _varied(reading: Mapping[str, Any]) -> dict[str, Any]:
    """The next reading: numbers a little different, times of now."""

    def varied(value: Any) -> Any:
        if _is_time(value):
            return _now()
        if isinstance(value, float):
            return round(value * random.uniform(1 - SPREAD, 1 + SPREAD), 2)  # noqa: S311 - no secret
        return value

    return {name: varied(value) for name, value in reading.items()}


def _key(console: Console, node: Node, reading: Mapping[str, Any], number: int) -> str:
    prefix, suffix = _filter(console, node)
    names = (value for name, value in reading.items() if "device" in name.lower() and isinstance(value, str))
    device = re.sub(r"[^\w.-]", "-", next(names, DEVICE))[:100]
    return f"{prefix}{device}/{int(time.time() * 1000)}-{number:04d}{suffix or '.json'}"


def _filter(console: Console, node: Node) -> tuple[str, str]:
    """Prefix and suffix of the first notification that takes JSON."""
    for prefix, suffix in filters_of(console, node):
        if (suffix or ".json").startswith(".json"):
            return prefix, suffix
    return "", ""


def filters_of(console: Console, node: Node) -> list[tuple[str, str]]:
    """Prefix and suffix of each of the bucket's notifications."""
    return [
        (str(one.get("filter_prefix") or ""), str(one.get("filter_suffix") or ""))
        for resource in console.deployment.resources
        if resource.type == "aws_s3_bucket_notification" and resource.attributes.get("bucket") == node.name
        for kind in ("lambda_function", "queue", "topic")
        for one in resource.attributes.get(kind) or []
    ]


def _s3(console: Console, node: Node) -> Any:
    if node.type != "aws_s3_bucket" or node.name is None:
        raise HttpError(400, f"{node.title} takes no readings")
    return console.client("s3", node.region or None)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(TIME.fullmatch(value))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
