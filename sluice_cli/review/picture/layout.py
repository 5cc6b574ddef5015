"""Layout of boxes and arrows, by the layered algorithm of elkjs: https://eclipse.dev/elk/"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
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


def place(pictures: Sequence[Picture], cache: Path | None = None) -> list[Placed]:
    """Lay out pictures; all in one process, whose start takes longer than the layout. With a `cache` folder, what was
    laid out before is read from there. Raises `LayoutError`."""
    graphs = [_graph(picture) for picture in pictures]
    known = [_read(cache, graph) for graph in graphs]
    unknown = [graph for graph, old in zip(graphs, known, strict=True) if old is None]
    placed = iter(json.loads(_laid_out(json.dumps(unknown))) if unknown else ())
    found = []
    for graph, old in zip(graphs, known, strict=True):
        found.append(old if old is not None else next(placed))
        if old is None and cache:
            _write(cache, graph, found[-1])
    return [_placed(picture, graph) for picture, graph in zip(pictures, found, strict=True)]


@lru_cache(maxsize=32)
def _laid_out(graphs: str) -> str:
    """Graphs and their layouts as JSON. The last ones are kept: a project is reviewed again and again."""
    try:
        result = subprocess.run(
            ["node", str(LAYOUT)],
            input=graphs,
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise LayoutError(f"the picture could not be laid out: {said[-1] if said else error}") from error
    return result.stdout


def _file(cache: Path, graph: dict[str, Any]) -> Path:
    text = json.dumps(graph, sort_keys=True) + LAYOUT.read_text(encoding="utf-8")
    return cache / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _read(cache: Path | None, graph: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = json.loads(_file(cache, graph).read_text(encoding="utf-8")) if cache else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"width", "height", "children", "edges"} <= found.keys() else None


def _write(cache: Path, graph: dict[str, Any], placed: dict[str, Any]) -> None:
    with suppress(OSError):  # it is laid out again next time
        cache.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=cache, suffix=".part", encoding="utf-8", delete=False) as file:
            file.write(json.dumps(placed))
        Path(file.name).replace(_file(cache, graph))


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
                # Where arrows form a circle, data goes to the right, and permissions back to the left.
                "layoutOptions": {"elk.layered.priority.direction": "10" if arrow.kind == "data" else "0"},
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
