"""Changes of an argument in the direction that its classification calls dangerous, and in the other."""

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from sluice_cli.review.classification import Classification, TypeRules
from tests.review.plans import Values, change

Move = tuple[Any, Any]

NAMES = st.text("abcdefghij-", min_size=1, max_size=8)
KEYS = NAMES.map(lambda name: f"arn:aws:kms:us-east-1:123456789012:key/{name}")


def _numbers(rule: Classification) -> st.SearchStrategy[Move]:
    del rule
    return st.tuples(st.integers(1, 10_000), st.integers(1, 1000)).map(lambda pair: (pair[0] + pair[1], pair[0]))


def _two(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Move]:
    return st.tuples(values, values).filter(lambda pair: pair[0] != pair[1])


def _lists() -> st.SearchStrategy[Move]:
    names = st.lists(NAMES, min_size=1, max_size=4, unique=True)
    return st.tuples(names, st.integers(0, 3)).map(lambda pair: (pair[0], pair[0][: min(pair[1], len(pair[0]) - 1)]))


def _ranks(rule: Classification) -> st.SearchStrategy[Move]:
    return st.sampled_from(list(itertools.combinations(rule.operand.split(">"), 2)))


def _over(rule: Classification) -> st.SearchStrategy[Move]:
    most = int(rule.operand)
    return st.tuples(st.integers(1, most), st.integers(most + 1, most * 100))


# For each direction: dangerous changes; and whether the reverse is harmless.
DANGEROUS: dict[str, tuple[Callable[[Classification], st.SearchStrategy[Move]], bool]] = {
    "off": (
        lambda _: st.sampled_from([(True, False), ("Enabled", "Disabled"), (True, None), ("ENABLED", "DISABLED")]),
        True,
    ),
    "on": (lambda _: st.sampled_from([(False, True), (None, True)]), True),
    "less": (_numbers, True),
    "more": (lambda rule: _numbers(rule).map(lambda pair: (pair[1], pair[0])), True),
    "forever": (
        lambda rule: st.one_of(_numbers(rule), st.tuples(st.just(int(rule.operand or 0)), st.integers(1, 99))),
        True,
    ),
    "over": (_over, True),
    "removed": (lambda _: st.tuples(NAMES, st.none()), True),
    "changed": (lambda _: st.one_of(_two(NAMES), st.tuples(NAMES, st.none())), False),
    "set": (lambda _: st.one_of(_two(NAMES), st.tuples(st.none(), NAMES)), False),
    "flipped": (lambda _: _two(st.booleans()), False),
    "fewer": (lambda _: _lists(), True),
    "wider": (lambda _: _lists().map(lambda pair: (pair[1], pair[0])), True),
    "rank": (_ranks, True),
    "key": (lambda _: st.one_of(_two(KEYS), st.tuples(KEYS, st.none())), False),
}
# Setting a value for the first time is harmless in these directions.
HARMLESS_FROM_NOTHING = ("changed", "removed", "key", "off")


@cache
def moves(rule: Classification) -> st.SearchStrategy[Move]:
    """The dangerous moves of a rule's direction. Making a strategy takes longer than drawing an example of it."""
    return DANGEROUS[rule.direction][0](rule)


def nested(name: str, value: Any) -> Values:
    """Attributes with a value at a path: `settings.rate` in a list of one block."""
    first, _, rest = name.partition(".")
    return {first: [nested(rest, value)] if rest else value}


def block_removed(rules: TypeRules, block: str) -> Move:
    """A block with one of its arguments, and none."""
    inside = {
        name.removeprefix(f"{block}."): rule for name, rule in rules.arguments.items() if name.startswith(f"{block}.")
    }
    argument = next(name for name, rule in inside.items() if rule.direction in ("", *HARMLESS_FROM_NOTHING))
    return [{argument: "a"}], []


def moved(rules: TypeRules, argument: str, before: Any, after: Any) -> Values:
    return change(
        f"{rules.type}.Thing", {"id": "x", **nested(argument, before)}, {"id": "x", **nested(argument, after)}
    )
