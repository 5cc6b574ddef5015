"""Makes example events for a deployed function from its triggers, with existing names, objects and rows."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.deployed.resources import Function, Resource
from sluice_cli.errors import InputError
from sluice_cli.example_events import events
from sluice_cli.example_events.events import Origin, Request
from sluice_cli.example_events.patterns import EXAMPLE, matching
from sluice_cli.example_events.triggers import (
    KINDS,
    Trigger,
    bucket_of_queue,
    pattern_of,
    stage_of,
    topic_of_queue,
    triggers_of,
    unconnected,
)

BODY = json.dumps({"example": True})
PLACEHOLDER = "<aws.scheduler."
# An example value for each key type of a table.
KEY_VALUES = {"S": {"S": EXAMPLE}, "N": {"N": "1"}, "B": {"B": "ZXhhbXBsZQ=="}}


@dataclass(frozen=True)
class Example:
    """An event, and notes about it."""

    event: Any
    notes: tuple[str, ...] = ()


class ExampleEvents:
    """Makes example events for one function. `client` creates boto3 clients, as `Target.client` does."""

    def __init__(self, function: Function, resources: Sequence[Resource], client: Callable[..., Any]) -> None:
        self._function = function
        self._resources = resources
        self._client = client
        self._origin = Origin.of(function.arn)
        self._triggers = triggers_of(function, resources)

    @property
    def kinds(self) -> list[str]:
        """The kinds of events that call the function."""
        return list(dict.fromkeys(one.kind for one in self._triggers))

    def make(self, kind: str, *, key: str | None = None, body: str | None = None) -> Example:
        """An event of a kind. `key` is the key of an S3 object, `body` the body of a message or request.

        Raises `InputError` for an unknown kind, and if nothing in the stacks can send such an event.
        """
        if kind not in KINDS:
            raise InputError(f"--example: {kind} is none of {', '.join(KINDS)}")
        if key is not None and kind != "s3":
            raise InputError("--key goes with --example s3")
        if body is not None and kind not in ("sqs", "sns", "api"):
            raise InputError("--body goes with --example sqs, sns or api")
        trigger = next((one for one in self._triggers if one.kind == kind), None)
        notes: tuple[str, ...] = ()
        if trigger is None:
            trigger = unconnected(kind, self._resources)
            if trigger is None:
                called = ", ".join(self.kinds) or "nothing that the stacks have"
                raise InputError(
                    f"--example: no {kind} source is in the stack; {self._function.name} is called by {called}"
                )
            notes = (f"{trigger.resource.address} does not call {self._function.name}",)
        made = {
            "s3": lambda: self._s3(trigger, key),
            "sqs": lambda: self._sqs(trigger, body),
            "sns": lambda: Example(events.sns(self._origin, trigger.resource.arn, body or BODY)),
            "eventbridge": lambda: self._eventbridge(trigger),
            "api": lambda: self._api(trigger, body),
            "stream": lambda: self._stream(trigger),
            "schedule": lambda: self._schedule(trigger),
        }[kind]()
        return Example(made.event, (*notes, *made.notes))

    def _s3(self, trigger: Trigger, key: str | None) -> Example:
        bucket = str(trigger.resource.attributes.get("bucket"))
        prefix, suffix = (str(trigger.settings.get(f"filter_{one}") or "") for one in ("prefix", "suffix"))
        notes: tuple[str, ...] = ()
        item = self._object(bucket, key, prefix, suffix)
        if item is None:
            item = {"key": key or f"{prefix}{EXAMPLE}{suffix}"}
            notes = (f"{bucket} has no object {item['key']}: the function will not find it",)
        wanted = (trigger.settings.get("events") or ["s3:ObjectCreated:*"])[0].removeprefix("s3:")
        endings = {"ObjectCreated": "Put", "ObjectRemoved": "Delete", "ObjectRestore": "Completed"}
        name = wanted.replace("*", endings.get(wanted.partition(":")[0], "Put"))
        return Example(events.s3(self._origin, bucket, item, name, str(trigger.settings.get("id") or "")), notes)

    def _object(self, bucket: str, key: str | None, prefix: str, suffix: str) -> dict[str, Any] | None:
        """The object with that key, or the newest one that matches the notification's filter."""
        s3 = self._client("s3", region_name=self._origin.region)
        try:
            if key is None:
                listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
                fitting = [one for one in listed if one["Key"].endswith(suffix)]
                if not fitting:
                    return None
                key = str(max(fitting, key=lambda one: one["LastModified"])["Key"])
            head = s3.head_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError):
            return None  # The object does not exist or the caller must not read it: use an invented one.
        version = head.get("VersionId")
        return {
            "key": key,
            "size": head["ContentLength"],
            "eTag": head["ETag"].strip('"'),
            **({"versionId": version} if version and version != "null" else {}),
        }

    def _sqs(self, trigger: Trigger, body: str | None) -> Example:
        arn = trigger.resource.arn
        notes: tuple[str, ...] = ()
        if body is None:
            bucket, topic = bucket_of_queue(arn, self._resources), topic_of_queue(arn, self._resources)
            if bucket:
                inner = self._s3(bucket, None)
                body, notes = json.dumps(inner.event), inner.notes
            elif topic and not topic.settings.get("raw_message_delivery"):
                body = events.sns_envelope(self._origin, topic.resource.arn, BODY)
        return Example(events.sqs(self._origin, arn, BODY if body is None else body), notes)

    def _eventbridge(self, trigger: Trigger) -> Example:
        return self._with_input(trigger, events.eventbridge(self._origin, matching(pattern_of(trigger.resource))))

    def _schedule(self, trigger: Trigger) -> Example:
        by_scheduler = trigger.resource.type == "aws_scheduler_schedule"
        return self._with_input(
            trigger, events.scheduled(self._origin, trigger.resource.arn, by_scheduler=by_scheduler)
        )

    def _with_input(self, trigger: Trigger, event: Any) -> Example:
        """The event after the target's `input` or `input_path` is applied."""
        given = trigger.settings.get("input")
        notes = (
            ("the target has an input transformer, which is not applied",)
            if trigger.settings.get("input_transformer")
            else ()
        )
        if not given:
            return Example(event, notes)
        filled = {"schedule-arn": trigger.resource.arn, "attempt-number": "1", "execution-id": "1-example"}
        text = str(given).replace(f"{PLACEHOLDER}scheduled-time>", event["time"])
        for name, value in filled.items():
            text = text.replace(f"{PLACEHOLDER}{name}>", value)
        try:
            return Example(json.loads(text), notes)
        except ValueError:
            return Example(text, notes)

    def _api(self, trigger: Trigger, body: str | None) -> Example:
        method, route = str(trigger.settings.get("method") or "GET"), str(trigger.settings.get("path") or "/")
        method = "GET" if method in ("ANY", "$default") else method
        if body is None and method in ("POST", "PUT", "PATCH"):
            body = BODY
        parameters = dict.fromkeys(re.findall(r"\{(\w+)\+?\}", route), EXAMPLE)
        request = Request(
            api_id=str(trigger.resource.attributes.get("id")),
            stage=stage_of(trigger.resource, self._resources),
            method=method,
            route=route,
            path=events.encoded_path(route, parameters),
            parameters=parameters,
            body=body,
            authorization=str(trigger.settings.get("authorization") or "NONE"),
        )
        made = events.http_api if trigger.settings.get("version") == "2.0" else events.rest_api
        return Example(made(self._origin, request))

    def _stream(self, trigger: Trigger) -> Example:
        table = trigger.resource.attributes
        names = [name for name in (table.get("hash_key"), table.get("range_key")) if name]
        types = {one["name"]: one["type"] for one in table.get("attribute") or []}
        image = self._row(str(table.get("name"))) or {one: KEY_VALUES[types.get(one, "S")] for one in names}
        keys = {name: image[name] for name in names if name in image}
        stream = str(table.get("stream_arn") or f"{trigger.resource.arn}/stream/2026-01-01T00:00:00.000")
        view = str(table.get("stream_view_type") or "NEW_AND_OLD_IMAGES")
        return Example(events.stream(self._origin, stream, keys, image, view))

    def _row(self, table: str) -> dict[str, Any] | None:
        try:
            found = self._client("dynamodb", region_name=self._origin.region).scan(TableName=table, Limit=1)["Items"]
        except (ClientError, BotoCoreError):
            return None
        return json.loads(json.dumps(found[0], default=_binary)) if found else None


def _binary(value: Any) -> str:
    """DynamoDB's binary values as JSON has them."""
    return base64.b64encode(bytes(value)).decode()
