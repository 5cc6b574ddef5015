"""One review: what every face shows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

from .cost.model import Cost
from .values import Difference


class Danger(Enum):
    """Why a change needs somebody's explicit yes. In order: what cannot be undone comes first."""

    DATA_LOSS = "Data is lost"
    UNREADABLE = "Data becomes unreadable"
    PUBLIC = "Open to anybody"
    AUTHORIZATION = "Authorization opened"
    ENCRYPTION = "Encryption lost"
    ACCESS = "Wider access"
    ACTION = "Something is run"
    EVENTS_LOST = "Events are lost"
    EVENTS_STOP = "Events stop"
    EVENTS_TWICE = "Events come twice"
    EVENTS_WAIT = "Events wait longer"
    EVENTS_CHANGE = "Events change"
    CALLERS = "Callers lose something"
    PROTECTION = "Protection removed"
    ALARM = "Alarm removed"
    OBSERVATION = "No longer observed"
    RETENTION = "Kept for less time"
    KEY = "Encryption key changed"
    THROTTLE = "Limit removed"
    COST = "Costs more"
    CHECK = "Check failed"
    UNCLEAR = "Cannot be judged"

    @property
    def rank(self) -> int:
        return RANKS[self]


RANKS = {danger: position for position, danger in enumerate(Danger)}

# What a change does to events, to callers and to observation: the delivery verdict.
DELIVERY = (
    Danger.EVENTS_LOST,
    Danger.EVENTS_STOP,
    Danger.EVENTS_TWICE,
    Danger.EVENTS_WAIT,
    Danger.EVENTS_CHANGE,
    Danger.CALLERS,
    Danger.ALARM,
    Danger.OBSERVATION,
)


class Level(Enum):
    """How much a finding demands; other than dangerous by the project's own rules. The strictest comes first."""

    RAISED = "raised"
    DANGEROUS = "dangerous"
    LOWERED = "lowered"
    SILENCED = "silenced"

    @property
    def is_dangerous(self) -> bool:
        """Whether it needs somebody's yes; raised, nobody's yes is enough."""
        return self in (Level.RAISED, Level.DANGEROUS)


@dataclass(frozen=True)
class Finding:
    """One danger of one change: what happens, and what that means."""

    danger: Danger
    what: str
    means: str
    level: Level = Level.DANGEROUS
    # Why the project gave it another level.
    reason: str = ""
    # The project's own rule that it comes from; empty: Sluice's.
    rule: str = ""
    # A rule of the project failed.
    failed_rule: bool = False

    @property
    def origin(self) -> str:
        """What the project's rules have to do with it; empty where they have nothing."""
        parts = [f"found by the project's rule {self.rule}"] if self.rule else []
        if self.level is not Level.DANGEROUS:
            parts.append(f"{self.level.value} by the project: {self.reason}")
        if self.level is Level.RAISED:
            parts.append("it cannot be acknowledged")
        return "; ".join(parts)


@dataclass(frozen=True)
class PolicyLine:
    """One line of a policy comparison: `+` what becomes possible, `-` what no longer is, ` ` which statement."""

    sign: str
    text: str
    # Whether this line lets more in: what an Allow gains, or a Deny loses.
    wider: bool = False


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    address: str
    type: str
    verb: str
    subject: str
    headline: str
    construct: str
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()
    policy: tuple[PolicyLine, ...] = ()
    # How many differences are only repeats, or values that AWS gives after apply.
    folded: int = 0
    # False: no module class makes this type; it is shown by its attributes.
    known: bool = True
    notes: tuple[str, ...] = ()
    # Findings that the project lowered or silenced: shown, and nobody has to acknowledge them.
    noted: tuple[Finding, ...] = ()

    @property
    def is_raised(self) -> bool:
        """Whether the project's rules let nobody acknowledge it."""
        return any(one.level is Level.RAISED for one in self.findings)

    @property
    def rank(self) -> tuple[int, int, str]:
        worst = min((one.danger.rank for one in self.findings), default=len(Danger))
        return worst, VERBS.get(self.verb, 0), self.address


# In the order in which they matter to a reader.
VERBS = {"delete": 0, "replace": 1, "forget": 2, "update": 3, "create": 4, "read": 5, "unchanged": 6}


