"""Whether the days, months and years of a cron expression have a date in common."""

import re
from calendar import isleap

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FEBRUARY = 2
FIRST_YEAR, LAST_YEAR = 1970, 2199


def names_a_date(*, days: str, months: str, years: str) -> bool:
    """Whether there is such a date. The fields are valid each by itself; `?` and `*` stand for any value."""
    possible = _values(months, 1, 12, MONTHS)
    leap = any(isleap(year) for year in _values(years, FIRST_YEAR, LAST_YEAR))
    longest = max((LENGTHS[month - 1] - (month == FEBRUARY and not leap) for month in possible), default=0)
    return bool(possible) and any(day <= longest for day in _earliest_days(days))


def latest_year(years: str) -> int:
    """The last of the years."""
    return max(_values(years, FIRST_YEAR, LAST_YEAR))


def _earliest_days(days: str) -> list[int]:
    """The earliest day that each part stands for; for `L-3`, the shortest month that has such a day."""
    if days == "?":
        return [1]
    earliest = []
    for part in days.upper().split(","):
        before_last = re.fullmatch(r"L-(\d+)", part)
        nearest = re.fullmatch(r"(\d+)W", part)
        if before_last:
            earliest.append(int(before_last[1]) + 1)
        elif part in ("L", "LW"):
            earliest.append(1)
        else:
            earliest += sorted(_values(nearest[1] if nearest else part, 1, 31))[:1]
    return earliest


def _values(field: str, lowest: int, highest: int, words: tuple[str, ...] = ()) -> set[int]:
    values: set[int] = set()
    for part in field.upper().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = lowest if first == "*" else _number(first, words)
        end = _number(last, words) if dash else highest if slash or first == "*" else start
        turned = [] if start <= end else range(lowest, end + 1)  # NOV-FEB
        values.update(list(range(start, (highest if turned else end) + 1, int(step or 1))) + list(turned))
    return values


def _number(text: str, words: tuple[str, ...]) -> int:
    return words.index(text) + 1 if text in words else int(text)
