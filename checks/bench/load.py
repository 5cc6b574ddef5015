"""What an event takes of the five systems: review_load.toml, for the review's costs and the load simulation.

`python -m checks.bench.load` writes it.

The calls are those that the benchmark counted, a run's time is the benchmark's own time (docs/benchmark.json) and
AWS's answers.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from checks.systems import SYSTEMS
from checks.systems.load import EventLoad
from sluice_cli.load_model.quotas import QUOTAS
from sluice_cli.review.cost.counts import FILE, KINDS, WRITE_UNITS

from .places import DOCS, ROOT

# When docs/benchmark.json's calls were counted last.
COUNTED = "2026-11-27"
HEAD = f"""\
# What an event takes of each function, for `sluice review` (docs/review.md) and `sluice simulate-load` (docs/load.md).
# Written by `python -m checks.bench.load` from docs/benchmark.json; a test keeps it current.
source = "calls and own time measured by `make bench` (docs/benchmark.md); AWS's answers assumed (docs/scaling.md)"
date = {COUNTED}
"""

# Milliseconds until AWS answers inside a region; assumed, on the long side.
ANSWER_MS = {
    "GetItem": 5,
    "PutItem": 8,
    "TransactWriteItems": 20,
    "GetObject": 30,
    "HeadObject": 20,
    "PutObject": 40,
    "Publish": 20,
}
LOADS = tuple(system.load for system in SYSTEMS.values())


def own_milliseconds(benchmark: Path = DOCS / "benchmark.json") -> dict[str, float]:
    """Own time by function for one invocation, as measured on a laptop's core."""
    own = _measured(benchmark, "busy", "own time an event, {}", 1 / 1000)
    # Its events are readings, many in an object: measured with 10,000, including the local AWS's answers.
    rows = json.loads(benchmark.read_text())["parts"]["busy"]["rows"]
    (reading,) = (row["ours"]["median"] for row in rows if row["what"].startswith("a reading of "))
    (batch,) = (system.batch for system in LOADS if system.function == "sensor_pipeline")
    return {**own, "sensor_pipeline": reading * batch}


def _measured(benchmark: Path, part: str, what: str, unit: float) -> dict[str, float]:
    rows = {row["what"]: row["ours"]["median"] for row in json.loads(benchmark.read_text())["parts"][part]["rows"]}
    return {one.function: rows[name] * unit for one in LOADS if (name := what.format(one.function)) in rows}


def run_milliseconds(load: EventLoad, own_ms: float) -> tuple[float, float]:
    """How long a run takes, and its processor time on a full core.

    Own time grows where the memory brings less than a core (a laptop's, against Lambda's share of one); the time of
    AWS's answers does not.
    """
    answers = sum(ANSWER_MS[call] * number for call, number in load.calls.items()) * load.batch
    return own_ms * max(1.0, QUOTAS["lambda_full_core"].value / load.memory_mb) + answers, own_ms


def text(benchmark: Path = DOCS / "benchmark.json") -> str:
    """The file. Raises `ValueError` where a counted call has no place, or the model calculates with another number."""
    counted: Mapping[str, Mapping[str, float]] = json.loads(benchmark.read_text())["calls"]
    own = own_milliseconds(benchmark)
    cold = _measured(benchmark, "cold", "cold {}, processor time", 1)
    parts = [HEAD]
    for load in LOADS:
        calls: dict[str, dict[str, float]] = defaultdict(dict)
        for operation, number in counted[load.function].items():
            if abs(number / load.batch - load.calls.get(operation, 0)) > 1e-9:
                raise ValueError(f"{load.name}: {operation} was counted {number:g} times, its system has another")
            if KINDS.get(operation, ("", "write"))[1] == "write" and operation not in load.places:
                continue  # in the write units
            calls[load.places[operation]][operation] = number / load.batch
        calls[load.places[WRITE_UNITS]][WRITE_UNITS] = load.writes
        duration, processor = run_milliseconds(load, own[load.function])
        keys: dict[str, object] = {
            "duration_ms": round(duration),
            "cpu_ms": round(processor, 2),
            "init_ms": round(cold[load.function]),
            "events_a_run": load.batch,
            **({"events_a_message": load.batch} if load.batch > 1 else {}),
            **({"entry": load.entry} if load.entry else {}),
        }
        name = f'functions."{load.name}/{load.construct}"'
        parts.append(f"\n[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in keys.items()))
        for table, rows in (("calls", calls), ("busiest", load.busiest), ("once_a_run", load.once_a_run)):
            if rows:
                parts.append(f"\n[{name}.{table}]\n")
                parts += [f"{key} = {_value(value)}\n" for key, value in rows.items()]
    return "".join(parts)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value) if isinstance(value, str) else f"{value:g}"


def write() -> None:
    (ROOT / FILE).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
