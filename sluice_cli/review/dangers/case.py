"""One change with everything that is needed to judge it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plan import ResourceChange
from ..policy_difference import StatementDifference
from ..values import Difference
from ..words import Kind


@dataclass(frozen=True)
class Case:
    change: ResourceChange
    kind: Kind | None
    # What to call the resource: "the Objects bucket".
    subject: str
    # What to call that which it belongs to.
    owner: str = ""
    differences: Sequence[Difference] = ()
    policies: Sequence[StatementDifference] = ()
    # A policy is known only after apply, and cannot be worked out from the configuration.
    policy_unclear: bool = False
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
    def gone(self) -> bool:
        """Removed and not made again. Parts of what is destroyed do not count."""
        return self.change.verb == "delete" and not self.owner_destroyed

    @property
    def values(self) -> Mapping[str, Any]:
        """The values it will have."""
        return self.change.after or {}

    @property
    def judged(self) -> Iterator[Difference]:
        """The differences of something that was there and stays, or is made again."""
        if self.change.verb not in ("create", "delete", "read", "unchanged"):
            yield from self.differences

    def difference(self, name: str) -> Difference | None:
        return next((one for one in self.judged if one.name == name), None)


def turned_off(one: Difference) -> bool:
    return one.before in (True, "true", "Enabled", "ENABLED") and not one.unknown and not one.sensitive


def turned_on(one: Difference) -> bool:
    return one.after in (True, "true") and one.before not in (True, "true")


def numbers(one: Difference) -> tuple[float, float] | None:
    try:
        return (float(one.before), float(one.after)) if not one.unknown else None
    except (TypeError, ValueError):
        return None
