"""Notifications of readings beyond their threshold: pure functions.

A notification has the `Subject` and `Message` that SNS takes. Numbers are texts: they are exact decimals of up to 38
digits.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 100
OF_READING = ("deviceId", "sensorType", "value", "unit", "breach", "limit", "timestamp", "readingId", "objectKey")


def of_reading(row: Row) -> dict[str, str]:
    """The notification of one reading beyond its threshold."""
    unit = f" {row['unit']}" if "unit" in row else ""
    text = f"{row['sensorType']} of {row['deviceId']} is {row['value']:f}{unit}, {beyond(row)} {row['limit']:f}"
    return notification(
        f"{row['sensorType']} of {row['deviceId']} is {beyond(row)}",
        {"message": text, **{name: row[name] for name in OF_READING if name in row}},
    )


def beyond(row: Row) -> str:
    return "above its upper limit" if row["breach"] == "upper" else "below its lower limit"


def notification(subject: str, fields: Row) -> dict[str, str]:
    texts = {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in fields.items()}
    return {
        "Subject": subject.encode("ascii", "replace").decode()[:LONGEST_SUBJECT],
        "Message": json.dumps(texts, ensure_ascii=False, indent=2),
    }
