"""Tells text from bytes that only happen to be characters."""

import re

# Without the tab, line ends, form feed and the escape character of terminals. Other characters without a picture are
# text: direction marks, joiners, private use.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
MOST_CONTROLS = 0.1  # of the characters of a text


def is_binary(text: str, *, replaced: int = 0) -> bool:
    """Whether too much of a text is control characters, or bytes that were replaced because they are no characters."""
    return len(CONTROLS.findall(text)) + replaced > len(text) * MOST_CONTROLS
