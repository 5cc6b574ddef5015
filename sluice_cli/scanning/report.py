"""The verdict in the terminal."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from .verdict import Verdict

WHERE = {"terraform_json": "Terraform", "terraform_plan": "plan", "policies": "policies"}


def print_report(verdict: Verdict, console: Console) -> None:
    """Print passed and failed checks, and each accepted check with its reason and its number of findings."""
    counts = Table("Stack", "Seen in", "Passed", "Failed", "Accepted")
    failed = Counter((one.stack, one.where) for one in verdict.failed)
    accepted = Counter((one.stack, one.where) for one, _ in verdict.accepted)
    for stack, where in sorted({*verdict.passed, *failed, *accepted}):
        numbers = (verdict.passed[stack, where], failed[stack, where], accepted[stack, where])
        counts.add_row(stack, WHERE.get(where, where), *map(str, numbers))
    counts.add_section()
    counts.add_row("all", "", str(verdict.passed.total()), str(failed.total()), str(accepted.total()))
    console.print(counts)

    reasons = Table("Accepted", "Times", "It says", "Reason", title="Accepted beside the resource")
    says = {one.check: one.says for one, _ in verdict.accepted}
    for (check, reason), times in sorted(Counter((one.check, why) for one, why in verdict.accepted).items()):
        reasons.add_row(check, str(times), says[check].partition(":")[0], reason)
    console.print(reasons)

    for finding in verdict.failed:
        console.print(
            f"FAILED {finding.stack} {finding.resource} ({WHERE.get(finding.where, finding.where)}): "
            f"{finding.check} {finding.says}",
            markup=False,
        )
    for unused in verdict.unused:
        console.print(
            f"FAILED {unused.stack} {unused.resource}: accepts {unused.check}, which no scanner finds; remove it",
            markup=False,
        )
    if verdict.clean:
        console.print("Nothing is found that is not accepted.")
    else:
        console.print(
            f"{len(verdict.failed) + len(verdict.unused)} to mend: change the resource, or `accept` the check there, "
            "with a reason that holds (modules/accepted.py).",
            markup=False,
        )
