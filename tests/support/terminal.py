"""What may be printed in a terminal."""

import unicodedata

# Controls, direction marks, surrogates, private characters, line and paragraph separators.
OBEYED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def is_safe(text: str) -> bool:
    """Whether a terminal shows the text and obeys nothing in it."""
    return not any(unicodedata.category(one) in OBEYED for one in text)
