"""Parses points in time: `10m`, `2h`, or an ISO date and time."""

import re
from datetime import UTC, datetime, timedelta

from sluice_cli.errors import InputError

DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, option: str = "--since") -> datetime:
    """The point in time that a text means: a duration before now (`30s`, `10m`, `2h`, `1d`, `1w`), or an ISO date and
    time, in local time unless it has a time zone. Raises `InputError`.
    """
    found = DURATION.fullmatch(text.strip())
    try:
        if found:
            return datetime.now(UTC) - timedelta(**{UNITS[found[2]]: int(found[1])})
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"{option}: {text[:60]!r} is not a time: write 30s, 10m, 2h, 1d or 1w ago, or an ISO date and time such as "
            "2026-01-31T09:30"
        ) from None


def milliseconds(when: datetime) -> int:
    """Milliseconds since 1970, as CloudWatch Logs counts time."""
    return int(when.timestamp() * 1000)
