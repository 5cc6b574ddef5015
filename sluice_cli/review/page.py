"""The review as one self-contained HTML page: nothing is loaded, and only what is written here runs."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from .cost.model import dollars
from .look import shared_style
from .model import Group, StackReview
from .picture.layout import LayoutError, Placed, place
from .picture.svg import draw

TEMPLATES = Path(__file__).with_name("templates")

VERBS = {
    "create": ("+", "created"),
    "update": ("~", "changed"),
    "replace": ("±", "replaced"),
    "delete": ("x", "destroyed"),
    "forget": ("»", "no longer managed"),
    "unchanged": ("·", "moved"),
    "action": ("▶", "run"),
    "check": ("!", "failed checks"),
    "deferred": ("…", "deferred"),
}


@dataclass(frozen=True)
class Section:
    """One stack of the page."""

    id: str
    review: StackReview
    # The picture as SVG; empty where it could not be laid out, which `trouble` explains.
    picture: Markup
    trouble: str
    groups: tuple[tuple[str, Group], ...]

    def place(self, address: str) -> str:
        """The id of the group that tells of a change."""
        return self._places[address]

    @cached_property
    def _places(self) -> dict[str, str]:
        return {one.address: id_ for id_, group in self.groups for one in group.changes}


def to_html(stacks: Sequence[StackReview]) -> str:
    """The page. Values are escaped by the template engine; the picture escapes its own."""
    style = shared_style() + (TEMPLATES / "page.css").read_text()
    script = (TEMPLATES / "page.js").read_text()
    return _template().render(
        sections=_sections(stacks),
        verbs=VERBS,
        used=[verb for verb in VERBS if any(change.verb == verb for stack in stacks for change in stack.changes)],
        style=Markup(style),  # noqa: S704 - our own files, whose hashes the policy below admits
        script=Markup(script),  # noqa: S704
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


@cache
def _template() -> Template:
    """Compiled once: that takes longer than filling it in."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dollars"] = dollars
    return environment.get_template("page.html.j2")


def _sections(stacks: Sequence[StackReview]) -> list[Section]:
    trouble = ""
    placed: dict[int, Placed] = {}
    drawn = {number: one.picture for number, one in enumerate(stacks) if one.picture and one.picture.boxes}
    try:
        placed = dict(zip(drawn, place(list(drawn.values())), strict=True)) if drawn else {}
    except LayoutError as error:
        trouble = str(error)
    sections = []
    for number, stack in enumerate(stacks):
        groups = tuple((f"s{number}-g{position}", group) for position, group in enumerate(stack.groups))
        links = {group.key: id_ for id_, group in groups}
        found = placed.get(number)
        svg = draw(found, id_=f"s{number}-picture", links=links) if found else ""
        sections.append(Section(f"s{number}", stack, Markup(svg), trouble, groups))  # noqa: S704
    return sections


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
