"""The pictures of deployed stacks as data: boxes and arrows with their places, whose ids lead to deployed resources."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sluice_cli.deployed.resources import Resource
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import Picture
from sluice_cli.review.picture.arrows import picture_of
from sluice_cli.review.picture.ends import FOREIGN
from sluice_cli.review.picture.layout import Placed, PlacedArrow, shortened
from sluice_cli.review.picture.svg import arrow_head, arrow_path
from sluice_cli.review.picture.symbols import SYMBOLS
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import ConstructNames

from .nodes import NAMES, Nodes, described

LONGEST_LABEL = 34
# What happens at a resource is shown at its box: there is one for each, unlike in a review.
MOST_BOXES = 500


# A reference to another stack's output, as CDKTF writes it.
OUTPUT = re.compile(r"\$\{data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)\}")
NAMED = "cross-stack-reference-input-"


def with_outputs(document: Mapping[str, Any], states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A stack's Terraform with the ARNs that other stacks' outputs have in place of references to them: a picture draws
    the resources of these ARNs, too."""

    def arn_of(found: re.Match[str]) -> str:
        named, output = found[1].removeprefix(NAMED), found[2]
        outputs = [states[named]] if named in states else states.values()
        values = {str(((one.get("outputs") or {}).get(output) or {}).get("value")) for one in outputs}
        arns = [one for one in values if re.fullmatch(r"arn:[\w:/.*+=@,-]+", one)]
        return arns[0] if len(arns) == 1 else found[0]

    return dict(json.loads(OUTPUT.sub(arn_of, json.dumps(document))))


def picture_from(name: str, document: Mapping[str, Any]) -> Picture:
    """A stack's picture without places, from its synthesized Terraform."""
    configuration = Configuration.synthesized(document)
    return picture_of(name, configuration, ConstructNames(NO_PLAN, configuration), most_boxes=MOST_BOXES)


def node_id(stack: str, box: str) -> str:
    return f"{stack}/{box}"


def edge_id(stack: str, source: str, target: str, kind: str) -> str:
    return f"{node_id(stack, source)}>{node_id(stack, target)}>{kind}"


def same_elsewhere(box_id: str, title: str, resources: Sequence[Resource], nodes: Nodes) -> str | None:
    """The node of a resource that another stack's picture draws as a foreign one."""
    if not box_id.startswith(FOREIGN):
        return None
    named = box_id.removeprefix(FOREIGN)
    type_, _, name = named.partition(":")
    type_, name = (type_, name) if name else (named.removeprefix("data.").partition(".")[0], title)
    for one in resources:
        if one.type == type_ and name in (str(one.attributes.get(attribute)) for attribute in NAMES):
            return nodes.of_resource(one)
    return None


def _others(stack: str, resources: Sequence[Resource]) -> str:
    """The resources of a stack that has no box, by type."""
    types = Counter(one.type for one in resources if one.stack == stack)
    return ", ".join(f"{number} {type_}" for type_, number in sorted(types.items()))


def with_places(
    stack: str, picture: Picture, placed: Placed | None, nodes: Nodes, same: Mapping[str, str | None]
) -> dict[str, Any]:
    """The picture as the page gets it; without places where it could not be laid out."""
    places = {one.box.id: one for one in placed.boxes} if placed else {}
    boxes = []
    for box in picture.boxes:
        place, (colour, symbol) = places.get(box.id), SYMBOLS.get(box.kind, SYMBOLS["other"])
        node = nodes.by_id[node_id(stack, box.id)]
        boxes.append(
            {
                **described(node),
                "notes": list(box.notes),
                "x": place.x if place else None,
                "y": place.y if place else None,
                "width": place.width if place else None,
                "height": place.height if place else None,
                "colour": colour,
                "symbol": symbol,
                "same_as": same.get(node.id),
            }
        )
    arrows = {(one.arrow.source, one.arrow.target, one.arrow.kind): one for one in placed.arrows} if placed else {}
    return {
        "name": stack,
        "deployed": True,
        "width": placed.width if placed else None,
        "height": placed.height if placed else None,
        "left_out": picture.left_out,
        "others": _others(stack, nodes.resources) if not boxes else "",
        "nodes": boxes,
        "edges": [
            {
                "id": edge_id(stack, one.source, one.target, one.kind),
                "source": node_id(stack, one.source),
                "target": node_id(stack, one.target),
                "kind": one.kind,
                "text": one.text,
                "label": shortened(one.text, LONGEST_LABEL),
                **_drawn(arrows.get((one.source, one.target, one.kind))),
            }
            for one in picture.arrows
        ],
    }


def _drawn(placed: PlacedArrow | None) -> dict[str, Any]:
    if placed is None or len(placed.points) < 2:
        return {"path": None, "head": None, "label_x": None, "label_y": None, "points": []}
    return {
        "path": arrow_path(placed.points),
        "head": arrow_head(placed.points),
        "label_x": placed.label_x,
        "label_y": placed.label_y,
        "points": [list(one) for one in placed.points],
    }
