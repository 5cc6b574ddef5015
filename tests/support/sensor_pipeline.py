"""The sensor pipeline's bucket, tables and topic, as tests of its function and of its deployment use them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from settings import Settings
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener

SYSTEM = "sensor-pipeline"

Row = dict[str, Any]


def reading(number: int = 1, value: Any = 20, **fields: Any) -> Row:
    """One of a device's readings of the first hour of 2026; whatever `fields` says instead."""
    return {
        "deviceId": "device-1",
        "sensorType": "temperature",
        "value": value,
        "timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}Z",
        **fields,
    }


def lines(*readings: Row | str) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in readings).encode()


def sensor_variables(settings: Settings) -> dict[str, str]:
    """What the function's environment has of the settings."""
    names = (
        "sensor_thresholds",
        "sensor_format",
        "sensor_field_names",
        "sensor_earliest_timestamp",
        "sensor_notifications",
    )
    return {
        **{name.upper(): getattr(settings, name) for name in names},
        "SENSOR_REJECTS_DAYS": str(settings.sensor_rejects_days),
        "SENSOR_HYSTERESIS": settings.sensor_hysteresis,
        "SENSOR_LONGEST_SILENCE_SECONDS": str(settings.sensor_longest_silence_seconds),
    }


@dataclass(frozen=True)
class Sensors:
    local: LocalAws
    bucket: str
    table: str
    rejects_table: str
    listener: TopicListener

    def upload(self, key: str, content: bytes | Row | Sequence[Any], **options: Any) -> str:
        """Gives the version."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return str(self.local.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **options)["VersionId"])

    def rows(self, key: str) -> list[Row]:
        """The readings that came from an object, by device and time."""
        return sorted(
            self._of(key, self.table),
            key=lambda row: (row["deviceId"], row["readingTime"]),
        )

    def rejects(self, key: str) -> list[Row]:
        """What is kept of an object, by version and place."""
        return sorted(self._of(key, self.rejects_table), key=lambda row: str(row["place"]))

    def reasons(self, key: str) -> list[tuple[str, str]]:
        return [(row["position"], row["reason"]) for row in self.rejects(key)]

    def notifications(self, key: str) -> list[Row]:
        heard = [json.loads(text) for text in self.listener.heard()]
        return [one for one in heard if one["objectKey"] == key]

    def everything(self, key: str) -> tuple[list[Row], list[Row], list[Row]]:
        return self.rows(key), self.rejects(key), self.notifications(key)

    def _of(self, key: str, table: str) -> list[Row]:
        """The rows of an object. The local AWS filters them, as other objects may have thousands."""
        pages = self.local.client("dynamodb").get_paginator("scan")
        named = {":key": {"S": key}}
        found = pages.paginate(
            TableName=table,
            ConsistentRead=True,
            FilterExpression="objectKey = :key",
            ExpressionAttributeValues=named,
        )
        return [
            {name: next(iter(typed.values())) for name, typed in item.items()}
            for page in found
            for item in page["Items"]
        ]
