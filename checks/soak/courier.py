"""Delivers S3 events to a function as S3 may deliver them: late, out of order, and more than once."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from .inbox import Inbox
from .plan import Item

SHUFFLED_AT_ONCE = 8
LATE_BY = 20  # events

Event = dict[str, Any]


class Courier(threading.Thread):
    """Takes all events of a bucket from the inbox, and delivers those that S3 does not, shuffled.

    Each event is repeated as often as its item says: at once, and after later events.
    """

    def __init__(
        self,
        inbox: Inbox,
        items: Mapping[str, Item],
        deliver: Callable[[Event], None],
        chance: random.Random,
        inputs: Callable[[Event], Iterable[tuple[str, str]]],
    ) -> None:
        super().__init__(name="courier", daemon=True)
        # The versions that S3 accepted, as `inputs` reads them from a record.
        self.arrived: set[tuple[str, str]] = set()
        self._inputs = inputs
        self.taken = self.duplicates = self.out_of_order = 0
        self.error: BaseException | None = None
        self._inbox = inbox
        self._items = items
        self._deliver = deliver
        self._chance = chance
        self._held: list[Event] = []
        self._late: deque[tuple[int, Event]] = deque()
        self._newest: dict[str, str] = {}
        self._expected: int | None = None
        self._patience = 0.0

    def run(self) -> None:
        took = time.monotonic()
        try:
            while True:
                if self._step() or self._expected is None:
                    took = time.monotonic()
                elif self.taken == self._expected or time.monotonic() - took > self._patience:
                    break
            self._hand_over(0)
        except BaseException as error:
            self.error = error
            raise

    def finish(self, events: int, *, patience: float) -> None:
        """Deliver all of the expected events once sending has ended, however long that takes. Gives up on missing
        events when none arrived for `patience` seconds.
        """
        self._patience = patience
        self._expected = events
        self.join()
        if self.error is not None:
            raise self.error

    def _step(self) -> bool:
        bodies = self._inbox.take(wait_seconds=1)
        for body in bodies:
            for record in body.get("Records", []):  # S3's test event has none
                self._take(record)
        self._hand_over(LATE_BY)
        return bool(bodies)

    def _take(self, record: Event) -> None:
        self.taken += 1
        self.arrived.update(self._inputs(record))
        event = {"Records": [record]}
        item = self._items[unquote_plus(record["s3"]["object"]["key"])]
        if item.held:
            self._held.append(event)
        else:
            self._seen(record)
            for _ in range(item.copies):
                self._again(event)
        self._late += [(self.taken, event)] * item.late

    def _hand_over(self, late_by: int) -> None:
        if len(self._held) >= SHUFFLED_AT_ONCE or not late_by:
            held, self._held = self._held, []
            self._chance.shuffle(held)
            for event in held:
                self._bring(event)
                for _ in range(self._item(event).copies):
                    self._again(event)
        while self._late and self._late[0][0] <= self.taken - late_by:
            self._again(self._late.popleft()[1])

    def _item(self, event: Event) -> Item:
        return self._items[unquote_plus(event["Records"][0]["s3"]["object"]["key"])]

    def _again(self, event: Event) -> None:
        self.duplicates += 1
        self._bring(event)

    def _bring(self, event: Event) -> None:
        self._seen(event["Records"][0])
        self._deliver(event)

    def _seen(self, record: Event) -> None:
        """Count events that arrive after a newer event of the same key."""
        key, sequencer = record["s3"]["object"]["key"], record["s3"]["object"]["sequencer"]
        newest = self._newest.get(key, "")
        if older(sequencer, newest):
            self.out_of_order += 1
        else:
            self._newest[key] = sequencer


def older(one: str, other: str) -> bool:
    """Whether an event happened before another event of the same key. The shorter sequencer is padded with zeros on the
    right.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    width = max(len(one), len(other))
    return one.ljust(width, "0") < other.ljust(width, "0")
