"""The boxes and arrows of a stack."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..classification import classified
from ..configuration import Configuration, without_index
from ..model import Arrow, Box, Change, Picture
from ..words import Names, words_of

# More boxes than this are no picture any more: those that change come first, the rest is counted.
MOST_BOXES = 60

# What is drawn as a box of its own, and the service's name for it.
DRAWN = {
    "aws_s3_bucket": "S3 bucket",
    "aws_lambda_function": "Lambda function",
    "aws_dynamodb_table": "DynamoDB table",
    "aws_sns_topic": "SNS topic",
    "aws_api_gateway_rest_api": "REST API",
    "aws_sqs_queue": "SQS queue",
    "aws_kms_key": "KMS key",
    "aws_cloudwatch_dashboard": "CloudWatch dashboard",
}


@dataclass
class Sketch:
    """A picture in the making; `arrows.py` fills it."""

    configuration: Configuration
    names: Names
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: dict[tuple[str, str, str], list[tuple[str, str]]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def number_of(self, type_: str) -> int:
        """How many resources of a type there are."""
        return self._numbers[type_]

    def of_construct(self, construct: tuple[str, ...]) -> list[str]:
        """The boxes that were drawn for a construct."""
        return self._constructs.get(construct, [])

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
        """Arrows between the same two become one, with all their labels. `origin` is the resource that makes it."""
        if source in self.boxes and target in self.boxes and source != target:
            self.arrows.setdefault((source, target, kind), []).append((label, origin))


def draw_boxes(sketch: Sketch, changes: Iterable[Change]) -> None:
    """A box for what is configured, and for what the plan tells of besides: what it destroys."""
    found = {one.address: one.type for one in sketch.configuration.resources.values()}
    found |= {without_index(one.address): one.type for one in changes}
    for address, type_ in sorted(found.items()):
        if address.startswith("data."):
            continue
        if type_ in DRAWN:
            construct = sketch.names.construct(address)
            sketch.boxes[address] = Box(
                address, type_, words_of(construct[-1]), DRAWN[type_], group=sketch.names.path(address)[0]
            )
        elif type_ not in classified() or classified()[type_].partial:
            path = sketch.names.path(address)
            sketch.boxes[address] = Box(address, "other", words_of(path[-1]), type_, group=path[0])


def finished(sketch: Sketch, title: str, changes: Iterable[Change]) -> Picture:
    """The picture, with what changes marked on it."""
    owners: dict[tuple[str, ...], list[Change]] = {}
    by_address: dict[str, list[Change]] = {}
    for change in changes:
        owners.setdefault(sketch.names.owner(change.address), []).append(change)
        by_address.setdefault(without_index(change.address), []).append(change)
    boxes = []
    for id_, box in sketch.boxes.items():
        construct = sketch.names.construct(id_) if "." in id_ else ()
        own = owners.get(construct, []) if box.kind in DRAWN else by_address.get(id_, [])
        boxes.append(_marked(box, own, by_address.get(id_, []), sketch.notes.get(id_, [])))
    shown = boxes
    if len(boxes) > MOST_BOXES:
        shown = sorted(boxes, key=lambda box: (not box.verb, box.danger is None))[:MOST_BOXES]
    ids = {box.id for box in shown}
    arrows = [_arrow(key, made, by_address) for key, made in sorted(sketch.arrows.items()) if ids.issuperset(key[:2])]
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


def _arrow(key: tuple[str, str, str], made: list[tuple[str, str]], changes: Mapping[str, list[Change]]) -> Arrow:
    touched = [change for _, origin in made for change in changes.get(origin, [])]
    return Arrow(
        *key,
        _joined(dict.fromkeys(label for label, _ in made if label)),
        changed=bool(touched),
        danger=any(change.findings for change in touched),
    )


def _joined(labels: Iterable[str]) -> str:
    """ "GET /objects", "POST /objects" -> "GET, POST /objects"."""
    by_end: dict[str, list[str]] = {}
    for label in labels:
        start, space, end = label.partition(" /")
        by_end.setdefault(space + end, []).append(start)
    return ", ".join(", ".join(starts) + end for end, starts in by_end.items())
