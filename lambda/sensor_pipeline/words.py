"""Quotes of senders' values in error messages: pure functions."""

from typing import Any

from .documents import RefusedValue


def kind(value: Any) -> str:
    """The kind of a value, in words."""
    match value:
        case RefusedValue(reason):
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
    """A bounded, escaped excerpt of a sender's value."""
    return ascii(text if len(text) <= 64 else f"{text[:63]}…")
