"""Conditions and event patterns against what they let through: what is called stricter lets nothing more through."""

import ipaddress
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.review.conditions import Condition, implies, keeps_strangers_out
from sluice_cli.review.dangers.event_patterns import lets_through
from sluice_cli.review.globs import covers, overlap

TEXTS = ["a", "A", "ab", "abc", "b", "a/b", ""]
PATTERNS = ["a", "A", "ab", "a*", "*", "?", "a?", "*b", "a/*"]
NUMBERS = ["0", "1", "2", "2.5", "3"]
NETWORKS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "192.168.0.0/16", "0.0.0.0/0"]
ADDRESSES = ["10.1.2.3", "10.1.9.9", "10.2.0.1", "192.168.1.1", "8.8.8.8"]
TESTS: dict[str, list[str]] = {
    **dict.fromkeys(
        ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"], PATTERNS
    ),
    **dict.fromkeys(["StringLike", "StringNotLike"], PATTERNS),
    **dict.fromkeys(
        [f"Numeric{test}" for test in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan")], NUMBERS
    ),
    **dict.fromkeys(["IpAddress", "NotIpAddress"], NETWORKS),
    "Bool": ["true", "false"],
    "Null": ["true", "false"],
}
VALUES = {
    "String": TEXTS + PATTERNS,
    "Numeric": NUMBERS,
    "Ip": ADDRESSES,
    "NotIp": ADDRESSES,
    "Bool": ["true", "false"],
}


FAMILIES = [
    ["StringEquals", "StringLike", "StringEqualsIgnoreCase"],
    ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"],
    ["NumericLessThan", "NumericLessThanEquals", "NumericEquals"],
    ["NumericGreaterThan", "NumericEquals"],
    ["NumericNotEquals"],
    ["IpAddress"],
    ["NotIpAddress"],
    ["Bool", "Null"],
    ["StringEquals", "StringNotEquals", "Null"],
]


@st.composite
def pairs(draw: Any) -> tuple[Condition, Condition]:
    """Two conditions that are alike, so that one often implies the other."""
    family = draw(st.sampled_from(FAMILIES))
    quantifiers = st.sampled_from(draw(st.sampled_from([[""], ["", "ForAnyValue:", "ForAllValues:"]])))
    found = []
    for _ in "ab":
        operator = draw(st.sampled_from(family))
        values = draw(st.lists(st.sampled_from(TESTS[operator][:4]), min_size=1, max_size=2, unique=True))
        plain = operator == "Null"
        quantifier = "" if plain else draw(quantifiers)
        if_exists = "" if plain else draw(st.sampled_from(["", "IfExists"]))
        found.append((f"{quantifier}{operator}{if_exists}", "aws:key", frozenset(values)))
    return found[0], found[1]


def single(test: str, pattern: str, value: str) -> bool:
    """One value against one of a condition's, without the Not."""
    if test.startswith("String"):
        if test == "StringLike":
            return fnmatchcase(value, pattern.replace("[", "[[]"))
        return value == pattern if test == "StringEquals" else value.lower() == pattern.lower()
    if test == "IpAddress":
        return ipaddress.ip_address(value) in ipaddress.ip_network(pattern)
    if test == "Bool":
        return value == pattern
    one, other = float(value), float(pattern)
    return {
        "NumericEquals": one == other,
        "NumericLessThan": one < other,
        "NumericLessThanEquals": one <= other,
        "NumericGreaterThan": one > other,
    }[test]


def met(condition: Condition, values: list[str] | None) -> bool:
    """Whether a request with these values of the key, or without it, meets a condition; by IAM's documentation."""
    written, _, patterns = condition
    quantifier, _, name = written.rpartition(":")
    operator = name.removesuffix("IfExists")
    if operator == "Null":
        return (values is None) == (patterns == {"true"}) if len(patterns) == 1 else True
    negated = "Not" in operator
    plain = operator.replace("Not", "")
    if values is None:
        return name.endswith("IfExists") or negated or quantifier == "ForAllValues"

    def matches(value: str) -> bool:
        return any(single(plain, pattern, value) for pattern in patterns) != negated

    return all(map(matches, values)) if quantifier == "ForAllValues" else any(map(matches, values))


@settings(max_examples=300, deadline=None)
@given(pairs(), st.data())
def test_what_is_implied_is_met_by_every_request_that_meets_the_stricter(
    pair: tuple[Condition, Condition], data: Any
) -> None:
    strict, loose = pair
    if not implies(strict, loose):
        return
    families = {name.rpartition(":")[2].removesuffix("IfExists") for name, _, _ in (strict, loose)} - {"Null"}
    kinds = {kind for family in families for kind in VALUES if family.startswith(kind)} or {"String"}
    kind = sorted(kinds)[0]
    many = any(":" in name for name, _, _ in (strict, loose))
    single_valued = not all(":" in name for name, _, _ in (strict, loose))
    size = 1 if single_valued or not many else 2
    for values in [None, *[[one] for one in VALUES[kind]]]:
        assert not met(strict, values) or met(loose, values), (strict, loose, values)
    if size == 2:
        two = data.draw(st.lists(st.sampled_from(VALUES[kind]), min_size=2, max_size=2))
        assert not met(strict, two) or met(loose, two), (strict, loose, two)


@settings(max_examples=150, deadline=None)
@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_match_the_same_text_overlap(one: str, other: str, text: str) -> None:
    if fnmatchcase(text, one) and fnmatchcase(text, other):
        assert overlap(one, other)
    if covers(one, other) and fnmatchcase(text, other):
        assert fnmatchcase(text, one)


@pytest.mark.parametrize(
    ("test", "key", "value", "expected"),
    [
        ("StringEquals", "aws:SourceAccount", "123456789012", True),
        ("StringLike", "aws:SourceAccount", "*", False),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1", False),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-1", False),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:123456789012:*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::mine", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::mine*", False),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", True),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/1", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("StringLike", "aws:userid", "AROAEXAMPLE:*", True),
        ("StringLike", "aws:userid", "*:name", False),
        ("StringLike", "token.actions.githubusercontent.com:sub", "repo:owner/*", True),
        ("StringLike", "token.actions.githubusercontent.com:sub", "repo:own*", False),
        ("StringLike", "token.actions.githubusercontent.com:sub", "repo:*", False),
        ("StringEquals", "token.actions.githubusercontent.com:aud", "sts.amazonaws.com", False),
        ("StringEquals", "aws:Referer", "https://a", False),
        ("Bool", "aws:SecureTransport", "true", False),
        ("StringNotEquals", "aws:SourceAccount", "123456789012", False),
    ],
)
def test_which_conditions_keep_strangers_out(test: str, key: str, value: str, expected: bool) -> None:
    assert keeps_strangers_out((test, key, frozenset({value}))) is expected


