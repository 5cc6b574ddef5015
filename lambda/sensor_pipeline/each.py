"""A notification for each reading beyond its threshold."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from sluice_functions.conditional_puts import MOST_IN_ONE_WRITE

from .ingestion import Call, parts
from .outbox import MOST_IN_ONE_PUBLISH, Outbox
from .readings import Row

WAIT_SECONDS = 0.25


class EachReading:
    """Readings of one object that have to be notified. Several threads append to its lists, which is thread-safe."""

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
        """Rows within the thresholds, which are not notified."""

    def finish(self, run: Callable[[Iterable[Call]], Counter[str]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        while self._mine or self._others:
            mine, self._mine = self._mine, []
            counts.update(run((self._publish, some) for some in parts(mine, MOST_IN_ONE_PUBLISH)))
            others, self._others = self._others, []
            run((self._take_over, some) for some in parts(others, MOST_IN_ONE_WRITE))
            if self._others and not self._mine:
                time.sleep(
                    WAIT_SECONDS
                )  # another invocation is publishing these; their leases end before this one's timeout
        return counts

    def _publish(self, rows: list[Row]) -> Mapping[str, int]:
        return {"notified": self._outbox.publish(rows)}

    def _take_over(self, rows: list[Row]) -> Mapping[str, int]:
        leases = self._outbox.take_over(rows)
        self._mine.extend(leases.mine)
        self._others.extend(leases.others)
        return {}
