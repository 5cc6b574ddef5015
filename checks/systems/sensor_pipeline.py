"""Checks of the sensor pipeline: readings of simulated devices; rows, a notification and a reject."""

import json
import random
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from rich.progress import Progress
from rich.table import Table

from checks.demo.result import Result, failures_kept
from checks.least_privilege.uses import Recorded, Use
from checks.simulation import NAME, Pipeline, Simulation
from checks.simulation_run import await_results, total
from checks.soak.inputs import Expectation, Record, Row, SoakInputs
from checks.soak.plan import Item
from checks.systems.load import EventLoad
from checks.systems.system import Benchmarked, SystemUnderTest
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console

# Fixed times, so that a second demo finds the readings of the first.
START = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
SHOWN = 10  # rows

READINGS_IN_AN_OBJECT = 4  # of a soak's objects
READINGS_IN_AN_EPISODE = 2  # of these
READING_ID = re.compile(r'"readingId": "([^"]+)"')


def tour(local: LocalAws, target: Target) -> Result:
    outputs = Stack(NAME, target).outputs()
    pipeline = Pipeline(outputs, local.client)
    simulation = Simulation(
        thresholds=pipeline.thresholds,
        # Other thresholds need other readings.
        prefix=f"{outputs['Prefix']}demo-{zlib.crc32(outputs['SensorThresholds'].encode()):08x}/",
        start=START,
        seed=5,
        devices=3,
        readings=60,
        rate=1 / 60,
    )
    listener = TopicListener(local, outputs["TopicArn"])
    uploads = list(simulation.uploads())
    there = pipeline.sent(simulation.prefix)
    missing = [one for one in uploads if one.key not in there]
    for one in missing:
        pipeline.send(one)
        console.print(f"Uploaded {one.key} ({len(one.body)} bytes)", markup=False)
    if not missing:
        console.print("All objects were there already: nothing was uploaded.")
    console.print("Waiting for rows, notifications and rejects ...")
    # No bars: the deployment of other systems has one at the same time.
    found = await_results(pipeline, simulation, uploads, Progress(disable=True))
    if found != total(uploads):
        raise DeploymentError(
            f"of {total(uploads)} there is {found}; the local AWS logs to {local.folder / 'local-aws.log'}"
        )
    heard = [text for text in listener.heard() if simulation.prefix in text]
    console.print(f"Rows: {found.valid}. Notifications: {len(heard)}. Rejects: {found.invalid}.")

    device = simulation.names()[0]
    rows = pipeline.rows(simulation, device)
    table = Table(title=f"{device} over time, from table {outputs['TableName']}", title_justify="left")
    for heading, options in (("timestamp", {"no_wrap": True}), ("sensorType", {}), ("value", {"justify": "right"})):
        table.add_column(heading, **options)
    table.add_column("beyond")
    for row in rows[:SHOWN]:
        beyond = f"{row['breach']} limit {row['limit']}" if "breach" in row else ""
        table.add_row(row["timestamp"], row["sensorType"], f"{row['value']} {row.get('unit', '')}", beyond)
    console.print(table, soft_wrap=False)
    console.print(f"and {max(0, len(rows) - SHOWN)} more")

    console.print("\n[bold]Notification of a reading beyond its threshold[/bold]")
    console.print(min(heard, key=lambda text: json.loads(text)["timestamp"]), markup=False)
    reject = next(reject for one in uploads if one.readings.invalid for reject in pipeline.rejects(one.key))
    console.print("\n[bold]An invalid reading, kept with its reason[/bold]")
    console.print(f"{reject['objectKey']}, {reject['position']}\n{reject['reason']}\n{reject['raw']}", markup=False)
    return Result(
        system=NAME,
        sent=simulation.readings,
        rows=found.valid,
        notifications=len(heard),
        failures=failures_kept(local, outputs) + found.invalid,
        try_next="make simulate LOCAL=yes\nmake rejects LOCAL=yes",
    )


