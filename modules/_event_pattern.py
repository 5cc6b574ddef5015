from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs import Construct

    from ._loops import Objects


class EventPattern(dict[str, Any]):
    """An EventBridge pattern that knows which bucket's objects it matches, so that loops through rules are noticed.

    `turn_on` makes the bucket send its events to EventBridge, where that is ours to do.
    """

    def __init__(
        self, pattern: Mapping[str, Any], *, origin: Construct, objects: Objects, turn_on: Callable[[], None]
    ) -> None:
        super().__init__(pattern)
        self.origin = origin
        self.objects = objects
        self.turn_on = turn_on
