"""Accepted and unaccepted findings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .scanners import ScannerFinding, ScanResult, checkov, linters
from .stack import Acceptance, ScannedStack

# Checkov's checks of a policy in a plan, and the same checks of its policy document: whoever accepts the finding in the
# document accepts it in the plan.
OF_DOCUMENTS = {
    "CKV_AWS_286": "CKV_AWS_110",
    "CKV_AWS_287": "CKV_AWS_107",
    "CKV_AWS_288": "CKV_AWS_108",
    "CKV_AWS_289": "CKV_AWS_109",
    "CKV_AWS_290": "CKV_AWS_111",
    "CKV_AWS_355": "CKV_AWS_356",
}


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
            checks = (finding.check, OF_DOCUMENTS.get(finding.check))
            accepting = (by_finding.get((finding.stack, finding.resource, str(check))) for check in checks)
            acceptance = next(filter(None, accepting), None)
            if acceptance:
                used.add(acceptance)
                verdict.accepted.append((finding, acceptance.reason))
            else:
                verdict.failed.append(finding)
    verdict.unused.extend(one for one in acceptances if one not in used)
    return verdict
