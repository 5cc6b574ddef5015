"""What a sender wrote, in a reason: pure functions."""

from typing import Any

from .documents import Refused


def kind(value: Any) -> str:
    """What a value is."""
    match value:
        case Refused(reason):
            return reason
        case str():
            return shown(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return "an array"
        case dict():
            return "an object"
    return "a number"


def shown(text: str) -> str:
    """A bounded part of what a sender wrote, escaped."""
    return ascii(text if len(text) <= 64 else f"{text[:63]}…")
