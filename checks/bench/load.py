"""What an event takes of the five systems, for the review's costs.

`python -m checks.bench.load` writes review_load.toml.

The calls are those that the benchmark counted (docs/benchmark.json), the write units and the run's time those of the
scaling model (docs/scaling.md).
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sluice_cli.review.cost.counts import FILE, KINDS, WRITE_UNITS

from .places import DOCS, ROOT
from .scaling import LOADS, RATES, need, own_milliseconds

# When docs/benchmark.json's calls were counted last.
COUNTED = "2026-11-27"
HEAD = f"""\
# What an event takes of each function, for the costs that `sluice review` tells (docs/review.md).
# Written by `python -m checks.bench.load` from docs/benchmark.json and docs/scaling.md; a test keeps it current.
source = "calls counted by `make bench` (docs/benchmark.md), durations from docs/scaling.md"
date = {COUNTED}
"""


def text(benchmark: Path = DOCS / "benchmark.json") -> str:
    """The file. Raises `ValueError` where a counted call has no place, or the model calculates with another number."""
    counted: Mapping[str, Mapping[str, float]] = json.loads(benchmark.read_text())["calls"]
    own = own_milliseconds(benchmark)
    parts = [HEAD]
    for load in LOADS:
        calls: dict[str, dict[str, float]] = defaultdict(dict)
        for operation, number in counted[load.function].items():
            if abs(number / load.batch - load.calls.get(operation, 0)) > 1e-9:
                raise ValueError(f"{load.name}: {operation} was counted {number:g} times, docs/scaling.md has another")
            if KINDS.get(operation, ("", "write"))[1] == "write" and operation not in load.places:
                continue  # in the write units
            calls[load.places[operation]][operation] = number / load.batch
        calls[load.places[WRITE_UNITS]][WRITE_UNITS] = load.writes
        name = f'functions."{load.name}/{load.construct}"'
        duration = need(load, RATES[0], own[load.function]).duration_ms
        parts.append(f"\n[{name}]\nduration_ms = {duration:.0f}\nevents_a_run = {load.batch}\n\n[{name}.calls]\n")
        for construct, operations in calls.items():
            told = ", ".join(f"{operation} = {number:g}" for operation, number in operations.items())
            parts.append(f"{construct} = {{ {told} }}\n")
    return "".join(parts)


if __name__ == "__main__":
    (ROOT / FILE).write_text(text(), encoding="utf-8")
