"""Finds the verb of the module classes that grants an action on a resource, in grants.json, which
scripts/grant_table.py generates from the classes.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from sluice_cli.denials.model import Denial
from sluice_cli.deployed.resources import Resource, mentions

FILE = "grants.json"
KEY = "{key}"
NOTHING = "(?!)"  # a pattern that matches nothing


@dataclass(frozen=True)
class GrantVerb:
    """A `grant_...` method, the options of its call, and the statements that it adds."""

    construct: str  # the class: `Table`
    name: str
    options: tuple[str, ...]
    statements: tuple[Mapping[str, Any], ...]
    # The type of the class's main resource and its id below the construct; None for references to existing resources.
    resource: tuple[str, str] | None
    existing_call: str
    existing_arn: str

    @property
    def size(self) -> int:
        """The number of actions that it grants, without those on a key."""
        return sum(len(one["actions"]) for one in self.statements if one["resources"] != [KEY])


@dataclass(frozen=True)
class Match:
    """A verb that grants the refused action on the refused resource."""

    verb: GrantVerb
    resource: Resource | None  # None for a resource outside of the stacks
    options: Mapping[str, str]
    statement: Mapping[str, Any]

    @property
    def of_key(self) -> bool:
        """Whether the action is on the resource's key."""
        return bool(self.statement["resources"] == [KEY])

    def call(self, construct: str, function: str) -> str:
        options = "".join(f", {name}={json.dumps(value)}" for name, value in self.options.items())
        return f"{construct}.{self.verb.name}({function}{options})"


@cache
def verbs() -> tuple[GrantVerb, ...]:
    """All verbs, in the order of the file."""
    table = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return tuple(
        GrantVerb(
            construct=construct,
            name=verb["verb"],
            options=tuple(verb["options"]),
            statements=tuple(verb["statements"]),
            resource=(made["resource"]["type"], made["resource"]["child"]) if "resource" in made else None,
            existing_call=made["existing"]["call"],
            existing_arn=made["existing"]["arn"],
        )
        for construct, made in table.items()
        for verb in made["verbs"]
    )


def in_stacks(denial: Denial, resources: Sequence[Resource]) -> list[Match]:
    """The verbs of deployed constructs that grant the refused action, narrowest first."""
    found = []
    for verb, statement in _with_action(denial.action):
        for resource in _made_by(verb, resources):
            options = _options(denial, verb, statement, _known(resource, denial.resource, resources))
            if options is not None:
                found.append(Match(verb, resource, options, statement))
    return sorted(found, key=_rank)


def of_existing(denial: Denial) -> list[Match]:
    """The verbs for a resource outside of the stacks, by its ARN."""
    arn = _owner(denial.resource)
    known = {"arn": arn, "stream_arn": denial.resource}
    found = [
        Match(verb, None, options, statement)
        for verb, statement in _with_action(denial.action)
        if _pattern(verb.existing_arn, {}).fullmatch(arn)
        and (options := _options(denial, verb, statement, known)) is not None
    ]
    return sorted(found, key=_rank)


def existing_construct(match: Match, denial: Denial) -> str:
    """The code for a reference to a resource outside of the stacks, with an id made from its name."""
    arn = _owner(denial.resource)
    found = _pattern(match.verb.existing_arn, {}).fullmatch(arn)
    name = found["name"] if found else arn
    id_ = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name)) or "Existing"
    return match.verb.existing_call.format(id=id_, arn=arn, name=name)


def _owner(arn: str) -> str:
    """The ARN of the bucket or table that has the object, index or stream of an ARN."""
    if arn.split(":")[2:3] == ["s3"]:
        return arn.partition("/")[0]
    return re.split("/index/|/stream/", arn)[0]


def as_held(match: Match, allowed: Collection[tuple[str, str]]) -> Match | None:
    """The match with the options under which the role already has the verb, from the role's allowed actions (lower
    case) and resources; None if a statement of the verb other than those on the key is missing.
    """
    options: dict[str, str] = {}
    known = (
        {name: str(match.resource.attributes.get(name) or "") for name in ("arn", "stream_arn")}
        if match.resource
        else {}
    )
    for needed in match.verb.statements:
        if needed["resources"] == [KEY]:
            continue
        on = [{resource for action, resource in allowed if action == one.lower()} for one in needed["actions"]]
        found = [
            given
            for resource in sorted(set.intersection(*on))
            if (given := _options(_at(resource), match.verb, needed, known)) is not None
        ]
        if not found:
            return None
        options |= found[0]
    return replace(match, options=options)


