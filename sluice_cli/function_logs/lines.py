"""Parses log events: structured logs, plain text and Lambda's platform events become level, request id, text and
fields.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from sluice_cli.errors import InputError
from sluice_cli.function_logs.events import LogEvent

# Longer messages are not parsed: CloudWatch Logs accepts no larger event.
LONGEST_PARSED = 1_100_000


class LogLevel(IntEnum):
    """Lambda's log levels, by severity."""

    TRACE = 5
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


NAMES = {
    **{one.name: one for one in LogLevel},
    "WARN": LogLevel.WARNING,
    "FATAL": LogLevel.CRITICAL,
    "NOTICE": LogLevel.INFO,
    "ERR": LogLevel.ERROR,
    "SEVERE": LogLevel.ERROR,
    "VERBOSE": LogLevel.TRACE,
}
LEVEL_FIELDS = ("level", "log_level", "logLevel", "levelname", "severity", "lvl")
MESSAGE_FIELDS = ("message", "msg", "event", "text")
REQUEST_FIELDS = ("function_request_id", "AWSRequestId", "aws_request_id", "awsRequestId", "requestId", "request_id")
# Fields whose values are printed elsewhere on the line.
TAKEN_FIELDS = {*LEVEL_FIELDS, *REQUEST_FIELDS, "timestamp", "time", "ts", "@timestamp"}

ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
PLATFORM = re.compile(
    rf"(?P<kind>START|END|REPORT|EXTENSION|TELEMETRY|INIT_START|INIT_REPORT)\b.*?(?:RequestId: (?P<id>{ID}))?"
)
REQUEST = re.compile(rf"RequestId: (?P<id>{ID})")
PYTHON_LINE = re.compile(rf"\[(?P<level>[A-Z]+)\]\s+(?:\S+Z\s+(?P<id>{ID})\s+)?(?P<text>.*)", re.DOTALL)
NODE_LINE = re.compile(rf"\S+Z\s+(?P<id>{ID}|undefined)\s+(?P<level>[A-Z]+)\s+(?P<text>.*)", re.DOTALL)
TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds")
FAILED = re.compile(r"Traceback \(most recent call last\)|Runtime exited|RequestId: \S+ Error:|Unhandled exception")


@dataclass(frozen=True)
class LogLine:
    """A parsed log event."""

    event: LogEvent
    level: LogLevel
    request_id: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    platform: bool = False  # logged by Lambda itself: start, end, report

    def as_json(self) -> dict[str, Any]:
        """The event as JSON, its message parsed if it is a JSON object."""
        event = self.event
        return {
            "timestamp": event.milliseconds,
            "function": event.function,
            "request_id": self.request_id,
            "level": self.level.name,
            "stream": event.stream,
            "message": _object(event.message) or event.message,
        }

    def without_denial(self) -> "LogLine":
        """The line without the fields that the explanation of a refused call repeats."""
        rest = {name: one for name, one in self.fields.items() if name not in ("denial", "missing_statement")}
        return replace(self, fields=rest)


def level_named(name: str) -> LogLevel:
    """The level of that name. Raises `InputError` for an unknown name."""
    try:
        return NAMES[name.upper()]
    except KeyError:
        raise InputError(f"--level: {name} is none of {', '.join(one.name for one in LogLevel)}") from None


class LineReader:
    """Parses log events in order. A plain text line belongs to the request, and perhaps to the traceback, that earlier
    lines of its stream began.
    """

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], str] = {}
        self._tracebacks: set[tuple[str, str]] = set()

    def read(self, event: LogEvent) -> LogLine:
        """The parsed line of an event."""
        stream = event.function, event.stream
        line = self._structured(event) or self._plain(event)
        if line.platform and line.text.startswith(("START", "platform.start")):
            self._requests[stream] = line.request_id
        request_id = line.request_id or self._requests.get(stream, "")
        if line.platform and line.text.startswith(("END", "platform.runtimeDone")):
            self._tracebacks.discard(stream)
        return LogLine(event, line.level, request_id, line.text, line.fields, line.platform)

    def _structured(self, event: LogEvent) -> LogLine | None:
        found = _object(event.message)
        if found is None:
            return None
        kind = found.get("type")
        if isinstance(kind, str) and kind.startswith("platform.") and isinstance(found.get("record"), dict):
            record = found["record"]
            return LogLine(event, LogLevel.INFO, str(record.get("requestId", "")), kind, record, platform=True)
        level = next((one for name in LEVEL_FIELDS if (one := _level(found.get(name))) is not None), LogLevel.INFO)
        request_id = next((str(found[name]) for name in REQUEST_FIELDS if isinstance(found.get(name), str)), "")
        name = next((one for one in MESSAGE_FIELDS if one in found), "")
        rest = {key: one for key, one in found.items() if key != name and key not in TAKEN_FIELDS}
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
        if isinstance(rest.get("_aws"), dict):
            rest.pop("_aws")
            name, text = "", "metrics"
        else:
            text = found[name] if isinstance(found.get(name), str) else json.dumps(found[name]) if name else ""
        return LogLine(event, level, request_id, text, rest)

    def _plain(self, event: LogEvent) -> LogLine:
        text = event.message.rstrip("\n")
        stream = event.function, event.stream
        platform = PLATFORM.match(text)
        if platform:
            request = REQUEST.search(text)
            level = LogLevel.ERROR if "Status: timeout" in text or "Status: error" in text else LogLevel.INFO
            return LogLine(event, level, request["id"] if request else "", text, platform=True)
        for pattern in (PYTHON_LINE, NODE_LINE):
            found = pattern.fullmatch(text)
            named = NAMES.get(found["level"]) if found else None
            if found and named:
                id_ = found["id"] or ""
                return LogLine(event, named, "" if id_ == "undefined" else id_, found["text"])
        level = LogLevel.INFO
        if TIMED_OUT.search(text) or FAILED.search(text):
            level = LogLevel.ERROR
            if text.startswith("Traceback") and "\n" not in text:
                self._tracebacks.add(stream)
        elif stream in self._tracebacks:
            # A traceback ends with its first line that is not indented.
            level = LogLevel.ERROR
            if not text.startswith((" ", "\t")):
                self._tracebacks.discard(stream)
        request = REQUEST.search(text)
        return LogLine(event, level, request["id"] if request else "", text)


def _object(message: str) -> dict[str, Any] | None:
    if not message.startswith("{") or len(message) > LONGEST_PARSED:
        return None
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _level(value: Any) -> LogLevel | None:
    if isinstance(value, str):
        return NAMES.get(value.upper())
    if isinstance(value, int) and not isinstance(value, bool):
        # The numbers of pino and bunyan, in which 30 is INFO.
        return {
            10: LogLevel.TRACE,
            20: LogLevel.DEBUG,
            30: LogLevel.INFO,
            40: LogLevel.WARNING,
            50: LogLevel.ERROR,
            60: LogLevel.CRITICAL,
        }.get(value)
    return None
