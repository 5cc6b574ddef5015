"""What every argument of a resource type means to a reviewer, and which direction of a change is dangerous.

The tables beside this file hold one section for each resource type. In it, `KIND DIRECTION [DANGER] = "ARGUMENTS"`:

- KIND: data, access, encryption, delivery, protection, observation, cost, or harmless.
- DIRECTION: the dangerous one.
  off, on               a switch that is turned off (on)
  less, more            a number that falls (rises); `less=30`: 30 is AWS's value where none is set
  forever               a number that falls; 0 or none, or what `forever=` names, is no end at all
  over=N                a number that rises above N
  removed               a value that is taken away
  changed, set          a value that becomes another or is taken away; `set`: also one where there was none
  flipped               a switch, either way
  fewer, wider          a list or map that loses (gains) an element
  rank=A>B>C            a value that moves to the right
  block                 a block that is taken away, with all its arguments
  key                   a KMS key that is changed or taken away
  policy                a policy that allows more; compared statement by statement
  whole JUDGE           judged together with other arguments, by the function of that name
- DANGER: which heading it stands under, where it is not the kind's usual one (`DANGERS`).

`destroyed`, `created` and `replaced` say what it means that the resource itself goes or comes; `holds` what is lost
with it. `computed` lists what AWS gives. `partial` marks a type that no module class makes: its other arguments cannot
be judged. `later` holds arguments of later versions of the provider than the one that this project uses.

A test walks the provider's schema and fails on an argument that is missing here, or is here and not there.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..model import Danger

KINDS = {
    "data": Danger.RETENTION,
    "access": Danger.ACCESS,
    "encryption": Danger.ENCRYPTION,
    "delivery": Danger.EVENTS_STOP,
    "protection": Danger.PROTECTION,
    "observation": Danger.OBSERVATION,
    "cost": Danger.COST,
    "harmless": None,
}
DANGERS = {
    "loss": Danger.DATA_LOSS,
    "unreadable": Danger.UNREADABLE,
    "public": Danger.PUBLIC,
    "authorization": Danger.AUTHORIZATION,
    "key": Danger.KEY,
    "stop": Danger.EVENTS_STOP,
    "lost": Danger.EVENTS_LOST,
    "twice": Danger.EVENTS_TWICE,
    "wait": Danger.EVENTS_WAIT,
    "change": Danger.EVENTS_CHANGE,
    "callers": Danger.CALLERS,
    "alarm": Danger.ALARM,
    "throttle": Danger.THROTTLE,
    "action": Danger.ACTION,
}
# Arguments of every AWS type that change nothing about what it does.
EVERYWHERE = {"id", "tags", "tags_all", "timeouts", "description", "region", "expected_bucket_owner"}


@dataclass(frozen=True)
class Classification:
    """What a change of an argument, or of the resource itself, means."""

    kind: str
    direction: str = ""
    operand: str = ""
    danger: Danger | None = None


HARMLESS = Classification("harmless")


@dataclass(frozen=True)
class TypeRules:
    """One resource type: what it is called, and what its changes mean.

    `primary`: a construct is called after it (the bucket in "Objects bucket"). `feature`: it is something that another
    resource has, turned on by being there. `holds`: what is lost with it.
    """

    type: str
    noun: str
    primary: bool = False
    feature: bool = False
    holds: str = ""
    partial: bool = False
    created: Classification = HARMLESS
    replaced: Classification = HARMLESS
    destroyed: Classification = HARMLESS
    arguments: Mapping[str, Classification] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()

    def rule(self, name: str) -> tuple[str, Classification | None]:
        """The argument that a path belongs to, and its rule: `environment.variables.TABLE` is below
        `environment.variables`. None: nobody classified it."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            argument = ".".join(parts[:end])
            if argument in self.arguments and self.arguments[argument].direction != "block":
                return argument, self.arguments[argument]
            if argument in self.computed or (end == 1 and argument in EVERYWHERE):
                return argument, HARMLESS
        return name, None


@cache
def classified() -> Mapping[str, TypeRules]:
    """All classified resource types, by name."""
    found: dict[str, TypeRules] = {}
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        for type_, section in tomllib.loads(file.read_text(encoding="utf-8")).items():
            found[type_] = _type(type_, section)
    return found


def _type(type_: str, section: Mapping[str, Any]) -> TypeRules:
    holds = section.get("holds", "")
    later = dict(_arguments(section.get("later", {})))
    return TypeRules(
        type=type_,
        noun=section["noun"],
        primary=section.get("primary", False),
        feature=section.get("feature", False),
        holds=holds,
        partial=section.get("partial", False),
        created=read_rule(section.get("created", "harmless")),
        replaced=read_rule(section.get("replaced", "harmless")),
        destroyed=read_rule(section.get("destroyed", "data loss" if holds else "harmless")),
        arguments={**dict(_arguments(section)), **later},
        computed=frozenset(section.get("computed", "").split()),
        later=frozenset(later),
    )


def _arguments(section: Mapping[str, Any]) -> Iterator[tuple[str, Classification]]:
    for classification, arguments in section.items():
        if classification.split()[0] in KINDS and isinstance(arguments, str):
            rule = read_rule(classification)
            yield from ((argument, rule) for argument in arguments.split())


def read_rule(text: str) -> Classification:
    """ "delivery less=2 lost" as a rule. Raises `ValueError` for what this module's text does not explain."""
    kind, *words = text.split()
    danger = DANGERS[words.pop()] if words and words[-1] in DANGERS and words[0] != "key" else None
    direction, _, operand = (words.pop(0) if words else "").partition("=")
    if direction == "whole":
        operand = words.pop(0)
    if words or kind not in KINDS:
        raise ValueError(f"no classification: {text!r}")
    return Classification(kind, direction, operand, danger or KINDS[kind])
