"""Untrusted text made safe for a terminal."""

LONGEST_TEXT = 300


def short(text: str) -> str:
    """One line without control characters, at most 300 characters long."""
    text = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[: LONGEST_TEXT + 1])
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
