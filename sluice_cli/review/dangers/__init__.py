"""Whether a change is dangerous, and what that means."""

from collections.abc import Iterator

from ..model import Finding
from .access import policies
from .arguments import arguments
from .case import Case
from .context import PlanContext
from .doubles import doubles
from .existence import existence
from .foreign import foreign_targets
from .revocation import revocations

__all__ = ["Case", "PlanContext", "judge"]

RULES = (existence, policies, revocations, arguments, foreign_targets, doubles)


def judge(case: Case) -> tuple[Finding, ...]:
    """All that is dangerous about one change, worst first."""
    return tuple(sorted(dict.fromkeys(_findings(case)), key=lambda one: one.danger.rank))


def _findings(case: Case) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(case)
