"""Formats the explanation of a refused call for a terminal."""

import json
from collections.abc import Sequence

from sluice_cli.denials.model import Explanation
from sluice_cli.text import clean

LONGEST = 400


def lines(explanation: Explanation) -> list[str]:
    """An explanation as lines of plain text, safe for a terminal."""
    denial = explanation.denial
    how = "is denied" if denial.explicit else "is not allowed"
    shown = [f"{explanation.who} {how} {denial.action} on {denial.resource}"]
    label = "granted in Terraform, not on AWS" if explanation.in_terraform else "grant it"
    shown += [f"  {label}: {code}" for code in explanation.grants[:1]]
    shown += [f"        or: {code}" for code in explanation.grants[1:]]
    shown += [f"  where: {place}" for place in explanation.where]
    if explanation.statement is not None:
        label = "missing statement" if explanation.grants else "no method of a class grants it; missing statement"
        shown.append(f"  {label}: {json.dumps(explanation.statement)}")
    shown += [f"  note: {note}" for note in explanation.notes]
    return [_bounded(clean(line)) for line in shown]


def all_lines(explanations: Sequence[Explanation]) -> list[str]:
    """The lines of all explanations; repeated ones are printed once, with their number."""
    counted: dict[tuple[str, ...], int] = {}
    for one in explanations:
        key = tuple(lines(one))
        counted[key] = counted.get(key, 0) + 1
    return [
        f"{line} ({times} times)" if number == 0 and times > 1 else line
        for shown, times in counted.items()
        for number, line in enumerate(shown)
    ]


def _bounded(line: str) -> str:
    return line if len(line) <= LONGEST * 4 else f"{line[: LONGEST * 4]}… ({len(line):,} characters)"
