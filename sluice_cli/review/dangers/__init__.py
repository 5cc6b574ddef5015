"""Whether a change is dangerous, and what that means."""

from collections.abc import Iterator

from ..model import Finding
from .access import access
from .case import Case
from .data import data_loss
from .encryption import encryption
from .exposure import exposure
from .protection import protection

__all__ = ["Case", "judge"]

RULES = (data_loss, exposure, encryption, access, protection)


def judge(case: Case) -> tuple[Finding, ...]:
    """All that is dangerous about one change, worst first."""
    return tuple(sorted(dict.fromkeys(_findings(case)), key=lambda one: one.danger.rank))


def _findings(case: Case) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(case)
