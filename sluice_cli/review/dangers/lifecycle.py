"""Objects that expire: lifecycle rules judged as a whole, by what they delete now and did not delete before.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_cli.text import clean

from ..hidden import is_hidden
from ..model import Danger, Finding
from .case import Touched, blocks, number, table

# Objects in these classes have to be restored before they can be read, which takes hours.
ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
ONE_ZONE = "ONEZONE_IA"


# What a rule does to objects, in words; and what that is, where it is not the rule's usual danger.
EFFECTS: Mapping[str, tuple[str, Danger | None]] = {
    "expire": ("objects expire", None),
    "expire versions": ("earlier versions expire", None),
    "abort": ("unfinished uploads are deleted", None),
    "archive": ("objects are archived and have to be restored before they can be read", Danger.UNREADABLE),
    "archive versions": (
        "earlier versions are archived and have to be restored before they can be read",
        Danger.UNREADABLE,
    ),
    "one zone": ("objects are kept in a single Availability Zone", Danger.PROTECTION),
}


@dataclass(frozen=True)
class Expiry:
    """One thing that a rule does to objects: which it takes, and after how many days."""

    rule: str
    effect: str  # one of EFFECTS
    prefix: str
    tags: frozenset[tuple[str, str]]
    larger_than: float
    smaller_than: float
    days: float
    date: str
    keeps: float = 0

    def covers(self, other: "Expiry") -> bool:
        """Whether this does, to at least the same objects and at least as early, what the other does."""
        return (
            self.effect == other.effect
            and other.prefix.startswith(self.prefix)
            and self.tags <= other.tags
            and self.larger_than <= other.larger_than
            and self.smaller_than >= other.smaller_than
            and self.keeps <= other.keeps
            and (self.date <= other.date if self.date and other.date else not self.date and self.days <= other.days)
        )

    @property
    def words(self) -> str:
        what, _ = EFFECTS[self.effect]
        when = f"on {clean(self.date)}" if self.date else f"after {self.days:g} day{'s' * (self.days != 1)}"
        return f"{what} {when}"

    @property
    def where(self) -> str:
        tags = " and ".join(f"tag {clean(key)}={clean(value)}" for key, value in sorted(self.tags))
        size = f"larger than {self.larger_than:g} bytes" if self.larger_than else ""
        size += f" smaller than {self.smaller_than:g} bytes" if self.smaller_than != float("inf") else ""
        named = " ".join(filter(None, [f"below {clean(self.prefix)}" if self.prefix else "", tags, size.strip()]))
        return named or "in the whole bucket"


def lifecycle(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    if case.is_new and case.new_owner:
        return
    name = "lifecycle_rule" if case.type == "aws_s3_bucket" else "rule"
    if case.is_unknown(name) and not case.after.get(name):
        yield case.finding(Danger.UNCLEAR, "its lifecycle rules are known only after apply", "They may delete objects.")
        return
    before = [one for rule in blocks(case.before.get(name)) for one in _expiries(rule)]
    for one in (one for rule in blocks(case.after.get(name)) for one in _expiries(rule)):
        if one.effect == "abort" and not any(old.effect == "abort" and old.days > one.days for old in before):
            continue  # to delete what nobody finishes keeps a bucket clean; to give it less time does not
        if not any(old.covers(one) for old in before):
            danger = EFFECTS[one.effect][1] or touched.danger
            if is_hidden(case.change.before) or is_hidden(case.change.after):
                what, means = (
                    "objects expire",
                    "A rule that Terraform hides takes more than before, or takes it earlier.",
                )
            else:
                rule = clean(one.rule) or "without an id"
                what, means = one.words, f"Rule {rule} takes what is {one.where}: more than before, or earlier."
            yield case.finding(danger, what, means)


def _expiries(rule: Mapping[str, Any]) -> Iterator[Expiry]:
    if rule.get("status", "Enabled" if rule.get("enabled", True) else "Disabled") != "Enabled":
        return
    for effect, days, block in _effects(rule):
        yield Expiry(
            rule=str(rule.get("id") or ""),
            effect=effect,
            days=days if days is not None else 0 if block.get("date") else 1,
            date=str(block.get("date") or ""),
            keeps=number(block.get("newer_noncurrent_versions"), "0") or 0,
            **_filter(rule),
        )


def _effects(rule: Mapping[str, Any]) -> Iterator[tuple[str, float | None, Mapping[str, Any]]]:
    for one in blocks(rule.get("expiration")):
        if one.get("days") or one.get("date"):
            yield "expire", number(one.get("days")) or None, one
    for one in blocks(rule.get("noncurrent_version_expiration")):
        days = number(one.get("noncurrent_days", one.get("days")))
        if days is not None or one.get("newer_noncurrent_versions"):
            yield "expire versions", days, one
    for one in blocks(rule.get("transition")):
        if one.get("storage_class") in ARCHIVES:
            yield "archive", number(one.get("days"), "0"), one
        elif one.get("storage_class") == ONE_ZONE:
            yield "one zone", number(one.get("days"), "0"), one
    for one in blocks(rule.get("noncurrent_version_transition")):
        if one.get("storage_class") in ARCHIVES:
            yield "archive versions", number(one.get("noncurrent_days", one.get("days")), "0"), one
    for one in [*blocks(rule.get("abort_incomplete_multipart_upload")), rule]:
        days = number(one.get("days_after_initiation", one.get("abort_incomplete_multipart_upload_days")))
        if days:
            yield "abort", days, {}


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts: list[Mapping[str, Any]] = [rule]
    for one in blocks(rule.get("filter")):
        parts += [one, *blocks(one.get("and"))]
    tags = {(str(one.get("key")), str(one.get("value"))) for part in parts for one in blocks(part.get("tag"))}
    tags |= {(str(key), str(value)) for part in parts for key, value in table(part.get("tags")).items()}
    largest = [number(part.get("object_size_less_than")) for part in parts]
    return {
        "prefix": next((str(part["prefix"]) for part in parts if part.get("prefix")), ""),
        "tags": frozenset(tags),
        "larger_than": max((number(part.get("object_size_greater_than"), "0") or 0) for part in parts),
        "smaller_than": min((size for size in largest if size), default=float("inf")),
    }
