"""Text of strangers' for a terminal."""

LONGEST_TEXT = 300


def short(text: str) -> str:
    """On one line, without what a terminal would take for a command."""
    text = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[: LONGEST_TEXT + 1])
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