class Inputs(SoakInputs):
    """Each reading is an input. One reading of an object is beyond its threshold, and some objects have an invalid one.

    With `SENSOR_NOTIFICATIONS=episodes` each object version has a device of its own: its first two readings are an
    episode, and the third, back within the limits, ends it. The begin and the end are notified once, the end with a
    count of two.
    """

    inputs_each = READINGS_IN_AN_OBJECT

    def upload(self, item: Item, version: int) -> list[Expectation]:
        outcomes = self.outcomes(item, version, "")
        device = f"soak-{self.seed}-{item.number}-{version}" if self._in_episodes else f"soak-{self.seed}"
        lines = "\n".join(json.dumps(self._reading(device, at, one)) for at, one in enumerate(outcomes))
        self._s3.put_object(Bucket=self.outputs["BucketName"], Key=self.key(item), Body=lines.encode())
        return outcomes

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Expectation]:
        del version_id
        chance = random.Random(f"{self.seed} {item.number} {version}")  # noqa: S311 - not a secret
        names = [f"{self.key(item)} {version} {number}" for number in range(READINGS_IN_AN_OBJECT)]
        heard_of = {0, READINGS_IN_AN_EPISODE} if self._in_episodes else {0}
        valid = [Expectation(one, notified=at in heard_of) for at, one in enumerate(names)]
        return [*valid[:-1], Expectation(names[-1], row=False)] if chance.random() < 0.25 else valid

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
        return row.get("readingId", "")  # an item of the episodes table belongs to no single reading

    def of_message(self, message: str) -> list[str]:
        said = json.loads(message)
        name = self.of_row(said)
        count = said.get("count", str(READINGS_IN_AN_EPISODE))
        # An episode with another count is reported as unexpected.
        return [name if count == str(READINGS_IN_AN_EPISODE) else f"{name}, with a count of {count}"]

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        """The readings of an object version, read from S3."""
        item = record.get("s3", {}).get("object", {})
        if "versionId" not in item:
            return
        body = self._s3.get_object(
            Bucket=self.outputs["BucketName"], Key=unquote_plus(item["key"]), VersionId=item["versionId"]
        )["Body"]
        for name in READING_ID.findall(body.read().decode()):
            yield name, ""

    @property
    def _in_episodes(self) -> bool:
        return self.outputs["SensorNotifications"] == "episodes"

    def _reading(self, device: str, number: int, outcome: Expectation) -> dict[str, Any]:
        limits = json.loads(self.outputs["SensorThresholds"])
        sensor, upper = next((name, limit["upper"]) for name, limit in sorted(limits.items()) if "upper" in limit)
        is_beyond = number < (READINGS_IN_AN_EPISODE if self._in_episodes else 1)
        return {
            "deviceId": device,
            "sensorType": sensor,
            "value": ("much" if not outcome.row else upper + 1 if is_beyond else upper),
            "timestamp": f"2026-01-02T03:04:{number:02d}Z" if self._in_episodes else "2026-01-02T03:04:05Z",
            "readingId": outcome.input,
        }


class Proofs(Recorded):
    table, key, answer = "TableName", ("deviceId", "readingTime"), "processed"

    def whole(self) -> list[Use]:
        self.device = f"least-privilege-{uuid4().hex}"
        limits = json.loads(self.system.outputs["SensorThresholds"])
        kind, bounds = next((name, one) for name, one in limits.items() if "upper" in one)
        reading = {"deviceId": self.device, "sensorType": kind, "timestamp": "2026-01-01T00:00:00Z"}
        beyond = {**reading, "value": bounds["upper"] + 1, "timestamp": "2026-01-01T00:00:01Z"}
        usual = {**reading, "value": bounds["upper"]}
        self.content = json.dumps([usual, beyond, {"no": "reading"}]).encode()
        return super().whole()

    def value(self) -> str:
        return self.device

    def done(self) -> object:
        readings = self.rows(self.system.outputs[self.table], self.key[0], self.device)
        rejects = self.rows(self.system.outputs["RejectsTableName"], "objectKey", self.name)
        return len(readings) == 2 and len(rejects) == 1 and any("notifiedAt" in row for row in readings)

    def record(self, version: str) -> None:
        self.forget(self.system.outputs["RejectsTableName"], ("objectKey", "place"), self.name)
        super().record(version)

    def granted(self) -> dict[str, list[Use]]:
        return {
            "ReadReadingsLanding": [self.versioned(), self.unversioned()],
            "PutReadings": [self.versioned()],
            "PutRejects": [self.versioned()],
            "PublishBreaches": [self.versioned()],
            "Breaches": [self.versioned()],
        }


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=Inputs,
    uses=Proofs,
    benchmarked=Benchmarked(keys=("deviceId", "readingTime"), reads_objects=True),
    load=EventLoad(
        NAME,
        "sensor_pipeline",
        1769,
        # An event is a reading, 100 of them in an object. Transactional writes cost twice the write units.
        {"GetObject": 0.01, "TransactWriteItems": 0.01},
        writes=2,
        batch=100,
        construct="Ingester",
        places={"GetObject": "Landing", "write_units": "Readings"},
        reasons={
            "GetObject": "the readings",
            "TransactWriteItems": "up to 100 readings, each under its condition",
        },
    ),
)
