"""Where pages are in the logs that they read."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from uuid import uuid4

from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LineReader, LogLine

MOST_POSITIONS = 64
MOST_WAITING = 10_000  # lines


@dataclass
class LogPosition:
    """Where a page is in a log."""

    reader: LogReader
    lines: LineReader = field(default_factory=LineReader)
    # Read, and not yet given.
    waiting: deque[LogLine] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))


class LogPositions:
    """The positions of pages, by the cursor that each got; those that were not used for long are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, LogPosition] = OrderedDict()

    def get(self, cursor: str | None) -> LogPosition | None:
        if cursor is None or cursor not in self._kept:
            return None
        self._kept.move_to_end(cursor)
        return self._kept[cursor]

    def keep(self, position: LogPosition) -> str:
        cursor = uuid4().hex
        self._kept[cursor] = position
        while len(self._kept) > MOST_POSITIONS:
            self._kept.popitem(last=False)
        return cursor
