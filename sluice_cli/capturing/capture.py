"""Writes a test that reproduces a failed event."""

import base64
import json
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_cli.capturing.masking import Masker
from sluice_cli.capturing.materials import CapturedObject, named_objects, read_object, rows_of, text_of
from sluice_cli.capturing.references import References
from sluice_cli.deployed.resources import Function, Resource, functions_in
from sluice_cli.errors import InputError
from sluice_cli.failures.queue import Failure
from sluice_cli.text import short

FOLDER = "captured"  # the folder beside the test that has the captured event
FILE = "failure.json"

TEST = '''"""Written by `sluice failures --capture`: an event that {function} could not process.

It waited since {since} because of:

    {reason}

Personal data is masked ({masked}). The test fails as the event did, until the function processes it.
"""

from pathlib import Path

from sluice_cli.testing import CapturedFailure, DeployedProject

FAILURE = CapturedFailure.read(Path(__file__).parent / "{folder}" / "{name}")


def test_{name}_is_processed(deployed_project: DeployedProject) -> None:
    outcome = FAILURE.run(deployed_project)
    assert outcome.error is None, outcome.error
'''


@dataclass(frozen=True)
class WrittenTest:
    """The files that were written, and notes about them."""

    file: Path
    masked: dict[str, int]  # number of masked values by kind
    objects: int
    rows: int
    notes: tuple[str, ...]


class Capture:
    """Captures failures of one stack. `resources` are those of all stacks; `client` creates boto3 clients."""

    def __init__(self, stack: str, resources: Sequence[Resource], client: Callable[..., Any], account: str) -> None:
        self._stack = stack
        self._resources = resources
        self._client = client
        self._account = account

    def write(self, failure: Failure, folder: Path, *, include_binary: bool = False) -> WrittenTest:
        """Write the test of a failure to a folder. Raises `InputError` if the failure's function is unknown, and if the
        files exist.
        """
        function = self._function(failure)
        event = self._event(failure)
        objects = [self._read(*named) for named in named_objects(event)]
        tables = [one for one in self._resources if one.type == "aws_dynamodb_table" and one.stack == self._stack]
        rows = rows_of(event, objects, tables, self._client)
        name = _name(failure.id)
        file, kept = folder / f"test_captured_{name}.py", folder / FOLDER / name
        if file.exists() or kept.exists():
            raise InputError(
                f"{file if file.exists() else kept} is there already: remove it, or capture into another folder with "
                "`sluice failures --to`"
            )
        masker = Masker()
        masker.learn([event, rows, [one.headers for one in objects]])
        texts = [text_of(one.content) if one.content is not None else None for one in objects]
        for text in texts:
            if text is not None:
                masker.learn_text(text.text)
        notes: list[str] = []
        kept.mkdir(parents=True)
        written = []
        for number, (one, text) in enumerate(zip(objects, texts, strict=True)):
            content = one.content
            if text is not None:
                content = text.bytes(masker.mask_text(text.text))
            elif content is not None and not include_binary:
                notes.append(
                    f"{short(masker.mask_text(one.key))} is not text, so that nothing in it can be masked: zeros of "
                    "its size are in its place (`sluice failures --include-binary` takes it as it is)"
                )
                content = bytes(len(content))
            if content is not None:
                (kept / f"object-{number}").write_bytes(content)
            if one.note:
                notes.append(f"{short(masker.mask_text(one.key))} {short(one.note)}")
            written.append(
                {
                    "bucket": one.bucket,
                    "key": masker.mask_text(one.key),
                    "version_id": one.version_id,
                    "file": f"object-{number}" if content is not None else None,
                    "headers": masker.mask(one.headers),
                }
            )
        references = References(self._resources, self._account)
        document = {
            "stack": self._stack,
            "function": function.resource.address,
            "reason": masker.mask_text(failure.reason),
            "since": failure.since,
            "objects": references.put_into(written),
            "rows": [
                {"table": references.put_into(table), "items": masker.mask(references.put_into(found))}
                for table, found in _as_json(rows).items()
            ],
            "event": masker.mask(references.put_into(event)),
        }
        (kept / FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        file.write_text(
            TEST.format(
                function=_quoted(function.name),
                since=failure.since,
                reason=textwrap.fill(_quoted(short(document["reason"])), 110, subsequent_indent="    "),
                masked=", ".join(f"{kind}: {count}" for kind, count in masker.counts.items()) or "nothing was found",
                folder=FOLDER,
                name=name,
            ),
            encoding="utf-8",
        )
        return WrittenTest(file, masker.counts, len(objects), sum(map(len, rows.values())), tuple(notes))

    def _function(self, failure: Failure) -> Function:
        functions = functions_in(self._resources)
        origin = str(failure.origin or "")
        for one in functions:
            if origin == one.arn:
                return one
        for mapping in self._resources:
            if (
                mapping.type == "aws_lambda_event_source_mapping"
                and mapping.attributes.get("event_source_arn") == origin
            ):
                arn = str(mapping.attributes.get("function_arn"))
                for one in functions:
                    if arn == one.arn or arn.startswith(f"{one.arn}:"):
                        return one
        raise InputError(f"{failure.id}: the function of {self._stack} that it was for is unknown")

    def _event(self, failure: Failure) -> Any:
        """The event that the function receives: the failed event itself, or the batch that Lambda makes of a queue's
        message.
        """
        origin = str(failure.origin or "")
        if ":sqs:" not in origin:
            return failure.event
        message = failure.message
        attributes = {
            name: {
                "stringValue": one.get("StringValue"),
                "dataType": one.get("DataType"),
                "stringListValues": [],
                "binaryListValues": [],
            }
            for name, one in message.get("MessageAttributes", {}).items()
        }
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": "captured",
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": attributes,
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": origin,
            "awsRegion": origin.split(":")[3],
        }
        return {"Records": [record]}

    def _read(self, bucket: str, key: str, version: str | None) -> CapturedObject:
        region = next((one.region for one in functions_in(self._resources) if one.resource.stack == self._stack), "")
        return read_object(self._client("s3", region_name=region or None), bucket, key, version)


def _as_json(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(rows, default=lambda value: base64.b64encode(bytes(value)).decode())))


def _name(id_: str) -> str:
    """The part of a Python name for a request id: its first eight characters."""
    return re.sub(r"[^a-z0-9]+", "_", id_.lower()).strip("_")[:8].strip("_") or "failure"


def _quoted(text: str) -> str:
    """The text escaped for a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")
