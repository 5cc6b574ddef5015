"""Proving a running system's statements, each change of each by itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from .changes import Change, changes
from .live import Place, System
from .refusals import refusals
from .stand_ins import Gap, gap_of
from .statements import Statement
from .uses import USES, Failed, Use, Uses

REFUSED = re.compile(r"AccessDenied|AuthorizationError|not authorized|Forbidden|\b403\b|may not be read")


@dataclass(frozen=True)
class Proof:
    """How a change of a statement is noticed: by a run, by the unit test that stands in, or (`problem`) not at all."""

    change: Change
    run: str = ""
    gap: Gap | None = None
    problem: str = ""


class NotSufficient(RuntimeError):
    """A use of the system fails, or an access that must be refused is granted, with the policies as generated."""


def prove(
    place: Place, statements: Sequence[Statement], after_each: Callable[[Proof], None] = lambda _: None
) -> list[Proof]:
    """One proof for each change of each statement. Raises `NotSufficient` where the policies as generated do not let
    the system work, and `NotAsSynthesized` where they are others. Leaves the policies as they were."""
    with System(place) as system:
        uses = USES[place.system](system)
        for use in uses.whole():
            said = _said(use)
            if said:
                raise NotSufficient(f"{place.system}: {use.name}: {said}")
        proofs = []
        for statement in statements:
            system.check(statement)
            for change in changes(statement):
                proofs.append(_prove(system, uses, change))
                after_each(proofs[-1])
    return proofs


def _prove(system: System, uses: Uses, change: Change) -> Proof:
    gap = gap_of(change)
    if gap is not None:
        return Proof(change, gap=gap)
    tried = uses.of(change) if change.narrows else refusals(system, change)
    for one in tried:
        _expect_as_generated(one, change)
    with system.changed(change):
        outcomes = [(one, _said(one)) for one in tried]
    noticed = [one.name for one, said in outcomes if bool(REFUSED.search(said)) == change.narrows]
    if noticed:
        return Proof(change, run=noticed[0])
    tries = "; ".join(f"{one.name}: {said or 'works'}" for one, said in outcomes)
    return Proof(change, problem=f"nobody notices ({tries or 'nothing tries it'})")


def _expect_as_generated(one: Use, change: Change) -> None:
    """Before a change, a use is not refused and a refusal is one: else its outcome would prove nothing."""
    said = _said(one)
    refused = bool(REFUSED.search(said))
    # Calls to a key name nothing else: they are not refused, whatever they then lack.
    works = not said or (change.statement.kind == "aws_kms_key" and not refused)
    if not (works if change.narrows else refused):
        raise NotSufficient(f"{change.statement.name}: as generated, {one.name}: {said or 'is granted'}")


def _said(one: Use) -> str:
    """Nothing where it works; else what went wrong."""
    try:
        one.run()
    except (ClientError, Failed) as error:
        return str(error)
    return ""
