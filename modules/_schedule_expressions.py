"""EventBridge Scheduler's expressions, checked as AWS checks them.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from constructs import Construct

from ._checks import is_token, refuse
from ._cron_dates import MONTHS, latest_year, names_a_date
from ._paths import path
from ._synth.notice import say
from .errors import ConfigurationError

TYPES = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
CLOCKS = f"{TYPES}#daylist-savings-time)"
# A schedule that has run is no reason to stop the deployment of everything else, for a while.
LONG_OVER = timedelta(days=365)
LARGEST_OFFSET = timedelta(hours=14)  # of a time zone from UTC
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Field:
    """One of the six fields of a cron expression."""

    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()
    unset: bool = False  # accepts ?
    special: str = ""  # further values it accepts, as a regular expression

    def accepts(self, text: str) -> bool:
        if text == "?":
            return self.unset
        return all(self._accepts_part(part.upper()) for part in text.split(","))

    def _accepts_part(self, part: str) -> bool:
        if self.special and re.fullmatch(self.special, part):
            return True
        span, slash, step = part.partition("/")
        if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
            return False
        if span == "*":
            return True
        first, dash, last = span.partition("-")
        return self._is_value(first) and (not dash or self._is_value(last))

    def _is_value(self, text: str) -> bool:
        if text in self.words:
            return True
        return text.isascii() and text.isdigit() and self.lowest <= int(text) <= self.highest


FIELDS = (
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day-of-month", 1, 31, unset=True, special=r"L(W|-([1-9]|[12][0-9]|30))?|([1-9]|[12][0-9]|3[01])W"),
    Field("month", 1, 12, MONTHS),
    Field("day-of-week", 1, 7, DAYS, unset=True, special=rf"([1-7]|{'|'.join(DAYS)})?L|([1-7]|{'|'.join(DAYS)})#[1-5]"),
    Field("year", 1970, 2199),
)


def rate_expression(where: Construct, rate: str) -> str:
    """`rate(5 minutes)` for `5 minutes`."""
    if not is_token(rate):
        match = re.fullmatch(r"([1-9][0-9]{0,8}) (minute|hour|day)(s?)", rate)
        if match is None:
            raise refuse(where, "rate", rate, f"a number of minutes, hours or days, such as '5 minutes' ({TYPES})")
        if (match[1] == "1") == bool(match[3]):
            wanted = f"{match[1]} {match[2]}{'' if match[1] == '1' else 's'}"
            raise refuse(where, "rate", rate, f"{wanted!r} ({TYPES})")
    return f"rate({rate})"


def cron_expression(where: Construct, cron: str) -> str:
    """`cron(0 8 ? * MON-FRI *)` for its six fields."""
    if is_token(cron):
        return f"cron({cron})"
    parts = cron.split()
    if len(parts) != len(FIELDS) or cron != " ".join(parts):
        names = ", ".join(field.name for field in FIELDS)
        raise refuse(where, "cron", cron, f"six fields with blanks between: {names} ({TYPES})")
    for field, part in zip(FIELDS, parts, strict=True):
        if not field.accepts(part):
            raise refuse(
                where, "cron", cron, f"{field.lowest} to {field.highest} for {field.name}, which is {part!r} ({TYPES})"
            )
    for field, part in zip(FIELDS, parts, strict=True):
        if field.special and "," in part and (alone := re.search("[LW#](?![A-Z])", part.upper())):
            raise refuse(where, "cron", cron, f"a single value with {alone[0]} in {field.name}, not {part!r} ({TYPES})")
    if (parts[2] == "?") == (parts[4] == "?"):
        raise refuse(where, "cron", cron, f"? in one of day-of-month and day-of-week, a value in the other ({TYPES})")
    if not names_a_date(days=parts[2], months=parts[3], years=parts[5]):
        raise refuse(where, "cron", cron, f"days that the months and years have, which {parts[2]!r} is not ({TYPES})")
    if latest_year(parts[5]) < datetime.now(UTC).year - 1:
        raise refuse(where, "cron", cron, f"years to come, which {parts[5]!r} are not ({TYPES})")
    return f"cron({cron})"


def check_clock(where: Construct, at: str | datetime, time_zone: str) -> None:
    """Refuse a time that clocks skip when summer time begins: Scheduler skips it too."""
    if is_token(at) or is_token(time_zone) or time_zone not in available_timezones():
        return
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    zone = ZoneInfo(time_zone)
    later = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if later != moment:
        raise refuse(where, "at", at, f"a time that clocks in {time_zone} show; there they go on to {later} ({TYPES})")


def at_expression(where: Construct, at: str | datetime) -> str:
    """`at(2026-12-01T08:00:00)` for a time without a time zone; `time_zone` names it."""
    if is_token(at):
        return f"at({at})"
    try:
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    except (ValueError, TypeError) as error:
        raise refuse(where, "at", at, f"a date and time such as '2026-12-01T08:00:00' ({TYPES})") from error
    if moment.tzinfo is not None:
        raise ConfigurationError(f"{path(where)}: at is {at}; leave the offset out and name the zone with time_zone")
    if moment.microsecond:
        raise refuse(where, "at", at, f"whole seconds ({TYPES})")
    now = datetime.now(UTC).replace(tzinfo=None)
    if moment < now - LONG_OVER:
        raise refuse(where, "at", at, f"a time to come; remove a schedule whose time is over ({TYPES})")
    if moment < now - LARGEST_OFFSET:
        say(
            f"{path(where)}: at is {moment.isoformat()}, which is over: AWS creates no such schedule, and one that is "
            "deployed does not run again; remove it"
        )
    return f"at({moment.isoformat(timespec='seconds')})"