@dataclass(frozen=True)
class Group:
    """The changes of one outermost construct; `key` is its id."""

    key: str
    label: str
    changes: tuple[Change, ...]

    @cached_property
    def plainly_created(self) -> tuple[Change, ...]:
        """What is new and nothing else: told in one line where there is much of it."""
        quiet = tuple(
            one
            for one in self.changes
            if one.verb == "create" and one.known and not (one.findings or one.notes or one.noted)
        )
        return quiet if len(quiet) > 1 else ()

    @cached_property
    def told(self) -> tuple[Change, ...]:
        """The changes that are told one by one."""
        quiet = {one.address for one in self.plainly_created}
        return tuple(one for one in self.changes if one.address not in quiet)

    @property
    def creation(self) -> str:
        """That one line: "created, with bucket policy, versioning, alarm Errors"."""
        parts = [one.headline.removesuffix(" added").removesuffix(" turned on") for one in self.plainly_created]
        named = list(dict.fromkeys(part for part in parts if part != "created"))
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        return f"created, with {', '.join(named[:MOST_NAMED])}{more}" if named else f"{len(parts)} created"


MOST_NAMED = 12


@dataclass(frozen=True)
class Counts:
    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    forget: int = 0
    other: int = 0
    unchanged: int = 0

    @property
    def changes(self) -> int:
        return self.create + self.update + self.replace + self.delete + self.forget + self.other

    def words(self) -> str:
        parts = {
            "to create": self.create,
            "to change": self.update,
            "to replace": self.replace,
            "to destroy": self.delete,
            "no longer managed": self.forget,
            "not understood": self.other,
        }
        return ", ".join(f"{number} {text}" for text, number in parts.items() if number) or "no changes"


@dataclass(frozen=True)
class Box:
    """One thing of the picture. `group` is the outermost construct, where its changes are told."""

    id: str
    kind: str
    title: str
    subtitle: str
    group: str = ""
    notes: tuple[str, ...] = ()
    # What happens to it and to all that belongs to it; empty: nothing.
    verb: str = ""
    changes: int = 0
    danger: Danger | None = None


@dataclass(frozen=True)
class Arrow:
    """`kind`: data (something flows), permission (something is allowed), key (something is encrypted with)."""

    source: str
    target: str
    kind: str
    label: str = ""
    changed: bool = False
    danger: bool = False
    # The plan takes it away.
    removed: bool = False
    # What the plan does to what flows here: "events stop".
    effect: str = ""

    @property
    def text(self) -> str:
        """What is written on it; what matters most comes first."""
        return ": ".join(filter(None, [self.effect or ("removed" if self.removed else ""), self.label]))


@dataclass(frozen=True)
class Picture:
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    left_out: int = 0


@dataclass(frozen=True)
class StackReview:
    """The review of one stack."""

    name: str
    counts: Counts
    groups: tuple[Group, ...]
    # Only repeats differ: tags of the provider, values known after apply. One line each.
    folded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outputs: tuple[Difference, ...] = ()
    acknowledged: frozenset[str] = field(default_factory=frozenset)
    # The architecture picture, not laid out yet.
    picture: Picture | None = None
    # What the change costs; none where nothing changes that has a price.
    cost: Cost | None = None

    @property
    def changes(self) -> Iterator[Change]:
        for group in self.groups:
            yield from group.changes

    @cached_property
    def dangers(self) -> list[Change]:
        """The dangerous changes, worst first."""
        return sorted((one for one in self.changes if one.findings), key=lambda one: one.rank)

    @cached_property
    def unacknowledged(self) -> list[Change]:
        return [one for one in self.dangers if one.is_raised or one.address not in self.acknowledged]

    @cached_property
    def noted(self) -> list[tuple[Change, Finding]]:
        """What the project lowered or silenced, each with its change."""
        every = [(change, finding) for change in self.changes for finding in change.noted]
        return sorted(every, key=lambda one: (one[1].level.value, one[1].danger.rank, one[0].address))

    @cached_property
    def delivery(self) -> tuple[tuple[Danger, str], ...]:
        """What happens to events, callers and observation: each with what it happens to."""
        found: dict[Danger, dict[str, None]] = {}
        for change in self.changes:
            for finding in (*change.findings, *change.noted):
                if finding.danger in DELIVERY and finding.level is not Level.SILENCED:
                    found.setdefault(finding.danger, {}).setdefault(change.subject)
        return tuple((danger, _listed(list(found[danger]))) for danger in DELIVERY if danger in found)

    def acknowledging(self, addresses: Iterable[str]) -> "StackReview":
        return replace(self, acknowledged=frozenset(addresses))

    def at_load(self, events: int) -> "StackReview":
        """With what the change costs at this many events a month."""
        return replace(self, cost=self.cost.at(events)) if self.cost else self

    def summary(self) -> str:
        """The one line of this stack."""
        dangers = len(self.dangers)
        noted = f"; {len(self.noted)} lowered or silenced by the project's rules" if self.noted else ""
        if not dangers:
            return f"{self.name}: {self.counts.words()}{noted}"
        still = len(self.unacknowledged)
        state = "all acknowledged" if not still else f"{still} not acknowledged"
        return f"{self.name}: {self.counts.words()}; {dangers} dangerous, {state}{noted}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
