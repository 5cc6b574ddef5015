"""Filters and patterns that SNS, EventBridge or Lambda refuses, or that match nothing, are refused."""

from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError
from modules._event_filters import OF_RULES, OF_STREAMS, OF_SUBSCRIPTIONS, Operators, check_pattern


@pytest.mark.parametrize("operators", [OF_RULES, OF_STREAMS, OF_SUBSCRIPTIONS])
@pytest.mark.parametrize(
    "comparison",
    [
        {"numeric": [">", 5, "<", 1]},
        {"numeric": [">", 5, "<", 5]},
        {"numeric": ["<", 1, ">", 5]},
        {"numeric": ["=", 1, "<", 5]},
        {"numeric": ["=", 6e9]},
        {"numeric": ["<", -6e9]},
        {"numeric": ["=", float("inf")]},
        {"anything-but": []},
        {"anything-but": ["a", 1]},
        {"anything-but": [["a"]]},
        {"anything-but": None},
        {"anything-but": [None, "a"]},
        {"anything-but": [True]},
    ],
)
def test_a_comparison_that_no_service_takes_is_refused(
    stack: TerraformStack, operators: Operators, comparison: Any
) -> None:
    (name,) = comparison
    with pytest.raises(ConfigurationError, match=rf"^stack: filters\['a'\] has .*; {name} does not take"):
        check_pattern(stack, "filters", {"a": [comparison]}, operators)


@pytest.mark.parametrize("operators", [OF_RULES, OF_SUBSCRIPTIONS])
@pytest.mark.parametrize(
    "comparison",
    [
        {"cidr": "10.0.0.0/33"},
        {"cidr": "10.0.0.1"},
        {"cidr": "2001:db8::/129"},
        {"cidr": "example.com/8"},
        {"wildcard": "a**b"},
        {"wildcard": "**"},
        {"wildcard": r"a\\**"},
        {"wildcard": r"a\b"},
        {"wildcard": "a\\"},
        {"anything-but": {"wildcard": "a**"}},
        {"anything-but": {"prefix": []}},
    ],
)
def test_networks_and_wildcards_that_mean_nothing_are_refused(
    stack: TerraformStack, operators: Operators, comparison: Any
) -> None:
    with pytest.raises(ConfigurationError, match="does not take"):
        check_pattern(stack, "filters", {"a": [comparison]}, operators)


@pytest.mark.parametrize(
    ("operators", "number", "taken"),
    [(OF_SUBSCRIPTIONS, 1e9, True), (OF_SUBSCRIPTIONS, 1.1e9, False), (OF_RULES, 5e9, True), (OF_RULES, 5.1e9, False)],
)
def test_numbers_are_compared_in_the_range_of_the_service(
    stack: TerraformStack, operators: Operators, number: float, taken: bool
) -> None:
    pattern = {"a": [{"numeric": ["<", number]}]}
    if taken:
        check_pattern(stack, "filters", pattern, operators)
    else:
        with pytest.raises(ConfigurationError, match="numeric does not take"):
            check_pattern(stack, "filters", pattern, operators)


@pytest.mark.parametrize(
    "comparison",
    [
        {"numeric": [">=", 0, "<", 5]},
        {"numeric": ["=", -0.5]},
        {"anything-but": ["a", "b"]},
        {"anything-but": [1, 2.5]},
        {"anything-but": "a"},
        {"anything-but": {"prefix": "a"}},
        {"cidr": "10.0.0.0/8"},
        {"cidr": "2001:db8::/32"},
        {"wildcard": r"a*\**"},
        {"exists": False},
    ],
)
def test_other_comparisons_are_taken(stack: TerraformStack, comparison: Any) -> None:
    check_pattern(stack, "pattern", {"detail": {"a": [comparison]}}, OF_RULES)


def test_a_name_has_a_character_at_least(stack: TerraformStack) -> None:
    with pytest.raises(ConfigurationError, match=r"filters has ''; names are texts with a character at least"):
        check_pattern(stack, "filters", {"": ["a"]}, OF_RULES)
