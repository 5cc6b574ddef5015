"""Where a bucket's events go: notifications judged as a whole, route by route."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from sluice_cli.text import clean

from ..hidden import is_hidden
from ..model import Danger, Finding
from .case import Touched, blocks

TARGETS = {"lambda_function": "lambda_function_arn", "queue": "queue_arn", "topic": "topic_arn"}


@dataclass(frozen=True)
class Route:
    """Events of some kinds, of objects with a prefix and a suffix, to one target."""

    target: str
    events: frozenset[str]
    prefix: str
    suffix: str

    def covers(self, event: str, other: "Route") -> bool:
        return (
            self.target == other.target
            and any(fnmatchcase(event, pattern) for pattern in self.events)
            and other.prefix.startswith(self.prefix)
            and other.suffix.endswith(self.suffix)
        )


def notification(touched: Touched) -> Iterator[Finding]:
    case = touched.case
    if case.is_new:
        return
    before, after = _routes(case.before), _routes(case.after)
    unknown = any(case.is_unknown(kind) and _has_unknown_target(touched, kind) for kind in TARGETS)
    for old in before:
        lost = [event for event in sorted(old.events) if not any(_delivers(touched, event, old, new) for new in after)]
        if not lost:
            continue
        name = clean(old.target.rpartition(":")[2] or old.target)
        named = "a target that Terraform hides" if is_hidden(case.change.before) else name
        still = any(new.target == old.target for new in after)
        if unknown and not still:
            yield case.finding(
                Danger.UNCLEAR,
                f"whether {named} still gets its events is known only after apply",
                "A target of the notification is known only after apply.",
            )
        elif still:
            yield from touched.findings(
                f"{named} gets fewer events",
                f"No longer sent to it: some of {', '.join(map(clean, lost))} {_where(old)}."
                if named == name
                else "Objects still arrive; for some of them nothing happens.",
            )
        else:
            yield from touched.findings(f"{named} gets no more events", "Objects still arrive, but it is not notified.")
    if case.before.get("eventbridge") and not case.after.get("eventbridge"):
        yield from touched.findings(
            "EventBridge gets no more events", "Rules on the bucket's events match nothing more."
        )


def _delivers(touched: Touched, event: str, old: Route, new: Route) -> bool:
    """Whether a new route takes over an event of an old one, with the same target or by a queue before it."""
    case = touched.case
    return new.covers(event, old) or (
        new.covers(event, replace(old, target=new.target))
        and case.context.same_consumer(case.change, old.target, new.target)
    )


def _routes(values: Mapping[str, Any]) -> list[Route]:
    return [
        Route(
            target=str(one.get(name) or ""),
            events=frozenset(map(str, one.get("events") or [])),
            prefix=str(one.get("filter_prefix") or ""),
            suffix=str(one.get("filter_suffix") or ""),
        )
        for kind, name in TARGETS.items()
        for one in blocks(values.get(kind))
    ]


def _has_unknown_target(touched: Touched, kind: str) -> bool:
    """Whether a target is known only after apply and is not the one that it is now."""
    name = f"{kind}.{TARGETS[kind]}"
    return any(one.unknown and one.name in (name, kind) for one in touched.differences)


def _where(route: Route) -> str:
    return f"of {clean(route.prefix)}*{clean(route.suffix)}" if route.prefix or route.suffix else "of any object"
