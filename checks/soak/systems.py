"""The five systems as the soak meets them: what it sends to each, and how it recognizes what came of that."""

import base64
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from .ledger import KEPT, REFUSED
from .plan import Item

Row = dict[str, str]
Record = dict[str, Any]

READINGS_IN_AN_OBJECT = 4
READING_ID = re.compile(r'"readingId": "([^"]+)"')


@dataclass(frozen=True)
class Outcome:
    """What must become of an input: so many `rows`, or a `reject`; and whether a notification of it comes."""

    input: str
    row: bool = True
    notified: bool = False


class System:
    """A deployed system that objects are uploaded to. `prefix` is where this run's objects, and they alone, lie.

    An input of it is an object version. Systems with other inputs say so.
    """

    name: str
    rows_in = "TableName"
    poisons: Mapping[str, str] = {"no-event": KEPT, "no-key": KEPT, "no-object": KEPT}
    # Whether its inputs are requests. Others' requests are repeats of an object's event, and poison.
    by_request = False
    # How many inputs an object version is.
    inputs_each = 1
    # Whether of every input a notification must come.
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

    def upload(self, item: Item, version: int) -> list[Outcome]:
        """Upload one version of an item's object; gives what must become of it."""
        key = self.key(item)
        answer = self._s3.put_object(Bucket=self.outputs["BucketName"], Key=key, Body=f"version {version} of {key}")
        return self.outcomes(item, version, answer.get("VersionId", ""))

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Outcome]:
        del version
        return [Outcome(f"{self.key(item)} {version_id}", notified=self.notifies)]

    def poison(self, item: Item) -> Record:
        """An event that cannot be processed; it holds the item's key, by which it is recognized."""
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
        """The body and headers of a request about an item; where that is poison, one that must be refused."""
        return {"key": self.key(item)}, {}

    def of_request(self, item: Item) -> str:
        """The input that a request is."""
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

    def of_message(self, message: str) -> str:
        """The input that a notification is about."""
        return self.of_row(json.loads(message))

    def of_event(self, event: Any) -> set[tuple[str, str]]:
        """The inputs that an event is about, each with what tells one upload of it from another."""
        records = event.get("Records", []) if isinstance(event, dict) else []
        found = {one for record in records for one in self.of_record(record)}
        text = json.dumps(event)
        return found or {(match, "") for match in re.findall(rf"{re.escape(self.prefix)}[0-9a-z.]+", text)}

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        item = record.get("s3", {}).get("object", {})
        if "versionId" in item:
            yield f"{unquote_plus(item['key'])} {item['versionId']}", ""

    def of_upload(self, record: Record) -> Iterable[tuple[str, str]]:
        """The inputs that the event of an upload is about, where a repeated upload is one more."""
        return self.of_record(record)

    def _scan(self, table: str) -> list[Row]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [
            {name: str(next(iter(value.values()))) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]


class ObjectTracker(System):
    name = "object-tracker"
    poisons: Mapping[str, str] = {**System.poisons, "request": REFUSED, "unknown-object": REFUSED}
    notifies = True

    def request(self, item: Item) -> tuple[Any, dict[str, str]]:
        return {"kye" if item.poison == "request" else "key": self.key(item)}, {}


class FileMetadata(System):
    name = "file-metadata"


class InvocationLog(System):
    """Its bucket keeps no versions: uploads of a key are one input with as many rows."""

    name = "invocation-log"
    rows_in = "DynamoDBTableName"
    poisons: Mapping[str, str] = {"no-event": KEPT, "no-key": KEPT, "no-sequencer": KEPT}

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Outcome]:
        del version, version_id
        return [Outcome(self.key(item))]

    def of_row(self, row: Row) -> str:
        return row["objectKey"]

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        item = record.get("s3", {}).get("object", {})
        if "sequencer" in item:
            yield unquote_plus(item["key"]), item["sequencer"]


