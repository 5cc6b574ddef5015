"""The review in a terminal: coloured on a terminal, plain in a pipe."""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from .cost.model import Cost, line_words
from .model import Change, Finding, Level, StackReview

SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "forget": "»",
    "unchanged": "·",
    "action": "▶",
    "check": "!",
}
STYLES = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red", "forget": "red"}
MOST_DIFFERENCES = 12
MOST_COSTS = 8


def print_review(stacks: Sequence[StackReview], console: Console, command: str = "sluice review") -> None:
    """Print the review, which `command` made. Everything is a `Text`, so that markup in a plan is not interpreted."""
    for stack in stacks:
        console.print(Text(stack.summary(), style="bold red" if stack.unacknowledged else "bold"))
    for stack in stacks:
        _print_stack(stack, console)
    waiting = [one.address for stack in stacks for one in stack.unacknowledged if not one.is_raised]
    if waiting:
        console.print()
        how = how_to_acknowledge(waiting[0], command)
        console.print(Text(f"To accept a danger that is meant: {how}", style="bold"))


def how_to_acknowledge(address: str, command: str) -> str:
    """The command to acknowledge, in the form that the caller used: make (which sets a variable) or the tool itself."""
    if os.environ.get("MAKELEVEL"):
        return f'make review ACKNOWLEDGE="{address}", several with blanks between'
    return f"{command} --acknowledge '{address}', once for each"


def _print_stack(stack: StackReview, console: Console) -> None:
    if not (stack.groups or stack.folded or stack.outputs or stack.notes):
        return
    console.print()
    console.rule(Text(stack.name, style="bold"), align="left")
    for note in stack.notes:
        console.print(Text(note, style="bold yellow"))
    for danger, subjects in stack.delivery:
        console.print(Text(f"{danger.value}: {subjects}", style="bold yellow"))
    for change in stack.dangers:
        _print_danger(change, console, acknowledged=change not in stack.unacknowledged)
    for change, finding in stack.noted:
        _print_noted(change, finding, console)
    for group in stack.groups:
        console.print()
        console.print(Text(group.label, style="bold"))
        if group.plainly_created:
            console.print(Text(f"  + {group.creation}", style="green"))
        for change in group.told:
            _print_change(change, group.label, console)
    if stack.cost:
        _print_cost(stack.cost, console)
    if stack.outputs:
        console.print()
        console.print(Text("Outputs", style="bold"))
        for output in stack.outputs:
            console.print(Text(f"  {output.path}  {output.shown_before} → {output.shown_after}"))
    if stack.folded:
        console.print()
        for line in stack.folded:
            console.print(Text(f"folded: {line}", style="dim"))


def _print_cost(cost: Cost, console: Console) -> None:
    console.print()
    console.print(Text(cost.title, style="bold"))
    for heading, lines in cost.sections:
        console.print(Text(f"  {heading}"))
        for line in lines[:MOST_COSTS]:
            console.print(Text(f"    {line_words(line)}"))
        if len(lines) > MOST_COSTS:
            console.print(Text(f"    {len(lines) - MOST_COSTS} more", style="dim"))
    for remark in cost.remarks:
        console.print(Text(f"  {remark}", style="yellow" if remark.startswith("Warning") else "dim"))


def _print_danger(change: Change, console: Console, *, acknowledged: bool) -> None:
    console.print()
    for finding in change.findings:
        line = Text("  ✓ " if acknowledged else "  ! ", style="green" if acknowledged else "bold red")
        line.append(f"{finding.danger.value}: ", style="bold" if acknowledged else "bold red")
        line.append(finding.what)
        console.print(line)
        console.print(Text(f"      {finding.means}"))
        if finding.origin:
            console.print(Text(f"      {finding.origin}"))
    state = "its address" if change.is_raised else "acknowledged" if acknowledged else "its address to acknowledge"
    console.print(Text(f"      {state}: {change.address}", style="dim"))


def _print_noted(change: Change, finding: Finding, console: Console) -> None:
    console.print()
    line = Text("  · ", style="dim").append(f"{finding.danger.value}: ", style="bold").append(finding.what)
    console.print(line)
    if finding.level is Level.LOWERED:
        console.print(Text(f"      {finding.means}"))
    console.print(Text(f"      {finding.origin}"))
    console.print(Text(f"      its address: {change.address}", style="dim"))


def _print_change(change: Change, label: str, console: Console) -> None:
    subject = f"{change.subject.removeprefix(label).removeprefix(', ')}: " if change.subject != label else ""
    line = Text(f"  {SIGNS.get(change.verb, '?')} ", style=STYLES.get(change.verb, "bold red"))
    line.append(f"{subject}{change.headline}", style="bold" if change.findings else "")
    if change.findings:
        line.append("  dangerous", style="red")
    console.print(line)
    if not change.known:
        console.print(Text(f"      no module class for {change.type}: shown by its attributes", style="dim"))
    for note in change.notes:
        console.print(Text(f"      {note}", style="dim"))
    for policy in change.policy:
        style = "" if policy.sign == " " else "red" if policy.wider else "green"
        console.print(Text(f"      {policy.sign} {policy.text}", style=style))
    for one in change.differences[:MOST_DIFFERENCES]:
        text = f"{one.shown_before} → {one.shown_after}" if change.verb != "create" else one.shown_after
        console.print(
            Text(f"      {one.path}  {text}{'  (makes it necessary to replace)' if one.replaces else ''}", style="dim")
        )
    left = len(change.differences) - MOST_DIFFERENCES
    hidden = [f"{left} more attributes"] if left > 0 else []
    hidden += [f"{change.folded} folded"] if change.folded else []
    if hidden:
        console.print(Text(f"      {', '.join(hidden)}", style="dim"))
