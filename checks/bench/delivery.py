"""The highest rate without a failure at which uploads become rows on the local AWS, direct and buffered."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from uuid import uuid4

from checks.demo.result import failures_kept
from checks.deployed import repository
from checks.soak.clients import Clients
from checks.soak.inputs import SoakInputs
from checks.soak.plan import Item
from checks.systems import SYSTEMS
from sluice_cli.deployment.applying import deploy
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket

from .measure import TRIAL, rounds_after_warming_up, say
from .table import Comparison, compare

DIRECT, BUFFERED = "direct", "buffered"
SETTINGS = {
    "file-metadata": "METADATA_DELIVERY",
    "invocation-log": "INVOCATION_LOG_DELIVERY",
    "object-tracker": "TRACKER_DELIVERY",
    "sensor-pipeline": "SENSOR_DELIVERY",
}
SENDERS = 4
LONGEST_SECONDS = 300


@dataclass(frozen=True)
class MeasuredSystem:
    """A system in one mode of delivery."""

    local: LocalAws
    name: str
    outputs: dict[str, str]

    def milliseconds(self, number: int) -> float:
        """For each of so many uploads, from the first upload to the last row. Raises `RuntimeError` if one failed."""
        inputs: SoakInputs = SYSTEMS[self.name].inputs(self.outputs, Clients(self.local), 1, f"bench-{uuid4().hex[:8]}")
        begun = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            uploaded = list(pool.map(lambda one: inputs.upload(Item(one), 0), range(number)))
        expected = sum(one.row for outcomes in uploaded for one in outcomes)
        while inputs.rows().total() < expected:
            if time.perf_counter() - begun > LONGEST_SECONDS:
                raise RuntimeError(
                    f"{self.name}: {inputs.rows().total()} of {expected} rows after {LONGEST_SECONDS} s, "
                    f"{failures_kept(self.local, self.outputs)} failures are kept"
                )
            time.sleep(0.1)
        took = (time.perf_counter() - begun) / number * 1e3
        if kept := failures_kept(self.local, self.outputs):
            raise RuntimeError(f"{self.name}: {kept} events failed")
        return took


def compare_modes(folder: Path, runs: int) -> Iterator[Comparison]:
    """Time of an upload through each system, buffered beside direct."""
    warming = 12  # starts the local AWS's workers, which all at once do not answer in time
    number = SENDERS if runs == TRIAL else 200
    local = LocalAws(folder / "local-aws")
    local.start()
    try:
        modes = {mode: _deployed(local, folder, mode) for mode in (DIRECT, BUFFERED)}
        took: dict[tuple[str, str], list[float]] = {}
        for one in rounds_after_warming_up(runs):
            say(f"round {one} of {runs}")
            for name in SETTINGS:
                for mode, systems in modes.items():
                    milliseconds = systems[name].milliseconds(number if one else warming)
                    if one:
                        took.setdefault((name, mode), []).append(milliseconds)
        for name in SETTINGS:
            rates = {mode: 1e3 / median(took[name, mode]) for mode in modes}
            note = f"{rates[BUFFERED]:.0f} uploads a second without a failure; direct: {rates[DIRECT]:.0f}"
            what = f"an upload through {name}, buffered"
            yield compare("delivery", what, DIRECT, "ms", took[name, BUFFERED], took[name, DIRECT], None, note)
    finally:
        local.stop()


def _deployed(local: LocalAws, folder: Path, mode: str) -> dict[str, MeasuredSystem]:
    known = local_target(repository(), local)
    settings = {**known.environment, **dict.fromkeys(SETTINGS.values(), mode), "ENVIRONMENT_SUFFIX": mode}
    target = replace(known, environment=settings, folder=folder / mode, output_folder=None)
    ensure_local_state_bucket(local, settings["STATE_BUCKET"])
    say(f"deploying {', '.join(SETTINGS)}, {mode}")
    deploy(list(SETTINGS), target)
    return {name: MeasuredSystem(local, name, Stack(name, target).outputs()) for name in SETTINGS}
