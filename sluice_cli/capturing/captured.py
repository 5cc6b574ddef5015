"""Runs a captured failure again on a local AWS."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sluice_cli.capturing.capture import FILE
from sluice_cli.capturing.references import resolved
from sluice_cli.deployed.resources import Function, Resource, resources_of
from sluice_cli.errors import InputError
from sluice_cli.target import Target


class Deployed(Protocol):
    """A project on a local AWS, such as the fixture `deployed_project`."""

    @property
    def target(self) -> Target: ...


@dataclass(frozen=True)
class Outcome:
    """The result of running the event again."""

    answer: Any
    # The function's error, or the messages of a batch that it reported as failed; None if it processed everything.
    error: str | None


@dataclass(frozen=True)
class CapturedFailure:
    """A failed event with its objects and rows, as `sluice failures --capture` wrote them."""

    folder: Path
    document: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "CapturedFailure":
        """The captured failure in a folder. Raises `InputError` if there is none."""
        try:
            return cls(folder, dict(json.loads((folder / FILE).read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{folder / FILE} is not a captured failure: {error}") from error

    def run(self, project: Deployed) -> Outcome:
        """Create the objects and rows, and invoke the function with the event.

        The buckets' notifications are switched off meanwhile, so that the function receives the event once, from the
        test.
        """
        from sluice_cli.invoking import invoke
        from sluice_cli.stack import synthesized_stacks

        stacks = synthesized_stacks(project.target)
        resources = resources_of(stacks)
        states: dict[str, list[Resource]] = {}
        for one in resources:
            states.setdefault(one.stack, []).append(one)
        function = self._function(states)
        document = resolved(self.document, states, function.arn.split(":")[4])
        client = project.target.client
        buckets = {one["bucket"] for one in document["objects"] if one["file"] is not None}
        with _without_notifications(client("s3", region_name=function.region), buckets):
            event = self._put_objects(document, client, function.region)
        dynamodb = client("dynamodb", region_name=function.region)
        for one in document["rows"]:
            for row in one["items"]:
                dynamodb.put_item(TableName=one["table"], Item=_typed(row))
        done = invoke(function, _refreshed(event), client)
        return Outcome(done.payload, _error(done.payload, done.error))

    def _function(self, states: dict[str, list[Resource]]) -> Function:
        stack, address = self.document["stack"], self.document["function"]
        for one in states.get(stack, ()):
            if one.address == address:
                return Function(one)
        raise InputError(f"{stack} has no {address}: was the function renamed since the failure was captured?")

    def _put_objects(self, document: dict[str, Any], client: Any, region: str) -> Any:
        """Create the objects. Returns the event with their new versions and checksums."""
        event = document["event"]
        s3 = client("s3", region_name=region)
        for one in document["objects"]:
            if one["file"] is None:
                continue
            content = (self.folder / one["file"]).read_bytes()
            put = s3.put_object(Bucket=one["bucket"], Key=one["key"], Body=content, **one["headers"])
            now = {"size": len(content), "eTag": put["ETag"].strip('"'), "versionId": put.get("VersionId")}
            event = _with_object(event, one, now)
        return event


def _with_object(event: Any, one: dict[str, Any], now: dict[str, Any]) -> Any:
    """The event with the new version, checksum and size of an object, in each of its records."""
    from urllib.parse import unquote_plus

    if isinstance(event, list):
        return [_with_object(each, one, now) for each in event]
    if isinstance(event, str) and event[:1] in ("{", "["):
        try:
            inner = json.loads(event)
        except (ValueError, RecursionError):
            return event
        changed = _with_object(inner, one, now)
        return event if changed == inner else json.dumps(changed)
    if not isinstance(event, dict):
        return event
    bucket, item = event.get("bucket"), event.get("object")
    if isinstance(bucket, dict) and isinstance(item, dict) and bucket.get("name") == one["bucket"]:
        same_version = (item.get("versionId") or item.get("version-id")) == one["version_id"]
        if same_version and one["key"] in (item.get("key"), unquote_plus(str(item.get("key")))):
            spelled = {"eTag": "etag", "versionId": "version-id"}
            known = {
                name: value
                for key, value in now.items()
                for name in (key, spelled.get(key, key))
                if name in item and value is not None
            }
            return {**event, "object": {**item, **known}}
    return {name: _with_object(each, one, now) for name, each in event.items()}


def _refreshed(event: Any) -> Any:
    """The event with new digests of message bodies that were changed."""
    if isinstance(event, dict) and isinstance(event.get("Records"), list):
        for record in event["Records"]:
            if isinstance(record, dict) and "md5OfBody" in record and isinstance(record.get("body"), str):
                record["md5OfBody"] = hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
    return event


@contextmanager
def _without_notifications(s3: Any, buckets: set[str]) -> Iterator[None]:
    before = {}
    try:
        for bucket in sorted(buckets):
            kept = s3.get_bucket_notification_configuration(Bucket=bucket)
            before[bucket] = {name: one for name, one in kept.items() if name != "ResponseMetadata"}
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        yield
    finally:
        for bucket, configuration in before.items():
            # The notification's targets were valid before; validation would send each of them a test event.
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=configuration, SkipDestinationValidation=True
            )


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's JSON with binary values as bytes."""
    return {name: _typed_value(one) for name, one in row.items()}


def _typed_value(value: dict[str, Any]) -> dict[str, Any]:
    ((type_, inner),) = value.items()
    if type_ == "B":
        return {"B": base64.b64decode(inner)}
    if type_ == "BS":
        return {"BS": [base64.b64decode(one) for one in inner]}
    if type_ == "L":
        return {"L": [_typed_value(one) for one in inner]}
    return {"M": _typed(inner)} if type_ == "M" else value


def _error(answer: Any, error: str | None) -> str | None:
    if error is not None:
        message = answer.get("errorMessage") if isinstance(answer, dict) else None
        return str(message or answer or error)
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    failed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if failed:
        return f"the function gave back {len(failed)} of the batch: {json.dumps(failed)}"
    if isinstance(status, int) and status >= 500:
        return f"the function answered {status}: {re.sub(chr(10), ' ', str(answer.get('body')))[:500]}"
    return None
