"""The simulation's inputs, checked: each error says what is wrong, what was given, and what to do."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sluice_cli.errors import InputError
from sluice_cli.review.cost.counts import EventCounts
from sluice_cli.text import clean

from .arrivals import DAY, DIURNAL, PATTERNS, LoadPattern
from .chart import draw_svg
from .model import Entry, LoadModel, ScheduleSettings
from .raster import check_pillow, draw_png
from .simulation import SimulatedLoad

HIGHEST_RATE = 10_000_000
LONGEST = 7 * DAY
SHORTEST = 1.0


@dataclass(frozen=True)
class GivenLoad:
    """A load in events, as it was asked for. `rate`: None where none was given; `is_usual`: of the usual length."""

    pattern: str
    rate: float | None
    seconds: float
    is_usual: bool = False

    def in_messages_of(self, model: LoadModel, entry: Entry) -> LoadPattern:
        """The load in messages: the first function that gets them says how many events are in each. Raises
        `InputError`."""
        first = next((one for one in model.reached_from(entry.address) if one in model.functions), None)
        if first is None:
            raise InputError(f"{model.stack}: no function gets the events of {entry.label}; choose another --entry")
        if entry.address in model.schedules:
            return self._of_schedule(model.stack, model.schedules[entry.address])
        if self.rate is None:
            raise InputError("--rate: none is given; give a number of events a second")
        return LoadPattern(self.pattern, self.rate / model.functions[first].work.events, self.seconds)

    def _of_schedule(self, stack: str, schedule: ScheduleSettings) -> LoadPattern:
        """A schedule has times of its own: a day of them, or a week."""
        if not schedule.times:
            raise InputError(f"{stack}: {schedule.label} is disabled; there is nothing to simulate")
        seconds = self.seconds
        if self.is_usual:
            seconds = DAY if schedule.times[0] < DAY else LONGEST
        runs = sum(time < seconds for time in schedule.times)
        if not runs:
            raise InputError(
                f"{stack}: {schedule.label}, {schedule.expression}, starts no run within {seconds:g} seconds of "
                f"midnight (UTC); give --hours {math.ceil((schedule.times[0] + 1) / 3_600)}"
            )
        return LoadPattern(self.pattern, runs / seconds, seconds)


def checked_arrivals(pattern: str, rate: str | None, hours: str | None, minutes: str | None) -> GivenLoad:
    """The load of the command line. Raises `InputError`."""
    if pattern not in PATTERNS:
        near = get_close_matches(pattern, PATTERNS, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"--pattern: {clean(pattern)!r} is not known{hint} (known: {', '.join(PATTERNS)})")
    number = None if rate is None else _number("--rate", rate, HIGHEST_RATE, "events a second")
    if hours is None and minutes is None:
        return GivenLoad(pattern, number, DAY if pattern == DIURNAL else 3600.0, is_usual=True)
    seconds = 0.0
    for option, text, unit in (("--hours", hours, 3600), ("--minutes", minutes, 60)):
        if text is not None:
            seconds += _number(option, text, LONGEST / unit, option.removeprefix("--")) * unit
    if not SHORTEST <= seconds <= LONGEST:
        raise InputError(
            f"--hours and --minutes: {seconds:g} seconds are given; give {SHORTEST:g} second at least, and "
            f"{LONGEST // DAY} days at most"
        )
    return GivenLoad(pattern, number, seconds)


def _number(option: str, text: str, most: float, unit: str) -> float:
    try:
        number = float(text.replace("_", "").replace(",", ""))
    except ValueError:
        number = math.nan
    if not 0 < number <= most:
        raise InputError(f"{option}: {clean(text)!r} is given; give a number of {unit} above 0, at most {most:,.0f}")
    return number


def read_counts(folder: Path, given: Path | None) -> EventCounts:
    """What the functions were counted to take. Raises `InputError` for a file that cannot be used."""
    counts = EventCounts.read_file(given) if given else EventCounts.read(folder)
    if counts.trouble:
        raise InputError(f"{'--work' if given else 'the work file'}: {counts.trouble}")
    return counts


def chosen_entry(model: LoadModel, counts: EventCounts, given: str | None) -> Entry:
    """Where events come in: as asked for, as the work file says, or the likeliest. Raises `InputError`."""
    names = {one.name: one for one in model.entries}
    if not names:
        raise InputError(
            f"{model.stack}: nothing brings events from outside to a function (a bucket's notification, an API, "
            "a function URL, a queue, a topic, a rule, a stream or a schedule): there is nothing to simulate"
        )
    if given is None:
        written = [one.entry for one in counts.functions_of(model.stack) if one.entry]
        unknown = [one for one in written if one not in names]
        if unknown:
            raise InputError(
                f"the work file: entry {clean(unknown[0])!r} of {model.stack} brings no events (it has: "
                f"{', '.join(names)})"
            )
        if len(set(written)) > 1:
            raise InputError(
                f"the work file names several entries of {model.stack} ({', '.join(sorted(set(written)))}): keep one, "
                "or choose with --entry"
            )
        return names[written[0]] if written else model.entries[0]
    if given not in names:
        near = get_close_matches(given, names, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(
            f"--entry: {clean(given)!r} brings no events to {model.stack}{hint} (it has: {', '.join(names)})"
        )
    return names[given]


def checked_picture(path: Path | None) -> Callable[[SimulatedLoad], None] | None:
    """How to draw into a file. Raises `InputError` for one of another kind, before anything is simulated."""
    if path is None:
        return None
    if not path.parent.is_dir():
        raise InputError(f"--picture: there is no folder {path.parent}")
    if path.suffix == ".svg":
        return lambda result: _write(path, draw_svg(result).encode())
    if path.suffix == ".png":
        check_pillow()
        return lambda result: _write(path, draw_png(result))
    raise InputError(f"--picture: {path.name} is given; end the name with .svg or .png")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"--picture: {path} cannot be written: {error.strerror}") from error
