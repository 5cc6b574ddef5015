"""A system's inputs in the soak: how they are sent, and how their results are recognized."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from .ledger import KEPT
from .plan import Item

Row = dict[str, str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Expectation:
    """The expected result of an input: a number of `rows`, or a `reject`; and whether a notification is published."""

    input: str
    row: bool = True
    notified: bool = False


class SoakInputs:
    """The inputs of a system that objects are uploaded to: each object version is one input.

    `prefix` holds only objects of this run. Systems with other inputs override what differs.
    """

    rows_in = "TableName"
    poisons: Mapping[str, str] = {"no-event": KEPT, "no-key": KEPT, "no-object": KEPT}
    # Whether the inputs are HTTP requests. Otherwise requests repeat an object's event, or are poison.
    by_request = False
    # The number of inputs in one object version.
    inputs_each = 1
    # Whether every input has to be notified.
    notifies = False

    def __init__(self, outputs: Mapping[str, str], client: Callable[..., Any], seed: int, run: str) -> None:
        self.outputs = outputs
        self.region = outputs["FunctionArn"].split(":")[3]
        self.prefix = f"{outputs.get('Prefix', '')}{run}/"
        self.seed = seed
        self._s3 = client("s3", region_name=self.region)
        self._dynamodb = client("dynamodb", region_name=self.region)

    def key(self, item: Item) -> str:
        return f"{self.prefix}{item.name}"

    def upload(self, item: Item, version: int) -> list[Expectation]:
        """Upload one version of an item's object. Returns the expected result."""
        key = self.key(item)
        answer = self._s3.put_object(Bucket=self.outputs["BucketName"], Key=key, Body=f"version {version} of {key}")
        return self.outcomes(item, version, answer.get("VersionId", ""))

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Expectation]:
        del version
        return [Expectation(f"{self.key(item)} {version_id}", notified=self.notifies)]

    def poison(self, item: Item) -> Record:
        """An event that cannot be processed. It contains the item's key, by which its failure is recognized."""
        record: Record = {
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-01-02T03:04:05.678Z",
            "s3": {"bucket": {"name": self.outputs.get("BucketName")}, "object": {"key": self.key(item)}},
        }
        if item.poison == "no-event":
            return {"neither": self.key(item)}
        if item.poison == "no-key":
            del record["s3"]["object"]["key"]
            record["comment"] = self.key(item)
        return {"Records": [record]}

    def request(self, item: Item) -> tuple[Any, dict[str, str]]:
        """Body and headers of a request about an item; for poison, of a request that has to be refused."""
        return {"key": self.key(item)}, {}

    def of_request(self, item: Item) -> str:
        """The input that a request is about."""
        return self.key(item)

    def rows(self) -> Counter[str]:
        """The rows of this run, by input."""
        return Counter(
            self.of_row(row)
            for row in self._scan(self.outputs[self.rows_in])
            if row["objectKey"].startswith(self.prefix)
        )

    def rejects(self) -> Counter[str]:
        return Counter()

    def of_row(self, row: Row) -> str:
        """The input that a row is about."""
        return f"{row['objectKey']} {row['versionId']}"

    def of_message(self, message: str) -> list[str]:
        """The inputs that a notification is about: several in a digest."""
        content = json.loads(message)
        return [self.of_row(row) for row in content.get("objects", [content])]

    def of_event(self, event: Any) -> set[tuple[str, str]]:
        """The inputs that an event is about, each with an id that tells its uploads apart."""
        records = event.get("Records", []) if isinstance(event, dict) else []
        found = {one for record in records for one in self.of_record(record)}
        text = json.dumps(event)
        return found or {(match, "") for match in re.findall(rf"{re.escape(self.prefix)}[0-9a-z.]+", text)}

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        item = record.get("s3", {}).get("object", {})
        if "versionId" in item:
            yield f"{unquote_plus(item['key'])} {item['versionId']}", ""

    def of_upload(self, record: Record) -> Iterable[tuple[str, str]]:
        """The inputs of an upload's event, where a repeated upload is a further input."""
        return self.of_record(record)

    def _scan(self, table: str) -> list[Row]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [
            {name: str(next(iter(value.values()))) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]
