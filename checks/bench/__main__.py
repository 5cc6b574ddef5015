import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from . import busy, cold_start, delivery, examples, load, plan, report, scaling, synth, tool, upload, watch
from .places import CDK_PYTHON, CDKTN_PYTHON, DOCS
from .table import Comparison

console = Console(highlight=False, soft_wrap=True)

Part = Callable[[Path, int], Iterator[Comparison]]

PARTS: dict[str, Part] = {
    "synth": synth.warm,
    "first": synth.cold,
    "scale": lambda folder, runs: synth.scale(folder, runs, (2,) if runs == 1 else (5, 25, 100)),
    "examples": examples.synth,
    "cdktn": synth.cdk_terrain,
    "unit": synth.unit_test,
    "cold": cold_start.start,
    "busy": busy.compare_handlers,
    "several": busy.compare_several,
    "rates": busy.compare_rates,
    "delivery": delivery.compare_modes,
    "upload": upload.highest_rate,
    "plan": plan.unchanged,
    "review": tool.review,
    "console": tool.console_start,
    "watch": watch.save_to_answer,
}

# Environments of peers, and the parts that need them.
PEERS = {
    "the AWS CDK": (CDK_PYTHON, {"synth", "first", "scale", "examples"}),
    "CDK Terrain": (CDKTN_PYTHON, {"cdktn"}),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Compare with the peers, side by side.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--runs", type=int, default=5, help="paired runs of each comparison (default: 5)")
    parser.add_argument("--write", type=Path, default=DOCS, help="folder of benchmark.md and benchmark.svg")
    parser.add_argument("--accept", action="store_true", help="write slower figures too, and succeed")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    for peer, (python, parts) in PEERS.items():
        if without := sorted(set(arguments.parts or PARTS) & parts) if not Path(python).exists() else []:
            print(f"{', '.join(without)}: {peer} is not installed: run `make bench`", file=sys.stderr)
            return 1
    begun = time.monotonic()
    regressed: list[str] = []
    for name in arguments.parts or PARTS:
        rows: list[Comparison] = []
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for row in PARTS[name](Path(folder), arguments.runs):
                rows.append(row)
                console.print(
                    f"{time.monotonic() - begun:5.0f} s  {row.what} : {row.peer} = {row.ratio.median:.2f} "
                    f"({row.ratio.lowest:.2f} to {row.ratio.highest:.2f})"
                    + (f", at most {row.most:g}: {row.kept.strip('*')}" if row.most is not None else "")
                )
        if not arguments.accept and (slower := report.regressions(arguments.write, name, rows)):
            regressed += [f"{row.what} : {row.peer}" for row in slower]
            continue
        report.write(arguments.write, name, rows, arguments.runs, machine(), busy.CALLS)
        if name in ("busy", "cold") and arguments.write == DOCS:
            load.write()  # the simulation uses these times
            scaling.write()
        if name == "examples":
            examples.write(arguments.write, rows, arguments.runs, machine())
    console.print(f"Written to {arguments.write / 'benchmark.md'}")
    if regressed:
        print(
            f"Slower than accepted, or than before beyond the spread: {'; '.join(regressed)}. Their parts were not "
            "written. Measure them again on an idle machine; --accept writes them.",
            file=sys.stderr,
        )
        return 1
    return 0


def machine() -> str:
    """The machine's description, without names of hosts or folders."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = "unknown processor"
    if Path("/proc/cpuinfo").exists():
        models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = models[0].partition(":")[2].strip() if models else processor
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({processor}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the end"
    )


if __name__ == "__main__":
    sys.exit(main())
