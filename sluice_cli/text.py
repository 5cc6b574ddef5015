"""Untrusted text made safe for a terminal, and exceptions in words."""

import re

LONGEST_TEXT = 300

WORDS_OF_TYPES = {
    "NoneType": "None",
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a dict",
}


def short(text: str) -> str:
    """One line without control characters, at most 300 characters long."""
    text = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[: LONGEST_TEXT + 1])
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def error_text(error: BaseException) -> str:
    """An exception's message as people read it: without the names that Python has for errors and types.

    Python's own messages name types (`'NoneType' object has no attribute 'get'`), and a missing key is its bare name.
    """
    if isinstance(error, SyntaxError):
        return " ".join(error.msg.split())
    if isinstance(error, KeyError) and error.args:
        return f"there is no {error.args[0]!r}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = re.sub(r"'(\w+)' object", lambda match: WORDS_OF_TYPES.get(match[1], "an object"), str(error))
    return " ".join(text.split()) or "no reason is given"
