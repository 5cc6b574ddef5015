"""Differences of policies, statement by statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from .policy import ParsedStatement, is_covered


@dataclass(frozen=True)
class StatementDifference:
    """One changed statement: its gains and losses as texts, and whether it allows more."""

    sid: str
    effect: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    # More is allowed than before: an Allow that covers more, or a Deny that covers less.
    wider: bool
    before: ParsedStatement | None
    after: ParsedStatement | None


def compare_policies(
    before: Sequence[ParsedStatement],
    after: Sequence[ParsedStatement],
    *,
    elsewhere_before: Sequence[ParsedStatement] = (),
    elsewhere_after: Sequence[ParsedStatement] = (),
) -> list[StatementDifference]:
    """The changed statements. `elsewhere` are the other policies of the same role: statements that only move between
    them allow nothing more.
    """
    allowed_before = [*before, *elsewhere_before]
    denied_after = [*after, *elsewhere_after]
    found = []
    for old, new in _pairs(before, after):
        if old == new:
            continue
        wider = bool(new and new.allows and not is_covered(new, allowed_before))
        wider = wider or bool(old and not old.allows and not is_covered(old, denied_after))
        gained, lost = _parts(old, new), _parts(new, old)
        one = new or old
        if one is not None and (gained or lost):
            found.append(StatementDifference(one.sid, one.effect, tuple(gained), tuple(lost), wider, old, new))
    return found


def _pairs(
    before: Sequence[ParsedStatement], after: Sequence[ParsedStatement]
) -> list[tuple[ParsedStatement | None, ParsedStatement | None]]:
    """Matches old and new statements: equal ones first, then by Sid and effect, then by similarity."""
    old, new = list(before), list(after)
    for one in before:
        if one in new:
            new.remove(one)
            old.remove(one)
    pairs: list[tuple[ParsedStatement | None, ParsedStatement | None]] = []
    for one in list(new):
        twin = next((other for other in old if other.effect == one.effect and other.sid and other.sid == one.sid), None)
        twin = twin or next((other for other in old if other.effect == one.effect and _alike(other, one)), None)
        if twin:
            old.remove(twin)
        pairs.append((twin, one))
    return [*pairs, *((one, None) for one in old)]


def _alike(one: ParsedStatement, other: ParsedStatement) -> bool:
    if one.sid and other.sid:
        return False
    return bool(one.actions & other.actions or one.resources & other.resources) and one.principals == other.principals


def _parts(before: ParsedStatement | None, after: ParsedStatement | None) -> list[str]:
    """The values of `after` that `before` does not have."""
    if after is None:
        return []
    if before is None:
        return [describe(after)]
    texts = []
    for part, kind in (("actions", "action"), ("resources", "resource"), ("principals", "principal")):
        more = getattr(after, part) - getattr(before, part)
        excluded = "except " if part in after.everything_but else ""
        texts += [f"{excluded}{kind} {one}" for one in sorted(more)]
        if (part in after.everything_but) and part not in before.everything_but:
            texts.append(f"everything except the {part} named")
    return texts + [f"condition {describe_condition(one)}" for one in sorted(after.conditions - before.conditions)]


def describe(statement: ParsedStatement) -> str:
    """The statement as one line: actions on resources for principals under conditions."""

    def listed(part: str) -> str:
        values = ", ".join(sorted(getattr(statement, part)))
        return f"everything except {values}" if part in statement.everything_but else values

    text = listed("actions")
    if statement.resources:
        text += f" on {listed('resources')}"
    if statement.principals:
        people = "anybody" if statement.principals == {"*"} else listed("principals")
        text += f" for {people}"
    if statement.conditions:
        text += " where " + " and ".join(describe_condition(one) for one in sorted(statement.conditions))
    return text


def describe_condition(condition: tuple[str, str, frozenset[str]]) -> str:
    test, key, values = condition
    return f"{key} {test} {', '.join(sorted(values))}"
