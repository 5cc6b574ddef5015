"""One notification for many rows: digests, where single notifications would exceed SNS's quota.

https://docs.aws.amazon.com/general/latest/gr/sns.html
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from .notify_once import WAIT_SECONDS, NotifiedRows, leased_row

THREADS = 8  # botocore's default of 10 connections
# Below the 262,144 bytes of a message: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LARGEST_MESSAGE = 250_000
# A lease with less left than one attempt to publish takes (see aws.py) is renewed first.
RENEWED_BELOW_SECONDS = 8

Digest = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, str]]


class DigestedRows:
    """The rows of one batch of events, which are added one by one and notified together.

    The promise is that of `NotifiedRows`, whose table may have rows of both: each row is in one digest. A crash between
    the rows and the digest is repaired by the next attempt, and a repeated event is in no further digest. (Only a crash
    between SNS taking a digest and the marks in its rows repeats those without a mark, in another digest.)

    `digest` makes `Subject` and `Message` of rows. A batch is split where the message would be longer than SNS takes.
    """

    def __init__(self, rows: NotifiedRows, digest: Digest) -> None:
        self._rows = rows
        self._digest = digest
        self._mine: list[dict[str, Any]] = []  # under this invocation's lease
        self._others: list[dict[str, Any]] = []  # under another's

    def add(self, row: dict[str, Any]) -> bool:
        """Add a row, unless it exists. Returns whether it is new."""
        leased = leased_row(row)
        existing = self._rows.add(leased)
        if existing is None:
            self._mine.append(leased)
        elif "notificationLease" in existing and "notifiedAt" not in existing:
            self._others.append(row)
        return existing is None

    def publish(self) -> Iterator[dict[str, Any]]:
        """Publish what is left to notify, and yield each row once it is marked.

        Waits for other invocations that are publishing a row. After an error of AWS, which is raised, the rest is left
        to the next attempt at the events, which has to be made for all of the batch.
        """
        while self._mine or self._others:
            mine, self._mine = self._mine, []
            for part in self._parts(self._renewed(mine)):
                self._rows.publish(part, self._digest(part))
                yield from self._each(self._rows.mark, part)
            others, self._others = self._others, []
            leased = [leased_row(row) for row in others]
            for row, found in zip(leased, self._each(self._rows.take_over, leased), strict=True):
                if found is None:
                    self._mine.append(row)
                elif "notifiedAt" not in found:
                    self._others.append(row)
            if self._others and not self._mine:
                time.sleep(WAIT_SECONDS)  # their leases end before this invocation's timeout

    def _renewed(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows with a lease that is long enough, without those that another invocation took over."""
        soon = int(time.time()) + RENEWED_BELOW_SECONDS
        kept = [row for row in rows if row["notificationLease"] >= soon]
        for row in rows:
            if row["notificationLease"] < soon:
                fresh = leased_row(row)
                found = self._rows.renew(row, fresh["notificationLease"])
                if found is None:
                    kept.append(fresh)
                elif "notifiedAt" not in found:
                    self._others.append(row)
        return kept

    def _parts(self, rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
        """The rows in halves, until each part fits a message."""
        if not rows:
            return
        if len(rows) == 1 or len(self._digest(rows)["Message"].encode()) <= LARGEST_MESSAGE:
            yield rows
            return
        middle = len(rows) // 2
        yield from self._parts(rows[:middle])
        yield from self._parts(rows[middle:])

    def _each(self, call: Callable[[Any], Any], rows: Sequence[Any]) -> Iterable[Any]:
        """The results of a call for each row, several at a time. All are made; the first error is raised then."""
        if len(rows) < 2:
            return [call(row) for row in rows]
        with ThreadPoolExecutor(THREADS) as pool:
            # Each in a context of its own, so that its AWS calls belong to this step of the trace.
            made = [pool.submit(copy_context().run, call, row) for row in rows]
        return [one.result() for one in made]
