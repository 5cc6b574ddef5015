"""The ledger of a run: what was sent, what resulted from it, and the discrepancies. Makes no AWS calls."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.table import Table

# The expected result of poison.
KEPT, REFUSED, REJECTED = "kept", "refused", "rejected"


class Discrepancy(NamedTuple):
    """An input whose results are not as expected. `lost` and `doubled` say how it is counted, if at all."""

    system: str
    kind: str
    input: str
    text: str


@dataclass
class StoredResults:
    """What AWS holds at one moment: rows, rejects and events in the failure queue by input, the latter with reasons."""

    rows: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    messages: int = 0  # in the failure queue; several may be of one input


@dataclass
class Book:
    """The ledger of one system. Inputs are named by readable texts: a key, a version, a product."""

    system: str
    # The number of rows that each valid input has to become, and the expected result of each poison.
    valid: Counter[str] = field(default_factory=Counter)
    poison: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    out_of_order: int = 0
    # The sender's view of requests: the last status, and which were refused under a fault and sent again.
    answers: dict[str, int] = field(default_factory=dict)
    sent_again: set[str] = field(default_factory=set)
    # Valid inputs that have to be notified once; the notifications; and the number of repeats that a fault explains: it
    # struck after the topic accepted the message and before the row was marked. The two share no transaction.
    to_notify: set[str] = field(default_factory=set)
    notifications: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    # After the faults had ended and everything was processed, and after the replay of the failure queue.
    before: StoredResults = field(default_factory=StoredResults)
    after: StoredResults = field(default_factory=StoredResults)
    faults: Counter[str] = field(default_factory=Counter)

    def missing(self, found: StoredResults) -> list[str]:
        """Valid inputs without a row, without an event in the failure queue, and not refused to their sender."""
        refused = {one for one, status in self.answers.items() if status // 100 != 2} | self.sent_again
        return sorted(set(self.valid - found.rows - found.kept) - refused)

    def problems(self) -> list[Discrepancy]:
        """All discrepancies; empty if the ledger balances."""
        return [
            *self._accounted_for(),
            *self._rows(),
            *self._poison(),
            *self._notifications(),
        ]

    def _accounted_for(self) -> Iterable[Discrepancy]:
        """Before the replay every valid input is a row, an event in the failure queue with its reason, or was not
        accepted.
        """
        for one in self.missing(self.before):
            yield self._lost(one, "neither a row nor a kept failure nor refused, before the replay")
        for one in sorted(one for one in self.before.kept if not self.before.reasons.get(one)):
            yield Discrepancy(self.system, "unexplained", one, "kept without a reason")

    def _rows(self) -> Iterable[Discrepancy]:
        """After the replay every valid input is exactly one row."""
        for one, missing in sorted((self.valid - self.after.rows).items()):
            yield self._lost(one, f"no row after the replay ({missing} missing)")
        for one, more in sorted((self.after.rows - self.valid).items()):
            if one in self.valid:
                yield Discrepancy(self.system, "doubled", one, f"{more} more rows than it may have")
            else:
                yield Discrepancy(self.system, "unexpected", one, "a row of something that is no valid input")
        for one in sorted(set(self.after.kept) & set(self.valid)):
            yield Discrepancy(self.system, "kept", one, f"still kept after the replay: {self.after.reasons.get(one)}")

    def _poison(self) -> Iterable[Discrepancy]:
        there: Mapping[str, Iterable[str]] = {
            KEPT: {one for one in self.after.kept if self.after.reasons.get(one)},
            REFUSED: {one for one, status in self.answers.items() if 400 <= status < 500},
            REJECTED: set(self.after.rejects),
        }
        for one, fate in sorted(self.poison.items()):
            if one not in there[fate]:
                yield self._lost(one, f"poison that was not {fate} with a reason")
        for one, count in sorted(self.after.rejects.items()):
            if count > 1 or self.poison.get(one) != REJECTED:
                yield Discrepancy(self.system, "doubled" if count > 1 else "unexpected", one, f"{count} rejects of it")

    def _notifications(self) -> Iterable[Discrepancy]:
        for one in sorted(self.to_notify - set(self.notifications)):
            yield self._lost(one, "its notification never came")
        for one, count in sorted(self.notifications.items()):
            if one not in self.to_notify:
                yield Discrepancy(self.system, "unexpected", one, "notified, and nobody should hear of it")
            elif count - 1 > self.explained[one]:
                yield Discrepancy(
                    self.system, "doubled", one, f"notified {count} times, {self.explained[one]} explained"
                )

    def _lost(self, one: str, text: str) -> Discrepancy:
        return Discrepancy(self.system, "lost", one, text)


def table(books: Iterable[Book]) -> Table:
    """The ledger with a column for each system. Counts are of inputs unless the row's name says otherwise."""
    books = list(books)
    made = _headed("Ledger", "count", books)
    counts = [_counts(book) for book in books]
    for name in counts[0] if counts else ():
        made.add_row(name, *(str(one[name]) for one in counts))
    return made


def _counts(book: Book) -> dict[str, int]:
    problems = Counter(problem.kind for problem in book.problems())
    return {
        "inputs": book.valid.total() + len(book.poison),
        "poison": len(book.poison),
        "duplicates sent": book.duplicates,
        "out of order": book.out_of_order,
        "refused": sum(fate == REFUSED and 400 <= book.answers.get(one, 0) < 500 for one, fate in book.poison.items()),
        "sent again": len(book.sent_again),
        "rows before": book.before.rows.total(),
        "kept before": book.before.kept.total(),
        "rows": book.after.rows.total(),
        "kept": book.after.kept.total(),
        "rejects": book.after.rejects.total(),
        "notified": book.notifications.total(),
        "repeats explained": sum(min(count - 1, book.explained[one]) for one, count in book.notifications.items()),
        "lost": problems["lost"],
        "doubled": problems["doubled"],
    }


def _headed(title: str, first: str, books: Iterable[Book]) -> Table:
    made = Table(title=title, title_justify="left")
    made.add_column(first, no_wrap=True)
    for book in books:
        made.add_column(book.system.replace("-", " "), justify="right")
    return made


def fault_table(books: Iterable[Book], faults: Iterable[str]) -> Table:
    """The number of calls that each kind of fault affected."""
    books = list(books)
    made = _headed("Faults that struck, in calls", "fault", books)
    made.add_column("all", justify="right")
    for fault in faults:
        struck = [book.faults[fault] for book in books]
        made.add_row(fault, *map(str, struck), str(sum(struck)))
    return made