class SensorPipeline(System):
    """An input of it is a reading. Of an object's readings one is beyond its limit, and in some objects one is
    invalid."""

    name = "sensor-pipeline"
    inputs_each = READINGS_IN_AN_OBJECT

    def upload(self, item: Item, version: int) -> list[Outcome]:
        outcomes = self.outcomes(item, version, "")
        lines = "\n".join(json.dumps(self._reading(one)) for one in outcomes)
        self._s3.put_object(Bucket=self.outputs["BucketName"], Key=self.key(item), Body=lines.encode())
        return outcomes

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Outcome]:
        del version_id
        chance = random.Random(f"{self.seed} {item.number} {version}")  # noqa: S311 - not a secret
        names = [f"{self.key(item)} {version} {number}" for number in range(READINGS_IN_AN_OBJECT)]
        valid = [Outcome(one, notified=at == 0) for at, one in enumerate(names)]
        return [*valid[:-1], Outcome(names[-1], row=False)] if chance.random() < 0.25 else valid

    def of_upload(self, record: Record) -> Iterable[tuple[str, str]]:
        del record  # a repeated upload has the same readings
        return ()

    def rejects(self) -> Counter[str]:
        rows = self._scan(self.outputs["RejectsTableName"])
        return Counter(
            named.group(1)
            for row in rows
            if row["objectKey"].startswith(self.prefix)
            for named in [READING_ID.search(row["raw"])]
            if named and row["reason"]
        )

    def of_row(self, row: Row) -> str:
        return row["readingId"]

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        """What lies in the object version, as S3 has it."""
        item = record.get("s3", {}).get("object", {})
        if "versionId" not in item:
            return
        body = self._s3.get_object(
            Bucket=self.outputs["BucketName"], Key=unquote_plus(item["key"]), VersionId=item["versionId"]
        )["Body"]
        for name in READING_ID.findall(body.read().decode()):
            yield name, ""

    def _reading(self, outcome: Outcome) -> dict[str, Any]:
        limits = json.loads(self.outputs["SensorThresholds"])
        sensor, upper = next((name, limit["upper"]) for name, limit in sorted(limits.items()) if "upper" in limit)
        return {
            "deviceId": f"soak-{self.seed}",
            "sensorType": sensor,
            "value": ("much" if not outcome.row else upper + 1 if outcome.notified else upper),
            "timestamp": "2026-01-02T03:04:05Z",
            "readingId": outcome.input,
        }


class UploadApi(System):
    """An input of it is a request: the product must be there, and the file that it names."""

    name = "upload-api"
    poisons: Mapping[str, str] = {
        "no-event": KEPT,
        "not-json": REFUSED,
        "no-product": REFUSED,
        "negative-price": REFUSED,
        "not-base64": REFUSED,
        "other-type": REFUSED,
    }
    by_request = True

    def request(self, item: Item) -> tuple[Any, dict[str, str]]:
        content = base64.b64encode(f"file of {item.name}".encode()).decode()
        body: dict[str, Any] = {
            "productId": self.of_request(item),
            "productName": "a product",
            "price": 12.5,
            "fileName": f"{item.name}.txt",
            "content": content,
        }
        headers = {"Idempotency-Key": f"{self.prefix}{item.name}"}
        match item.poison:
            case "not-json":
                return "{", headers
            case "other-type":
                headers["Content-Type"] = "text/plain"
            case "no-product":
                del body["productId"]
            case "negative-price":
                body["price"] = -1
            case "not-base64":
                body["content"] = "?"
        return body, headers

    def of_request(self, item: Item) -> str:
        return f"{self.prefix.strip('/')}.{item.number}"

    def rows(self) -> Counter[str]:
        files = {
            one["Key"]
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs["BucketName"])
            for one in page.get("Contents", [])
        }
        return Counter(
            self.of_row(row)
            for row in self._scan(self.outputs["TableName"])
            if row["productId"].startswith(self.prefix.strip("/")) and row["objectKey"] in files
        )

    def of_row(self, row: Row) -> str:
        return row["productId"]


SYSTEMS: dict[str, type[System]] = {
    one.name: one for one in (ObjectTracker, UploadApi, FileMetadata, InvocationLog, SensorPipeline)
}
