"""Limits the rate of sending to the rate of processing."""

import threading
import time


class Pace:
    """Blocks senders while `most` of their inputs are unprocessed. An input that takes longer than `patience` seconds
    no longer counts: it failed, and will be retried.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._open: dict[str, float] = {}
        self._changed = threading.Condition()

    def begin(self, what: str) -> None:
        """Wait for a free place and take it."""
        with self._changed:
            while len(self._open) >= self._most:
                self._changed.wait(timeout=0.1)
                now = time.monotonic()
                self._open = {one: due for one, due in self._open.items() if due > now}
            self._open[what] = time.monotonic() + self._patience

    def done(self, what: str) -> None:
        with self._changed:
            self._open.pop(what, None)
            self._changed.notify()

    def all_processed(self) -> bool:
        with self._changed:
            return not self._open
