"""Accepted and unaccepted findings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .scanners import ScannerFinding, ScanResult, checkov, linters
from .stack import Acceptance, ScannedStack


@dataclass(frozen=True)
class Verdict:
    """`accepted` are findings with their reasons. `unused` are acceptances without a finding, which would hide future
    ones.
    """

    passed: Counter[tuple[str, str]]
    failed: list[ScannerFinding]
    accepted: list[tuple[ScannerFinding, str]]
    unused: list[Acceptance]

    @property
    def clean(self) -> bool:
        return not self.failed and not self.unused


def scan(stacks: Sequence[ScannedStack]) -> Verdict:
    """Run all scanners on all stacks. Raises `ScannerFailed`."""
    return judge(stacks, [checkov(stacks), linters(stacks)])


def judge(stacks: Iterable[ScannedStack], found: Iterable[ScanResult]) -> Verdict:
    acceptances = [one for stack in stacks for one in stack.acceptances]
    by_finding = {(one.stack, name, one.check): one for one in acceptances for name in one.covers}
    verdict = Verdict(Counter(), [], [], [])
    used: set[Acceptance] = set()
    for one in found:
        verdict.passed.update(one.passed)
        for finding in one.findings:
            acceptance = by_finding.get((finding.stack, finding.resource, finding.check))
            if acceptance:
                used.add(acceptance)
                verdict.accepted.append((finding, acceptance.reason))
            else:
                verdict.failed.append(finding)
    verdict.unused.extend(one for one in acceptances if one not in used)
    return verdict
