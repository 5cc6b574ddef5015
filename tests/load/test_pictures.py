"""What the pictures of a run show."""

import io
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from sluice_cli.load_model.arrivals import RETRY_STORM
from sluice_cli.load_model.chart import BLUE, GREEN, RED, TOP, VIOLET, WIDTH, draw_svg, height_of
from sluice_cli.load_model.inputs import checked_picture
from sluice_cli.load_model.raster import SCALE, draw_png
from sluice_cli.load_model.simulation import SimulatedLoad

from .models import behind_api, run, worker

LEGEND = "3"  # the width of its lines
SVG = "{http://www.w3.org/2000/svg}"
TITLES = [
    "Events a second",
    "Events waiting",
    "Throttled and failed attempts a second",
    "Concurrent executions",
    "Latency of what finished",
]


@pytest.fixture(scope="module")
def result() -> SimulatedLoad:
    """100 requests a second for three minutes, with an outage in the second one."""
    return run(behind_api(worker(50)), 100, 180, RETRY_STORM)


@pytest.fixture(scope="module")
def picture(result: SimulatedLoad) -> ElementTree.Element:
    return ElementTree.fromstring(draw_svg(result))  # noqa: S314 - our own


def curves(picture: ElementTree.Element, colour: str) -> list[list[tuple[float, float]]]:
    """The curves of a colour, the legend's short lines left out."""
    found = []
    for one in picture.iter(f"{SVG}polyline"):
        points = [(float(x), float(y)) for x, y in (pair.split(",") for pair in one.attrib["points"].split())]
        if one.attrib["stroke"] == colour and one.attrib["stroke-width"] != LEGEND:
            found.append(points)
    return found


def test_the_picture_has_its_title_panels_axes_and_a_text_for_screen_readers(picture: ElementTree.Element) -> None:
    texts = [one.text or "" for one in picture.iter(f"{SVG}text")]
    assert texts[0] == "stack: 100 events a second, retry-storm"
    assert texts[1].startswith("for 3 min, all done after ")
    assert [one for one in texts if one in TITLES] == TITLES
    assert texts[-7:] == ["0 s", "30 s", "60 s", "90 s", "2 min", "2 min 30 s", "3 min"]
    title = picture.find(f"{SVG}title")
    assert title is not None
    assert title.text == "stack, 100 events a second, retry-storm: latency p50 50 ms, p99 7.02 s"


def test_every_shape_is_inside_of_the_picture(picture: ElementTree.Element, result: SimulatedLoad) -> None:
    box = [float(one) for one in picture.attrib["viewBox"].split()]
    assert box == [0, 0, WIDTH, height_of(result)]
    places = [
        (float(x), float(y))
        for one in picture.iter(f"{SVG}polyline")
        for x, y in (pair.split(",") for pair in one.attrib["points"].split())
    ] + [(float(one.attrib["x"]), float(one.attrib["y"])) for one in picture.iter(f"{SVG}text")]
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in places)
    assert all(0 <= x <= WIDTH and 0 <= y <= height_of(result) for x, y in places)


def test_in_the_outage_nothing_finishes_and_attempts_fail(picture: ElementTree.Element, result: SimulatedLoad) -> None:
    left, right = 92, WIDTH - 24
    seconds = len(result.timeline.moments) * result.timeline.width

    def at(points: list[tuple[float, float]], second: float) -> float:
        wanted = left + (right - left) * second / seconds
        return [y for x, y in points if x <= wanted][-1]

    finished, failed = curves(picture, GREEN)[0], curves(picture, RED)[0]
    # Downwards, y grows: zero is at the lower edge of the panel.
    zero = TOP + 18 + 102
    assert at(finished, 90) == pytest.approx(zero, abs=1)
    assert at(finished, 30) < zero - 20
    assert at(failed, 90) < at(failed, 30)
    assert len(curves(picture, BLUE)) == 2
    # Where nothing finishes there is no latency: its curve has a gap.
    assert len(curves(picture, GREEN)[1:]) == 2
    # Nothing was throttled: a line along the axis, without a step.
    assert len({y for _, y in curves(picture, VIOLET)[0]}) == 1


def test_the_png_shows_the_same_colours_at_twice_the_size(result: SimulatedLoad) -> None:
    with Image.open(io.BytesIO(draw_png(result))) as image:
        assert (image.format, image.size) == ("PNG", (WIDTH * SCALE, height_of(result) * SCALE))
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
    drawn = {tuple(bytes.fromhex(one[1:])) for one in (BLUE, GREEN, RED)}
    assert drawn <= colours
    assert (255, 255, 255) in colours


def test_a_picture_is_written_where_it_was_asked_for(tmp_path: Path, result: SimulatedLoad) -> None:
    for name, start in (("load.svg", b"<svg "), ("load.png", b"\x89PNG")):
        draw = checked_picture(tmp_path / name)
        assert draw is not None
        draw(result)
        assert (tmp_path / name).read_bytes().startswith(start)
