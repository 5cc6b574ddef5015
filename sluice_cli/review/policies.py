"""The policies of a plan's resources, before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .classification import classified
from .hidden import Hidden, revealed
from .plan import Plan, ResourceChange
from .policy import ParsedStatement, PolicyError, read_policy
from .policy_difference import StatementDifference, compare_policies
from .resolving import Resolver
from .values import is_policy

# Attributes with policies in unclassified types; any other text that parses as a policy is compared too.
ATTRIBUTES = ("policy", "assume_role_policy", "access_policy", "resource_policy", "repository_policy")
NESTED = "inline_policy"


@dataclass(frozen=True)
class PolicyComparison:
    statements: tuple[StatementDifference, ...]
    # All statements of the policy.
    before: tuple[ParsedStatement, ...] = ()
    after: tuple[ParsedStatement, ...] = ()
    # It is known only after apply and cannot be derived from the configuration, or it is invalid.
    unclear: bool = False
    # Terraform marks it as sensitive: it is judged, but not shown.
    hidden: bool = False


class PolicyReview:
    def __init__(self, plan: Plan, resolver: Resolver) -> None:
        self._resolver = resolver
        # A role's inline policies count together: a permission may move from one to another.
        self._of_role: dict[str, list[ResourceChange]] = {}
        for one in plan.changes:
            if one.type == "aws_iam_role_policy" and one.mode == "managed":
                self._of_role.setdefault(_role(one), []).append(one)

    def compare(self, change: ResourceChange) -> list[PolicyComparison]:
        """One comparison for each policy of a resource that changes."""
        if change.verb in ("unchanged", "read") or change.mode != "managed" or change.deposed:
            return []
        siblings = [one for one in self._of_role.get(_role(change), []) if one is not change]
        found = [self._compare(change, attribute, siblings) for attribute in self._attributes(change)]
        return [*found, *_nested(change, self._granted_to(change))]

    def _granted_to(self, change: ResourceChange) -> list[ParsedStatement]:
        """Permissions from policies that are resources of their own: the provider repeats them in the role."""
        names = {str(revealed((values or {}).get("name"))) for values in (change.before, change.after) if values}
        siblings = [one for name in names for one in self._of_role.get(name, [])]
        return [
            one
            for other in siblings
            for one in (*(self._before(other, "policy") or ()), *(self._after(other, "policy") or ()))
        ]

    def _compare(self, change: ResourceChange, attribute: str, siblings: list[ResourceChange]) -> PolicyComparison:
        hidden = any(isinstance((values or {}).get(attribute), Hidden) for values in (change.before, change.after))
        before, after = self._before(change, attribute), self._after(change, attribute)
        if after is None or before is None:
            return PolicyComparison((), unclear=after is None or change.verb != "delete", hidden=hidden)
        others = siblings if change.type == "aws_iam_role_policy" else []
        statements = compare_policies(
            before,
            after,
            elsewhere_before=[one for other in others for one in self._before(other, attribute) or ()],
            elsewhere_after=[one for other in others for one in self._after(other, attribute) or ()],
        )
        return PolicyComparison(tuple(statements), before, after, hidden=hidden)

    def _attributes(self, change: ResourceChange) -> list[str]:
        rules = classified().get(change.type)
        if rules and not rules.partial:
            written = [name for name, rule in rules.arguments.items() if rule.direction == "policy" and "." not in name]
            return [name for name in written if self._is_set(change, name)]
        found = [name for name in ATTRIBUTES if self._is_set(change, name)]
        for values in (change.before, change.after):
            found += [name for name, value in (values or {}).items() if is_policy(revealed(value))]
        return list(dict.fromkeys(found))

    def _is_set(self, change: ResourceChange, name: str) -> bool:
        if any((values or {}).get(name) for values in (change.before, change.after)):
            return True
        # AWS gives some resources a default policy; it is known after apply and not a change.
        unknown: Mapping[str, Any] = change.unknown if isinstance(change.unknown, dict) else {}
        return unknown.get(name) is True and self._resolver.writes(change.address, name)

    def _before(self, change: ResourceChange, attribute: str) -> tuple[ParsedStatement, ...] | None:
        return _read((change.before or {}).get(attribute))

    def _after(self, change: ResourceChange, attribute: str) -> tuple[ParsedStatement, ...] | None:
        if change.verb in ("delete", "forget"):
            return ()
        known = revealed((change.after or {}).get(attribute))
        if isinstance(known, str):
            return _read(known)
        unknown = isinstance(change.unknown, dict) and change.unknown.get(attribute) is True
        if not unknown:
            return ()
        if not self._resolver.writes(change.address, attribute):
            return self._before(change, attribute)
        return self._resolver.policy(change.address, attribute)


def _nested(change: ResourceChange, granted: list[ParsedStatement]) -> Iterator[PolicyComparison]:
    """A role's inline policies in nested blocks. `granted` is what other resources give it."""
    sides = [dict(_blocks(values)) for values in (change.before, change.after)]
    if isinstance(change.unknown, dict) and change.unknown.get(NESTED) and change.verb != "delete":
        if change.unknown[NESTED] is True and sides[0]:
            yield PolicyComparison((), unclear=True)
        if isinstance(change.unknown[NESTED], list) and any(
            isinstance(one, Mapping) and one.get("policy") for one in change.unknown[NESTED]
        ):
            yield PolicyComparison((), unclear=True)
    if change.verb in ("delete", "forget"):
        return
    before = [*granted, *(one for text in sides[0].values() for one in _read(text) or ())]
    for name in {**sides[0], **sides[1]}:
        texts = [side.get(name) for side in sides]
        statements = [_read(text) for text in texts]
        hidden = any(isinstance(text, Hidden) for text in texts)
        if statements[1] is None:
            yield PolicyComparison((), unclear=True, hidden=hidden)
        elif texts[0] != texts[1]:
            compared = compare_policies(statements[0] or (), statements[1], elsewhere_before=before)
            yield PolicyComparison(tuple(compared), hidden=hidden)


def _blocks(values: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    listed = (values or {}).get(NESTED)
    if isinstance(listed, Hidden):
        listed = [{key: Hidden(value) for key, value in one.items()} for one in revealed(listed) or []]
    for position, one in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(one, Mapping) and one.get("policy"):
            yield str(revealed(one.get("name")) or position), one["policy"]


def _read(text: Any) -> tuple[ParsedStatement, ...] | None:
    """The statements; None if it is not a policy."""
    text = revealed(text)
    if not isinstance(text, str) or not text:
        return ()
    try:
        return read_policy(text)
    except PolicyError:
        return None


def _role(change: ResourceChange) -> str:
    values = [revealed((side or {}).get("role")) for side in (change.before, change.after)]
    return str(values[0] or values[1] or change.address)
