"""One change with everything that is needed to judge it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..classification import Classification, TypeRules
from ..hidden import revealed
from ..model import Danger, Finding
from ..plan import ResourceChange
from ..policies import PolicyComparison
from ..policy_difference import StatementDifference
from ..values import Difference
from .context import PlanContext
from .meanings import meaning

ON = (True, "true", "Enabled", "ENABLED", "Active", "ACTIVE", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


@dataclass(frozen=True)
class Case:
    change: ResourceChange
    # None: nobody classified the type.
    rules: TypeRules | None
    # What to call the resource: "the Objects bucket".
    subject: str
    context: PlanContext
    # What to call that which it belongs to.
    owner: str = ""
    differences: Sequence[Difference] = ()
    policies: Sequence[StatementDifference] = ()
    # The same policies, each with all its statements.
    policies_whole: Sequence[PolicyComparison] = ()
    # A policy is known only after apply, and cannot be worked out from the configuration.
    policy_unclear: bool = False
    # A policy is sensitive: it is judged, and its statements are not shown.
    policy_hidden: bool = False
    # What it belongs to is destroyed by the same plan: that is called out, its parts are not.
    owner_destroyed: bool = False
    # The role or resource that a policy belongs to is made by the same plan.
    new_owner: bool = False
    # How many subscriptions of the stack's own a topic has.
    subscriptions: int = 0

    @property
    def type(self) -> str:
        return self.change.type

    @property
    def verb(self) -> str:
        return self.change.verb

    @property
    def is_new(self) -> bool:
        return self.verb in ("create", "create beside") and not self.change.before

    @property
    def gone(self) -> bool:
        """Removed and not made again. Parts of what is destroyed do not count."""
        return self.verb == "delete" and not self.owner_destroyed

    @property
    def stays(self) -> bool:
        """Whether it was there and stays, or is made again."""
        return self.verb not in ("create", "delete", "read", "unchanged", "forget")

    @property
    def before(self) -> Mapping[str, Any]:
        """The values it has, for judging."""
        found: Mapping[str, Any] = revealed(self.change.before or {})
        return found

    @property
    def after(self) -> Mapping[str, Any]:
        """The values it will have, for judging."""
        found: Mapping[str, Any] = revealed(self.change.after or {})
        return found

    def is_unknown(self, name: str) -> bool:
        return isinstance(self.change.unknown, dict) and bool(self.change.unknown.get(name))

    def finding(self, danger: Danger | None, what: str, means: str = "", *, argument: str = "") -> Finding:
        """A danger of this resource; what it means is looked up where it is not given."""
        kind = danger or Danger.UNCLEAR
        return Finding(kind, f"{self.subject}: {what}", means or meaning(kind, self.type, argument))


@dataclass(frozen=True)
class Touched:
    """The arguments of a case that one judge judges together, and those of them that differ."""

    case: Case
    rule: Classification
    differences: Sequence[Difference]

    @property
    def danger(self) -> Danger:
        return self.rule.danger or Danger.UNCLEAR

    def difference(self, name: str) -> Difference | None:
        return next((one for one in self.differences if one.name == name), None)

    def findings(
        self, what: str, means: str = "", *, danger: Danger | None = None, argument: str = ""
    ) -> Iterator[Finding]:
        yield self.case.finding(danger or self.danger, what, means, argument=argument or self._argument)

    @property
    def _argument(self) -> str:
        return self.differences[0].name if self.differences else ""


def is_on(value: Any) -> bool:
    return any(value is one or (isinstance(value, str) and value == one) for one in ON)


def number(value: Any, default: str = "") -> float | None:
    """A number that may be written as text; the default where there is none. None: no number."""
    value = revealed(value)
    if value is None or value == "":
        value = default
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def blocks(value: Any) -> list[Mapping[str, Any]]:
    """The blocks of an argument, which may be one, a list, or nothing."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def table(value: Any) -> Mapping[str, Any]:
    """A map; empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def texts(value: Any) -> set[str]:
    if isinstance(value, list):
        return {one for one in value if isinstance(one, str)}
    return {value} if isinstance(value, str) and value else set()
