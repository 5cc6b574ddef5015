"""Runs programs alternately and compares them.

Programs run in turn (A B C A B C ...), and ratios are computed for each round, so that changes of the machine's speed
affect all programs of a round. Times include child processes; memory is that of the largest process.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# A single run shows that a benchmark runs: it is small, and nothing is warmed up.
TRIAL = 1


class ProgramFailed(RuntimeError):
    """A measured program failed; the message has the end of its output."""


@dataclass(frozen=True)
class Program:
    """A command to measure. `before` runs ahead of each run and is not measured."""

    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None


# Runs Python programs one after another; the argument has their commands.
TOGETHER = """
import json, os, runpy, sys
for command in json.loads(sys.argv[1]):
    sys.argv, sys.path[0] = command, os.path.dirname(command[0])
    runpy.run_path(command[0], run_name="__main__")
"""


def together(programs: Sequence[Program]) -> Program:
    """All of these Python programs in one process, which has the environment of the first."""
    first = programs[0]
    commands = [list(one.command[1:]) for one in programs]
    return Program([first.command[0], "-c", TOGETHER, json.dumps(commands)], first.folder, first.variables)


@dataclass(frozen=True)
class TimedRun:
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Figure:
    """The median of several measurements, and the lowest and highest of them."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        return cls(statistics.median(values), min(values), max(values))


def run(program: Program) -> TimedRun:
    """Raises `ProgramFailed`."""
    program.before()
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            program.command,
            cwd=program.folder,
            env={**os.environ, **program.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise ProgramFailed(f"{' '.join(program.command)}:\n{said.read().decode(errors='replace')[-2000:]}")
    return TimedRun(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def in_turn(programs: Mapping[str, Program], runs: int, *, warm_up: bool = True) -> dict[str, list[TimedRun]]:
    """The runs of each program, in turn, after an unmeasured run of each, without which a single run is a trial."""
    if warm_up and runs != TRIAL:
        say(f"warming up: {', '.join(programs)}")
        for program in programs.values():
            run(program)
    rounds = []
    for number in range(runs):
        say(f"round {number + 1} of {runs}: {', '.join(programs)}")
        rounds.append({name: run(program) for name, program in programs.items()})
    return {name: [one[name] for one in rounds] for name in programs}


def rounds_after_warming_up(runs: int) -> range:
    """Numbers of rounds, of which 0 does not count."""
    return range(runs if runs == TRIAL else 0, runs + 1)


def say(text: str) -> None:
    """Print progress."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:110]}", end="", file=sys.stderr, flush=True)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """Our time divided by theirs, for each round."""
    return Figure.of([one / other for one, other in zip(ours, theirs, strict=True)])
