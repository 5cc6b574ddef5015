"""Rules of several parts against what they do: without a finding, nothing more is deleted or dropped than before."""

import json
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.review.plans import Values, change, findings

PREFIXES = ["", "a", "a/", "a/b/", "b/"]
KEYS = ["a/x.png", "a/b/x.png", "a/b/y.txt", "b/x", "c", "ab"]
AGES = [0, 1, 2, 29, 30, 364, 365, 1000]
SIZES = [0, 10, 100, 1000]

RULES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["one", "two", "three.four"]),
            "status": st.sampled_from(["Enabled", "Enabled", "Disabled"]),
            "filter": st.one_of(
                st.just([]),
                st.sampled_from(PREFIXES).map(lambda prefix: [{"prefix": prefix}]),
                st.tuples(st.sampled_from(PREFIXES), st.sampled_from(SIZES), st.sampled_from([50, 500, None])).map(
                    lambda parts: [
                        {
                            "and": [
                                {
                                    "prefix": parts[0],
                                    "object_size_greater_than": parts[1],
                                    "object_size_less_than": parts[2],
                                }
                            ]
                        }
                    ]
                ),
            ),
            "expiration": st.one_of(st.just([]), st.sampled_from([1, 30, 365]).map(lambda days: [{"days": days}])),
        }
    ),
    max_size=3,
)


def deleted(rules: list[Values]) -> set[tuple[str, int, int]]:
    """Which objects, by key, size and age, these rules delete."""
    found = set()
    for rule, key, size, age in product(rules, KEYS, SIZES, AGES):
        (where,) = rule["filter"] or [{}]
        (where,) = where.get("and", [where])
        larger, smaller = where.get("object_size_greater_than") or -1, where.get("object_size_less_than") or 10**9
        inside = key.startswith(where.get("prefix", "")) and larger < size < smaller
        due = any(age >= one["days"] for one in rule["expiration"])
        if rule["status"] == "Enabled" and inside and due:
            found.add((key, size, age))
    return found


@settings(max_examples=200, deadline=None)
@given(RULES, RULES)
def test_rules_that_delete_more_are_found(before: list[Values], after: list[Values]) -> None:
    found = findings(
        change(
            "aws_s3_bucket_lifecycle_configuration.L", {"bucket": "b", "rule": before}, {"bucket": "b", "rule": after}
        )
    )
    if deleted(after) - deleted(before):
        assert [one for one in found if one.startswith("Kept for less time")], (before, after)
    if not [rule for rule in after if rule["status"] == "Enabled" and rule["expiration"]] or before == after:
        assert found == []


EVENTS = ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy", "s3:ObjectRemoved:Delete"]
ROUTES = st.lists(
    st.fixed_dictionaries(
        {
            "lambda_function_arn": st.sampled_from(["arn:one", "arn:two"]),
            "events": st.lists(st.sampled_from([*EVENTS, "s3:ObjectCreated:*"]), min_size=1, max_size=2, unique=True),
            "filter_prefix": st.sampled_from(PREFIXES),
            "filter_suffix": st.sampled_from(["", ".png"]),
        }
    ),
    max_size=3,
)


def delivered(routes: list[Values]) -> set[tuple[str, str, str]]:
    """Which events, by key and kind, arrive where."""
    return {
        (route["lambda_function_arn"], key, event)
        for route, key, event in product(routes, KEYS, EVENTS)
        if key.startswith(route["filter_prefix"])
        and key.endswith(route["filter_suffix"])
        and any(fnmatchcase(event, pattern) for pattern in route["events"])
    }


@settings(max_examples=200, deadline=None)
@given(ROUTES, ROUTES)
def test_events_that_no_longer_arrive_are_found(before: list[Values], after: list[Values]) -> None:
    values = ({"bucket": "b", "lambda_function": one} for one in (before, after))
    found = findings(change("aws_s3_bucket_notification.N", *values))
    if delivered(before) - delivered(after):
        assert [one for one in found if one.startswith("Events stop")], (before, after)
    if all(route in after for route in before):
        assert found == []


MESSAGES = [{"kind": kind, "detail": {"size": size}} for kind in "abc" for size in "sml"]
PATTERNS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
        "detail": st.lists(st.sampled_from("sml"), min_size=1, max_size=3, unique=True).map(
            lambda sizes: {"size": sizes}
        ),
    },
)


def matches(pattern: Any, message: Any) -> bool:
    if isinstance(pattern, dict):
        return all(key in message and matches(part, message[key]) for key, part in pattern.items())
    return message in pattern


@settings(max_examples=200, deadline=None)
@given(st.lists(PATTERNS, max_size=2), st.lists(PATTERNS, max_size=2))
def test_messages_that_no_longer_pass_are_found(before: list[Values], after: list[Values]) -> None:
    def passing(patterns: list[Values]) -> list[Values]:
        return [one for one in MESSAGES if not patterns or any(matches(pattern, one) for pattern in patterns)]

    def mapping(patterns: list[Values]) -> Values:
        return {"filter_criteria": [{"filter": [{"pattern": json.dumps(one)} for one in patterns]}] if patterns else []}

    found = findings(change("aws_lambda_event_source_mapping.M", mapping(before), mapping(after)))
    if any(one not in passing(after) for one in passing(before)):
        assert found, (before, after)
    if not after:
        assert found == []
