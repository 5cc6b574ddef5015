"""The type of a text by its content.

Patterns are compiled on first use and cached by `re`: compiling all would slow down cold starts.
"""

import json
import re
from collections import Counter

from . import markup

PLAIN = "text/plain"
JSON = "application/json"
JSON_LINES = "application/jsonl"

# Type, and the beginning of its text.
BEGINNINGS = (
    ("text/calendar", r"BEGIN:VCALENDAR\s"),
    ("text/vcard", r"BEGIN:VCARD\s"),
    ("audio/x-imelody", r"BEGIN:IMELODY\s"),
    ("text/vtt", r"WEBVTT(?:[ \t\r\n]|$)"),
    ("application/vnd.apple.mpegurl", r"#EXTM3U(?:\s|$)"),
    ("audio/x-scpls", r"\[playlist\]\s"),
    ("application/x-subrip", r"\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}"),
    (
        "image/vnd.dxf",
        r"(?:[ ]*999\r?\n.*\r?\n)*[ ]*0\r?\nSECTION\r?\n[ ]*2\r?\n(?:HEADER|CLASSES|TABLES|BLOCKS|ENTITIES)",
    ),
    ("image/x-xbitmap", r"(?:/\*.*?\*/\s*)?#define\s+\w*_?width\s+\d+\s+#define\s+\w*_?height\s+\d"),
    ("application/pem-certificate-chain", r"-----BEGIN CERTIFICATE-----"),
    ("application/pgp-keys", r"-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----"),
    ("application/pgp-encrypted", r"-----BEGIN PGP MESSAGE-----"),
    ("application/pgp-signature", r"-----BEGIN PGP SIGNATURE-----"),
    ("application/x-pem-file", r"-----BEGIN [A-Z0-9 ]+-----"),
    ("application/mbox", r"From \S+ .*\d\d:\d\d:\d\d"),
    (
        "message/rfc822",
        r"(?:Return-Path|Received|Delivered-To|Message-ID|MIME-Version|From|Date|Subject|To|X-[\w-]+): .*"
        r"(?:\r?\n[ \t].*)*\r?\n(?:[A-Za-z][\w-]*: ?.*(?:\r?\n[ \t].*)*\r?\n){2,}",
    ),
    ("model/step", r"ISO-10303-21;"),
    ("model/vrml", r"#VRML V\d"),
    ("application/x-ply", r"ply\r?\nformat (?:ascii|binary)"),
    ("model/stl", r"solid\b.*\r?\n\s*facet normal "),
    ("application/x-font-bdf", r"STARTFONT "),
    ("application/x-font-afm", r"StartFontMetrics"),
    ("text/x-ms-regedit", r"(?:Windows Registry Editor Version|REGEDIT4)"),
    ("application/x-php", r"(?:#!.*php.*\n)?<\?php\b"),
    ("application/x-ruby", r"#!.*\bruby"),
    ("text/x-python", r"#!.*\bpython"),
    ("application/x-perl", r"#!.*\bperl"),
    ("text/javascript", r"#!.*\bnode"),
    ("application/x-sh", r"#! ?/\S*?(?:env )?(?:ba|da|k|z|a|c|tc)?sh\b"),
    ("text/x-diff", r"diff (?:--git|-\w+) |--- \S.*\r?\n\+\+\+ \S|Index: .*\r?\n={10}"),
    ("application/x-tex", r"\s*(?:%.*\n\s*)*\\(?:documentclass|documentstyle|input tex)\b|\\input\b"),
    ("application/x-bibtex", r"\s*@(?:article|book|inproceedings|misc|phdthesis|techreport)\s*\{"),
    ("text/troff", r"(?:\.\\\".*\n|'\\\".*\n)*\.(?:TH|Dd|SH) "),
    ("application/yaml", r"(?:%YAML \d.*\r?\n)?---[ \t]*(?:#.*)?\r?\n[\w\"'-][^\n]*"),
    ("application/vnd.chess-pgn", r"\[Event \""),
    ("text/vnd.familysearch.gedcom", r"0 HEAD\r?\n1 "),
    ("text/css", r"\s*@charset \"[^\"]+\";"),
)


def kind(text: str) -> str:
    """The type of a text by its first characters; `text/plain` if nothing decides."""
    start = text.lstrip("\ufeff")
    if not start.strip():
        return PLAIN
    first = start.lstrip()[0]
    if first == "<":
        return markup.kind(start) or PLAIN
    if first in "{[":
        found = _json(start)
        if found:
            return found
    for name, pattern in BEGINNINGS:
        if re.match(pattern, start):
            return name
    return _table(start) or _markdown(start) or PLAIN


