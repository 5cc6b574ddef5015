"""IAM and resource policies, read and compared by what they allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from sluice_cli.text import error_text

from .conditions import Condition, all_implied, keeps_strangers_out
from .globs import covers, has_wildcard, overlap

EVERYTHING = "*"
EFFECTS = ("Allow", "Deny")
ACCOUNT = re.compile(r"\d{12}")

# Actions that allow granting oneself or others any permission of the account.
ADMINISTRATION = re.compile(
    r"iam:(Pass|Put|Attach|Detach|Create|Update|Delete|Set|Add|Remove|Upload|Enable|Deactivate|Change|\*)"
    r"|sts:(AssumeRole|\*)|organizations:|kms:(PutKeyPolicy|CreateGrant)|lambda:(AddPermission|UpdateFunctionCode)",
    re.IGNORECASE,
)
# Services whose ARNs have the name right after the account, without a resource type.
WITHOUT_TYPE = ("s3", "sqs", "sns", "execute-api", "execute-api-private")


# Of actions, resources and principals; a policy of AWS has at most 20 KB. What has more counts as wider.
MOST_COMBINATIONS = 20_000


class PolicyError(ValueError):
    """The text is not a policy."""


@dataclass(frozen=True)
class ParsedStatement:
    """One statement. `everything_but` names the parts that are exclusions (NotAction, NotResource, ...)."""

    sid: str
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    principals: frozenset[str]
    conditions: frozenset[Condition]
    everything_but: frozenset[str] = field(default_factory=frozenset)

    def parts(self, name: str) -> list[str | None]:
        """The values of "actions", "resources" or "principals"; None for an exclusion."""
        values = sorted(getattr(self, name))
        return [None] if name in self.everything_but or not values else list(values)

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
        """Whether it allows everybody, without a condition on who or from where."""
        # An identity provider authenticates all of its users.
        anybody = (
            any(one.endswith(":*") or one == "*" or one.startswith("Federated:") for one in self.principals)
            or "principals" in self.everything_but
        )
        return self.allows and anybody and not any(map(keeps_strangers_out, self.conditions))

    @property
    def is_wide(self) -> bool:
        """Whether it allows a whole service or more, or escalating permissions, on any resource."""
        actions = [one.replace("*:*", "*") for one in self.actions]
        whole = any(one == "*" or one.endswith(":*") or ADMINISTRATION.match(one) for one in actions)
        anything = any(map(_is_any_resource, self.resources)) or "resources" in self.everything_but
        return self.allows and (whole or "actions" in self.everything_but) and anything and not self.principals

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts and other principals that it names, without services."""
        found = set()
        for one in self.principals:
            kind, _, who = one.partition(":")
            if kind in ("AWS", "Federated"):
                parts = who.split(":")
                found.add(parts[4] if len(parts) > 5 and parts[4] else who)
        return frozenset(found)


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


def is_covered(wanted: ParsedStatement, by: Iterable[ParsedStatement]) -> bool:
    """Whether statements of the same effect cover every request that `wanted` covers."""
    same_effect = [one for one in by if one.effect == wanted.effect]
    if len(wanted.actions) * max(len(wanted.resources), 1) * max(len(wanted.principals), 1) > MOST_COMBINATIONS:
        return wanted in same_effect
    return all(any(_covers(one, wanted, parts) for one in same_effect) for parts in product(*map(wanted.parts, PARTS)))


PARTS = ("actions", "resources", "principals")


def _covers(one: ParsedStatement, wanted: ParsedStatement, parts: tuple[str | None, ...]) -> bool:
    return all(
        _covers_part(one, wanted, name, value) for name, value in zip(PARTS, parts, strict=True)
    ) and all_implied(wanted.conditions, one.conditions)


def _covers_part(one: ParsedStatement, wanted: ParsedStatement, name: str, value: str | None) -> bool:
    """Whether a part is covered. `value` is one value of `wanted`; None stands for its exclusions, or nothing."""
    mine: frozenset[str] = getattr(one, name)
    theirs: frozenset[str] = getattr(wanted, name)
    excludes = name in one.everything_but
    if value is not None:
        return not any(_overlap(but, value) for but in mine) if excludes else any(_matches(its, value) for its in mine)
    if name not in wanted.everything_but:
        return not mine
    # It may exclude no more than the other.
    return all(any(_matches(but, its) for but in theirs) for its in mine) if excludes else EVERYTHING in mine


def _statement(document: Mapping[str, Any]) -> ParsedStatement:
    excluded = frozenset(part for part in ("actions", "resources", "principals") if f"Not{_SINGULAR[part]}" in document)
    actions = document.get("Action", document.get("NotAction", []))
    resources = document.get("Resource", document.get("NotResource", []))
    principals = document.get("Principal", document.get("NotPrincipal", {}))
    if isinstance(principals, str):
        principals = {"AWS": principals}
    if document.get("Effect") not in EFFECTS:
        raise ValueError(f"a statement's Effect is {document.get('Effect')!r:.40}; it is Allow or Deny")
    if not {"Action", "NotAction"} & {*document}:
        raise ValueError("a statement has no Action")
    return ParsedStatement(
        sid=str(document.get("Sid") or ""),
        effect=str(document["Effect"]),
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
    # Terraform's type "*" and AWS's "AWS": "*" both mean everybody; an account id means the whole account.
    if identifier == "*" and kind in ("*", "AWS"):
        return "*"
    return f"{kind}:arn:aws:iam::{identifier}:root" if ACCOUNT.fullmatch(identifier) else f"{kind}:{identifier}"


def _list(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _lower(action: str) -> str:
    # Actions are case-insensitive; the service prefix is lower-cased, the name kept for display.
    service, colon, name = action.partition(":")
    return f"{service.lower()}{colon}{name}"


def _matches(pattern: str, text: str) -> bool:
    return covers(pattern.lower(), text.lower())


def _is_any_resource(arn: str) -> bool:
    """Whether it matches every resource of its type: `arn:aws:dynamodb:*:*:table/*`."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return has_wildcard(arn)
    if parts[2] not in WITHOUT_TYPE:
        return parts[5].replace(":", "/").partition("/")[2].startswith(("*", "?")) or parts[5].startswith(("*", "?"))
    return parts[5].startswith(("*", "?"))


def _overlap(one: str, other: str) -> bool:
    return overlap(one.lower(), other.lower())
