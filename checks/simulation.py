"""Simulated sensor devices: the readings they send, and what the sensor pipeline recorded of them."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

NAME = "sensor-pipeline"

FORMATS = ("one", "array", "lines")
IN_ONE_OBJECT = 10  # readings of an array or of JSON Lines
UNITS = {"temperature": "°C", "humidity": "%", "pressure": "hPa", "vibration": "mm/s", "battery": "%"}

# Ways in which a reading is made invalid.
FAULTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "not a number": lambda reading: {**reading, "value": float("nan")},
    "a text for the value": lambda reading: {**reading, "value": "warm"},
    "no value": lambda reading: {name: one for name, one in reading.items() if name != "value"},
    "unknown sensor type": lambda reading: {**reading, "sensorType": "phlogiston"},
    "nested garbage": lambda reading: {**reading, "deviceId": {"id": [[reading["deviceId"]]]}},
    "timestamp in the future": lambda reading: {**reading, "timestamp": f"9{reading['timestamp'][1:]}"},
}


@dataclass(frozen=True)
class Tally:
    """Numbers of readings: valid, valid but beyond a threshold, and invalid."""

    valid: int = 0
    beyond: int = 0
    invalid: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.valid + other.valid, self.beyond + other.beyond, self.invalid + other.invalid)


@dataclass(frozen=True)
class ScheduledUpload:
    """An object to upload `due` seconds after the start, with the tally of its readings."""

    key: str
    body: bytes
    due: float
    readings: Tally


@dataclass(frozen=True)
class Simulation:
    """Devices that take `rate` readings a second, all together, until there are `readings`.

    `breach_ratio` of them are beyond a threshold and `invalid_ratio` invalid, on average. An object holds one reading,
    or some of one device as an array or as JSON Lines; `mix` is all three. The same seed gives the same readings,
    apart from `start`, the time of the first one, and `prefix`, under which the objects lie.
    """

    thresholds: Mapping[str, Mapping[str, float]]
    prefix: str
    start: datetime
    seed: int
    devices: int = 5
    readings: int = 200
    rate: float = 50
    breach_ratio: float = 0.1
    invalid_ratio: float = 0.05
    format: str = "mix"

    def uploads(self) -> Iterator[ScheduledUpload]:
        """All objects, in the order in which they are due."""
        devices = self.names()
        chance = random.Random(self.seed)  # noqa: S311 - not a secret
        waiting: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        shapes: dict[str, str] = {}
        numbers: Counter[str] = Counter()

        def pack(device: str, due: float) -> ScheduledUpload:
            shape, readings = shapes.pop(device), waiting.pop(device)
            texts = [json.dumps(reading, ensure_ascii=False) for _, reading in readings]
            text = "\n".join(texts) if shape == "lines" else f"[{', '.join(texts)}]" if shape == "array" else texts[0]
            numbers[device] += 1
            suffix = "jsonl" if shape == "lines" else "json"
            kinds = Counter(kind for kind, _ in readings)
            return ScheduledUpload(
                key=f"{self.prefix}{device}/{numbers[device]:06d}.{suffix}",
                body=text.encode(),
                due=due,
                readings=Tally(kinds["usual"] + kinds["beyond"], kinds["beyond"], kinds["invalid"]),
            )

        for number in range(self.readings):
            device = devices[number % self.devices]
            if device not in shapes:
                shapes[device] = chance.choice(FORMATS) if self.format == "mix" else self.format
            waiting.setdefault(device, []).append(self._reading(number, device, chance))
            if len(waiting[device]) == (1 if shapes[device] == "one" else IN_ONE_OBJECT):
                yield pack(device, number / self.rate)
        for device in list(waiting):
            yield pack(device, self.readings / self.rate)

    def names(self) -> list[str]:
        """The ids of the devices."""
        return [f"simulated-{number:04d}" for number in range(1, self.devices + 1)]

    def between(self) -> tuple[str, str]:
        """The time range of all readings."""
        return _time(self.start), _time(self.start + timedelta(seconds=self.readings / self.rate))

    def _reading(self, number: int, device: str, chance: random.Random) -> tuple[str, dict[str, Any]]:
        sensor = chance.choice(sorted(self.thresholds))
        kind = chance.choices(
            ("beyond", "invalid", "usual"),
            (self.breach_ratio, self.invalid_ratio, 1 - self.breach_ratio - self.invalid_ratio),
        )[0]
        limited = sorted(name for name, limits in self.thresholds.items() if limits)
        if kind == "beyond" and not self.thresholds[sensor]:
            sensor, kind = (chance.choice(limited), kind) if limited else (sensor, "usual")
        reading = {
            "deviceId": device,
            "sensorType": sensor,
            "value": float(_value(self.thresholds[sensor], kind == "beyond", chance)),
            **({"unit": UNITS[sensor]} if sensor in UNITS else {}),
            "timestamp": _time(self.start + timedelta(seconds=number / self.rate)),
            "readingId": str(number),
        }
        fault = FAULTS[chance.choice(sorted(FAULTS))]
        return kind, fault(reading) if kind == "invalid" else reading


class Pipeline:
    """Access to the deployed pipeline: its bucket and its tables."""

    def __init__(self, outputs: Mapping[str, str], client: Callable[..., Any]) -> None:
        self.outputs = outputs
        region = outputs["FunctionArn"].split(":")[3]
        self._s3 = client("s3", region_name=region)
        self._dynamodb = client("dynamodb", region_name=region)

    @property
    def thresholds(self) -> dict[str, dict[str, float]]:
        return dict(json.loads(self.outputs["SensorThresholds"]))

    def send(self, upload: ScheduledUpload) -> None:
        self._s3.put_object(Bucket=self.outputs["BucketName"], Key=upload.key, Body=upload.body)

    def sent(self, prefix: str) -> set[str]:
        """The keys of the objects in the bucket."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs["BucketName"], Prefix=prefix)
        return {one["Key"] for page in pages for one in page.get("Contents", [])}

    def rows(self, simulation: Simulation, device: str) -> list[dict[str, Any]]:
        """The rows of one simulated device, in order of time."""
        first, last = (time[: len("2026-01-31T12:00:00")] for time in simulation.between())
        return self._query(
            self.outputs["TableName"],
            "deviceId = :device AND readingTime BETWEEN :first AND :last",
            {":device": device, ":first": first, ":last": f"{last}~", ":prefix": simulation.prefix},
            FilterExpression="begins_with(objectKey, :prefix)",
        )

    def rejects(self, key: str) -> list[dict[str, Any]]:
        """The stored rejects of an object."""
        return self._query(self.outputs["RejectsTableName"], "objectKey = :key", {":key": key})

    def _query(self, table: str, condition: str, values: Mapping[str, str], **options: str) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
            ConsistentRead=True,
            **options,
        )
        items = [item for page in pages for item in page["Items"]]
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _value(limits: Mapping[str, float], beyond: bool, chance: random.Random) -> Decimal:
    """A value well inside the limits, or clearly beyond one of them."""
    sides = {side: Decimal(str(limit)) for side, limit in limits.items()}
    if not sides:
        return Decimal(chance.randint(0, 1000))
    lower, upper = sides.get("lower"), sides.get("upper")
    unit = max(*map(abs, sides.values()), Decimal(1))
    width = upper - lower if lower is not None and upper is not None else unit
    if beyond:
        far = (width or unit) * chance.randint(20, 200) / 1000
        return chance.choice([limit + far if side == "upper" else limit - far for side, limit in sides.items()])
    near = width * chance.randint(100, 900) / 1000
    return lower + near if lower is not None else sides["upper"] - near
