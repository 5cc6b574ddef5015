"""What moved behind Terraform's back and is not put back by the plan: judged like a change of ours."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from .model import Change, Finding
from .plan import Plan, ResourceChange
from .values import differences, same


def drifted(plan: Plan, understand: Callable[[ResourceChange], Change | None]) -> Iterator[Change]:
    """The dangers of what changed outside Terraform and stays changed, each under an address of its own."""
    planned = {one.address: one for one in plan.changes if one.mode == "managed" and not one.deposed}
    for one in plan.drift:
        if one.mode != "managed" or one.verb not in ("update", "delete"):
            continue
        staying = _staying(one, planned.get(one.address))
        change = understand(staying) if staying and differences(staying) else None
        if change and change.findings:
            yield replace(
                change,
                address=f"{change.address}.drift",
                headline=f"changed outside Terraform: {change.headline}",
                findings=tuple(_outside(finding) for finding in change.findings),
                notes=(*change.notes, "changed outside Terraform since the last apply; this plan leaves it so"),
            )


def _staying(drift: ResourceChange, planned: ResourceChange | None) -> ResourceChange | None:
    """The drift without what the plan puts back. What is gone is made again by a plan that creates it."""
    if drift.verb == "delete":
        return None if planned is not None and planned.verb in ("create", "replace") else drift
    if planned is None or planned.verb in ("unchanged", "forget"):
        return drift
    if planned.verb in ("delete", "replace", "create"):
        return None
    before, after = dict(drift.before or {}), dict(drift.after or {})
    for name in {*before, *after}:
        will_be = (planned.after or {}).get(name)
        if not same(will_be, after.get(name)):
            before.pop(name, None)
            after.pop(name, None)
    return replace(drift, before=before, after=after)


def _outside(finding: Finding) -> Finding:
    return Finding(finding.danger, f"{finding.what} (changed outside Terraform)", finding.means)
