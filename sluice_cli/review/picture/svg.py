"""A picture as SVG: standalone for documents, or within a page that brings the styles."""

from html import escape

from ..model import Arrow, Box
from .layout import LONGEST_TITLE, Placed, PlacedArrow, PlacedBox, shortened
from .symbols import SYMBOLS

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "x", "forget": "»"}
WORDS = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "destroyed",
    "forget": "no longer managed",
}
ROUND = 8
LEGEND = 24

STYLE = """
.picture{--ink:#17202e;--soft:#566275;--line:#66758c;--paper:#ffffff;--card:#ffffff;--edge:#c9d1dd;--add:#1a7f37;\
--change:#8a5a00;--remove:#c4232f;--danger:#c4232f}
@media (prefers-color-scheme:dark){.picture{--ink:#e8edf4;--soft:#a3b0c2;--line:#8b9bb3;--paper:#10161f;--card:#1a2330;\
--edge:#38465a;--add:#5ccc78;--change:#e6b450;--remove:#ff8088;--danger:#ff8088}}
.picture text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.picture .paper{fill:var(--paper)}
.picture .card{fill:var(--card);stroke:var(--edge);stroke-width:1.2}
.picture .title{font-size:14px;font-weight:600}
.picture .small{font-size:11.5px;fill:var(--soft)}
.picture .label{font-size:11px;fill:var(--soft)}
.picture .symbol{fill:none;stroke:#fff;stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}
.picture .arrow{fill:none;stroke:var(--line);stroke-width:1.6}
.picture .permission{stroke-dasharray:5 4}
.picture .key{stroke-dasharray:1.5 4;stroke-linecap:round}
.picture .head{fill:var(--line)}
.picture .removed .arrow{stroke:var(--remove);stroke-width:2.2;stroke-dasharray:2 5}
.picture .removed .head,.picture .removed .label{fill:var(--remove)}
.picture .changed .arrow{stroke:var(--change);stroke-width:2.2}
.picture .changed .head,.picture .changed .label{fill:var(--change)}
.picture .dangerous .arrow{stroke:var(--danger)}
.picture .dangerous .head,.picture .dangerous .label{fill:var(--danger)}
.picture .create .card{stroke:var(--add);stroke-width:2.4}
.picture .update .card{stroke:var(--change);stroke-width:2.4}
.picture .replace .card,.picture .delete .card,.picture .forget .card{stroke:var(--remove);stroke-width:2.4}
.picture .delete .card{stroke-dasharray:6 4}
.picture .dangerous .card{stroke:var(--danger);stroke-width:3}
.picture .mark{font-size:13px;font-weight:700;fill:var(--paper);text-anchor:middle}
.picture .create .badge{fill:var(--add)}
.picture .update .badge{fill:var(--change)}
.picture .replace .badge,.picture .delete .badge,.picture .forget .badge,.picture .dangerous .badge{fill:var(--danger)}
"""


def draw(placed: Placed, *, id_: str = "picture", links: dict[str, str] | None = None) -> str:
    """The picture. With `links` (from a box's group to an address in the page) it belongs to a page that brings
    `STYLE`; without, it stands alone."""
    picture = placed.picture
    height = placed.height + LEGEND
    title = f"Architecture of {picture.title}"
    style = "" if links is not None else f"<style>{STYLE}</style>"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" id="{id_}" viewBox="0 0 {placed.width:g} '
        f'{height:g}" width="{placed.width:g}" height="{height:g}" role="{"group" if links else "img"}" '
        f'aria-labelledby="{id_}-title">',
        f'<title id="{id_}-title">{escape(title)}</title>{style}',
        f'<rect class="paper" width="{placed.width:g}" height="{height:g}" rx="10"/>',
    ]
    # Lines first, then boxes, then labels: nothing covers text.
    lines += [_arrow(one) for one in placed.arrows]
    first: dict[str, str] = {}  # the first of several boxes of a group is the target of links back
    for one in placed.boxes:
        first.setdefault(one.box.group, one.box.id)
    lines += [_box(one, id_, links, is_first=first[one.box.group] == one.box.id) for one in placed.boxes]
    lines += [_label(one) for one in placed.arrows if one.label]
    left_out = f"{picture.left_out} more that do not fit in" if picture.left_out else ""
    if left_out:
        lines.append(f'<text class="small" x="22" y="16">{left_out}</text>')
    return "\n".join([*lines, _legend(placed), "</svg>"]) + "\n"


