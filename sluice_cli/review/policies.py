"""The policies of a plan's resources, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .plan import Plan, ResourceChange
from .policy import PolicyError, Statement, read_policy
from .policy_difference import StatementDifference, compare_policies
from .resolving import Resolver
from .values import is_policy

# Where a policy stands in a resource; whatever else reads as a policy is compared as one, too.
ATTRIBUTES = ("policy", "assume_role_policy", "access_policy", "resource_policy", "repository_policy")


@dataclass(frozen=True)
class PolicyComparison:
    statements: tuple[StatementDifference, ...]
    # It is known only after apply, and the configuration does not tell it either.
    unclear: bool = False


class Policies:
    def __init__(self, plan: Plan, resolver: Resolver) -> None:
        self._resolver = resolver
        # A role's inline policies count together: a permission may move from one to another.
        self._of_role: dict[str, list[ResourceChange]] = {}
        for one in plan.changes:
            if one.type == "aws_iam_role_policy" and one.mode == "managed":
                self._of_role.setdefault(_role(one), []).append(one)

    def compare(self, change: ResourceChange) -> list[PolicyComparison]:
        """One comparison for each policy of a resource that changes."""
        if change.verb in ("unchanged", "read") or change.mode != "managed":
            return []
        siblings = [one for one in self._of_role.get(_role(change), []) if one is not change]
        found = []
        for attribute in self._attributes(change):
            before = self._before(change, attribute)
            after = self._after(change, attribute)
            if after is None:
                found.append(PolicyComparison((), unclear=True))
                continue
            others = siblings if change.type == "aws_iam_role_policy" else []
            statements = compare_policies(
                before,
                after,
                elsewhere_before=[one for other in others for one in self._before(other, attribute)],
                elsewhere_after=[one for other in others for one in self._after(other, attribute) or ()],
            )
            found.append(PolicyComparison(tuple(statements)))
        return found

    def _attributes(self, change: ResourceChange) -> list[str]:
        unknown: Mapping[str, Any] = change.unknown if isinstance(change.unknown, dict) else {}
        found = [name for name in ATTRIBUTES if unknown.get(name) is True and self._is_written(change, name)]
        for values in (change.before, change.after):
            found += [name for name, value in (values or {}).items() if is_policy(value)]
        return list(dict.fromkeys(found))

    def _is_written(self, change: ResourceChange, name: str) -> bool:
        """AWS gives some resources a policy of its own; that one is known after apply and nobody's change."""
        return bool((change.before or {}).get(name)) or self._resolver.writes(change.address, name)

    def _before(self, change: ResourceChange, attribute: str) -> tuple[Statement, ...]:
        return _read((change.before or {}).get(attribute)) or ()

    def _after(self, change: ResourceChange, attribute: str) -> tuple[Statement, ...] | None:
        if change.verb in ("delete", "forget"):
            return ()
        known = (change.after or {}).get(attribute)
        if isinstance(known, str):
            return _read(known)
        unknown = isinstance(change.unknown, dict) and change.unknown.get(attribute) is True
        return self._resolver.policy(change.address, attribute) if unknown else ()


def _read(text: Any) -> tuple[Statement, ...] | None:
    if not isinstance(text, str) or not text:
        return ()
    try:
        return read_policy(text)
    except PolicyError:
        return None


def _role(change: ResourceChange) -> str:
    return str((change.before or {}).get("role") or (change.after or {}).get("role") or change.address)
