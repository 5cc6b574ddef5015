"""Units of time, in seconds."""

HOUR = 60 * 60
DAY = 24 * HOUR