def _legend(placed: Placed) -> str:
    """The legend of the line styles in use."""
    kinds = {one.arrow.kind for one in placed.arrows}
    words = {"data": "data flows", "permission": "permission", "key": "uses key"}
    parts, x = [], 22
    for kind, text in words.items():
        if kind in kinds:
            y = placed.height + 8
            parts.append(f'<path class="arrow {kind}" d="M{x} {y:g}h34"/>')
            parts.append(f'<text class="label" x="{x + 42}" y="{y + 4:g}">{text}</text>')
            x += 62 + len(text) * 7
    return "".join(parts)


def describe(box: Box) -> str:
    """A box in words, for screen readers."""
    parts = [f"{box.title}, {box.subtitle}", *box.notes]
    if box.verb:
        parts.append(WORDS.get(box.verb, box.verb))
    if box.danger:
        parts.append(f"dangerous: {box.danger.value.lower()}")
    return ", ".join(parts)


def _box(placed: PlacedBox, id_: str, links: dict[str, str] | None, *, is_first: bool) -> str:
    box = placed.box
    colour, symbol = SYMBOLS.get(box.kind, SYMBOLS["other"])
    classes = " ".join(filter(None, ["box", box.verb if box.verb in SIGNS else "", "dangerous" if box.danger else ""]))
    small = shortened(" · ".join([box.subtitle, *box.notes]), LONGEST_TITLE)
    middle = placed.height / 2
    address = (links or {}).get(box.group) if box.group else None
    linked = address is not None
    content = (
        f"{'' if linked else f'<title>{escape(describe(box))}</title>'}"
        f'<rect class="card" width="{placed.width:g}" height="{placed.height:g}" rx="9"/>'
        f'<rect x="11" y="{middle - 19:g}" width="38" height="38" rx="8" fill="{colour}"/>'
        f'<path class="symbol" transform="translate(16 {middle - 14:g}) scale(1.17)" d="{symbol}"/>'
        f'<text class="title" x="60" y="{middle - 3:g}">{escape(shortened(box.title, LONGEST_TITLE))}</text> '
        f'<text class="small" x="60" y="{middle + 14:g}">{escape(small)}</text> '
    )
    sign = ("!" if box.danger else SIGNS.get(box.verb, "?")) if box.verb else ""
    if sign:
        content += (
            f'<circle class="badge" cx="{placed.width:g}" cy="0" r="11"/>'
            f'<text class="mark" x="{placed.width:g}" y="4.5">{sign}</text>'
        )
    group = f'<g class="{classes}" transform="translate({placed.x:g} {placed.y:g})">{content}</g>'
    if address is None:
        return group
    # The accessible name of a link begins with its visible text, for speech control.
    label = " ".join(filter(None, [shortened(box.title, LONGEST_TITLE), small, sign])) + f": {describe(box)}"
    anchor = f' id="{id_}-{address}"' if is_first else ""
    return f'<a href="#{address}"{anchor} aria-label="{escape(label)}">{group}</a>'


def _arrow(placed: PlacedArrow) -> str:
    if len(placed.points) < 2:
        return ""
    return (
        f'<g class="{_classes(placed.arrow)}"><path class="arrow {placed.arrow.kind}" d="{arrow_path(placed.points)}"/>'
        f'<path class="head" d="{arrow_head(placed.points)}"/></g>'
    )


def _label(placed: PlacedArrow) -> str:
    return (
        f'<g class="{_classes(placed.arrow)}"><text class="label" x="{placed.label_x:g}" '
        f'y="{placed.label_y + 12:g}">{escape(placed.label)}<title>{escape(placed.arrow.text)}</title></text></g>'
    )


def _classes(arrow: Arrow) -> str:
    marks = {"changed": arrow.changed, "dangerous": arrow.danger, "removed": arrow.removed}
    return " ".join(["line", *(word for word, is_so in marks.items() if is_so)])


def arrow_path(points: tuple[tuple[float, float], ...]) -> str:
    """A line with its corners rounded."""
    text = f"M{points[0][0]:g} {points[0][1]:g}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = _towards(corner, before), _towards(corner, after)
        text += f"L{near[0]:g} {near[1]:g}Q{corner[0]:g} {corner[1]:g} {far[0]:g} {far[1]:g}"
    return f"{text}L{points[-1][0]:g} {points[-1][1]:g}"


def _towards(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])
    part = min(ROUND, length / 2) / length if length else 0
    return round(start[0] + (end[0] - start[0]) * part, 1), round(start[1] + (end[1] - start[1]) * part, 1)


def arrow_head(points: tuple[tuple[float, float], ...]) -> str:
    (x0, y0), (x, y) = points[-2], points[-1]
    dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
    return f"M{x:g} {y:g}l{-9 * dx - 4.5 * dy:g} {-9 * dy - 4.5 * dx:g}l{9 * dy:g} {9 * dx:g}z"
