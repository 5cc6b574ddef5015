"""Mutations of a policy statement: every way to remove one element, or to widen it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from .statements import SynthesizedStatement

Item = TypeVar("Item")


@dataclass(frozen=True)
class StatementMutation:
    """One mutation: an element of a statement removed (`without`) or made to match everything (`any`).

    A mutation that narrows has to make a use of the system fail. One that widens has to allow an access that was
    refused.
    """

    statement: SynthesizedStatement
    part: str  # action, resource, principal, condition, value
    index: int
    how: str  # without, any
    value: int = 0  # of an element's condition

    @property
    def narrows(self) -> bool:
        """Whether the mutation allows less than the original."""
        allows = self.statement.effect == "Allow"
        if self.part == "value":
            # A condition with one value less matches fewer callers, if it names allowed callers, and more if it names
            # excluded ones.
            return allows == ("Not" not in self.statement.conditions[self.index].test)
        return allows == (self.how == "without" and self.part in ("action", "resource"))

    def __str__(self) -> str:
        one = self.statement
        condition = one.conditions[self.index] if self.part in ("condition", "value") else None
        what = {
            "action": lambda: one.actions[self.index],
            "resource": lambda: one.resources[self.index],
            "principal": lambda: one.principals[self.index][1],
            "condition": lambda: condition.variable if condition else "",
            "value": lambda: f"{condition.variable} {condition.values[self.value]}" if condition else "",
        }[self.part]()
        return f"without {what}" if self.how == "without" else f"any {self.part} for {what}"

    def applied(self, statement: SynthesizedStatement) -> SynthesizedStatement | None:
        """The mutated statement; None if nothing is left of it. `statement` is this mutation's own, or the same with
        references resolved.
        """

        def without(items: tuple[str, ...]) -> tuple[str, ...]:
            return items[: self.index] + items[self.index + 1 :]

        if self.part == "action":
            left = without(statement.actions)
            return replace(statement, actions=left) if left else None
        if self.part == "resource":
            if self.how == "without":
                return replace(statement, resources=without(statement.resources))
            return replace(statement, resources=_at(statement.resources, self.index, "*"))
        if self.part == "principal":
            return replace(statement, principals=_at(statement.principals, self.index, ("AWS", "*")))
        condition = statement.conditions[self.index]
        rest = statement.conditions[: self.index] + statement.conditions[self.index + 1 :]
        if self.part == "condition":
            return replace(statement, conditions=rest)
        values = condition.values[: self.value] + condition.values[self.value + 1 :]
        return replace(statement, conditions=(*rest, replace(condition, values=values)))


def _at(items: tuple[Item, ...], index: int, item: Item) -> tuple[Item, ...]:
    return (*items[:index], item, *items[index + 1 :])


def changes(statement: SynthesizedStatement) -> Iterator[StatementMutation]:
    """All mutations of a statement. Resources and principals of a Deny statement are not widened: that would only
    refuse more, and a Deny has to apply to everybody.
    """
    allows = statement.effect == "Allow"
    for index in range(len(statement.actions)):
        yield StatementMutation(statement, "action", index, "without")
    for index, resource in enumerate(statement.resources):
        if len(statement.resources) > 1:
            yield StatementMutation(statement, "resource", index, "without")
        if allows and resource != "*":
            yield StatementMutation(statement, "resource", index, "any")
    for index, principal in enumerate(statement.principals):
        if allows and principal[1] != "*":
            yield StatementMutation(statement, "principal", index, "any")
    for index, condition in enumerate(statement.conditions):
        yield StatementMutation(statement, "condition", index, "without")
        if len(condition.values) > 1:
            for value in range(len(condition.values)):
                yield StatementMutation(statement, "value", index, "without", value)