def _at(resource: str) -> Denial:
    return Denial(principal="", action="", resource=resource.removesuffix("*"))


def _with_action(action: str) -> Iterator[tuple[GrantVerb, Mapping[str, Any]]]:
    for verb in verbs():
        for statement in verb.statements:
            if action.lower() in (one.lower() for one in statement["actions"]):
                yield verb, statement


def _made_by(verb: GrantVerb, resources: Iterable[Resource]) -> Iterator[Resource]:
    """The main resources of constructs of the verb's class, by type and id."""
    if verb.resource is None:
        return
    type_, child = verb.resource
    for one in resources:
        if one.type == type_ and one.path.endswith(f"/{child}") and one.path.count("/") >= 2:
            yield one


def _known(resource: Resource, refused: str, resources: Iterable[Resource]) -> dict[str, str]:
    """The values of a statement's placeholders. The key is known if the construct uses the refused
    resource as its key.
    """
    known = {name: str(resource.attributes.get(name) or "") for name in ("arn", "stream_arn")}
    key = re.fullmatch(r"arn:[\w-]+:kms:.*", refused)
    if key and any(_inside(one, resource) and mentions(one, refused) for one in resources):
        known["key"] = refused
    return {name: value for name, value in known.items() if value}


def _inside(one: Resource, other: Resource) -> bool:
    """Whether both resources belong to the same construct."""
    return one.stack == other.stack and one.path.startswith(f"{other.construct}/")


def _options(
    denial: Denial, verb: GrantVerb, statement: Mapping[str, Any], known: Mapping[str, str]
) -> dict[str, str] | None:
    """The options with which the verb's statement allows the call; None if it does not allow it."""
    for template in statement["resources"]:
        found = _pattern(template, known).fullmatch(denial.resource)
        if found is None:
            continue
        if statement["resources"] == [KEY]:
            return {}  # `as_held` finds the options
        given = {name: value for name, value in found.groupdict().items() if name in ("prefix", "index")}
        if "prefix" in verb.options and "prefix" not in given:
            given["prefix"] = denial.context.get("s3:prefix", "")
        if "prefix" in given:
            # The object's folder: a prefix of the whole key would grant a single object.
            given["prefix"] = given["prefix"][: given["prefix"].rfind("/") + 1]
            if not given["prefix"]:
                continue
        if set(verb.options) <= set(given):
            return {name: given[name] for name in verb.options if name in given}
    return None


def _pattern(template: str, known: Mapping[str, str]) -> re.Pattern[str]:
    """A resource of a statement as a regular expression, with known values filled in."""
    parts = []
    for part in re.split(r"(\{\w+\}|\*)", template):
        name = part[1:-1] if part.startswith("{") else ""
        if name in ("arn", "stream_arn", "key"):
            parts.append(_with_wildcards(known[name]) if name in known else NOTHING)
        elif name == "index":
            parts.append(r"(?P<index>[^/]+)")
        elif name == "prefix":
            parts.append(r"(?P<prefix>(?s:.*))")
        elif name == "name":
            parts.append(r"(?P<name>.+)")
        elif name:
            parts.append(r"[\w-]*")
        else:
            parts.append(r"(?s:.*)" if part == "*" else re.escape(part))
    return re.compile("".join(parts))


def _with_wildcards(text: str) -> str:
    """A text of a policy as a regular expression, with IAM's `*` and `?`."""
    return re.escape(text).replace(r"\*", "(?s:.*)").replace(r"\?", "(?s:.)")


def _rank(match: Match) -> tuple[Any, ...]:
    # Fewest actions first, then narrower resources (more options), then the shorter name: `grant_write` comes before
    # `grant_presigned_write`.
    return match.of_key, match.verb.size, -len(match.options), len(match.verb.name)
