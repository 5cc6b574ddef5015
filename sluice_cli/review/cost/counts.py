"""What an event takes of a function, as the project counted it: `review_load.toml` beside its `cdktf.json`.

    source = "docs/benchmark.md"
    date = 2026-01-31

    [functions."object-tracker/Tracker"]       # STACK/CONSTRUCT; * stands for any text
    duration_ms = 60                           # of a run; default 100
    events_a_run = 1                           # default 1
    # only `sluice simulate-load` reads these (docs/load.md)
    events_a_message = 1                       # default events_a_run, or 1 behind a queue
    cpu_ms = 4                                 # processor time of a run on a full core, default 0
    init_ms = 400                              # of a cold start, default 300
    further_ms = 20                            # of each further message of a batch, default duration_ms
    entry = "Objects"                          # where the events come in
    message_groups = 50                        # with messages at a time in the FIFO queue that it reads, default 1

    [functions."object-tracker/Tracker".calls] # for each event: CONSTRUCT = { OPERATION = NUMBER }
    Objects = { HeadObject = 1 }
    Records = { PutItem = 2 }                  # or write_units = 2: units, with those of the indexes

    [functions."object-tracker/Tracker".busiest] # share of the writes that go to one partition key
    Records = { by-day = 1, shards = "SHARDS" }  # of an index or the `table`; divided by this variable's number

    [functions."object-tracker/Tracker".once_a_run] # calls made once a run where a variable has a value
    Notifications = "NOTIFICATIONS=digests"

docs/review.md has the rest.
"""

import datetime
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice_cli.text import clean

FILE = "review_load.toml"
WRITE_UNITS = "write_units"
TABLE, BUCKET, QUEUE = "aws_dynamodb_table", "aws_s3_bucket", "aws_sqs_queue"
# What an operation is done to, and as what it is priced there.
KINDS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("PutItem", "UpdateItem", "DeleteItem"), (TABLE, "write")),
    **dict.fromkeys(("GetItem", "Query", "Scan"), (TABLE, "read")),
    WRITE_UNITS: (TABLE, WRITE_UNITS),
    **dict.fromkeys(("PutObject", "CopyObject", "PostObject", "ListObjects", "ListObjectsV2"), (BUCKET, "write")),
    **dict.fromkeys(("GetObject", "HeadObject"), (BUCKET, "read")),
    "Publish": ("aws_sns_topic", "write"),
    "SendMessage": (QUEUE, "write"),
    "PutEvents": ("aws_cloudwatch_event_bus", "write"),
}


@dataclass(frozen=True)
class Counted:
    """One function: `runs` for each event, milliseconds of a run, and the calls of an event by construct path."""

    runs: float = 1
    duration_ms: float | None = None
    calls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cpu_ms: float = 0
    init_ms: float | None = None
    further_ms: float | None = None
    entry: str = ""
    busiest: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    once_a_run: Mapping[str, str] = field(default_factory=dict)
    events_a_message: float | None = None
    message_groups: int | None = None


