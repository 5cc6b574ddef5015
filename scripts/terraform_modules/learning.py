"""Derives a stack with conditions from samples: the stack as synthesized under several combinations of options.

No knowledge of the stack is built in. Each difference between samples is explained by the smallest set of options that
accounts for it.
"""

import functools
import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, product
from typing import Any

from sluice_cli.export.hcl import condition_not
from sluice_cli.export.tree import Either, When

# By the name of each option that is not at its default, the choice that was made.
Choices = Mapping[str, str]
DEFAULT = ""
MISSING = object()
MOST_TOGETHER = 3
IDENTITIES = ("sid", "name", "id", "key")
# Terraform allows no expressions here. Values that are equal in all samples are kept; others are dropped.
LITERAL = "lifecycle"


@dataclass(frozen=True)
class Option:
    """An option of the module: the settings of each choice, and the module's condition for each choice.

    `any_choice` is a condition for all choices together, if there is a shorter one.
    """

    name: str
    settings: Mapping[str, Mapping[str, Any]]
    conditions: Mapping[str, str]
    any_choice: str

    def condition(self, choices: frozenset[str]) -> str:
        """The condition that one of these was chosen. The default among them means that no other choice was made."""
        if DEFAULT in choices:
            return condition_not(self.condition(frozenset({*self.settings} - choices)))
        if choices == frozenset(self.settings):
            return self.any_choice
        return " || ".join(self.conditions[one] for one in self.settings if one in choices)


class TestableCondition(str):
    """A condition of the module, which can also be evaluated for a set of choices."""

    holds: Callable[[Choices], bool]

    @classmethod
    def of(cls, text: str, holds: Callable[[Choices], bool]) -> "TestableCondition":
        made = cls(text)
        made.holds = holds
        return made


class UnseenError(Exception):
    """Choices for which a sample is missing."""

    def __init__(self, choices: list[Choices]) -> None:
        super().__init__(str(choices))
        self.choices = choices


Samples = Sequence[tuple[Choices, Any]]


