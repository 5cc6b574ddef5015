"""Writes the benchmark's page: new measurements, and earlier ones of the parts that were not run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checks.systems import SYSTEMS

from .measure import Figure
from .table import Comparison, chart, markdown

TITLES = {
    "synth": "Synth, warm",
    "first": "Synth without caches",
    "scale": "Synth, each further stack",
    "examples": "Synth of the examples ([beside the AWS CDK](examples-and-cdk.md))",
    "cdktn": "Synth on CDK Terrain",
    "unit": "One unit test from the command line",
    "cold": "Functions, cold start",
    "busy": "Functions, processor time of an event",
    "several": "Functions, an event of several records",
    "rates": "Functions on the local AWS",
    "delivery": "Uploads, direct and buffered, on the local AWS",
    "upload": "POST /upload on the local AWS, highest rate without errors",
    "plan": "Deploying with nothing changed, on the local AWS",
    "review": "Review of 10,000 resources",
    "console": "Start of the console",
    "watch": "`sluice watch`: new code",
}


def write(
    folder: Path,
    part: str,
    rows: Sequence[Comparison],
    runs: int,
    machine: str,
    calls: Mapping[str, Mapping[str, float]],
) -> None:
    """Replace the rows of a part."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "benchmark.json"
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {"parts": {}, "calls": {}}
    known["parts"][part] = {"runs": runs, "machine": machine, "rows": [asdict(row) for row in rows]}
    known["calls"].update(calls)
    kept.write_text(json.dumps(known, indent=1) + "\n")
    parts = {name: known["parts"][name] for name in TITLES if name in known["parts"]}
    page = (Path(__file__).parent / "benchmark.template.md").read_text()
    tables = [
        f"### {TITLES[name]}\n\n{of['runs']} paired runs; {of['machine']}.\n\n"
        + markdown([_row(one) for one in of["rows"]])
        for name, of in parts.items()
    ]
    (folder / "benchmark.md").write_text(
        page.replace("{tables}", "\n\n".join(tables)).replace("{calls}", _calls(known["calls"]))
    )
    (folder / "benchmark.svg").write_text(chart([_row(one) for of in parts.values() for one in of["rows"]]))


def regressions(folder: Path, part: str, rows: Sequence[Comparison]) -> list[Comparison]:
    """The rows that are slower than accepted, or than the page's row beyond the spread of both."""
    page = folder / "benchmark.json"
    earlier = saved(folder, part)[0] if page.exists() and part in json.loads(page.read_text())["parts"] else []
    by_name = {(row.what, row.peer): row for row in earlier}
    return [row for row in rows if row.slower_than(by_name.get((row.what, row.peer)))]


def saved(folder: Path, part: str) -> tuple[list[Comparison], int, str]:
    """The rows of a part as they were measured, how many runs they are of, and on which machine."""
    known = json.loads((folder / "benchmark.json").read_text())["parts"][part]
    return [_row(one) for one in known["rows"]], known["runs"], known["machine"]


def _row(saved: dict[str, Any]) -> Comparison:
    figures = {name: Figure(**saved[name]) for name in ("ours", "theirs", "ratio")}
    return Comparison(**{**saved, **figures})


def _calls(calls: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["| function | AWS call | an event | why it is needed |", "|---|---|---:|---|"]
    reasons = {system.load.function: system.load.reasons for system in SYSTEMS.values()}
    for function, made in calls.items():
        for operation, number in made.items():
            lines.append(f"| {function} | {operation} | {number:g} | {reasons.get(function, {}).get(operation, '')} |")
    return "\n".join(lines)