@dataclass(frozen=True)
class EventCounts:
    """The file. `trouble`: why it cannot be used; what it would say is assumed then."""

    functions: Mapping[str, Counted] = field(default_factory=dict)
    source: str = ""
    date: datetime.date | None = None
    trouble: str = ""

    @classmethod
    def read(cls, folder: Path) -> "EventCounts":
        """The counts of the project in a folder; empty where it has none."""
        return cls.read_file(folder / FILE) if (folder / FILE).exists() else cls()

    @classmethod
    def read_file(cls, path: Path) -> "EventCounts":
        """The counts of a file."""
        name = clean(path.name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            return cls(trouble=f"{name} cannot be read: {clean(getattr(error, 'strerror', '') or 'it is not UTF-8')}")
        try:
            return _read(tomllib.loads(text))
        except RecursionError:
            return cls(trouble=f"{name} is nested too deeply")
        except ValueError as error:  # no TOML, or not this form
            return cls(trouble=f"{name}: {clean(str(error))[:LONGEST]}")

    def of(self, stack: str, construct: str) -> Counted | None:
        """What was counted for the function of a construct."""
        name = f"{stack}/{construct}"
        return next((one for pattern, one in self.functions.items() if _matches(pattern, name)), None)

    def functions_of(self, stack: str) -> "list[Counted]":
        """What was counted for functions of a stack."""
        return [one for pattern, one in self.functions.items() if _matches(pattern.partition("/")[0], stack)]

    def unused(self, stack: str, constructs: set[str]) -> list[str]:
        """The names that mean this stack and none of its functions."""
        return [
            pattern
            for pattern in self.functions
            if _matches(pattern.partition("/")[0], stack)
            and not any(_matches(pattern, f"{stack}/{construct}") for construct in constructs)
        ]


LONGEST = 200
SHARDS = "shards"
KEYS = (
    "duration_ms",
    "events_a_run",
    "calls",
    "cpu_ms",
    "init_ms",
    "further_ms",
    "entry",
    "busiest",
    "once_a_run",
    "events_a_message",
    "message_groups",
)
NO_COUNTS = EventCounts()


def _read(document: Mapping[str, Any]) -> EventCounts:
    unknown = sorted({*document} - {"source", "date", "functions"})
    if unknown:
        raise ValueError(f'{unknown[0]} is not known; it has source, date and [functions."STACK/CONSTRUCT"]')
    source, date, functions = document.get("source"), document.get("date"), document.get("functions")
    if not isinstance(source, str) or not source.strip():
        raise ValueError("it needs a source: where the numbers are from, as text")
    if not isinstance(date, datetime.date) or isinstance(date, datetime.datetime):
        raise ValueError("it needs a date: when that was counted, as 2026-01-31")
    if not isinstance(functions, dict) or not functions:
        raise ValueError('it needs functions: [functions."STACK/CONSTRUCT"]')
    return EventCounts({name: _function(name, one) for name, one in functions.items()}, clean(source), date)


def _function(name: str, given: object) -> Counted:
    if not isinstance(given, dict) or "/" not in name:
        raise ValueError(f'functions.{name!r}: a table named "STACK/CONSTRUCT" is expected')
    unknown = sorted({*given} - set(KEYS))
    if unknown:
        raise ValueError(f"functions.{name!r}: {unknown[0]} is not known; it has {', '.join(KEYS)}")
    calls = given.get("calls", {})
    if not isinstance(calls, dict) or not all(isinstance(one, dict) for one in calls.values()):
        raise ValueError(f"functions.{name!r}: calls are CONSTRUCT = {{ OPERATION = NUMBER }}")
    for construct, operations in calls.items():
        for operation, number in operations.items():
            if operation not in KINDS:
                raise ValueError(
                    f"functions.{name!r}: {construct}.{operation} has no price; known are {', '.join(KINDS)}"
                )
            _number(number, f"functions.{name!r}: {construct}.{operation}")
    events = _number(given.get("events_a_run", 1), f"functions.{name!r}: events_a_run", above=0)
    times: dict[str, float | None] = {}
    for key in ("duration_ms", "cpu_ms", "init_ms", "further_ms"):
        times[key] = None if given.get(key) is None else _number(given[key], f"functions.{name!r}: {key}")
    duration, cpu = times["duration_ms"], times["cpu_ms"] or 0.0
    if cpu and cpu > (duration or 0):
        raise ValueError(f"functions.{name!r}: cpu_ms is part of duration_ms, which is {duration or 'not given'}")
    entry = given.get("entry", "")
    if not isinstance(entry, str):
        raise ValueError(f"functions.{name!r}: entry is the name of a construct, as text")
    busiest, once = _busiest(name, given.get("busiest", {})), given.get("once_a_run", {})
    if not isinstance(once, dict) or not all(isinstance(one, str) and "=" in one for one in once.values()):
        raise ValueError(f'functions.{name!r}: once_a_run is CONSTRUCT = "VARIABLE=VALUE"')
    message = given.get("events_a_message")
    if message is not None:
        message = _number(message, f"functions.{name!r}: events_a_message", above=0)
    groups = given.get("message_groups")
    if groups is not None and (not isinstance(groups, int) or isinstance(groups, bool) or groups < 1):
        raise ValueError(f"functions.{name!r}: message_groups: a whole number above 0 is expected, given {groups!r}")
    return Counted(
        1 / events, duration, calls, cpu, times["init_ms"], times["further_ms"], entry, busiest, once, message, groups
    )


def _busiest(name: str, given: object) -> dict[str, dict[str, float | str]]:
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise ValueError(f"functions.{name!r}: busiest is CONSTRUCT = {{ INDEX = SHARE }}")
    for construct, shares in given.items():
        for key, share in shares.items():
            place = f"functions.{name!r}: busiest {construct}.{key}"
            if key == SHARDS:
                if not isinstance(share, str) or not share:
                    raise ValueError(f"{place}: the name of a variable of the function is expected")
            elif _number(share, place) > 1:
                raise ValueError(f"{place}: a share from 0 to 1 is expected, given {share!r}")
    return given


def _number(value: object, name: str, *, above: float = -1) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)) or not max(above, -1) < float(value) or float(value) < 0:  # type: ignore[arg-type]
        raise ValueError(f"{name}: a number {'above 0' if above == 0 else 'of 0 or more'} is expected, given {value!r}")
    return float(value)  # type: ignore[arg-type]


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
