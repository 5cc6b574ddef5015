"""Proving a running system's statements, each change of each by itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from .changes import StatementMutation, changes
from .live import DeployedStack, DeployedSystem
from .refusals import refusals
from .stand_ins import Gap, gap_of
from .statements import SynthesizedStatement
from .uses import Failed, Use, Uses

REFUSED = re.compile(r"AccessDenied|AuthorizationError|not authorized|Forbidden|\b403\b|may not be read")


@dataclass(frozen=True)
class Proof:
    """How a change of a statement is noticed: by a run, by the unit test that stands in, or (`problem`) not at all."""

    change: StatementMutation
    run: str = ""
    gap: Gap | None = None
    problem: str = ""


class NotSufficient(RuntimeError):
    """A use of the system fails, or an access that must be refused is granted, with the policies as generated."""


def prove(
    place: DeployedStack,
    uses: type[Uses],
    statements: Sequence[SynthesizedStatement],
    after_each: Callable[[Proof], None] = lambda _: None,
) -> list[Proof]:
    """One proof for each change of each statement. Raises `NotSufficient` where the policies as generated do not let
    the system work, and `NotAsSynthesized` where they are others. Leaves the policies as they were, and has seen it."""
    with DeployedSystem(place) as system:
        prover = _Prover(system, uses(system))
        prover.expect_sufficient()
        proofs = []
        for statement in statements:
            system.check(statement)
            for change in changes(statement):
                proofs.append(prover.prove(change))
                after_each(proofs[-1])
        for statement in statements:
            system.check(statement)
        prover.expect_sufficient()
    return proofs


class _Prover:
    def __init__(self, system: DeployedSystem, uses: Uses) -> None:
        self._system = system
        self._uses = uses
        self._as_generated: set[tuple[SynthesizedStatement, str]] = set()

    def expect_sufficient(self) -> None:
        for use in self._uses.whole():
            said = _said(use)
            if said:
                raise NotSufficient(f"{self._system.place.system}: {use.name}: {said}")

    def prove(self, change: StatementMutation) -> Proof:
        gap = gap_of(change)
        if gap is not None:
            return Proof(change, gap=gap)
        tried = self._uses.of(change) if change.narrows else refusals(self._system, change)
        for one in tried:
            self._expect_as_generated(one, change)
        outcomes = []
        with self._system.changed(change):
            for one in tried:
                said = _said(one)
                if bool(REFUSED.search(said)) == change.narrows:
                    return Proof(change, run=one.name)
                outcomes.append(f"{one.name}: {said or 'works'}")
        return Proof(change, problem=f"nobody notices ({'; '.join(outcomes) or 'nothing tries it'})")

    def _expect_as_generated(self, one: Use, change: StatementMutation) -> None:
        """Before a change, a use works and a refusal is one: else its outcome under the change would prove nothing."""
        # Calls to a key share a name, and differ.
        a_key = change.statement.kind == "aws_kms_key"
        if (change.statement, one.name) in self._as_generated and not a_key:
            return
        said = _said(one)
        refused = bool(REFUSED.search(said))
        # They name nothing but the key: they are not refused, whatever they then lack.
        works = not said or (a_key and not refused)
        if not (works if change.narrows else refused):
            raise NotSufficient(f"{change.statement.name}: as generated, {one.name}: {said or 'is granted'}")
        self._as_generated.add((change.statement, one.name))


def _said(one: Use) -> str:
    """Nothing where it works; else what went wrong."""
    try:
        one.run()
    except (ClientError, Failed) as error:
        return str(error)
    return ""
