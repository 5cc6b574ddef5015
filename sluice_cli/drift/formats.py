"""Drift in the terminal, as Markdown for an issue, and as JSON for scripts."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from sluice_cli.drift.model import Drift, StackDrift
from sluice_cli.review.markdown import escaped
from sluice_cli.review.model import Finding

MOST_DIFFERENCES = 12


def print_drift(stacks: Sequence[StackDrift], console: Console) -> None:
    """Print drift. Everything is a `Text`, so that markup in a resource's values is not interpreted."""
    for stack in stacks:
        dangerous = any(one.change.findings for one in stack.drifts)
        console.print(Text(stack.summary(), style="bold red" if dangerous else "bold"))
        for drift in stack.drifts:
            console.print()
            for line, style in _lines(drift):
                console.print(Text(f"  {line}", style=style))


def _lines(drift: Drift) -> Iterator[tuple[str, str]]:
    change = drift.change
    yield f"{change.subject}: {change.headline}", "bold"
    for finding in change.findings:
        yield f"  ! {finding.danger.value}: {finding.what}. {finding.means}{_origin(finding)}", "red"
    for finding in change.noted:
        yield f"  {finding.danger.value}: {finding.what}{_origin(finding)}", "dim"
    for policy in change.policy:
        yield f"    {policy.sign} {policy.text}", "red" if policy.wider else ""
    for one in change.differences[:MOST_DIFFERENCES]:
        yield f"    {one.path}  {one.shown_before} → {one.shown_after}", "dim"
    if len(change.differences) > MOST_DIFFERENCES:
        yield f"    {len(change.differences) - MOST_DIFFERENCES} more attributes", "dim"
    yield f"    revert: {drift.revert}", ""
    yield f"    adopt: {drift.adopt}", ""
    yield f"    {change.address}", "dim"


def _origin(finding: Finding) -> str:
    return f" ({finding.origin})" if finding.origin else ""


def to_markdown(stacks: Sequence[StackDrift]) -> str:
    """Markdown for an issue that is updated regularly: the same drift gives the same text."""
    parts = []
    for stack in stacks:
        parts.append(f"## {escaped(stack.summary())}")
        for drift in stack.drifts:
            change = drift.change
            parts.append(f"### {escaped(f'{change.subject}: {change.headline}')}")
            parts += [
                f"- **{escaped(one.danger.value)}**: {escaped(f'{one.what}. {one.means}{_origin(one)}')}"
                for one in change.findings
            ]
            parts += [f"- {escaped(f'{one.danger.value}: {one.what}{_origin(one)}')}" for one in change.noted]
            parts += [f"- {escaped(f'{one.sign} {one.text}')}" for one in change.policy]
            parts += [
                f"- {escaped(one.path)}: {escaped(one.shown_before)} → {escaped(one.shown_after)}"
                for one in change.differences[:MOST_DIFFERENCES]
            ]
            parts.append(f"\n**Revert**: {escaped(drift.revert)}  \n**Adopt**: {escaped(drift.adopt)}  ")
            parts.append(escaped(change.address) + "\n")
    return "\n".join(parts) + "\n"


def as_json(stacks: Sequence[StackDrift]) -> list[dict[str, Any]]:
    return [
        {
            "stack": stack.stack,
            "drift": [
                {
                    "address": one.change.address,
                    "construct": one.change.construct,
                    "type": one.change.type,
                    "headline": one.change.headline,
                    "dangers": [
                        {"danger": found.danger.value, "what": found.what, "means": found.means, "origin": found.origin}
                        for found in one.change.findings
                    ],
                    "noted": [
                        {"danger": found.danger.value, "what": found.what, "origin": found.origin}
                        for found in one.change.noted
                    ],
                    "differences": [
                        {"path": found.path, "state": found.shown_before, "reality": found.shown_after}
                        for found in one.change.differences
                    ],
                    "revert": one.revert,
                    "adopt": one.adopt,
                }
                for one in stack.drifts
            ],
        }
        for stack in stacks
    ]
