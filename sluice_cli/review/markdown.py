"""The review as Markdown for a pull-request comment: what is not dangerous is folded, and it fits."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum

from .cost.model import Cost, line_words
from .model import Change, Finding, Group, Level, StackReview

# https://docs.github.com/en/rest/issues/comments: a comment has 65,536 characters at most; counted here in bytes.
LIMIT = 65_536

SIGNS = {
    "create": "🆕",
    "update": "✏️",
    "replace": "♻️",
    "delete": "❌",
    "forget": "👋",
    "unchanged": "➡️",
    "action": "▶️",
    "check": "🛑",
}
# What Markdown or GitHub would make something of; all else stays readable in the raw text: `aws_x.y_z` as it is.
MARKUP = re.compile(
    r"[^\w\s,;/→…·±—'()\".:=%?$+-]"  # brackets, backticks, mentions, issues, entities, letters beyond ASCII
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # emphasis begins and ends at a word's edge
    r"|(?<=\d)\.(?=\s)|(?<!\S)[-+=]"  # lists, headings
    r"|:(?=//)|(?<=\bmailto):|(?<=\bxmpp):|(?<=\bwww)\.",  # links that GitHub finds by itself
    re.ASCII | re.IGNORECASE,
)
MOST_DIFFERENCES = 40
MOST_COSTS = 20


class Details(Enum):
    """Of which changes the attributes are told."""

    ALL = "all"
    DANGEROUS = "dangerous"
    NONE = "none"


def to_markdown(stacks: Sequence[StackReview], *, limit: int = LIMIT) -> str:
    """The most detailed text that fits."""
    for details in Details:
        text = _text(stacks, details)
        if _size(text) <= limit:
            return text
    return _cut(text, limit)


def escaped(text: str) -> str:
    """Text that neither Markdown nor HTML nor GitHub (mentions, issues, links) makes anything of."""
    return MARKUP.sub(lambda found: f"&#{ord(found.group())};", text.replace("\n", " "))


def _text(stacks: Sequence[StackReview], details: Details) -> str:
    lines = ["## Plan review", ""]
    for stack in stacks:
        sign = "🛑" if stack.unacknowledged else "⚠️" if stack.dangers else "✅"
        lines.append(f"- {sign} {escaped(stack.summary())}")
    for stack in stacks:
        lines += _stack(stack, details)
    return "\n".join(lines) + "\n"


def _stack(stack: StackReview, details: Details) -> Iterable[str]:
    if not (stack.groups or stack.outputs or stack.folded or stack.notes):
        return
    yield from ("", f"### {escaped(stack.name)}", "")
    yield from (f"> {escaped(note)}" for note in stack.notes)
    for danger, subjects in stack.delivery:
        yield f"- {danger.value}: {escaped(subjects)}"
    for change in stack.dangers:
        yes = change.address in stack.acknowledged and not change.is_raised
        for finding in change.findings:
            sign = "✔️" if yes else "🛑"
            text = f"**{finding.danger.value}:** {escaped(finding.what)}. {escaped(finding.means)}"
            yield f"- {sign} {text}{_origin(finding)}"
        state = "its address" if change.is_raised else "acknowledged" if yes else "its address to acknowledge"
        yield f"  <br>{state}: <code>{escaped(change.address)}</code>"
    for change, finding in stack.noted:
        means = f" {escaped(finding.means)}" if finding.level is Level.LOWERED else ""
        yield f"- 🔕 **{finding.danger.value}:** {escaped(finding.what)}.{means}{_origin(finding)}"
        yield f"  <br>its address: <code>{escaped(change.address)}</code>"
    for group in stack.groups:
        yield from _group(group, details)
    if stack.cost:
        yield from _cost(stack.cost)
    if stack.outputs:
        yield from _folded(
            "Outputs",
            (
                f"- {escaped(one.path)}: {escaped(one.shown_before)} → {escaped(one.shown_after)}"
                for one in stack.outputs
            ),
        )
    if stack.folded:
        yield from _folded("Folded", (f"- {escaped(line)}" for line in stack.folded))


def _origin(finding: Finding) -> str:
    return f" *{escaped(finding.origin[:1].upper() + finding.origin[1:])}.*" if finding.origin else ""


def _cost(cost: Cost) -> Iterable[str]:
    if cost.trouble:
        yield f"\n{escaped(cost.title)}"
        return
    lines = []
    for heading, costs in cost.sections:
        lines.append(f"- {escaped(heading)}")
        lines += [f"  - {escaped(line_words(one))}" for one in costs[:MOST_COSTS]]
        lines += [f"  - {len(costs) - MOST_COSTS} more"] if len(costs) > MOST_COSTS else []
    yield from _folded(escaped(cost.title), [*lines, *(f"- {escaped(one)}" for one in cost.remarks)])


def _group(group: Group, details: Details) -> Iterable[str]:
    dangerous = sum(bool(one.findings) for one in group.changes)
    number = len(group.changes)
    title = f"{escaped(group.label)}: {number} change{'s' * (number != 1)}"
    yield from _folded(
        f"{title}, {dangerous} dangerous" if dangerous else title,
        [
            *([f"- {SIGNS['create']} {escaped(group.creation)}"] if group.plainly_created else []),
            *(line for change in group.told for line in _change(change, group, details)),
        ],
    )


def _change(change: Change, group: Group, details: Details) -> Iterable[str]:
    subject = "" if change.subject == group.label else f"{change.subject.removeprefix(group.label + ', ')}: "
    note = "" if change.known else f" (no module class for {change.type})"
    yield f"- {SIGNS.get(change.verb, '❔')} {escaped(subject + change.headline + note)}"
    yield from (f"  - {escaped(note)}" for note in change.notes)
    if details is Details.NONE or (details is Details.DANGEROUS and not change.findings):
        return
    lines = [f"{one.sign} {one.text}" for one in change.policy]
    for one in change.differences[:MOST_DIFFERENCES]:
        if change.verb == "create":
            lines.append(f"+ {one.path}  {one.shown_after}")
        else:
            lines.append(
                f"! {one.path}  {one.shown_before} → {one.shown_after}{'  (replaces)' if one.replaces else ''}"
            )
    left = len(change.differences) - MOST_DIFFERENCES
    lines += [f"# {left} more"] if left > 0 else []
    if lines:
        # Each line begins with its sign and has no line breaks: none of them can end the fence.
        yield from ("", "  ```diff", *(f"  {line}" for line in lines), "  ```", "")


def _folded(title: str, lines: Iterable[str]) -> Iterable[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def _size(text: str) -> int:
    return len(text.encode())


def _cut(text: str, limit: int) -> str:
    """Whole lines as far as they fit, with every section closed."""
    ending = "\n\n</details>\n\n**Cut here: the rest is in the HTML page.**\n"
    kept, size, opened = [], _size(ending) + 1, False
    for line in text.splitlines():
        size += _size(line) + 1
        if size > limit:
            break
        kept.append(line)
        opened = line.startswith("<details>") or (opened and line != "</details>")
    return "\n".join(kept) + (ending if opened else ending.replace("</details>\n\n", ""))
