"""Which option decides what is learned from samples, for stacks that nobody wrote."""

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.terraform_modules.learning import Choices, Learner, Option, UnseenError, evaluate
from settings import Settings

OPTIONS = [
    Option("a", {"on": {}}, {"on": "var.a"}, "var.a"),
    Option("b", {"x": {}, "y": {}}, {"x": 'var.b == "x"', "y": 'var.b == "y"'}, 'var.b != "n"'),
    Option("c", {"on": {}}, {"on": "var.c"}, "var.c"),
]
EVERY: list[Choices] = [
    {name: label for name, label in zip("abc", labels, strict=True) if label}
    for labels in product(["", "on"], ["", "x", "y"], ["", "on"])
]


def learn(stack: Any) -> Any:
    singles: list[Choices] = [{option.name: label} for option in OPTIONS for label in option.settings]
    pairs = [{**one, **other} for one, other in combinations(singles, 2) if not one.keys() & other.keys()]
    together: list[Choices] = [{"a": "on", "b": label, "c": "on"} for label in ("x", "y")]
    seen: list[Choices] = [{}, *singles, *pairs, *together]
    while True:
        try:
            samples = [(choices, stack(choices)) for choices in seen]
            return Learner(OPTIONS, lambda one, _, other: bool(one == other)).explain(samples)
        except UnseenError as error:
            seen += error.choices


# Each place of a stack is there, or has a value, by at most two options.
RULE = st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["a", "b", "c"]), st.sampled_from(["and", "or"]))


def holds(rule: tuple[str, str, str], choices: Choices) -> bool:
    sides = [one in choices for one in rule[:2]]
    return all(sides) if rule[2] == "and" else any(sides)


@settings(max_examples=60, deadline=None)
@given(there=st.lists(RULE, min_size=1, max_size=4), value=st.lists(RULE, max_size=3), items=st.lists(RULE, max_size=3))
def test_what_is_learned_of_pairs_is_what_the_stack_says_under_everything(
    there: list[Any], value: list[Any], items: list[Any]
) -> None:
    def stack(choices: Choices) -> dict[str, Any]:
        content: dict[str, Any] = {"always": 1}
        for number, rule in enumerate(value):
            content[f"value{number}"] = choices.get("b", "n") if holds(rule, choices) else "plain"
        content["statement"] = [
            {"sid": "first", "n": 0},
            *({"sid": f"s{number}", "n": number} for number, rule in enumerate(items) if holds(rule, choices)),
        ]
        return {f"r{number}": content for number, rule in enumerate(there) if holds(rule, choices)}

    learned = learn(stack)
    assert [evaluate(learned, choices) for choices in EVERY] == [stack(choices) for choices in EVERY]


@pytest.mark.parametrize(
    ("there", "condition"),
    [
        (lambda choices: "a" in choices, "var.a"),
        (lambda choices: "a" not in choices, "!var.a"),
        (lambda choices: choices.get("b") == "x", 'var.b == "x"'),
        (lambda choices: "b" in choices, 'var.b != "n"'),
        (lambda choices: "a" in choices and "c" in choices, "var.a && var.c"),
        (lambda choices: "a" in choices or "b" in choices, 'var.a || var.b != "n"'),
    ],
)
def test_a_condition_reads_as_somebody_would_write_it(there: Any, condition: str) -> None:
    learned = learn(lambda choices: {"r": 1} if there(choices) else {})
    assert learned["r"].condition == condition


def test_every_setting_that_a_module_offers_has_a_condition_of_the_terraform_language() -> None:
    from scripts.terraform_modules.variables import DESCRIPTIONS, _conditions

    own = Settings.__dataclass_fields__
    for name in DESCRIPTIONS:
        assert _conditions(name, own[name].metadata["parse"]), name
