"""Draws a trace as a waterfall: a line for each segment, indented below its parent, with a bar for its time."""

from collections.abc import Iterator

from rich.text import Text

from sluice_cli.text import clean
from sluice_cli.traces.model import Span, Trace

MOST_LINES = 200
MOST_ALIKE = 8  # segments of one name beside each other
NARROWEST_BAR = 10
WIDEST_TITLE = 60
DEEPEST = 12  # levels of indentation
LONGEST_MESSAGE = 200
STYLES = {"fault": "bold red", "error": "yellow", "throttle": "magenta"}
BAR, START = "━", "╺"


def waterfall(trace: Trace, width: int) -> Iterator[Text]:
    """The lines for a terminal of that width. A long trace is shortened, with a line for the number of segments left
    out.
    """
    begin, seconds = trace.start, max(trace.end - trace.start, 1e-6)
    rows = list(_rows(trace))
    titles = [_title(span, depth, alike) for span, depth, alike in rows[:MOST_LINES]]
    title_width = min(max(map(len, titles), default=0), WIDEST_TITLE, max(width - NARROWEST_BAR - 12, 20))
    bar_width = max(width - title_width - 12, NARROWEST_BAR)
    for (span, depth, _), title in zip(rows, titles, strict=False):
        line = Text(
            f"{_cut(title, title_width):<{title_width}} ",
            style=STYLES.get(span.status, "bold" if span.is_function else ""),
        )
        line.append(f"{_duration(span):>9}  ", style="dim")
        line.append(_bar(span, begin, seconds, bar_width), style=STYLES.get(span.status, "cyan"))
        yield line
        for message in span.messages[:2] if not any(one.messages for one in span.children) else ():
            yield Text(
                _cut(" " * (2 * min(depth, DEEPEST) + 2) + clean(message[:LONGEST_MESSAGE]), width),
                style=STYLES.get(span.status, "red"),
            )
    hidden = len(rows) - MOST_LINES
    if hidden > 0:
        yield Text(f"… {hidden:,} more lines; --json has them all", style="dim")


def _rows(trace: Trace) -> Iterator[tuple[Span, int, int]]:
    """The segments with their depth. Of many segments with the same name and parent only the first are kept; the last
    of these has the number of the others.
    """
    waiting: list[tuple[Span, int, int]] = [(one, 0, alike) for one, alike in reversed(_shortened(trace.roots))]
    while waiting:
        span, depth, alike = waiting.pop()
        yield span, depth, alike
        waiting += [(one, depth + 1, more) for one, more in reversed(_shortened(span.children))]


def _shortened(spans: "list[Span] | tuple[Span, ...]") -> list[tuple[Span, int]]:
    seen: dict[str, int] = {}
    for one in spans:
        seen[one.title] = seen.get(one.title, 0) + 1
    shown: dict[str, int] = {}
    kept = []
    for one in spans:
        shown[one.title] = shown.get(one.title, 0) + 1
        if shown[one.title] < MOST_ALIKE or one.status or seen[one.title] <= MOST_ALIKE:
            kept.append((one, 0))
        elif shown[one.title] == MOST_ALIKE:
            kept.append((one, seen[one.title] - MOST_ALIKE))
    return kept


def _title(span: Span, depth: int, alike: int) -> str:
    more = f" (and {alike:,} more alike)" if alike else ""
    return f"{'  ' * min(depth, DEEPEST)}{clean(span.title[:WIDEST_TITLE])}{more}"


def _bar(span: Span, begin: float, seconds: float, width: int) -> str:
    first = min(max(int((span.start - begin) / seconds * width), 0), width - 1)
    end = span.start if span.end is None else span.end
    length = max(min(round((end - begin) / seconds * width), width) - first, 0)
    return " " * first + (BAR * length if length else START)


def _duration(span: Span) -> str:
    if span.end is None:
        return "running"
    seconds = max(span.end - span.start, 0)
    return f"{seconds * 1000:,.0f} ms" if seconds < 10 else f"{seconds:,.1f} s"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
