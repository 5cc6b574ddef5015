"""A project's own rules for the review: what `review_rules.py` beside `cdktf.json` imports.

    from sluice_cli.review.rules import Danger, Finding, PlannedChange, rule, silence

    @rule
    def memory_is_bounded(change: PlannedChange) -> Finding | None:
        if change.type == "aws_lambda_function" and change.after.get("memory_size", 128) > 2048:
            return change.finding(Danger.COST, "more than 2048 MB", "Our budget allows 2048 MB a function.")
        return None

    silence(Danger.EVENTS_WAIT, construct="Reports/*", reason="reports are read once a day")

docs/review.md has the rest.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from .model import Danger, Finding, Level

__all__ = [
    "Adjustment",
    "Danger",
    "Finding",
    "PlannedChange",
    "Rule",
    "RulesError",
    "lower",
    "raise_",
    "rule",
    "silence",
]


class RulesError(ValueError):
    """The rules cannot be used; the message says what is wrong."""


@dataclass(frozen=True)
class PlannedChange:
    """What Terraform does to one resource, for a rule to judge.

    `before` and `after` are the resource's attributes as the provider names them; empty where there is no resource
    before or after. A value that Terraform marks as sensitive is opaque: as text it is "(sensitive, not shown)".
    """

    stack: str
    address: str
    type: str
    #: "create", "update", "replace", "delete", "forget", "read", or "unchanged" (moved or imported only).
    action: str
    #: The construct path below the stack: "Recorder/Function".
    construct: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    #: Attributes of which only apply says the value; each may be unknown in part.
    unknown: frozenset[str] = frozenset()
    #: What Sluice itself calls dangerous about this change.
    findings: tuple[Finding, ...] = ()
    #: True for a change that somebody made outside Terraform and that this plan leaves as it is.
    drifted: bool = False

    def changes(self, attribute: str) -> bool:
        """Whether an attribute differs before and after, or is known only after apply."""
        return attribute in self.unknown or self.before.get(attribute) != self.after.get(attribute)

    def finding(self, danger: Danger, what: str, means: str) -> Finding:
        """A finding of this change: what happens, and why that matters. The construct is named before it."""
        return Finding(danger, f"{self.construct}: {what}", means)


Rule = Callable[[PlannedChange], Finding | None]


@dataclass(frozen=True)
class Adjustment:
    """Which findings are shown at another level, and why."""

    level: Level
    dangers: tuple[Danger, ...]
    address: str
    construct: str
    reason: str

    def matches(self, finding: Finding, address: str, construct: str) -> bool:
        return (
            finding.danger in self.dangers and _matches(self.address, address) and _matches(self.construct, construct)
        )


Declared = list[Rule | Adjustment]

# The list of the file that is being read. Unit tests import it without one: nothing is collected then.
DECLARED: ContextVar[Declared | None] = ContextVar("declared", default=None)


def rule(function: Rule) -> Rule:
    """Have the review ask this function about every change: it returns a `Finding`, or None."""
    _declare(function)
    return function


def silence(*dangers: Danger, address: str = "*", construct: str = "*", reason: str) -> None:
    """Show findings of these kinds in one line with the reason; they need no acknowledgement.

    `address` is a Terraform address and `construct` a construct path ("Recorder/*"); `*` stands for any text. A change
    made outside Terraform has an address that ends in `.drift`. Raises `ValueError` for an empty reason or pattern.
    """
    _adjust(Level.SILENCED, dangers, address, construct, reason)


def lower(*dangers: Danger, address: str = "*", construct: str = "*", reason: str) -> None:
    """Show findings of these kinds in full, with the reason; they need no acknowledgement. Arguments as `silence`."""
    _adjust(Level.LOWERED, dangers, address, construct, reason)


def raise_(*dangers: Danger, address: str = "*", construct: str = "*", reason: str) -> None:
    """Let nobody acknowledge findings of these kinds: such a plan is not applied. Arguments as `silence`.

    Where several adjustments match a finding, the strictest counts.
    """
    _adjust(Level.RAISED, dangers, address, construct, reason)


def _adjust(level: Level, dangers: tuple[Danger, ...], address: str, construct: str, reason: str) -> None:
    if not dangers or not all(isinstance(one, Danger) for one in dangers):
        raise RulesError("name the kinds of finding, such as Danger.EVENTS_WAIT")
    for name, given in {"address": address, "construct": construct, "reason": reason}.items():
        if not isinstance(given, str) or not given.strip():
            raise RulesError(f"{name}: a text is expected, given {given!r}")
    _declare(Adjustment(level, dangers, address, construct, reason))


def _declare(one: Rule | Adjustment) -> None:
    declared = DECLARED.get()
    if declared is not None:
        declared.append(one)


def _matches(pattern: str, text: str) -> bool:
    # Not fnmatch: addresses have brackets, `aws_x.y["key"]`.
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
