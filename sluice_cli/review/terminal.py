"""The review in a terminal: coloured on a terminal, plain in a pipe."""

import os
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
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
    # At once: to print each line on its own takes twice the time.
    console.print(Group(*(line for stack in stacks for line in _stack_lines(stack))))
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


def _stack_lines(stack: StackReview) -> Iterator[RenderableType]:
    if not (stack.groups or stack.folded or stack.outputs or stack.notes):
        return
    yield Text()
    yield Rule(Text(stack.name, style="bold"), align="left")
    for note in stack.notes:
        yield Text(note, style="bold yellow")
    for danger, subjects in stack.delivery:
        yield Text(f"{danger.value}: {subjects}", style="bold yellow")
    for change in stack.dangers:
        yield from _danger_lines(change, acknowledged=change not in stack.unacknowledged)
    for change, finding in stack.noted:
        yield from _noted_lines(change, finding)
    for group in stack.groups:
        yield Text()
        yield Text(group.label, style="bold")
        if group.plainly_created:
            yield Text(f"  + {group.creation}", style="green")
        for change in group.told:
            yield from _change_lines(change, group.label)
    if stack.cost:
        yield from _cost_lines(stack.cost)
    if stack.outputs:
        yield Text()
        yield Text("Outputs", style="bold")
        for output in stack.outputs:
            yield Text(f"  {output.path}  {output.shown_before} → {output.shown_after}")
    if stack.folded:
        yield Text()
        for line in stack.folded:
            yield Text(f"folded: {line}", style="dim")


def _cost_lines(cost: Cost) -> Iterator[RenderableType]:
    yield Text()
    yield Text(cost.title, style="bold")
    for heading, lines in cost.sections:
        yield Text(f"  {heading}")
        for line in lines[:MOST_COSTS]:
            yield Text(f"    {line_words(line)}")
        if len(lines) > MOST_COSTS:
            yield Text(f"    {len(lines) - MOST_COSTS} more", style="dim")
    for remark in cost.remarks:
        yield Text(f"  {remark}", style="yellow" if remark.startswith("Warning") else "dim")


def _danger_lines(change: Change, *, acknowledged: bool) -> Iterator[RenderableType]:
    yield Text()
    for finding in change.findings:
        line = Text("  ✓ " if acknowledged else "  ! ", style="green" if acknowledged else "bold red")
        line.append(f"{finding.danger.value}: ", style="bold" if acknowledged else "bold red")
        line.append(finding.what)
        yield line
        yield Text(f"      {finding.means}")
        if finding.origin:
            yield Text(f"      {finding.origin}")
    state = "its address" if change.is_raised else "acknowledged" if acknowledged else "its address to acknowledge"
    yield Text(f"      {state}: {change.address}", style="dim")


def _noted_lines(change: Change, finding: Finding) -> Iterator[RenderableType]:
    yield Text()
    line = Text("  · ", style="dim").append(f"{finding.danger.value}: ", style="bold").append(finding.what)
    yield line
    if finding.level is Level.LOWERED:
        yield Text(f"      {finding.means}")
    yield Text(f"      {finding.origin}")
    yield Text(f"      its address: {change.address}", style="dim")


def _change_lines(change: Change, label: str) -> Iterator[RenderableType]:
    subject = f"{change.subject.removeprefix(label).removeprefix(', ')}: " if change.subject != label else ""
    line = Text(f"  {SIGNS.get(change.verb, '?')} ", style=STYLES.get(change.verb, "bold red"))
    line.append(f"{subject}{change.headline}", style="bold" if change.findings else "")
    if change.findings:
        line.append("  dangerous", style="red")
    yield line
    if not change.known:
        yield Text(f"      no module class for {change.type}: shown by its attributes", style="dim")
    for note in change.notes:
        yield Text(f"      {note}", style="dim")
    for policy in change.policy:
        style = "" if policy.sign == " " else "red" if policy.wider else "green"
        yield Text(f"      {policy.sign} {policy.text}", style=style)
    for one in change.differences[:MOST_DIFFERENCES]:
        text = f"{one.shown_before} → {one.shown_after}" if change.verb != "create" else one.shown_after
        replaced = "  (makes it necessary to replace)" if one.replaces else ""
        yield Text(f"      {one.path}  {text}{replaced}", style="dim")
    left = len(change.differences) - MOST_DIFFERENCES
    hidden = [f"{left} more attributes"] if left > 0 else []
    hidden += [f"{change.folded} folded"] if change.folded else []
    if hidden:
        yield Text(f"      {', '.join(hidden)}", style="dim")
