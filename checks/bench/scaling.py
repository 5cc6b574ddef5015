"""What the systems need at 10, 1,000 and 100,000 events a second, delivered directly and through a queue.

`python -m checks.bench.scaling` simulates them (docs/load.md) and writes docs/scaling.json and docs/scaling.md.
"""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import modules  # noqa: F401 - first: it prepares the provider binding and jsii

# isort: split
from cdktf import App

from settings import Settings
from sluice_cli.load_model.advice import advise
from sluice_cli.load_model.arrivals import STEADY
from sluice_cli.load_model.cost import cost_of_load
from sluice_cli.load_model.highest import highest_rate
from sluice_cli.load_model.inputs import GivenLoad, chosen_entry
from sluice_cli.load_model.model import Entry, LoadModel
from sluice_cli.load_model.quotas import READ
from sluice_cli.load_model.reading import read_model
from sluice_cli.load_model.report import as_json, duration, time_words
from sluice_cli.load_model.simulation import LoadSimulation
from sluice_cli.review.cost.counts import EventCounts
from sluice_cli.review.cost.prices import read_prices
from stacks import add_systems

from .load import ANSWER_MS, LOADS
from .places import DOCS, ROOT

RATES = (10, 1_000, 100_000)
SECONDS, STEP = 3_600.0, 1.0
DELIVERIES = ("TRACKER", "UPLOAD", "METADATA", "INVOCATION_LOG", "SENSOR")
# What is set beside the defaults.
MODES: Mapping[str, Mapping[str, str]] = {
    "direct": {},
    "buffered": {f"{one}_DELIVERY": "buffered" for one in DELIVERIES},
}


def models(mode: str) -> dict[str, LoadModel]:
    """Every system as it is synthesized in a mode, by name."""
    counts = EventCounts.read(ROOT)
    with tempfile.TemporaryDirectory(prefix="scaling-") as folder:
        app = App(outdir=folder)
        add_systems(app, Settings.load(MODES[mode], {}))
        app.synth()
        return {load.name: read_model(Path(folder, "stacks", load.name), load.name, {}, counts) for load in LOADS}


def simulated(model: LoadModel, rates: tuple[int, ...] = RATES, *, advised: bool = True) -> dict[str, Any]:
    """A system's highest rate, and what each rate brings."""
    entry = chosen_entry(model, EventCounts.read(ROOT), None)
    highest = highest_rate(model, entry) if advised else None
    return {
        "highest": highest and {"rate": float(f"{highest.rate:.2g}"), "limit": highest.limit},
        "rates": {str(rate): _simulated(model, entry, rate, advised=advised) for rate in rates},
    }


def _simulated(model: LoadModel, entry: Entry, rate: int, *, advised: bool) -> dict[str, Any]:
    pattern = GivenLoad(STEADY, rate, SECONDS).in_messages_of(model, entry)
    result = LoadSimulation(model, entry, pattern, step=STEP).run()
    return _row(as_json(result, cost_of_load(result), advise(result) if advised else []))


def _row(written: Mapping[str, Any]) -> dict[str, Any]:
    events, cost = written["events"], written["cost"]
    functions = written["functions"].values()
    return {
        "finished": round(events["finished"] / events["arrived"], 4),
        "p50": written["latency_seconds"]["p50"],
        "p99": written["latency_seconds"]["p99"],
        "concurrency": max(math.ceil(one["peak_concurrency"]) for one in functions),
        "waiting": max(
            *(one["peak_waiting"] for one in functions), *(one["peak_waiting"] for one in written["queues"].values()), 0
        ),
        "done": written["simulated_seconds"],
        "a_million": round(cost["a_million_events"], 2),
        "an_hour": round(cost["an_hour"], 2),
        "advice": [{"change": one["change"], "effect": one["effect"]} for one in written["advice"]],
    }


def page(found: Mapping[str, Any]) -> str:
    """The page that shows what was simulated."""
    answers = ", ".join(f"{call} {ms}" for call, ms in ANSWER_MS.items())
    text = (Path(__file__).parent / "scaling.template.md").read_text()
    values = {
        "highest": "\n".join(_highest(found)),
        "tables": "\n".join(_tables(found)).strip(),
        "answers": answers,
        "prices": f"{read_prices().date:%B %Y}",
        "read": READ,
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _highest(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| system | direct | limited by | buffered | limited by |"
    yield "|---|---:|---|---:|---|"
    for load in LOADS:
        cells = [
            cell
            for mode in MODES
            for one in [found[mode][load.name]["highest"]]
            for cell in (f"{one['rate']:,.0f}", one["limit"] or "nothing up to there")
        ]
        yield f"| {load.name} | {' | '.join(cells)} |"


def _tables(found: Mapping[str, Any]) -> Iterator[str]:
    for load in LOADS:
        yield f"\n### {load.name}\n"
        yield (
            "| events a second | delivery | finished | p50 | p99 | at a time | waiting | all done after | $ a million "
            "| an hour |"
        )
        yield "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|"
        for rate in RATES:
            for mode in MODES:
                one = found[mode][load.name]["rates"][str(rate)]
                cells = [
                    *(f"{rate:,}", mode, f"{one['finished']:.1%}", time_words(one["p50"]), time_words(one["p99"])),
                    *(f"{one['concurrency']:,}", f"{one['waiting']:,}", duration(one["done"])),
                    *(f"{one['a_million']:,.2f}", f"${one['an_hour']:,.2f}"),
                ]
                yield f"| {' | '.join(cells)} |"
        yield ""
        for rate in RATES:
            for mode in MODES:
                for one in found[mode][load.name]["rates"][str(rate)]["advice"]:
                    yield f"- At {rate:,}, {mode}: {one['change']}: {one['effect']}."


def write() -> None:
    found = {mode: {name: simulated(model) for name, model in models(mode).items()} for mode in MODES}
    (DOCS / "scaling.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (DOCS / "scaling.md").write_text(page(found))


if __name__ == "__main__":
    write()
