"""The look that our pages share: colours, light and dark, and the style of the picture."""

from pathlib import Path

from .picture.svg import STYLE

COLOURS = Path(__file__).with_name("templates") / "colours.css"


def shared_style() -> str:
    """CSS for a page with pictures; custom properties hold the colours."""
    return COLOURS.read_text(encoding="utf-8") + STYLE
