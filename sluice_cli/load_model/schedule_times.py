"""When schedules run: the times of `rate(...)`, `cron(...)` and `at(...)`.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# Simulated time begins at midnight UTC of a Monday that is the first of its month, so that monthly schedules run too.
START = datetime(2026, 6, 1, tzinfo=UTC)
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\(([^)]+)\)")
SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def times_of(expression: str, zone: str, seconds: float) -> tuple[float, ...] | None:
    """Seconds after `START` at which a schedule runs; None for an expression that cannot be read."""
    if rate := RATE.fullmatch(expression.strip()):
        every = int(rate[1]) * SECONDS[rate[2]]
        return tuple(float(one) for one in range(every, int(seconds) + 1, every)) if every else None
    cron = CRON.fullmatch(expression.strip())
    if cron is None:
        return () if expression.startswith("at(") else None
    try:
        return tuple(_cron_times(cron[1].upper().split(), ZoneInfo(zone), seconds))
    except (KeyError, ValueError):  # no such time zone, or no such field
        return None


def _cron_times(fields: list[str], zone: ZoneInfo, seconds: float) -> list[float]:
    minutes, hours, days, months, weekdays, years = fields
    in_minutes, in_hours = _values(minutes, 0, 59), _values(hours, 0, 23)
    in_months, in_years = _values(months, 1, 12, MONTHS), _values(years, 1970, 2199)
    found = []
    first = START.astimezone(zone)
    # The zone's days before and after those of UTC.
    for number in range(-1, int(seconds // SECONDS["day"]) + 3):
        day = first.replace(hour=0, minute=0, second=0, tzinfo=None) + timedelta(days=number)
        if day.month not in in_months or day.year not in in_years or not _is_on(day, days, weekdays):
            continue
        for hour in in_hours:
            for minute in in_minutes:
                moment = day.replace(hour=hour, minute=minute, tzinfo=zone)
                found.append((moment.astimezone(UTC) - START).total_seconds())
    return sorted(one for one in found if 0 <= one < seconds)


def _is_on(day: datetime, days: str, weekdays: str) -> bool:
    last = monthrange(day.year, day.month)[1]
    if days != "?":
        return any(_is_day(day, part, last) for part in days.split(","))
    weekday = day.isoweekday() % 7 + 1  # Sunday is 1
    for part in weekdays.split(","):
        number, _, which = part.partition("#")
        if which:
            if _number(number, DAYS) == weekday and (day.day + 6) // 7 == int(which):
                return True
        elif part.endswith("L") and part != "L":
            if _number(part[:-1], DAYS) == weekday and day.day > last - 7:
                return True
        elif weekday in ([7] if part == "L" else _values(part, 1, 7, DAYS)):
            return True
    return False


def _is_day(day: datetime, part: str, last: int) -> bool:
    """Whether a day is meant by `15`, `1-7`, `L`, `L-3`, `15W`, `LW`."""
    if part.endswith("W"):
        wanted = last if part == "LW" else min(int(part[:-1]), last)
        return day.day == _nearest_weekday(day, wanted, last)
    if part.startswith("L"):
        return day.day == last - int(part.partition("-")[2] or 0)
    return day.day in _values(part, 1, 31)


def _nearest_weekday(day: datetime, wanted: int, last: int) -> int:
    weekday = day.replace(day=wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _values(field: str, lowest: int, highest: int, words: tuple[str, ...] = ()) -> list[int]:
    """The numbers of a field: lists, ranges (also over the end, `FRI-MON`) and steps."""
    values: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, end = span.partition("-")
        start = lowest if first in ("*", "?") else _number(first, words)
        stop = _number(end, words) if dash else highest if slash or first in ("*", "?") else start
        if stop < start:
            values.update(range(lowest, stop + 1))
            stop = highest
        values.update(range(start, stop + 1, int(step or 1)))
    return sorted(one for one in values if lowest <= one <= highest)


def _number(text: str, words: tuple[str, ...]) -> int:
    return words.index(text) + 1 if text in words else int(text)
