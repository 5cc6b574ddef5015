"""Send readings of simulated devices, and reconcile the results."""

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.table import Table

from checks.deployed import reach
from checks.simulation import FORMATS, NAME, Pipeline, Simulation, Tally
from checks.simulation_run import PATIENCE_SECONDS, await_results, progress_bars, send, total
from sluice_cli.arguments import add_local, add_project, project_of
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.terminal import console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--devices", type=_whole(1000), default=5, metavar="N", help="default: 5")
    parser.add_argument("--readings", type=_whole(1_000_000), default=200, metavar="N", help="in all; default: 200")
    parser.add_argument("--rate", type=_rate, default=50, metavar="R", help="readings a second, in all; default: 50")
    parser.add_argument(
        "--breach-ratio", type=_ratio, default=0.1, metavar="P", help="beyond a threshold; default: 0.1"
    )
    parser.add_argument("--invalid-ratio", type=_ratio, default=0.05, metavar="P", help="invalid; default: 0.05")
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed sends the same readings; default: any")
    parser.add_argument("--format", choices=(*FORMATS, "mix"), default="mix", help="of an object; default: mix")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_SECONDS, metavar="S", help="to wait without any news; default: 150"
    )
    add_local(parser)
    add_project(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.breach_ratio + arguments.invalid_ratio > 1:
        print("--breach-ratio and --invalid-ratio are more than 1 together", file=sys.stderr)
        return 2
    outputs, target = reach(project_of(arguments), NAME, local=arguments.local)
    pipeline = Pipeline(outputs, target.client)
    # On AWS nothing subscribes to the topic for this, and there are fewer episodes than readings: the rows say what was
    # notified.
    each = outputs["SensorNotifications"] == "each"
    listener = TopicListener(target.local, outputs["TopicArn"]) if target.local and each else None
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311 - not a secret
    start = datetime.now(UTC)
    simulation = Simulation(
        thresholds=pipeline.thresholds,
        prefix=f"{pipeline.outputs['Prefix']}simulated/{start:%Y%m%dT%H%M%S.%f}-seed-{seed}/",
        start=start,
        seed=seed,
        devices=arguments.devices,
        readings=arguments.readings,
        rate=arguments.rate,
        breach_ratio=arguments.breach_ratio,
        invalid_ratio=arguments.invalid_ratio,
        format=arguments.format,
    )
    console.print(f"Sending to {pipeline.outputs['BucketName']} under {simulation.prefix}", markup=False)
    began = time.monotonic()
    with progress_bars() as progress:
        uploads = send(pipeline, simulation, progress)
        sent_after = time.monotonic() - began
        found = await_results(pipeline, simulation, uploads, progress, arguments.patience)
    settled_after = time.monotonic() - began
    wanted = total(uploads)
    heard = None if listener is None else _heard(listener, simulation, wanted.beyond)
    reconciled = _summarize(simulation, wanted, found, heard)
    console.print(
        f"{simulation.readings} readings in {len(uploads)} objects, sent in {sent_after:.1f} s "
        f"({simulation.readings / sent_after:.0f} a second), counted after {settled_after:.1f} s. "
        f"The same readings again: --seed {seed}"
    )
    if not reconciled:
        console.print(
            f"Not all came out as it should. `make failures SYSTEM={NAME}{' LOCAL=yes' if arguments.local else ''}` "
            f"and the log group {pipeline.outputs['LogGroupName']} say why."
        )
    return 0 if reconciled else 1


def _summarize(simulation: Simulation, wanted: Tally, found: Tally, heard: int | None) -> bool:
    """Show what was sent beside the results. Returns whether they agree."""
    lines = [
        ("valid readings", wanted.valid, "rows", found.valid),
        ("of these beyond a threshold", wanted.beyond, "rows marked as notified", found.beyond),
        ("invalid readings", wanted.invalid, "rejects", found.invalid),
    ]
    if heard is not None:
        lines.insert(2, ("", wanted.beyond, "notifications heard", heard))
    table = Table(title=f"{simulation.devices} devices, seed {simulation.seed}", title_justify="left")
    table.add_column("sent")
    table.add_column("", justify="right")
    table.add_column("found")
    table.add_column("", justify="right")
    table.add_column("")
    for sent, count, what, there in lines:
        verdict = "ok" if there == count else f"{there - count:+d}"
        table.add_row(sent, str(count), what, str(there), verdict)
    console.print(table, soft_wrap=False)
    return all(count == there for _, count, _, there in lines)


def _heard(listener: TopicListener, simulation: Simulation, expected: int) -> int:
    deadline = time.monotonic() + 5
    while True:
        heard = sum(f'"objectKey": "{simulation.prefix}' in text for text in listener.heard())
        if heard >= expected or time.monotonic() > deadline:
            return heard


def _whole(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return parse


def _number(text: str, lowest: float, highest: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not lowest <= number <= highest:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def _rate(text: str) -> float:
    return _number(text, 0.01, 100_000, "a number of readings a second from 0.01 to 100000")


def _ratio(text: str) -> float:
    return _number(text, 0, 1, "a number from 0 to 1")
