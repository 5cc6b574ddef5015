"""Simulated devices send readings; rows over time, a notification and a reject come out."""

import json
import zlib
from datetime import UTC, datetime

from rich.table import Table

from checks.simulation import SYSTEM, Pipeline, Simulation
from checks.tours.result import Result, failures_kept
from checks.verbs.simulate import await_results, progress_bars, total
from sluice_cli.local_aws.listener import Listener
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import DeploymentError, Target, console

# One morning: always the same, so that a second demo finds its readings there.
START = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
SHOWN = 10  # rows


def tour(local: LocalAws, target: Target) -> Result:
    outputs = deployment.outputs(SYSTEM, target)
    pipeline = Pipeline(outputs, local.client)
    simulation = Simulation(
        thresholds=pipeline.thresholds,
        # Other thresholds make other readings.
        prefix=f"{outputs['Prefix']}demo-{zlib.crc32(outputs['SensorThresholds'].encode()):08x}/",
        start=START,
        seed=5,
        devices=3,
        readings=60,
        rate=1 / 60,
    )
    listener = Listener(local, outputs["TopicArn"])
    uploads = list(simulation.uploads())
    there = pipeline.sent(simulation.prefix)
    missing = [one for one in uploads if one.key not in there]
    for one in missing:
        pipeline.send(one)
        console.print(f"Uploaded {one.key} ({len(one.body)} bytes)", markup=False)
    if not missing:
        console.print("All objects were there already: nothing was uploaded.")
    with progress_bars() as progress:
        found = await_results(pipeline, simulation, uploads, progress)
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
        system=SYSTEM,
        sent=simulation.readings,
        rows=found.valid,
        notifications=len(heard),
        failures=failures_kept(local, outputs) + found.invalid,
        try_next="make simulate LOCAL=yes\nmake rejects LOCAL=yes",
    )
