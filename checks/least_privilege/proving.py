"""Runs all mutations of a system's statements, each by itself."""

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
    """The result of one mutation: `run` or `gap` names the use, refusal or unit test that detects it; `problem` says
    that nothing does.
    """

    change: StatementMutation
    run: str = ""
    gap: Gap | None = None
    problem: str = ""


class NotSufficient(RuntimeError):
    """With the policies as generated, a use of the system fails, or an access that has to be refused is allowed."""


def prove(
    place: DeployedStack,
    uses: type[Uses],
    statements: Sequence[SynthesizedStatement],
    after_each: Callable[[Proof], None] = lambda _: None,
) -> list[Proof]:
    """One proof for each mutation of each statement.

    Raises `NotSufficient` if the system does not work under the policies as generated, and `NotAsSynthesized` if the
    deployed policies differ from the generated ones. All policies are restored and checked afterwards.
    """
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
        """Check that the use works, or the access is refused, before the mutation: otherwise its outcome under the
        mutation proves nothing.
        """
        # Uses of different keys have the same names.
        a_key = change.statement.kind == "aws_kms_key"
        if (change.statement, one.name) in self._as_generated and not a_key:
            return
        said = _said(one)
        refused = bool(REFUSED.search(said))
        # These calls have the key as their only parameter: once authorized they cannot be refused for another reason.
        works = not said or (a_key and not refused)
        if not (works if change.narrows else refused):
            raise NotSufficient(f"{change.statement.name}: as generated, {one.name}: {said or 'is granted'}")
        self._as_generated.add((change.statement, one.name))


def _said(one: Use) -> str:
    """The error message of a use; empty if it works."""
    try:
        one.run()
    except (ClientError, Failed) as error:
        return str(error)
    return ""
