"""IAM and resource policies, read and compared by what they allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sluice_cli.text import error_text

EVERYTHING = "*"

# Operators under which fewer values let fewer requests through, and those under which more values do.
NEGATED = re.compile(r"Not(Equals|Like|IpAddress)|NotEqualsIgnoreCase")


# Conditions that anybody can meet, by telling the truth or not.
MET_BY_ANYBODY = {"aws:securetransport", "s3:tlsversion", "aws:referer", "aws:useragent", "aws:currenttime"}
ANYTHING = {"*", "0.0.0.0/0", "::/0", "arn:*", "arn:aws:*"}


class PolicyError(ValueError):
    """The text is no policy."""


@dataclass(frozen=True)
class ParsedStatement:
    """One statement. `everything_but` names the parts that are given by exclusion (NotAction, NotResource, ...)."""

    sid: str
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    principals: frozenset[str]
    conditions: frozenset[tuple[str, str, frozenset[str]]]
    everything_but: frozenset[str] = field(default_factory=frozenset)

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    @property
    def is_tls_only(self) -> bool:
        return not self.allows and any(
            key.lower() == "aws:securetransport" and values == {"false"} for _, key, values in self.conditions
        )

    @property
    def is_public(self) -> bool:
        """Whether it lets anybody in, without a condition on who or from where."""
        anybody = (
            any(one.endswith(":*") or one == "*" for one in self.principals) or "principals" in self.everything_but
        )
        return self.allows and anybody and not any(map(_restricts, self.conditions))

    @property
    def is_wide(self) -> bool:
        """Whether it allows a whole service, or more, on every resource."""
        whole = any(one == "*" or one.endswith(":*") for one in self.actions) or "actions" in self.everything_but
        return self.allows and whole and EVERYTHING in self.resources and not self.principals


def read_policy(text: str) -> tuple[ParsedStatement, ...]:
    """Raises `PolicyError`."""
    try:
        document = json.loads(text)
        statements = document.get("Statement", [])
        return tuple(_statement(one) for one in ([statements] if isinstance(statements, dict) else statements))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise PolicyError(f"not a policy: {error_text(error)}") from error


def from_blocks(blocks: Sequence[Mapping[str, Any]]) -> tuple[ParsedStatement, ...]:
    """The statements of an `aws_iam_policy_document` data source. Raises `PolicyError`."""
    try:
        return tuple(map(_block_statement, blocks))
    except (AttributeError, KeyError, TypeError) as error:
        raise PolicyError(f"not a policy: {error_text(error)}") from error


def _block_statement(block: Mapping[str, Any]) -> ParsedStatement:
    return ParsedStatement(
        sid=str(block.get("sid") or ""),
        effect=str(block.get("effect") or "Allow"),
        actions=frozenset(map(_lower, block.get("actions") or block.get("not_actions") or [])),
        resources=frozenset(block.get("resources") or block.get("not_resources") or []),
        principals=frozenset(
            _principal(one["type"], identifier)
            for part in ("principals", "not_principals")
            for one in _rows(block.get(part))
            for identifier in one["identifiers"]
        ),
        conditions=frozenset(
            (one["test"], one["variable"], frozenset(map(str, one["values"]))) for one in _rows(block.get("condition"))
        ),
        everything_but=frozenset(part for part in ("actions", "resources", "principals") if block.get(f"not_{part}")),
    )


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [value] if isinstance(value, Mapping) else list(value or [])


def _restricts(condition: tuple[str, str, frozenset[str]]) -> bool:
    """Whether a condition keeps anybody out."""
    test, key, values = condition
    return key.lower() not in MET_BY_ANYBODY and not (values & ANYTHING) and not NEGATED.search(test) and bool(values)


def covered(wanted: ParsedStatement, action: str, resource: str, principal: str, by: Iterable[ParsedStatement]) -> bool:
    """Whether statements of the same effect say the same of every request that `wanted` says it of, for one action on
    one resource by one principal."""
    for one in by:
        if one.effect != wanted.effect:
            continue
        if one.everything_but or wanted.everything_but:
            if _same_parts(one, wanted):
                return True
            continue
        if (
            any(_matches(pattern, action) for pattern in one.actions)
            and (any(_matches(pattern, resource) for pattern in one.resources) or one.resources == wanted.resources)
            and (any(_matches(pattern, principal) for pattern in one.principals) or one.principals == wanted.principals)
            and _implies(wanted, one)
        ):
            return True
    return False


def triples(statement: ParsedStatement) -> list[tuple[str, str, str]]:
    return [
        (action, resource, principal)
        for action in sorted(statement.actions)
        for resource in sorted(statement.resources) or [""]
        for principal in sorted(statement.principals) or [""]
    ]


def _statement(document: Mapping[str, Any]) -> ParsedStatement:
    excluded = frozenset(part for part in ("actions", "resources", "principals") if f"Not{_SINGULAR[part]}" in document)
    actions = document.get("Action", document.get("NotAction", []))
    resources = document.get("Resource", document.get("NotResource", []))
    principals = document.get("Principal", document.get("NotPrincipal", {}))
    if isinstance(principals, str):
        principals = {"AWS": principals}
    return ParsedStatement(
        sid=str(document.get("Sid") or ""),
        effect=str(document.get("Effect", "Deny")),
        actions=frozenset(map(_lower, _list(actions))),
        resources=frozenset(_list(resources)),
        principals=frozenset(_principal(kind, one) for kind, ones in principals.items() for one in _list(ones)),
        conditions=frozenset(
            (test, key, frozenset(_list(values)))
            for test, pairs in (document.get("Condition") or {}).items()
            for key, values in pairs.items()
        ),
        everything_but=excluded,
    )


_SINGULAR = {"actions": "Action", "resources": "Resource", "principals": "Principal"}


def _principal(kind: str, identifier: str) -> str:
    # Terraform's type "*" and AWS's "AWS": "*" are the same: anybody.
    return "*" if identifier == "*" and kind in ("*", "AWS") else f"{kind}:{identifier}"


def _list(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _lower(action: str) -> str:
    # Actions are not case-sensitive; the service's prefix is written in small letters, the name kept for reading.
    service, colon, name = action.partition(":")
    return f"{service.lower()}{colon}{name}"


def _same_parts(one: ParsedStatement, other: ParsedStatement) -> bool:
    return (one.actions, one.resources, one.principals, one.conditions, one.everything_but) == (
        other.actions,
        other.resources,
        other.principals,
        other.conditions,
        other.everything_but,
    )


def _implies(strict: ParsedStatement, loose: ParsedStatement) -> bool:
    """Whether every request that meets `strict`'s conditions meets `loose`'s."""
    return all(
        any(
            test == known_test
            and key.lower() == known_key.lower()
            and (values <= known if NEGATED.search(test) else known <= values)
            for known_test, known_key, known in strict.conditions
        )
        for test, key, values in loose.conditions
    )


def _matches(pattern: str, text: str) -> bool:
    return pattern == text or bool(_compiled(pattern.lower()).fullmatch(text.lower()))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # A wildcard in the text is matched by `*` only: `?` is one character, and `*` is any number of them.
    parts = (".*" if one == "*" else "[^*]" if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)
