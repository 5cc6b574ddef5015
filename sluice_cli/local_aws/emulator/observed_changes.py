"""Happenings: objects of S3 and rows of DynamoDB."""

from typing import Any

from ministack.services import dynamodb, s3

from completing import existing
from happenings import caused_by, record
from observed_runs import key_text

ROWS = {"INSERT": "row.written", "MODIFY": "row.changed", "REMOVE": "row.removed"}

_plain_later = existing(s3, "_fire_s3_event_async")
_plain_notify = existing(s3, "_fire_s3_event")
_plain_row = existing(dynamodb, "_emit_stream_event")


def _object_changed(bucket: str, key: str, name: str, *arguments: Any, **options: Any) -> None:
    size = arguments[0] if arguments else options.get("size", 0)
    thing = _object(bucket, key, *arguments, **options)
    action = name.partition(":")[2].partition(":")[0]
    if action in ("ObjectCreated", "ObjectRemoved"):
        kind = "object.created" if action == "ObjectCreated" else "object.removed"
        version = options.get("version_id")
        record(kind, f"arn:aws:s3:::{bucket}", key, made=(thing,), size=size, key=key, version=version)
    with caused_by(thing):
        _plain_later(bucket, key, name, *arguments, **options)


def _object(bucket: str, key: str, *arguments: Any, **options: Any) -> tuple[str, ...]:
    etag = arguments[1] if len(arguments) > 1 else options.get("etag", "")
    return ("object", bucket, key, options.get("version_id") or str(etag).strip('"'))


def _row_changed(table_name: str, event_name: str, old: Any, new: Any, replicate: bool = True) -> None:
    table = dynamodb._tables.get(table_name) or {}
    row = new or old
    names = [one["AttributeName"] for one in table.get("KeySchema", [])]
    if row and replicate and all(name in row for name in names):
        key = {name: row[name] for name in names}
        arn = table.get("TableArn", "")
        thing = ("row", arn, key_text(key))
        title = ", ".join(str(next(iter(one.values()))) for one in key.values())
        detail = "unchanged" if event_name == "MODIFY" and old == new else ""
        record(ROWS[event_name], arn, title, made=(thing,), row=_short(key), detail=detail)
    _plain_row(table_name, event_name, old, new, replicate)


def _short(key: dict[str, Any]) -> dict[str, Any] | None:
    """A key in DynamoDB's JSON; None where it has bytes."""
    return key if all(isinstance(next(iter(one.values())), str) for one in key.values()) else None


s3._fire_s3_event_async = _object_changed
dynamodb._emit_stream_event = _row_changed