MATCHERS = st.sampled_from(
    [
        *("a", "ab", "b", 1, 2),
        *({"prefix": "a"}, {"prefix": "ab"}, {"suffix": "b"}, {"wildcard": "a*b"}),
        *({"anything-but": ["a"]}, {"anything-but": ["a", "b"]}, {"anything-but": {"prefix": "a"}}),
        *({"exists": True}, {"exists": False}),
        *({"numeric": [">", 0]}, {"numeric": [">=", 1, "<", 3]}, {"numeric": ["=", 2]}),
    ]
)
FILTERS = st.dictionaries(st.sampled_from(["x", "y"]), st.lists(MATCHERS, min_size=1, max_size=2), max_size=2)
FIELDS: list[Any] = ["a", "ab", "axb", "b", "c", 1, 2, 3, None]


def takes(matcher: Any, value: Any) -> bool:
    """Whether a matcher takes a field's value; None: the event has no such field."""
    if not isinstance(matcher, dict):
        return bool(matcher == value)
    ((operator, operand),) = matcher.items()
    if operator == "exists":
        return (value is not None) is operand
    if value is None:
        return False
    if operator == "anything-but":
        if isinstance(operand, dict):
            return not takes(operand, value)
        return value not in operand
    if operator == "numeric":
        signs = {"=": lambda a, b: a == b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b}
        pairs = zip(operand[::2], operand[1::2], strict=True)
        return isinstance(value, int) and all(signs[sign](value, number) for sign, number in pairs)
    if not isinstance(value, str):
        return False
    patterns = {"prefix": f"{operand}*", "suffix": f"*{operand}", "wildcard": operand}
    return fnmatchcase(value, patterns[operator])


def passes(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return all(any(takes(one, event[field]) for one in matchers) for field, matchers in pattern.items())


@settings(max_examples=200, deadline=None)
@given(FILTERS, FILTERS)
def test_a_pattern_that_is_called_wider_lets_all_events_of_the_other_through(
    wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    if lets_through(wide, narrow):
        for event in ({"x": x, "y": y} for x in FIELDS for y in FIELDS):
            assert not passes(narrow, event) or passes(wide, event), (wide, narrow, event)