class Learner:
    """Explains samples of one stack by its options.

    `equal(value, choices, other, other_choices)` tells whether a text also says what another one says under the
    other's choices, such as a list's join what its only item says.
    """

    def __init__(self, options: Sequence[Option], covers: Callable[[Any, Choices, Any], bool]) -> None:
        self.options = {option.name: option for option in options}
        self._covers = covers
        self._seen: list[Choices] = []

    def explain(self, samples: Samples) -> Any:
        """The value with conditions. Raises `UnseenError` if a further sample is needed."""
        self._seen = [choices for choices, _ in samples]
        return self.learn(samples)

    def learn(self, samples: Samples) -> Any:
        """`explain` of a part of the value."""
        values = [value for _, value in samples]
        if any(value is MISSING for value in values):
            there = [(choices, value) for choices, value in samples if value is not MISSING]
            learned = self.learn(there)
            return When(self._condition(samples, lambda value: value is not MISSING), learned)
        same = self._one_for_all(samples)
        if same is not MISSING:
            return same
        if all(isinstance(value, dict) for value in values):
            return self._map(samples)
        if all(isinstance(value, list) for value in values):
            learned = self._list(samples)
            if learned is not MISSING:
                return learned
        return self._choice(samples)

    def _one_for_all(self, samples: Samples) -> Any:
        """A value that fits every sample, if there is one."""
        first = samples[0][1]
        if all(value == first for _, value in samples):
            return first
        if not all(isinstance(value, str) for _, value in samples):
            return MISSING
        for candidate in dict.fromkeys(value for _, value in samples):
            if all(self._covers(candidate, choices, value) for choices, value in samples):
                return candidate
        return MISSING

    def _map(self, samples: Samples) -> Any:
        learned = {}
        for name in _order([list(value) for _, value in samples]):
            parts = [(choices, value.get(name, MISSING)) for choices, value in samples]
            if name == "//":
                learned[name] = _comments(value for _, value in parts if value is not MISSING)
            elif name == LITERAL:
                literal = _common([{} if value is MISSING else value for _, value in parts])
                learned |= {name: literal} if literal else {}
            else:
                learned[name] = self.learn(parts)
        return learned

    def _list(self, samples: Samples) -> Any:
        lists = [value for _, value in samples]
        identity = _identity(lists)
        if identity is None and len({len(one) for one in lists}) == 1:
            return [self.learn([(choices, value[at]) for choices, value in samples]) for at in range(len(lists[0]))]
        identity = identity or _as_text
        keys = [[identity(item) for item in value] for value in lists]
        if any(len(set(one)) < len(one) for one in keys) or not set.intersection(*map(set, keys)):
            return MISSING
        order = _order(keys)
        if any([key for key in order if key in own] != own for own in keys):
            return MISSING
        items = []
        for key in order:
            parts = [
                (choices, next((item for item in value if identity(item) == key), MISSING))
                for choices, value in samples
            ]
            items.append(self.learn(parts))
        return items

    def _choice(self, samples: Samples) -> Any:
        relevant = self._relevant(samples, _as_text)
        option = relevant[0]
        groups: dict[str, list[str]] = {}
        learned: dict[str, Any] = {}
        for label in dict.fromkeys(choices.get(option, DEFAULT) for choices, _ in samples):
            own = self.learn([(c, value) for c, value in samples if c.get(option, DEFAULT) == label])
            groups.setdefault(_shown(own), []).append(label)
            learned[_shown(own)] = own
        shown = sorted(groups, key=lambda one: DEFAULT in groups[one])
        result = learned[shown[-1]]
        for one in reversed(shown[:-1]):
            labels = frozenset(groups[one])
            condition = TestableCondition.of(
                self.options[option].condition(labels),
                functools.partial(_chose, option, labels),
            )
            result = Either(condition, learned[one], result)
        return result

    def _condition(self, samples: Samples, is_there: Callable[[Any], bool]) -> TestableCondition:
        """The condition under which a value is present."""
        relevant = self._relevant(samples, is_there)
        table: dict[tuple[str, ...], bool] = {}
        for choices, value in samples:
            table[tuple(choices.get(name, DEFAULT) for name in relevant)] = is_there(value)
        every = product(*([DEFAULT, *self.options[name].settings] for name in relevant))
        unseen = [_choices(relevant, labels) for labels in every if labels not in table]
        if any(choices not in self._seen for choices in unseen):
            raise UnseenError([choices for choices in unseen if choices not in self._seen])
        # What else was seen has nothing at this place, whatever the condition says.
        text = self._text(relevant, {labels for labels in table if table[labels]}, set(table))
        return TestableCondition.of(
            text, lambda choices: table.get(tuple(choices.get(name, DEFAULT) for name in relevant), False)
        )

    def _text(self, relevant: Sequence[str], there: set[tuple[str, ...]], every: set[tuple[str, ...]]) -> str:
        """`a && b`, or its opposite `a || b`, or one after the other."""
        for wanted, sign in ((there, " && "), (every - there, " || ")):
            sides = [frozenset(labels[at] for labels in wanted) for at in range(len(relevant))]
            if wanted == every & set(product(*sides)):
                parts = []
                for name, side in zip(relevant, sides, strict=True):
                    whole = frozenset({DEFAULT, *self.options[name].settings})
                    if side != whole:
                        parts.append(self.options[name].condition(side if sign == " && " else whole - side))
                return sign.join(f"({one})" if len(parts) > 1 and "||" in one else one for one in parts)
        first, rest = relevant[0], relevant[1:]
        cases = []
        for label in (DEFAULT, *self.options[first].settings):
            inner = {labels[1:] for labels in there if labels[0] == label}
            if inner:
                own = self.options[first].condition(frozenset({label}))
                all_inner = {labels[1:] for labels in every if labels[0] == label}
                cases.append(own if inner == all_inner else f"({own} && ({self._text(rest, inner, all_inner)}))")
        return " || ".join(cases)

    def _confirm(self, names: Sequence[str], samples: Samples) -> None:
        """Options that decide together have to be seen with nothing else: others may have been chosen with them by
        chance. Raises `UnseenError`."""
        if len(names) < 2:
            return
        fewest: Choices = min((choices for choices, _ in samples), key=len)
        together: list[Choices] = [
            {**fewest, **dict(zip(names, labels, strict=True))}
            for labels in product(*(self.options[name].settings for name in names))
        ]
        if unseen := [choices for choices in together if choices not in self._seen]:
            raise UnseenError(unseen)

    def _relevant(self, samples: Samples, kind: Callable[[Any], Hashable]) -> tuple[str, ...]:
        """The fewest options that account for all differences. Raises `UnseenError` if a sample of them is missing."""
        for size in range(1, MOST_TOGETHER + 1):
            for names in combinations(self.options, size):
                seen: dict[tuple[str, ...], Hashable] = {}
                if all(
                    seen.setdefault(tuple(choices.get(name, DEFAULT) for name in names), kind(value)) == kind(value)
                    for choices, value in samples
                ):
                    self._confirm(names, samples)
                    return names
        raise ValueError(f"more than {MOST_TOGETHER} options decide together")


