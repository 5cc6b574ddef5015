"""One notification for each reading beyond its limit."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from shared.conditional_puts import MOST_IN_ONE_WRITE

from .ingestion import Call, parts
from .outbox import MOST_IN_ONE_PUBLISH, Outbox
from .readings import Row

WAIT_SECONDS = 0.25


class EachReading:
    """Rows of one object to notify of. (Its lists are appended to by several threads, which is safe.)"""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._mine: list[Row] = []
        self._others: list[Row] = []

    def add(self, rows: list[Row]) -> Mapping[str, int]:
        added, leases = self._outbox.add(rows)
        self._mine.extend(leases.mine)
        self._others.extend(leases.others)
        return {"stored": added}

    def pass_by(self, rows: list[Row]) -> None:
        """Nobody is told of them."""

    def finish(self, run: Callable[[Iterable[Call]], Counter[str]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        while self._mine or self._others:
            mine, self._mine = self._mine, []
            counts.update(run((self._publish, some) for some in parts(mine, MOST_IN_ONE_PUBLISH)))
            others, self._others = self._others, []
            run((self._take_over, some) for some in parts(others, MOST_IN_ONE_WRITE))
            if self._others and not self._mine:
                time.sleep(WAIT_SECONDS)  # someone is notifying of them now; their leases end before our timeout
        return counts

    def _publish(self, rows: list[Row]) -> Mapping[str, int]:
        return {"notified": self._outbox.publish(rows)}

    def _take_over(self, rows: list[Row]) -> Mapping[str, int]:
        leases = self._outbox.take_over(rows)
        self._mine.extend(leases.mine)
        self._others.extend(leases.others)
        return {}
