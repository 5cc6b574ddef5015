"""Intervals of numbers, as comparisons in policies and event patterns describe them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Bound = tuple[float, int]  # a number, and +1 (-1) for just above (below) it
LOWEST: Bound = (-math.inf, 0)
HIGHEST: Bound = (math.inf, 0)


@dataclass(frozen=True)
class Interval:
    """All numbers between two bounds, which belong to it."""

    low: Bound = LOWEST
    high: Bound = HIGHEST

    @classmethod
    def of(cls, comparison: str, number: float) -> "Interval":
        """Of `>=` and 5, the numbers from 5 upwards. Raises `KeyError` for an unknown comparison."""
        return {
            "=": cls((number, 0), (number, 0)),
            ">": cls(low=(number, 1)),
            ">=": cls(low=(number, 0)),
            "<": cls(high=(number, -1)),
            "<=": cls(high=(number, 0)),
        }[comparison]

    @classmethod
    def of_all(cls, comparisons: Any) -> "Interval | None":
        """The numbers that meet all comparisons of EventBridge's `numeric`: `[">", 0, "<=", 5]`; None where it is not
        written like that.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        """
        if not isinstance(comparisons, list) or len(comparisons) % 2:
            return None
        result = cls()
        for comparison, number in zip(comparisons[::2], comparisons[1::2], strict=True):
            if comparison not in ("=", ">", ">=", "<", "<=") or not is_number(number):
                return None
            result = result.within(cls.of(comparison, number))
        return result

    def within(self, other: "Interval") -> "Interval":
        """The numbers of both."""
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def contains(self, other: "Interval") -> bool:
        return self.low <= other.low and other.high <= self.high

    def example(self) -> float:
        """A number of the interval, an integer where its bounds are."""
        low, high = self._candidates()
        if low is None and high is None:
            return 0
        if low is None or high is None:
            return low if low is not None else high  # type: ignore[return-value]
        return low if low <= high else (self.low[0] + self.high[0]) / 2  # no integer is between the bounds

    def _candidates(self) -> Iterable[float | None]:
        for number, side in (self.low, self.high):
            yield number + side * _step(number) if math.isfinite(number) else None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _step(number: float) -> float:
    return 1 if float(number).is_integer() else abs(number) / 1000
