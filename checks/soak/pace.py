"""How fast to send: as fast as what was sent is processed."""

import threading
import time


class Pace:
    """Holds senders back while `most` of what they sent is not done. What takes longer than `patience` seconds does not
    hold them back any more: it failed, and comes again."""

    def __init__(self, most: int, patience: float) -> None:
        self._most = most
        self._patience = patience
        self._open: dict[str, float] = {}
        self._changed = threading.Condition()

    def begin(self, what: str) -> None:
        """Wait for a place and take it."""
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
