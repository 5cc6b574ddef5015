"""Collects what a failed event needs to be reproduced: the objects that it names, and the rows with its keys."""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.deployed.resources import Resource

LARGEST_OBJECT = 20 * 1024 * 1024
MOST_OBJECTS = 100
MOST_VALUES = 200  # texts of an event that are tried as keys
MOST_ROWS = 100  # rows for each key
LONGEST_KEY = 2048  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
GZIP = b"\x1f\x8b"

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass
class CapturedObject:
    """An object that an event names."""

    bucket: str
    key: str
    version_id: str | None
    content: bytes | None = field(repr=False, default=None)  # None if it cannot be read
    headers: dict[str, Any] = field(default_factory=dict)  # content type, encoding, metadata
    note: str = ""


@dataclass
class MaterialText:
    """The text of an object, and how it is encoded."""

    text: str
    encoding: str
    compressed: bool

    def bytes(self, text: str) -> bytes:
        content = text.encode(self.encoding, "surrogateescape")
        return gzip.compress(content, mtime=0) if self.compressed else content


def named_objects(event: Any) -> list[tuple[str, str, str | None]]:
    """Bucket, key and version of the objects in an event: S3 events, also inside messages, and EventBridge events."""
    found: dict[tuple[str, str, str | None], None] = {}
    waiting: list[tuple[Any, bool]] = [(event, False)]
    while waiting and len(found) < MOST_OBJECTS:
        value, encoded = waiting.pop(0)
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                waiting.append((json.loads(value), False))
            except (ValueError, RecursionError):
                continue
        elif isinstance(value, list):
            waiting += [(one, encoded) for one in value]
        elif isinstance(value, dict):
            bucket, item = value.get("bucket"), value.get("object")
            if isinstance(bucket, dict) and isinstance(item, dict) and isinstance(item.get("key"), str):
                # S3 notifications encode keys, EventBridge events do not.
                key = unquote_plus(item["key"]) if encoded else item["key"]
                version = item.get("versionId") or item.get("version-id")
                found[str(bucket.get("name")), key, version] = None
            waiting += [(one, name == "s3") for name, one in value.items()]
    return list(found)


def read_object(s3: Any, bucket: str, key: str, version: str | None) -> CapturedObject:
    """An object with its content. A note gives the reason if it cannot be read."""
    one = CapturedObject(bucket, key, version)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
        if answer["ContentLength"] > LARGEST_OBJECT:
            one.note = f"larger than {LARGEST_OBJECT // 1024 // 1024} MB: left out"
            return one
        one.content = answer["Body"].read()
    except (ClientError, BotoCoreError) as error:
        one.note = f"could not be read: {error}"
        return one
    names = ("ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition", "CacheControl", "Metadata")
    one.headers = {name: answer[name] for name in names if answer.get(name)}
    return one


def text_of(content: bytes) -> MaterialText | None:
    """The text of a plain or compressed object; None if it is not text."""
    compressed = content.startswith(GZIP)
    if compressed:
        try:
            with gzip.GzipFile(fileobj=_reader(content)) as stream:
                plain = stream.read(LARGEST_OBJECT + 1)
        except (OSError, EOFError):
            return None
        if len(plain) > LARGEST_OBJECT:
            return None
        content = plain
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return MaterialText(text, encoding, compressed)


def _reader(content: bytes) -> Any:
    import io

    return io.BytesIO(content)


def rows_of(
    event: Any, objects: Sequence[CapturedObject], tables: Sequence[Resource], client: Callable[..., Any]
) -> dict[str, list[dict[str, Any]]]:
    """By table name, the rows whose partition key is a text or number in the event."""
    values = list(dict.fromkeys([*(one.key for one in objects), *_texts(event)]))[:MOST_VALUES]
    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        rows = list(_rows(table, values, client("dynamodb", region_name=table.region or None)))
        if rows:
            found[str(table.attributes["name"])] = rows
    return found


def _rows(table: Resource, values: Sequence[str], dynamodb: Any) -> Iterator[dict[str, Any]]:
    hash_key = table.attributes.get("hash_key")
    types = {one["name"]: one["type"] for one in table.attributes.get("attribute") or []}
    type_ = types.get(hash_key, "S")
    for value in values:
        if type_ == "B" or (type_ == "N" and not _is_number(value)):
            continue
        try:
            answer = dynamodb.query(
                TableName=table.attributes["name"],
                KeyConditionExpression="#key = :value",
                ExpressionAttributeNames={"#key": hash_key},
                ExpressionAttributeValues={":value": {type_: value}},
                Limit=MOST_ROWS,
                ConsistentRead=True,
            )
        except (ClientError, BotoCoreError):
            return  # the caller must not read this table
        yield from answer["Items"]


def _texts(event: Any) -> Iterator[str]:
    """The texts and numbers of an event that may be keys, also those inside messages."""
    waiting = [event]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            waiting += list(value.values())
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and value[:1] in ("{", "["):
            try:
                waiting.append(json.loads(value))
            except (ValueError, RecursionError):
                continue
        elif isinstance(value, str) and 0 < len(value.encode("utf-8", "replace")) <= LONGEST_KEY:
            yield value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).lstrip("-").isdigit()
