"""The boxes and arrows of a stack."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sluice_cli.text import clean

from ..classification import classified
from ..configuration import Configuration, without_index
from ..model import DELIVERY, Arrow, Box, Change, Picture
from ..words import ConstructNames, words_of
from .ends import FOREIGN, NAMES, Ends

# Maximum number of boxes: changed ones come first, the rest is counted.
MOST_BOXES = 60

# Resource types with a box of their own, and the name of the service.
DRAWN = {
    "aws_s3_bucket": "S3 bucket",
    "aws_lambda_function": "Lambda function",
    "aws_dynamodb_table": "DynamoDB table",
    "aws_sns_topic": "SNS topic",
    "aws_api_gateway_rest_api": "REST API",
    "aws_apigatewayv2_api": "HTTP API",
    "aws_sqs_queue": "SQS queue",
    "aws_kms_key": "KMS key",
    "aws_secretsmanager_secret": "Secrets Manager secret",
    "aws_cloudwatch_dashboard": "CloudWatch dashboard",
    "aws_cloudwatch_event_bus": "EventBridge bus",
    "aws_cloudwatch_event_rule": "EventBridge rule",
    "aws_scheduler_schedule": "EventBridge schedule",
}

# https://developer.hashicorp.com/terraform/language/resources/terraform-data
PROVISIONERS = ("terraform_data", "null_resource")

NO_BOX = Box("", "", "", "")


@dataclass
class Sketch:
    """A picture under construction; `arrows.py` fills it."""

    configuration: Configuration
    names: ConstructNames
    ends: Ends
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: dict[tuple[str, str, str], list[tuple[str, str]]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    # The state before the plan is being drawn.
    is_old: bool = False
    old_arrows: dict[tuple[str, str, str], list[tuple[str, str]]] = field(default_factory=dict)

    def ends_of(self, value: Any) -> list[str]:
        """The boxes that a value names; a foreign resource gets a box on first use."""
        found = []
        for id_, type_, name in self.ends.of(value):
            if id_.startswith(FOREIGN) and id_ not in self.boxes:
                title = name or self._foreign_title(id_.removeprefix(FOREIGN))
                self.boxes[id_] = Box(id_, type_, title, f"{DRAWN[type_]} of another stack")
            found.append(id_)
        return list(dict.fromkeys(found))

    def _foreign_title(self, address: str) -> str:
        resource = self.configuration.resources.get(address)
        names = (resource.values.get(key) for key in NAMES) if resource else ()
        known = next((one for one in names if isinstance(one, str) and "${" not in one), None)
        return clean(known) if known else words_of(self.names.path(address)[-1])

    def number_of(self, type_: str) -> int:
        """How many resources of a type there are."""
        return self._numbers[type_]

    def of_construct(self, construct: tuple[str, ...]) -> list[str]:
        """The boxes that were drawn for a construct."""
        return self._constructs.get(construct, [])

    def paths_of_own(self) -> dict[str, tuple[str, ...]]:
        """The construct paths of the stack's own boxes: the construct's path if it has one box."""
        own = [id_ for id_ in self.boxes if "." in id_ and not id_.startswith(FOREIGN)]
        constructs = Counter(self.names.construct(id_) for id_ in own if self.boxes[id_].kind in DRAWN)
        return {
            id_: self.names.construct(id_) if constructs[self.names.construct(id_)] == 1 else self.names.path(id_)
            for id_ in own
        }

    @cached_property
    def _numbers(self) -> Counter[str]:
        return Counter(one.type for one in self.configuration.resources.values())

    @cached_property
    def _constructs(self) -> dict[tuple[str, ...], list[str]]:
        found: dict[tuple[str, ...], list[str]] = {}
        for id_ in self.boxes:
            if "." in id_:
                found.setdefault(self.names.construct(id_), []).append(id_)
        return found

    def arrow(self, source: str, target: str, kind: str, label: str, origin: str) -> None:
        """Add an arrow. Arrows between the same boxes are merged, with all their labels. `origin` is the resource that
        creates it.
        """
        if source in self.boxes and target in self.boxes and source != target:
            arrows = self.old_arrows if self.is_old else self.arrows
            arrows.setdefault((source, target, kind), []).append((label, origin))

    def forget(self, source: str, target: str, kind: str, labels: Collection[str]) -> None:
        """Take labels from an arrow, which goes with its last one."""
        key = (source, target, kind)
        kept = [one for one in self.arrows.get(key, []) if one[0] not in labels]
        if kept:
            self.arrows[key] = kept
        else:
            self.arrows.pop(key, None)

    def touch(self, source: str, target: str, origin: str) -> None:
        """Mark a change of a further resource on an arrow."""
        arrows = self.old_arrows if self.is_old else self.arrows
        made = self.arrows.get((source, target, "data"))
        if made:
            made.append(("", origin))
        elif arrows.get((source, target, "data")):
            arrows[source, target, "data"].append(("", origin))


def draw_boxes(sketch: Sketch, changes: Iterable[Change]) -> None:
    """Draw a box for each configured resource, and for those that the plan destroys."""
    found = {one.address: one.type for one in sketch.configuration.resources.values()}
    changed = {without_index(one.address): one.type for one in changes if one.verb != "unchanged"}
    found |= {without_index(one.address): one.type for one in changes}
    for address, type_ in sorted(found.items()):
        if address.startswith("data."):
            continue
        if type_ in DRAWN:
            construct = sketch.names.construct(address)
            sketch.boxes[address] = Box(
                address, type_, words_of(construct[-1]), DRAWN[type_], group=sketch.names.path(address)[0]
            )
        elif type_ in PROVISIONERS and address not in changed:
            continue  # it is nothing that stays, but a program that runs at a change
        elif type_ not in classified() or classified()[type_].partial:
            path = sketch.names.path(address)
            sketch.boxes[address] = Box(address, "other", words_of(path[-1]), type_, group=path[0])


def finished(sketch: Sketch, title: str, changes: Iterable[Change], most_boxes: int) -> Picture:
    """The picture, with what changes marked on it."""
    owners: dict[tuple[str, ...], list[Change]] = {}
    by_address: dict[str, list[Change]] = {}
    for change in changes:
        owners.setdefault(sketch.names.owner(change.address), []).append(change)
        by_address.setdefault(without_index(change.address), []).append(change)
    boxes = []
    titles = _titles(sketch)
    for id_, untitled in sketch.boxes.items():
        box = replace(untitled, title=titles[id_])
        construct = sketch.names.construct(id_) if "." in id_ and not id_.startswith(FOREIGN) else ()
        own = owners.get(construct, []) if box.kind in DRAWN else by_address.get(id_, [])
        boxes.append(_marked(box, own, by_address.get(id_, []), sketch.notes.get(id_, [])))
    shown = boxes
    if len(boxes) > most_boxes:
        shown = sorted(boxes, key=lambda box: (not box.verb, box.danger is None))[:most_boxes]
    ids = {box.id for box in shown}
    keys = sorted({*sketch.arrows, *sketch.old_arrows})
    arrows = [
        _arrow(key, sketch.arrows.get(key, []), sketch.old_arrows.get(key, []), by_address)
        for key in keys
        if ids.issuperset(key[:2])
    ]
    return Picture(title, tuple(shown), tuple(arrows), left_out=len(boxes) - len(shown))


def _marked(box: Box, changes: list[Change], own: list[Change], notes: list[str]) -> Box:
    findings = [finding.danger for change in changes for finding in change.findings]
    verb = own[0].verb if own else "update" if changes else ""
    return Box(
        box.id,
        box.kind,
        box.title,
        box.subtitle,
        box.group,
        notes=tuple(notes),
        verb="" if verb == "unchanged" else verb,
        changes=len(changes),
        danger=min(findings, key=lambda one: one.rank) if findings else None,
    )


def _titles(sketch: Sketch) -> dict[str, str]:
    """Titles of the boxes; equal titles get as much of the construct path as distinguishes them."""
    titles = {id_: box.title for id_, box in sketch.boxes.items()}
    paths = sketch.paths_of_own()
    for depth in range(2, 12):
        several = {title for title, number in Counter(titles.values()).items() if number > 1}
        if not several:
            break
        for id_, title in titles.items():
            if title in several and id_ in paths:
                path = paths[id_]
                titles[id_] = clean(" ".join(_lower(words_of(one), n) for n, one in enumerate(path[-depth:])))
    numbers = Counter[str]()
    for id_, title in titles.items():
        numbers[title] += 1
        if numbers[title] > 1:
            titles[id_] = f"{title} {numbers[title]}"
    return titles


def _lower(words: str, position: int) -> str:
    first = words.split(" ")[0]
    return words if position == 0 or (first.isupper() and len(first) > 1) else words[:1].lower() + words[1:]


def _effect(changes: Iterable[Change]) -> str:
    """The worst effect on events, in lower case; empty if there is none."""
    found = [one.danger for change in changes for one in change.findings if one.danger in DELIVERY]
    return min(found, key=lambda one: one.rank).value.lower() if found else ""


def _arrow(
    key: tuple[str, str, str],
    made: list[tuple[str, str]],
    old: list[tuple[str, str]],
    changes: Mapping[str, list[Change]],
) -> Arrow:
    there = {label for label, _ in made}
    # Without a replacement, everything is gone; otherwise routes between two connected boxes are.
    gone = [
        (label, origin)
        for label, origin in old
        if not made or (label not in there and any(one.verb == "delete" for one in changes.get(origin, [])))
    ]
    touched = [change for _, origin in (*made, *gone) for change in changes.get(origin, [])]
    staying = [change for _, origin in made or gone for change in changes.get(origin, [])]
    labels, lost = (_joined(dict.fromkeys(label for label, _ in every if label)) for every in (made or gone, gone))
    return Arrow(
        *key,
        f"removed: {lost}; {labels}" if made and lost else labels,
        changed=bool(touched),
        danger=any(change.findings for change in touched),
        removed=not made,
        effect=_effect(staying),
    )


def _joined(labels: Iterable[str]) -> str:
    """ "GET /objects", "POST /objects" -> "GET, POST /objects"."""
    by_end: dict[str, list[str]] = {}
    for label in labels:
        start, space, end = label.partition(" /")
        by_end.setdefault(space + end, []).append(start)
    return ", ".join(", ".join(starts) + end for end, starts in by_end.items())
