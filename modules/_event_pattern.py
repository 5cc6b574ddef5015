from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs import Construct

    from ._loops import Objects


class EventPattern(dict[str, Any]):
    """An EventBridge pattern that knows which bucket's objects it matches, so that loops through rules are noticed."""

    def __init__(self, pattern: Mapping[str, Any], *, origin: Construct, objects: Objects) -> None:
        super().__init__(pattern)
        self.origin = origin
        self.objects = objects
