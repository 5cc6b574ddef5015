"""Formats log lines for a terminal: a colour for each function, aligned levels, limited length, no
control characters.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from sluice_cli.function_logs.lines import LogLevel, LogLine
from sluice_cli.text import clean

LONGEST_LINE = 1_000  # characters
MOST_LINES = 40  # of one event; a traceback's end is kept
FIRST_LINES = 4
LONGEST_FIELD = 200
MOST_FIELDS = 40
TAB = "    "
# Fields that Powertools adds to each line; the function's name is printed beside the line.
CONTEXT_FIELDS = {"function_name", "function_memory_size", "function_arn", "sampling_rate"}

COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "bright_cyan", "bright_magenta", "bright_green")
STYLES = {
    LogLevel.WARNING: "yellow",
    LogLevel.ERROR: "bold red",
    LogLevel.CRITICAL: "bold red",
    LogLevel.DEBUG: "dim",
    LogLevel.TRACE: "dim",
}


class LogPrinter:
    """Formats log lines. Each function keeps its colour, and the column of names keeps its width."""

    def __init__(self, functions: Sequence[str]) -> None:
        self._width = max(map(len, functions), default=0)
        self._colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(sorted(functions))}

    def lines(self, line: LogLine) -> Iterator[Text]:
        """The lines of an event: time, function, level and text, with further text below; no lines
        for a blank event.
        """
        if not line.text.strip() and not line.fields:
            return
        when = datetime.fromtimestamp(line.event.milliseconds / 1000).astimezone()
        head = Text(f"{when:%H:%M:%S}.{line.event.milliseconds % 1000:03} ", style="dim")
        name = clean(line.event.function)
        head.append(f"{name:<{self._width}} ", style=self._colours.get(line.event.function, ""))
        style = "dim" if line.platform else STYLES.get(line.level, "")
        head.append(f"{line.level.name:<8} ", style=style)
        indent = Text(TAB)
        for number, text in enumerate(_texts(line)):
            yield (head if number == 0 else indent) + Text(text, style=style)


def _texts(line: LogLine) -> Iterator[str]:
    """The text of an event and its fields, as lines of limited length without control characters."""
    written = line.text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if not line.platform else [line.text]
    fields = "" if line.platform else _fields(_shown_fields(line))
    first, *others = written
    yield bounded(f"{first}{' ' if first and fields else ''}{fields}")
    more = [*others, *_long_texts(_shown_fields(line))]
    hidden = len(more) - MOST_LINES
    if hidden > 0:
        more = [*more[:FIRST_LINES], f"… ({hidden:,} lines; --json has them)", *more[FIRST_LINES - MOST_LINES :]]
    yield from map(bounded, more)


def bounded(text: str) -> str:
    """One line without control characters, at most 1,000 characters long."""
    cut = clean(text[:LONGEST_LINE].replace("\t", TAB))[:LONGEST_LINE]
    return cut if len(text) <= LONGEST_LINE else f"{cut}… ({len(text):,} characters; --json has them all)"


def _shown_fields(line: LogLine) -> dict[str, Any]:
    hidden = {name for name in CONTEXT_FIELDS if name in line.fields}
    if line.fields.get("service") == line.event.function:
        hidden.add("service")
    if "exception" in line.fields:
        hidden.add("stack_trace")  # repeats the items of the list in parts
    return {name: one for name, one in line.fields.items() if name not in hidden}


def _fields(fields: Any) -> str:
    pairs = [f"{name}={_value(one)}" for name, one in fields.items() if not _is_long(one)]
    more = f" and {len(pairs) - MOST_FIELDS} more fields" if len(pairs) > MOST_FIELDS else ""
    return " ".join(pairs[:MOST_FIELDS]) + more


def _long_texts(fields: Any) -> Iterator[str]:
    """Fields with several lines, such as a stack trace, which are printed below the others."""
    for name, one in fields.items():
        if _is_long(one):
            yield f"{name}:"
            yield from (f"{TAB}{text}" for text in _as_text(one).rstrip("\n").splitlines())


def _is_long(value: Any) -> bool:
    return (isinstance(value, str) and "\n" in value.rstrip("\n")) or (
        isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) and " " in one for one in value)
    )


def _as_text(value: Any) -> str:
    return "\n".join(one.rstrip("\n") for one in value) if isinstance(value, list) else str(value)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) and value and " " not in value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_FIELD else f"{text[:LONGEST_FIELD]}…"


def plain(lines: Iterable[Text]) -> str:
    """The line for output that is not a terminal."""
    return "\n".join(one.plain for one in lines)
