"""What S3 did not deliver, the courier does."""

import random
import time
from typing import Any

from checks.soak.courier import Courier, Event
from checks.soak.plan import Item

ITEMS = [Item(number, held=True) for number in range(40)]


class Waiting:
    """Events that wait to be taken, as an inbox gives them: some, then none for a while, and some again."""

    def __init__(self, items: list[Item]) -> None:
        self._events = [
            {"s3": {"object": {"key": item.name, "sequencer": f"{item.number:08X}"}}, "eventName": "ObjectCreated:Put"}
            for item in items
        ]
        self._empty = False

    def take(self, *, wait_seconds: int) -> list[dict[str, Any]]:
        self._empty = not self._empty
        if self._empty:
            time.sleep(0.1)
            return []
        taken, self._events = self._events[:10], self._events[10:]
        return [{"Records": taken}] if taken else []


def delivered(came: list[Item], patience: float, seconds_each: float = 0.0) -> set[str]:
    brought: list[Event] = []

    def deliver(event: Event) -> None:
        time.sleep(seconds_each)
        brought.append(event)

    inbox: Any = Waiting(came)
    chance = random.Random(1)  # noqa: S311 - not a secret
    courier = Courier(inbox, {one.name: one for one in ITEMS}, deliver, chance, lambda _: ())
    courier.start()
    courier.finish(len(ITEMS), patience=patience)
    return {event["Records"][0]["s3"]["object"]["key"] for event in brought}


def test_everything_is_delivered_however_slowly_it_is_received() -> None:
    assert delivered(ITEMS, patience=0.25, seconds_each=0.01) == {item.name for item in ITEMS}


def test_an_event_that_never_comes_keeps_nobody_waiting() -> None:
    assert delivered(ITEMS[1:], patience=0.25) == {item.name for item in ITEMS[1:]}
