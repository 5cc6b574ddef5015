"""Finds stacks that manage resources which the deployment of another stack may have changed.

Two stacks may configure the same thing: each has a notification of one bucket, or one attaches a policy to the other's
role by its name. The second apply changes what the first has in its state, although none of the first stack's files do.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_cli.stack import Stack

State = Mapping[str, Any]
IDENTITIES = ("id", "arn")
# ARNs, URLs and ids that AWS makes name one resource of all; other values are names within a service.
UNIQUE = re.compile(r"arn:|\w+://|.*[0-9a-f]{8}$")


@dataclass(frozen=True)
class ManagedValues:
    """The identities of a stack's AWS resources, and all values of their attributes, which may name other resources.

    Values inside of documents and nested blocks are left out: they grant or use something, and do not configure it.
    """

    identities: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    @classmethod
    def of(cls, state: State) -> "ManagedValues":
        attributes = [
            (str(resource["type"]).split("_")[1], instance.get("attributes") or {})
            for resource in state.get("resources", [])
            if resource.get("mode") == "managed" and str(resource.get("type")).startswith("aws_")
            for instance in resource.get("instances", [])
        ]
        return cls(
            frozenset(_named((service, one.get(name)) for service, one in attributes for name in IDENTITIES)),
            frozenset(_named((service, value) for service, one in attributes for value in one.values())),
        )

    def __or__(self, other: "ManagedValues") -> "ManagedValues":
        return ManagedValues(self.identities | other.identities, self.values | other.values)

    def overlaps(self, other: "ManagedValues") -> bool:
        """Whether a resource of one side configures a resource of the other, or the same thing as it."""
        return bool(self.identities & other.values or other.identities & self.values)


class Overlaps:
    """The applies of one deployment, and the stacks whose plans did not see them."""

    def __init__(self, state_of: Callable[[Stack], State]) -> None:
        self._state_of = state_of
        self._lock = threading.Lock()
        self._applied: list[tuple[str, ManagedValues]] = []
        # By stack, the number of applies that had ended when its plan began.
        self._seen: dict[str, int] = {}
        # By stack, what it managed then: the apply may delete it.
        self._before: dict[str, ManagedValues] = {}

    def begin_plan(self, stack: Stack) -> None:
        before = self.values(stack)
        with self._lock:
            self._seen[stack.name] = len(self._applied)
            self._before[stack.name] = before

    def values(self, stack: Stack) -> ManagedValues:
        return ManagedValues.of(self._state_of(stack))

    def end_apply(self, stack: Stack) -> None:
        values = self._before[stack.name] | self.values(stack)
        with self._lock:
            self._applied.append((stack.name, values))

    def affected(self, stacks: Sequence[Stack]) -> list[tuple[Stack, str]]:
        """Those of the stacks that were not planned since an apply that may have changed their resources, each with the
        name of the stack that was applied."""
        found = []
        for stack in stacks:
            unseen = [
                (name, values) for name, values in self._applied[self._seen.get(stack.name, 0) :] if name != stack.name
            ]
            own = self.values(stack) if unseen else ManagedValues()
            changed_by = next((name for name, values in unseen if values.overlaps(own)), None)
            if changed_by:
                found.append((stack, changed_by))
        return found


def _named(values: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The texts among values of resources, each with its service unless it is unique: a table and a function may have
    the same name."""
    for service, value in values:
        if isinstance(value, str) and value:
            yield value if UNIQUE.match(value) else f"{service} {value}"