def evaluate(value: Any, choices: Choices) -> Any:
    """The result of a value with conditions for a set of choices; `MISSING` if it is not present."""
    if isinstance(value, When):
        holds = value.condition.holds(choices)  # type: ignore[attr-defined]
        return evaluate(value.value, choices) if holds else MISSING
    if isinstance(value, Either):
        return evaluate(value.yes if value.condition.holds(choices) else value.no, choices)  # type: ignore[attr-defined]
    if isinstance(value, dict):
        items = {name: evaluate(item, choices) for name, item in value.items()}
        return {name: item for name, item in items.items() if item is not MISSING}
    if isinstance(value, list):
        return [item for item in (evaluate(one, choices) for one in value) if item is not MISSING]
    return value


def _chose(option: str, labels: frozenset[str], choices: Choices) -> bool:
    return choices.get(option, DEFAULT) in labels


def _choices(names: Iterable[str], labels: Iterable[str]) -> Choices:
    return {name: label for name, label in zip(names, labels, strict=True) if label != DEFAULT}


def _identity(lists: Sequence[list[Any]]) -> Callable[[Any], Hashable] | None:
    """The key that distinguishes the items of lists: a field that all blocks have, or the text itself."""
    items = [item for one in lists for item in one]
    if all(isinstance(item, dict) for item in items):
        for field in IDENTITIES:
            if all(isinstance(item.get(field), str) for item in items) and all(
                len({item[field] for item in one}) == len(one) for one in lists
            ):
                return lambda item, field=field: item[field]  # type: ignore[misc]
        return None
    return _as_text


def _order(sequences: Sequence[Sequence[Any]]) -> list[Any]:
    """The items of all sequences, in an order that agrees with each sequence if possible."""
    # No sets: their order differs between runs of Python.
    after: dict[Any, dict[Any, None]] = {}
    for sequence in sequences:
        for place, one in enumerate(sequence):
            after.setdefault(one, {}).update(dict.fromkeys(sequence[place - 1 : place] if place else ()))
    try:
        return list(TopologicalSorter(after).static_order())
    except CycleError:
        return list(after)


def _comments(comments: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The comments of all samples; for a repeated check, the first reason."""
    merged: dict[str, Any] = {}
    for comment in comments:
        for name, value in comment.items():
            merged[name] = {**value, **merged.get(name, {})} if isinstance(value, Mapping) else merged.get(name, value)
    return merged


def _common(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in values[0].items() if all(one.get(name) == value for one in values)}


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shown(value: Any) -> str:
    return repr(value)
