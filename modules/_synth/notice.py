"""Notices on standard error about why a synth is slower than it could be, once for each reason."""

import functools
import sys

LIBRARY = __name__.partition(".")[0]  # `sluice` if it is installed


def slower(reason: str) -> None:
    """Report why the fast way, or a part of it, is not used."""
    say(f"synthesizing takes longer than it needs to: {reason} (SLUICE_SYNTH=ordinary silences this)")


@functools.cache
def say(text: str) -> None:
    print(f"sluice: {text}", file=sys.stderr)
