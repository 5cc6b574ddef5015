"""Uploads the readings of simulated devices, and waits for the results."""

import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks.simulation import Pipeline, ScheduledUpload, Simulation, Tally
from sluice_cli.terminal import console

THREADS = 8
STEP_SECONDS = 0.5
# Lambda retries a failed event after one minute, and again after two more.
PATIENCE_SECONDS = 150  # seconds without a change


def send(pipeline: Pipeline, simulation: Simulation, progress: Progress) -> list[ScheduledUpload]:
    """Upload each object when it is due. Returns what was sent."""
    task = progress.add_task("Sent", total=simulation.readings)
    began = time.monotonic()
    sent = []
    under_way: deque[Future[None]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for upload in simulation.uploads():
            time.sleep(max(0.0, began + upload.due - time.monotonic()))
            under_way.append(pool.submit(pipeline.send, upload))
            if len(under_way) > 2 * THREADS:
                under_way.popleft().result()
            sent.append(upload)
            progress.advance(task, upload.readings.valid + upload.readings.invalid)
        for one in under_way:
            one.result()
    return sent


def await_results(
    pipeline: Pipeline,
    simulation: Simulation,
    uploads: list[ScheduledUpload],
    progress: Progress,
    patience: float = PATIENCE_SECONDS,
) -> Tally:
    """Wait until the tables hold all results, or have not changed for `PATIENCE_SECONDS`."""
    wanted = total(uploads)
    bars = {
        "valid": progress.add_task("Stored", total=wanted.valid),
        "beyond": progress.add_task("Notified", total=wanted.beyond),
        "invalid": progress.add_task("Rejected", total=wanted.invalid),
    }
    rejects: dict[str, int] = {}
    before, changed = Tally(), time.monotonic()
    while True:
        rows = [row for device in simulation.names() for row in pipeline.rows(simulation, device)]
        for one in uploads:
            if rejects.get(one.key, 0) < one.readings.invalid:
                rejects[one.key] = len(pipeline.rejects(one.key))
        found = Tally(len(rows), sum("notifiedAt" in row for row in rows), sum(rejects.values()))
        for name, bar in bars.items():
            progress.update(bar, completed=getattr(found, name))
        if found != before:
            before, changed = found, time.monotonic()
        there = found.valid >= wanted.valid and found.beyond >= wanted.beyond and found.invalid >= wanted.invalid
        if there or time.monotonic() - changed > patience:
            return found
        time.sleep(STEP_SECONDS)


def total(uploads: Iterable[ScheduledUpload]) -> Tally:
    return sum((one.readings for one in uploads), Tally())


def progress_bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
