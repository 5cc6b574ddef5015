"""Results of a recovery in a terminal, in a pipe, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from sluice_cli.recovery.orphans import Findings, Orphan
from sluice_cli.recovery.state_store import Version
from sluice_cli.terminal import console


def show_versions(versions: Sequence[Version]) -> None:
    """One line for each version in a pipe; in a terminal two short lines, so that ids and times can be copied whole."""
    if not console.is_terminal:
        for one in versions:
            numbers = map(str, (one.size, one.serial, one.resources))
            print(one.id, one.modified.isoformat(" ", "seconds"), *numbers, one.lineage, one.problem, sep="\t")
        return
    console.print("State, newest first:")
    for one in versions:
        what = one.problem or f"serial {one.serial}, {one.resources} resources, lineage {one.lineage}"
        console.print(f"{one.id}\n  {one.modified.isoformat(' ', 'seconds')}, {one.size} bytes, {what}", markup=False)


def _rows(findings: Findings) -> list[tuple[Orphan, str]]:
    """A row for each orphan: address, id, problem."""
    tainted = [Orphan(one, one.split(".")[0], "") for one in findings.tainted]
    return [
        *((one, one.problem or "exists, not in the state") for one in findings.orphans),
        *((one, "half-made: a deployment would replace it") for one in tainted),
    ]


def show_findings(findings: Findings) -> None:
    rows = _rows(findings)
    if not rows:
        console.print("Nothing exists that the state does not know")
    elif not console.is_terminal:
        for one, what in rows:
            print(one.address, one.id, what, sep="\t")
    else:
        console.print("Not in the state, or half-made:")
        for one, what in rows:
            # Addresses and ids are never truncated: people decide by them.
            console.print(f"{one.address}\n  {one.id + ': ' if one.id else ''}{what}", markup=False)


def as_json(name: str, findings: Findings) -> dict[str, object]:
    left = {"add": findings.add, "change": findings.change, "destroy": findings.destroy}
    found = [{**asdict(one), "what": what} for one, what in _rows(findings)]
    return {"stack": name, "found": found, "next_deployment": left}
