"""Error messages for broken JSON, and the end of a broken document: pure functions.

Imported for the first broken document only, to keep cold starts short.
"""

import re

from .breakage import Breakage, bad_byte

# A quoted text without line breaks, or a bracket. The possessive quantifiers prevent backtracking.
TOKEN = re.compile(r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?|[\[\]{}]')
OPENED_BY = {"]": "[", "}": "{"}

# Messages of Python's JSON parser (3.11 to 3.14).
WORDS = (
    ("Expecting property name", "a name in double quotes is missing"),
    ("Expecting ':' delimiter", "a colon is missing after a name"),
    ("Expecting ',' delimiter", "a comma or a closing bracket is missing"),
    ("Illegal trailing comma", "a comma too many before a closing bracket"),
    ("Expecting value", "a value is missing"),
    ("Unterminated string", "a text has no closing quote"),
    ("Invalid control character", "a line end or a control character in a text"),
    ("Invalid \\", "a backslash in a text with no valid escape after it"),
)


def explain(problem: Breakage, text: str, begin: int, end: int, line: int, line_start: int) -> str:
    """The reason why the document from `begin` to `end` is broken. `line` and `line_start` are
    those of its first line.
    """
    bad = bad_byte(text, begin, max(end, problem.position + 1))
    where = problem.position if bad is None else bad
    line_start = max(line_start, text.rfind("\n", begin, where) + 1)
    line += text.count("\n", begin, where)
    if bad is not None:
        before = text[line_start:where].encode("utf-8", "surrogateescape")
        return f"not UTF-8 (line {line}, byte {len(before) + 1})"
    words = next((words for message, words in WORDS if problem.message.startswith(message)), None)
    if words is None:
        return problem.message
    if text.startswith(",", begin):
        words = "a comma between documents; put them into an array, or a line end between them"
    elif REST_IS_BLANK.match(text, where):
        words = "cut off, it ends too early"
    elif problem.message.startswith("Expecting value") and text[where] not in "]},:":
        one = text[where]
        words = f"unexpected {one!r}" if one.isprintable() else f"an unexpected character, U+{ord(one):04X}"
    return f"not JSON: {words} (line {line}, column {where - line_start + 1})"


REST_IS_BLANK = re.compile(r"\s*\Z")


def end_of_broken(text: str, begin: int, line_end: int, longest: int, *, too_deep: bool = False) -> tuple[int, int]:
    """Where the document ends that begins at `begin` and cannot be read, so that nothing inside of it is taken for
    another document; and up to where the text was looked at. `line_end` is where its line ends.

    It ends with its closing bracket. Without one in the next `longest` characters, a line that is complete but for
    that, as in JSON Lines, ends with the line. An object over several lines ends where a line begins with the next;
    an array, of which that cannot be told from its elements, with the text. What is no object or array ends where a
    line begins with one.
    """
    if text[begin] not in "[{":
        end = _find(NEXT_LINE, text, begin)
        return end, end
    open_: list[str] = []
    number = {"[": 0, "{": 0}
    arrays_on_line: int | None = None
    for token in TOKEN.finditer(text, begin, begin + longest):
        bracket = token[0]
        if arrays_on_line is None and token.start() > line_end:
            arrays_on_line = number["["]
            if text[begin:line_end].rstrip()[-1] not in "[{,:":
                return line_end, token.end()
            # In an object a name would follow: the line is truncated, and this is the next document.
            if bracket == "{" and not arrays_on_line and text[line_end : token.start()].isspace():
                return token.start(), token.end()
        if bracket in ("[", "{"):
            open_.append(bracket)
            number[bracket] += 1
        elif bracket in OPENED_BY and number[OPENED_BY[bracket]]:
            closed = None
            while closed != OPENED_BY[bracket]:
                closed = open_.pop()
                number[closed] -= 1
            if not open_:
                return token.end(), token.end()
    looked_at = min(len(text), begin + longest)
    if arrays_on_line is None:  # all brackets are on one line
        return line_end, looked_at
    if arrays_on_line and not too_deep:
        return len(text), len(text)
    return _find(NEXT, text, line_end), looked_at


NEXT = re.compile(r"\n(?=[\[{])")
NEXT_LINE = re.compile(r"\n(?=[ \t\r\x1e\ufeff]*[\[{])")


def _find(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.search(text, position)
    return found.end() if found else len(text)
