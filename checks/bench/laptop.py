"""The local AWS with resources for the handlers: buckets, tables, a topic, and events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from checks.systems import SYSTEMS
from sluice_cli.local_aws.server import LocalAws

from .cold_start import VARIABLES

Event = dict[str, Any]

BUCKET, TOPIC = "bench", "bench"
KEYS = {name: system.benchmarked.keys for name, system in SYSTEMS.items()} | {"rejects": ("objectKey", "place")}

EMPTY, PLAIN = "empty function", "the plain handler"

# A handler: module and function.
HANDLERS = {PLAIN: ("index", "lambda_handler")} | {
    system.package: (f"{system.package}.handler", "handle") for system in SYSTEMS.values()
}


class Laptop:
    def __init__(self, local: LocalAws) -> None:
        self.local = local
        self.s3 = local.client("s3")
        self.dynamodb = local.client("dynamodb")
        self._numbers = count()
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for name, keys in KEYS.items():
            self.dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            )
        self.topic_arn = local.client("sns").create_topic(Name=TOPIC)["TopicArn"]

    def variables(self, handler: str) -> dict[str, str]:
        """A function's own environment variables."""
        table = "invocation-log" if handler == PLAIN else handler.replace("_", "-")
        own = {name: value for name, value in VARIABLES.items() if name.startswith(("SENSOR_", "POWERTOOLS_"))}
        return own | {
            "BUCKET_NAME": BUCKET,
            "TABLE_NAME": table,
            "DYNAMODB_TABLE_NAME": table,
            "REJECTS_TABLE_NAME": "rejects",
            "TOPIC_ARN": self.topic_arn,
        }

    def events(self, handler: str, number: int, records: int = 1) -> list[Event]:
        """New events for the handler, with an object for each record if it reads objects."""
        how = next((one.benchmarked for one in SYSTEMS.values() if one.package == handler), None)
        if how and how.request:
            return [how.request(next(self._numbers)) for _ in range(number)]
        stored = how is not None and how.reads_objects
        return [{"Records": [self._record(stored) for _ in range(records)]} for _ in range(number)]

    def readings(self, number: int) -> Event:
        """The event of one object with many readings, within their limits."""
        batch = next(self._numbers)
        lines = "\n".join(_reading(f"device-{batch}-{one % 100}", one) for one in range(number))
        return {"Records": [self._record(stored=True, content=lines.encode())]}

    def _record(self, stored: bool, content: bytes | None = None) -> Event:
        number = next(self._numbers)
        key, version = f"readings/{number}.json", {}
        if stored:
            content = content or _reading(f"device-{number}", number).encode()
            version = {"versionId": self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]}
        return {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "eventTime": "2026-01-02T03:04:05.678Z",
            "s3": {
                "bucket": {"name": BUCKET},
                "object": {"key": quote_plus(key, safe="/"), "size": 1, "sequencer": f"{number:016X}", **version},
            },
        }


def _reading(device: str, number: int) -> str:
    when = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    return json.dumps(
        {
            "deviceId": device,
            "sensorType": "temperature",
            "value": 20 + number % 7 / 10,
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


@contextmanager
def laptop(folder: Path) -> Iterator[Laptop]:
    """A local AWS in a temporary folder."""
    local = LocalAws(folder / "local-aws")
    local.start()
    try:
        yield Laptop(local)
    finally:
        local.stop()
