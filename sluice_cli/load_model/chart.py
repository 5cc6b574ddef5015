"""The picture of a run over time: what shapes it has, and these as SVG. `raster.py` draws the same shapes as PNG."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from .figures import Moment
from .report import duration, load_words, time_words
from .simulation import SimulatedLoad

WIDTH, LEFT, RIGHT = 900, 92, 24
TOP, PANEL, GAP, BOTTOM = 58, 120, 46, 40
INK, SOFT, GRID = "#17202e", "#566275", "#dde3ec"
BLUE, GREEN, RED, AMBER, VIOLET = "#2563ab", "#1a7f37", "#c4232f", "#a66a00", "#7446a8"


@dataclass(frozen=True)
class Polyline:
    points: Sequence[tuple[float, float]]
    colour: str
    width: float = 1.6


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    anchor: str = "start"
    size: int = 12
    colour: str = INK
    bold: bool = False


Shape = Polyline | Label


@dataclass(frozen=True)
class Curve:
    """One quantity over time."""

    name: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Panel:
    """Quantities of one unit below each other's time; `words` writes a value of the axis."""

    title: str
    curves: Sequence[Curve]
    words: Callable[[float], str]
    logarithmic: bool = False


def height_of(result: SimulatedLoad) -> int:
    return TOP + len(panels_of(result)) * (PANEL + GAP) + BOTTOM - GAP


def panels_of(result: SimulatedLoad) -> list[Panel]:
    each, width = result.events, result.timeline.width
    moments = result.timeline.moments

    def rate(of: Callable[[Moment], float]) -> list[float | None]:
        return [of(one) * each / width for one in moments]

    return [
        Panel(
            "Events a second",
            (
                Curve("arrived", BLUE, rate(lambda one: one.arrived)),
                Curve("finished", GREEN, rate(lambda one: one.finished)),
            ),
            number_words,
        ),
        Panel("Events waiting", (Curve("waiting", AMBER, [one.waiting * each for one in moments]),), number_words),
        Panel(
            "Throttled and failed attempts a second",
            (
                Curve("throttled", VIOLET, rate(lambda one: one.throttled)),
                Curve("failed", RED, rate(lambda one: one.failed)),
            ),
            number_words,
        ),
        Panel(
            "Concurrent executions", (Curve("concurrent", BLUE, [one.concurrency for one in moments]),), number_words
        ),
        Panel(
            "Latency of what finished",
            (
                Curve("p50", GREEN, [one.latency.percentile(0.5) for one in moments]),
                Curve("p99", RED, [one.latency.percentile(0.99) for one in moments]),
            ),
            time_words,
            logarithmic=True,
        ),
    ]


def shapes_of(result: SimulatedLoad) -> list[Shape]:
    """The picture's lines and texts."""
    arrivals = result.arrivals
    title = f"{result.model.stack}: {load_words(result)}"
    small = f"for {duration(arrivals.seconds)}, all done after {duration(result.seconds)}; sluice simulate-load"
    shapes: list[Shape] = [Label(LEFT, 24, title, size=16, bold=True), Label(LEFT, 42, small, colour=SOFT)]
    total = len(result.timeline.moments) * result.timeline.width
    between = nice_time(total / 6)
    for number, panel in enumerate(panels_of(result)):
        shapes += _panel(panel, TOP + number * (PANEL + GAP) + 18, total)
    bottom = height_of(result) - 12
    for number in range(int(total / between * 1.0001) + 1):
        anchor = "start" if number == 0 else "middle"
        shapes.append(Label(_x(number * between / total), bottom, moment_words(number * between), anchor, 11, SOFT))
    return shapes


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _panel(panel: Panel, top: float, total: float) -> Iterator[Shape]:
    known = [value for curve in panel.curves for value in curve.values if value is not None and value > 0]
    highest = max(known, default=1.0)
    low, high = (
        (_decade(min(known, default=0.1), math.floor), _decade(highest, math.ceil))
        if panel.logarithmic
        else (0.0, nice(highest))
    )
    if panel.logarithmic and low == high:
        high = low * 10

    def y(value: float) -> float:
        share = (
            math.log(max(value, low) / low) / math.log(high / low)
            if panel.logarithmic
            else value / high
            if high
            else 0.0
        )
        return round(top + PANEL - 18 - share * (PANEL - 18), 1)

    yield Label(LEFT, top - 8, panel.title, size=12, bold=True)
    position = LEFT + 8 * len(panel.title) + 20
    if len(panel.curves) > 1:
        for curve in panel.curves:
            yield Polyline(((position, top - 12), (position + 16, top - 12)), curve.colour, 3)
            yield Label(position + 21, top - 8, curve.name, size=11, colour=SOFT)
            position += 44 + 7 * len(curve.name)
    for value in _ticks(low, high, logarithmic=panel.logarithmic):
        yield Polyline(((LEFT, y(value)), (WIDTH - RIGHT, y(value))), GRID, 1)
        yield Label(LEFT - 8, y(value) + 4, panel.words(value) if value else "0", "end", 11, SOFT)
    for curve in panel.curves:
        yield from _curve(curve, y)


