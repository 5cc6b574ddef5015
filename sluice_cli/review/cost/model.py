"""What a change costs, as every format shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

MILLION = 1_000_000
EVENTS = MILLION  # a month, unless a load is given
MOST_EVENTS = 10**15


@dataclass(frozen=True)
class CostLine:
    """What one resource costs before and after, in US dollars: a month (fixed), or for a million events (usage)."""

    address: str
    what: str
    before: float
    after: float
    how: str

    @property
    def difference(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Cost:
    """What a stack costs before and after a change.

    The lines are those of resources whose cost changes; the totals have the others, too. `unpriced` names what is in
    no total, with the reason. `trouble`: why nothing can be said at all.
    """

    fixed: tuple[CostLine, ...] = ()
    usage: tuple[CostLine, ...] = ()
    fixed_total: tuple[float, float] = (0.0, 0.0)
    usage_total: tuple[float, float] = (0.0, 0.0)
    unpriced: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    warning: str = ""
    trouble: str = ""
    # Events a month.
    events: int = EVENTS

    def at(self, events: int) -> "Cost":
        return replace(self, events=events)

    @property
    def before(self) -> float:
        """Fixed and usage, a month at the load."""
        return self.fixed_total[0] + self.usage_total[0] * self.events / MILLION

    @property
    def after(self) -> float:
        return self.fixed_total[1] + self.usage_total[1] * self.events / MILLION

    @property
    def title(self) -> str:
        """The one line of it."""
        if self.trouble:
            return f"Costs are unknown: {self.trouble}"
        if not (self.fixed or self.usage):
            return "Cost: what changes has no price here"
        load = f"a month at {self.events:,} event{'s' * (self.events != 1)}"
        more = ", and what has no price" if self.unpriced else ""
        return f"Cost {load}: {_move(self.before, self.after)}{more}"

    @property
    def sections(self) -> Iterator[tuple[str, Sequence[CostLine]]]:
        """A heading with its total, and its lines."""
        for heading, total, lines in (
            ("Fixed, a month", self.fixed_total, self.fixed),
            ("Usage, for a million events", self.usage_total, self.usage),
        ):
            if lines:
                yield f"{heading}: {_move(*total)}", lines

    @property
    def remarks(self) -> Iterator[str]:
        """What is in no total, and what was assumed."""
        if self.warning:
            yield f"Warning: {self.warning}"
        yield from (f"No price: {one}" for one in self.unpriced)
        yield from self.assumed

    def as_json(self) -> dict[str, Any]:
        if self.trouble:
            return {"trouble": self.trouble}
        return {
            "events_a_month": self.events,
            "a_month": _both(self.before, self.after),
            "fixed_a_month": {**_both(*self.fixed_total), "lines": [_line(one) for one in self.fixed]},
            "usage_a_million_events": {**_both(*self.usage_total), "lines": [_line(one) for one in self.usage]},
            "no_price": list(self.unpriced),
            "assumed": list(self.assumed),
            "warning": self.warning,
        }


def line_words(line: CostLine) -> str:
    return f"{line.what}: {_move(line.before, line.after)}; {line.how}"


def dollars(amount: float) -> str:
    """Cents; four decimals below one cent, since a million events may cost as little."""
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    if 0 < size < 0.00005:
        return f"{sign}under $0.0001"
    return f"{sign}${size:,.4f}" if 0 < size < 0.01 else f"{sign}${size:,.2f}"


def _move(before: float, after: float) -> str:
    difference = after - before
    return f"{dollars(before)} → {dollars(after)} ({'+' if difference > 0 else ''}{dollars(difference)})"


def _both(before: float, after: float) -> dict[str, float]:
    return {"before": round(before, 6), "after": round(after, 6), "difference": round(after - before, 6)}


def _line(line: CostLine) -> dict[str, Any]:
    return {"address": line.address, "what": line.what, **_both(line.before, line.after), "how": line.how}