# The last line may be cut off.
STRING = r'(?s)"(?:[^"\\]|\\.)*+(?:"|\Z)'
# The rest of a document without its strings.
JSON_TOKENS = r"[\s{}\[\],:0-9.eE+-]|true|false|null|\"\""


def _json(text: str) -> str | None:
    """JSON, JSON Lines, or a JSON-based format that identifies itself; None for anything else. The
    text may be cut off.
    """
    first_line, line_end, rest = text.lstrip().partition("\n")
    if line_end and rest.lstrip(" \t")[:1] in ("{", "[") and _is_document(first_line):
        return JSON_LINES
    if not _begins_document(text):
        return None
    if re.search(r'"type"\s*:\s*"(?:FeatureCollection|Feature)"', text) and '"geometry"' in text:
        return "application/geo+json"
    if re.search(r'"asset"\s*:\s*\{[^{}]*"version"\s*:\s*"[12]\.', text):
        return "model/gltf+json"
    if '"@context"' in text:
        return "application/ld+json"
    if re.search(r'"nbformat"\s*:\s*\d', text) or re.match(r'\s*\{\s*"cells"\s*:\s*\[\s*\{\s*"cell_type"', text):
        return "application/x-ipynb+json"
    return JSON


def _is_document(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _begins_document(text: str) -> bool:
    if _is_document(text):
        return True
    bare = re.sub(STRING, '""', text)
    # A rule set in braces, or a section in brackets, has other words.
    tokens = re.sub(JSON_TOKENS, "", bare)
    return len(tokens) <= 4 and ('""' in bare or "," in bare) and len(text) >= 2048


SEPARATORS = {",": "text/csv", ";": "text/csv", "\t": "text/tab-separated-values"}


def _table(text: str) -> str | None:
    """CSV or TSV: every line except the last, which may be cut off, has the same number of fields.

    https://www.rfc-editor.org/rfc/rfc4180
    """
    # Commas in quoted fields and in a log's timestamps do not separate fields.
    unquoted = re.sub(r'"(?:[^"]|"")*+"', "q", text)
    lines = re.sub(r"(\d\d:\d\d:\d\d),(\d{3})", r"\1.\2", unquoted).splitlines()[:50]
    whole = [line for line in (lines if len(text) < 4096 and len(lines) < 50 else lines[:-1]) if line.strip()]
    if len(whole) < 2:
        return None
    for separator, name in SEPARATORS.items():
        counts = Counter(line.count(separator) for line in whole)
        fields = counts.most_common(1)[0][0]
        if len(counts) == 1 and fields >= 1 and not _is_prose(whole, separator, fields):
            return name
    return None


def _is_prose(lines: list[str], separator: str, fields: int) -> bool:
    """A letter with a comma or two in each line is not a table: blanks follow the commas, and lines end with full
    stops.
    """
    if separator == "\t":
        return all(line.startswith("\t") for line in lines)
    if separator == "," and all(line.rstrip().endswith(",") for line in lines):
        return True
    if any(line.rstrip().endswith(("{", "}", ");", ";")) for line in lines) and separator in ",;":
        return separator == "," or all(line.rstrip().endswith(";") for line in lines)
    spaced = sum(line.count(f"{separator} ") for line in lines)
    ends = sum(line.rstrip().endswith((".", "!", "?", ",")) for line in lines)
    return spaced >= fields * len(lines) and (ends > 0 or len(lines) < 3)


RESTRUCTURED = r"(?m)^\.\. [\w-]+::|^\.\. _[^\n]+:|\w::\s*$|``[^`\n]+``\s*_?|`[^`\n]+`_"
# A heading, a blank line, and a line of words.
TITLED = r"\s*#{1,6} [^\n]+\r?\n[ \t]*\r?\n[A-Za-z*_][^\n=:;{}]* [^\n=;{}]*(?:\n|\Z)"
MARKDOWN = (
    r"(?m)^#{1,6} \S",
    r"(?m)^\S.*\r?\n(?:={3,}|-{3,})\s*$",
    r"(?m)^```",
    r"!?\[[^\]\[\n]{1,200}\]\((?:https?:|[\w./#-]+\))",
    r"(?m)^\s*[*-] \S",
    r"\*\*[^*\n]+\*\*|`[^`\n]+`",
    r"(?m)^\|?[ :-]*-{3,}[ :|-]*\|[ :|-]*$",
    r"(?m)^> \S",
)


def _markdown(text: str) -> str | None:
    """Two of Markdown's marks, of which one is a heading, a code block or a link: fewer occur in many texts."""
    if re.search(RESTRUCTURED, text):
        return "text/prs.fallenstein.rst"
    if re.match(TITLED, text):
        return "text/markdown"
    found = [bool(re.search(mark, text)) for mark in MARKDOWN]
    return "text/markdown" if sum(found) >= 2 and any(found[:4]) else None
