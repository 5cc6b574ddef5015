"""Layout of boxes and arrows, by the layered algorithm of elkjs: https://eclipse.dev/elk/"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import Arrow, Box, Picture

LAYOUT = Path(__file__).with_name("elk.cjs")
SECONDS = 60

HEIGHT = 60
NARROWEST = 140
TITLE_CHARACTER = 8.6  # average width of a character in a box's title, for a wide font
SMALL_CHARACTER = 6.7
LABEL_CHARACTER = 6.3
LABEL_HEIGHT = 16
LONGEST_TITLE = 30
LONGEST_LABEL = 34

OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "RIGHT",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.padding": "[top=20,left=20,bottom=20,right=20]",
    "elk.spacing.nodeNode": "34",
    "elk.spacing.componentComponent": "34",
    "elk.spacing.edgeNode": "22",
    "elk.spacing.edgeEdge": "14",
    "elk.spacing.edgeLabel": "5",
    "elk.layered.spacing.nodeNodeBetweenLayers": "34",
    "elk.layered.spacing.edgeNodeBetweenLayers": "22",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.crossingMinimization.thoroughness": "20",
    "elk.edgeLabels.inline": "false",
    "elk.layered.edgeLabels.sideSelection": "ALWAYS_UP",
    "elk.aspectRatio": "2.2",
    "elk.randomSeed": "1",
}


class LayoutError(RuntimeError):
    """Node.js or elkjs is missing, or failed."""


@dataclass(frozen=True)
class PlacedBox:
    box: Box
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedArrow:
    arrow: Arrow
    points: tuple[tuple[float, float], ...]
    label: str
    label_x: float
    label_y: float


@dataclass(frozen=True)
class Placed:
    picture: Picture
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]


def place(pictures: Sequence[Picture]) -> list[Placed]:
    """Lay out pictures; all in one process, whose start takes longer than the layout. Raises `LayoutError`."""
    graphs = [_graph(picture) for picture in pictures]
    try:
        result = subprocess.run(
            ["node", str(LAYOUT)],
            input=json.dumps(graphs),
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise LayoutError(f"the picture could not be laid out: {said[-1] if said else error}") from error
    return [_placed(picture, graph) for picture, graph in zip(pictures, json.loads(result.stdout), strict=True)]


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _graph(picture: Picture) -> dict[str, Any]:
    return {
        "id": "picture",
        "layoutOptions": OPTIONS,
        "children": [{"id": box.id, "width": _width(box), "height": HEIGHT} for box in picture.boxes],
        "edges": [
            {
                "id": str(number),
                "sources": [arrow.source],
                "targets": [arrow.target],
                "labels": [
                    {
                        "text": label,
                        "width": len(label) * LABEL_CHARACTER,
                        "height": LABEL_HEIGHT,
                        "layoutOptions": {"elk.edgeLabels.placement": "CENTER"},
                    }
                    for label in [shortened(arrow.text, LONGEST_LABEL)]
                    if label
                ],
            }
            for number, arrow in enumerate(picture.arrows)
        ],
    }


def _width(box: Box) -> float:
    small = " · ".join([box.subtitle, *box.notes])
    title = len(shortened(box.title, LONGEST_TITLE)) * TITLE_CHARACTER
    return round(max(NARROWEST, 74 + max(title, len(shortened(small, LONGEST_TITLE)) * SMALL_CHARACTER)))


def _placed(picture: Picture, graph: dict[str, Any]) -> Placed:
    boxes = {box.id: box for box in picture.boxes}
    arrows = []
    for edge in graph["edges"]:
        points = []
        for section in edge.get("sections", ()):
            points += [section["startPoint"], *section.get("bendPoints", ()), section["endPoint"]]
        label = (edge.get("labels") or [{"text": "", "x": 0, "y": 0}])[0]
        arrows.append(
            PlacedArrow(
                picture.arrows[int(edge["id"])],
                tuple((round(point["x"], 1), round(point["y"], 1)) for point in points),
                label["text"],
                round(label["x"], 1),
                round(label["y"], 1),
            )
        )
    return Placed(
        picture,
        round(graph["width"]),
        round(graph["height"]),
        tuple(
            PlacedBox(boxes[one["id"]], round(one["x"], 1), round(one["y"], 1), one["width"], one["height"])
            for one in graph["children"]
        ),
        tuple(arrows),
    )
