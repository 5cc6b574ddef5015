"""Times as AWS writes them in events."""

from datetime import UTC, datetime
from typing import Any

from .errors import MalformedEvent


def parse_time(value: Any, name: str) -> datetime | None:
    """An ISO 8601 time; UTC if it has no offset, None if it is missing. Raises `MalformedEvent` with the field's
    name."""
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise MalformedEvent(f"{name} {value!r} is not an ISO 8601 time") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
