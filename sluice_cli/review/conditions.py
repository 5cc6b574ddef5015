"""Conditions of a policy's statements: which of two is stricter, and which keeps strangers out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sluice_cli.intervals import Interval

from .globs import covers, has_wildcard

# An operator as it is written, a key, and the values of which one has to match.
Condition = tuple[str, str, frozenset[str]]

OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?", re.IGNORECASE)
NUMBERS = ("numeric", "date")
COMPARISONS = {
    "equals": "=",
    "lessthan": "<",
    "lessthanequals": "<=",
    "greaterthan": ">",
    "greaterthanequals": ">=",
}

# Keys that say who asks, or through what of whose. Anybody can meet a condition on another key.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
ACCOUNTS = {
    *("aws:sourceaccount", "aws:principalaccount", "aws:sourceowner", "kms:calleraccount", "s3:dataaccesspointaccount"),
    *("aws:sourceorgid", "aws:principalorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"),
}
ARNS = {"aws:sourcearn", "aws:principalarn", "s3:dataaccesspointarn"}
BEGINNINGS = {"aws:userid": ":", "aws:principalorgpaths": "/", "aws:sourceorgpaths": "/"}
NETWORKS = {"aws:sourceip", "aws:vpcsourceip"}
# Claims of a token that identify its owner: `token.actions.githubusercontent.com:sub`.
CLAIMS = {
    "sub",
    "repository",
    "repository_owner",
    "repository_id",
    "repository_owner_id",
    "job_workflow_ref",
    "amr",
    "aud",
}
# Tokens of everybody are for it: https://docs.github.com/en/actions/concepts/security/openid-connect
AUDIENCE_OF_ALL = "sts.amazonaws.com"
# The widest networks that are somebody's: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PolicyStatus.html
LONGEST_PREFIX = {4: 8, 6: 32}


@dataclass(frozen=True)
class _Operator:
    """`ForAnyValue:StringLikeIfExists`: "ForAnyValue", "string", "like", not negated, if it exists."""

    quantifier: str
    family: str
    test: str
    negated: bool
    if_exists: bool


def _operator(text: str) -> _Operator:
    found = OPERATOR.fullmatch(text)
    quantifier, name, if_exists = (found[1] or "", found[2].lower(), bool(found[3])) if found else ("", text, False)
    for family in ("string", "arn", "numeric", "date", "binary", "bool", "null", "ipaddress", "notipaddress"):
        if name.startswith(family):
            test = name.removeprefix(family)
            negated = test.startswith("not") or family == "notipaddress"
            return _Operator(
                quantifier.lower(), family.removeprefix("not"), test.removeprefix("not"), negated, if_exists
            )
    return _Operator(quantifier.lower(), name, "", "not" in name, if_exists)


def implies(strict: Condition, loose: Condition) -> bool:
    """Whether every request that meets `strict` meets `loose`. False if that is unknown."""
    if strict == loose:
        return True
    (written, key, values), (other_written, other_key, others) = strict, loose
    if key.lower() != other_key.lower():
        return False
    one, other = _operator(written), _operator(other_written)
    if other.family == "null":
        present = not one.negated and not one.if_exists and one.quantifier != "forallvalues" and one.family != "null"
        return (present and others == {"false"}) or (one.family == "null" and values == others)
    if one.family == "null" or one.negated != other.negated or not _quantified(one, other):
        return False
    # A negated test is met by a request without the key.
    if one.if_exists and not (other.if_exists or one.negated):
        return False
    if one.negated:  # what the loose one refuses, the strict one refuses, too
        return all(any(_within(other, theirs, one, mine) for mine in values) for theirs in others)
    return bool(values) and all(any(_within(one, mine, other, theirs) for theirs in others) for mine in values)


def _quantified(one: _Operator, other: _Operator) -> bool:
    if one.quantifier == other.quantifier:
        return True
    # Of one value: any of them, and all of them, is that one. A negated test of any value is not that of all.
    return one.quantifier == "" and not one.negated


def _within(narrow: _Operator, value: str, wide: _Operator, pattern: str) -> bool:
    """Whether whatever matches `value` under one operator matches `pattern` under the other."""
    if narrow.family in NUMBERS and narrow.family == wide.family:
        inner, outer = _interval(narrow, value), _interval(wide, pattern)
        return inner is not None and outer is not None and outer.contains(inner)
    if narrow.family == wide.family == "ipaddress":
        return _contains(pattern, value)
    if {narrow.family, wide.family} <= {"string", "arn"}:
        return _text_within(narrow, value, wide, pattern)
    return narrow.family == wide.family and narrow.test == wide.test and value == pattern


def _text_within(narrow: _Operator, value: str, wide: _Operator, pattern: str) -> bool:
    # ArnEquals and ArnLike are the same; an ARN's wildcards stay within its parts.
    patterns = narrow.family == "arn" or narrow.test == "like"
    if narrow.family == "string" and wide.family == "arn" and patterns and has_wildcard(value):
        return False
    if narrow.test == "equalsignorecase":
        return wide.test == "equalsignorecase" and value.lower() == pattern.lower()
    if wide.test == "equalsignorecase":
        return value.lower() == pattern.lower() and not (patterns and has_wildcard(value))
    if wide.family == "arn" or wide.test == "like":
        if patterns or not has_wildcard(value):
            return covers(pattern, value)
        return pattern == "*"
    return value == pattern and not (patterns and has_wildcard(value))


def _interval(operator: _Operator, value: str) -> Interval | None:
    number = _date(value) if operator.family == "date" else _number(value)
    comparison = COMPARISONS.get(operator.test)
    return None if number is None or comparison is None else Interval.of(comparison, number)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _date(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _number(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _contains(network: str, other: str) -> bool:
    try:
        wide, narrow = (ipaddress.ip_network(text, strict=False) for text in (network, other))
    except ValueError:
        return network == other
    if isinstance(wide, ipaddress.IPv4Network):
        return isinstance(narrow, ipaddress.IPv4Network) and narrow.subnet_of(wide)
    return isinstance(narrow, ipaddress.IPv6Network) and narrow.subnet_of(wide)


def all_implied(strict: Iterable[Condition], loose: Iterable[Condition]) -> bool:
    """Whether every request that meets all of `strict` meets all of `loose`."""
    known = list(strict)
    return all(any(implies(one, wanted) for one in known) for wanted in loose)


def keeps_strangers_out(condition: Condition) -> bool:
    """Whether only somebody's own accounts, organization, network or resources meet it."""
    written, key, values = condition
    operator = _operator(written)
    fixed = _is_somebodys_claim(key) if key.lower().rpartition(":")[2] in CLAIMS else FIXED.get(key.lower())
    if fixed is None or operator.negated or operator.if_exists or operator.quantifier == "forallvalues":
        return False
    if operator.family not in ("string", "arn", "ipaddress") or not values:
        return False
    return all(map(fixed, values))