def _curve(curve: Curve, y: Callable[[float], float]) -> Iterator[Polyline]:
    points: list[tuple[float, float]] = []
    number = max(len(curve.values), 1)
    for position, value in enumerate(curve.values):
        if value is None:
            if points:
                yield Polyline(_visible(points), curve.colour)
            points = []
            continue
        points += [(_x(position / number), y(value)), (_x((position + 1) / number), y(value))]
    if points:
        yield Polyline(_visible(points), curve.colour)


def _visible(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without points on a straight line between their neighbours."""
    kept = points[:1]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        if not before[1] == point[1] == after[1]:
            kept.append(point)
    return [*kept, points[-1]]


def _ticks(low: float, high: float, *, logarithmic: bool) -> list[float]:
    if not logarithmic:
        return [0.0, high / 2, high]
    decades = round(math.log10(high / low))
    every = max(1, math.ceil(decades / 4))
    return [low * 10**power for power in range(0, decades + 1, every)]


def _decade(value: float, to: Callable[[float], int]) -> float:
    return float(10.0 ** to(math.log10(value)))


def nice(value: float) -> float:
    """The next higher 1, 2, 4, 5 or 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(one * power for one in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if one * power >= value * 0.9999)


def nice_time(seconds: float) -> float:
    """The next longer span that people divide time into."""
    minute, hour = 60, 3600
    spans = [1, 2, 5, 10, 30, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 4 * hour]
    return float(next((one for one in spans if one >= seconds), math.ceil(seconds / (12 * hour)) * 12 * hour))


def moment_words(seconds: float) -> str:
    """A moment of the time axis; unlike `duration`, it is not rounded."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if seconds >= 120 and rest else duration(seconds)


def number_words(value: float) -> str:
    for size, word in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{word}"
    return f"{value:g}"


def draw_svg(result: SimulatedLoad) -> str:
    """The picture as SVG, with a text for screen readers."""
    height = height_of(result)
    latency = result.latency
    said = (
        f"{result.model.stack}, {load_words(result)}: "
        f"latency p50 {time_words(latency.percentile(0.5))}, p99 {time_words(latency.percentile(0.99))}"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" font-family="system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">',
        f"<title>{escape(said)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for shape in shapes_of(result):
        if isinstance(shape, Polyline):
            points = " ".join(f"{x:g},{y:g}" for x, y in shape.points)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}" '
                'stroke-linejoin="round"/>'
            )
        else:
            weight = ' font-weight="600"' if shape.bold else ""
            parts.append(
                f'<text x="{shape.x:g}" y="{shape.y:g}" text-anchor="{shape.anchor}" font-size="{shape.size}" '
                f'fill="{shape.colour}"{weight}>{escape(shape.text)}</text>'
            )
    return "\n".join([*parts, "</svg>"]) + "\n"
