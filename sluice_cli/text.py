"""Untrusted text made safe for a terminal, and exceptions in words."""

import re
import unicodedata

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

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def clean(text: str) -> str:
    """The text with control characters visible: escape codes, direction marks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one if one == " " or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else _escaped(one)
        for one in text
    )


def clean_lines(text: str) -> str:
    """The text with its lines kept and each of them `clean`; without colours."""
    lines = COLOURS.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(clean(one.expandtabs(4)) for one in lines)


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


def _escaped(character: str) -> str:
    code = ord(character)
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")
