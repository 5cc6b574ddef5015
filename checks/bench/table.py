"""What the benchmark prints and writes: rows, Markdown, a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from .measure import Figure, ratio

NOT_KEPT = "**no**"


@dataclass(frozen=True)
class Comparison:
    """One comparison. `most` is the largest ratio that the project accepts, if any."""

    section: str
    what: str
    peer: str
    unit: str
    ours: Figure
    theirs: Figure
    ratio: Figure
    most: float | None = None
    note: str = ""

    def slower_than(self, earlier: "Comparison | None") -> bool:
        """Whether this is a regression: above the largest accepted ratio, or each round above all earlier rounds."""
        return self.kept == NOT_KEPT or (earlier is not None and self.ratio.lowest > earlier.ratio.highest)

    @property
    def kept(self) -> str:
        if self.most is None:
            return ""
        return "yes" if self.ratio.median <= self.most else NOT_KEPT


def compare(
    section: str,
    what: str,
    peer: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    most: float | None = None,
    note: str = "",
) -> Comparison:
    return Comparison(section, what, peer, unit, Figure.of(ours), Figure.of(theirs), ratio(ours, theirs), most, note)


def markdown(rows: Sequence[Comparison]) -> str:
    lines = [
        "| what | peer | ours | peer's | ours to peer's (spread) | at most | kept |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        most = "" if row.most is None else f"{row.most:g}"
        ours, theirs = (f"{_number(one.median)} {row.unit}" for one in (row.ours, row.theirs))
        spread = f"{row.ratio.median:.2f} ({row.ratio.lowest:.2f} to {row.ratio.highest:.2f})"
        lines.append(f"| {row.what} | {row.peer} | {ours} | {theirs} | {spread} | {most} | {row.kept} |")
    notes = [f"- {row.what}, {row.peer}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def chart(rows: Sequence[Comparison]) -> str:
    """An SVG of the ratios: the bar ends at ours, the line at 1 is the peer, the whisker is the spread."""
    labels = [f"{row.what} : {row.peer}" for row in rows]
    left, width, line, top = 20 + round(6.4 * max(map(len, labels))), 420, 24, 46
    longest = max(1.2, *(min(row.ratio.highest, 4) for row in rows))
    height = top + line * len(rows) + 16

    def x(value: float) -> float:
        return round(left + min(value, longest) / longest * width, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 60} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="{height}" fill="#fff"/>',
        '<text x="20" y="18" font-size="14">Ours to the peer\'s: shorter is better; the line is the peer, '
        "dashes what we allow ourselves</text>",
    ]
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = top + line * number
        colour = {"yes": "#2a7f62", "": "#4a6fa5"}.get(row.kept, "#b5532f")
        parts += [
            f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{_escaped(label)}</text>',
            f'<rect x="{left}" y="{y}" width="{x(row.ratio.median) - left:.1f}" height="16" fill="{colour}"/>',
            f'<path d="M{x(row.ratio.lowest)} {y + 8}H{x(row.ratio.highest)}" stroke="#222"/>',
            f'<text x="{x(row.ratio.highest) + 6}" y="{y + 12}">{row.ratio.median:.2f}</text>',
        ]
        if row.most is not None:
            parts.append(f'<path d="M{x(row.most)} {y - 2}v20" stroke="#222" stroke-dasharray="2 2"/>')
    parts += [f'<path d="M{x(1)} {top - 8}V{height - 10}" stroke="#888"/>', "</svg>"]
    return "\n".join(parts) + "\n"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
