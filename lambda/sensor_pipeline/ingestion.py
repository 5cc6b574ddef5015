"""One object through the pipeline: its readings stored, its breaches notified, its invalid readings kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from itertools import islice
from typing import Any, TypeVar

from shared.conditional_puts import MOST_IN_ONE_WRITE
from shared.s3_events import S3Object

from . import payload, readings
from .readings import InvalidReading, Limits, Row
from .store import Store

THREADS = 8  # botocore keeps 10 connections
WINDOW = 2000  # candidates in memory at once, beside the document they are in

Item = TypeVar("Item")


def ingest(found: S3Object, store: Store, known: Mapping[str, Limits]) -> Counter[str]:
    """Gives how many readings were stored, notified and rejected now; what was there before does not count.

    Safe to repeat: the rows are the same again, and are added only where they are not there.
    """
    arrived = readings.arrival(found)
    version, body = store.open(found)
    counts: Counter[str] = Counter(stored=0, notified=0, rejected=0)
    with closing(body), ThreadPoolExecutor(THREADS) as pool:
        for window in _parts(payload.candidates(body), WINDOW):
            ordinary: list[Row] = []
            breaching: list[Row] = []
            rejects: list[Row] = []
            for candidate in window:
                try:
                    row = readings.row(candidate, known, arrived)
                except InvalidReading as reason:
                    rejects.append(readings.reject(found, version, candidate, str(reason), arrived))
                else:
                    (breaching if "breach" in row else ordinary).append(
                        row | readings.origin(found, version, candidate)
                    )
            writes: list[tuple[Callable[[Any], Mapping[str, int]], Any]] = [
                *((store.notify, row) for row in breaching),
                *((store.add, rows) for rows in _parts(ordinary, MOST_IN_ONE_WRITE)),
                *((store.keep, rows) for rows in _parts(rejects, MOST_IN_ONE_WRITE)),
            ]
            # Each in a context of its own, so that its AWS calls belong to this step of the trace. All are begun; the
            # first that failed is raised once the others have ended.
            for done in [pool.submit(copy_context().run, write, what) for write, what in writes]:
                counts.update(done.result())
    return counts


def _parts(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part