def names_an_owner(arn: str) -> bool:
    """Whether an ARN with wildcards is of one account, or of one bucket."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return not has_wildcard(arn)
    account, resource = parts[4], parts[5]
    if account:
        return not has_wildcard(account)
    # Names of buckets are unique in the world, and anybody can take one that begins alike.
    return not has_wildcard(resource.partition("/")[0])


def _is_somebodys_network(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return not has_wildcard(text)
    return network.is_private or network.prefixlen >= LONGEST_PREFIX[network.version]


def _begins_fixed(separator: str) -> Callable[[str], bool]:
    return lambda text: bool(text.partition(separator)[0]) and not has_wildcard(text.partition(separator)[0])


def _is_somebodys_claim(key: str) -> Callable[[str], bool]:
    """`repo:owner/*` is one owner's; `repo:own*` is anybody's who takes such a name."""
    if key.lower().endswith(":aud"):
        return lambda text: not has_wildcard(text) and text != AUDIENCE_OF_ALL
    return lambda text: not has_wildcard(re.split(r"[:/]", text.partition(":")[2] or text)[0])


FIXED: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(ACCOUNTS, lambda text: not has_wildcard(text)),
    **dict.fromkeys(ARNS, names_an_owner),
    **{key: _begins_fixed(separator) for key, separator in BEGINNINGS.items()},
    **dict.fromkeys(NETWORKS, _is_somebodys_network),
}
