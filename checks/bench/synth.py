"""Synth times: five systems, with warm and cold caches, once and in copies; and one unit test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from .measure import Program, TimedRun, in_turn, run, say
from .places import CDK_PYTHON, CDKTN_PYTHON, FUNCTIONS, PEERS, PYTHON, QUIET, ROOT
from .table import Comparison, compare

CDKTF, CDK, CDK_VALIDATED, FLOOR = "ordinary CDKTF", "AWS CDK", "AWS CDK, validating", "import cdktf; App().synth()"

ON_CDKTF = "the same on CDKTF"

FEW_COPIES = 5

A_UNIT_TEST = "tests/unit/test_key.py::test_a_key_leaves_permissions_to_the_account_and_admits_no_service"


def programs(folder: Path, copies: int = 1, caches: Path | None = None) -> dict[str, Program]:
    """The five systems in each framework; with `caches` every run starts with empty caches of jsii and ours."""
    own: dict[str, str] = {}
    if caches:
        own = {"XDG_CACHE_HOME": str(caches / "own"), "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(caches / "jsii")}

    def forget() -> None:
        if caches:
            shutil.rmtree(caches, ignore_errors=True)

    def program(name: str, *command: str, **variables: str) -> Program:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        outputs = {"CDKTF_OUTDIR": str(place / "out"), "CDK_OUTDIR": str(place / "out"), "STATE_BUCKET": "states"}
        return Program(command, place, {**QUIET, **outputs, **own, "PYTHONPATH": str(ROOT), **variables}, forget)

    def peer(name: str, python: str, **variables: str) -> Program:
        return program(name, python, str(PEERS / name / "app.py"), str(copies), str(FUNCTIONS), **variables)

    ours = [PYTHON, str(ROOT / "main.py")] if copies == 1 else [PYTHON, "-m", "checks.bench.copies", str(copies)]
    return {
        "ours": program("ours", *ours),
        CDKTF: peer("cdktf_app", PYTHON),
        CDK: peer("aws_cdk", CDK_PYTHON, CDK_VALIDATION="false"),
        CDK_VALIDATED: peer("aws_cdk", CDK_PYTHON),
        FLOOR: program("floor", PYTHON, "-c", "from cdktf import App; App().synth()"),
    }


def warm(folder: Path, runs: int) -> Iterator[Comparison]:
    measured = in_turn(programs(folder), runs)
    for peer, most in {CDKTF: 0.12, CDK: 0.8, CDK_VALIDATED: 0.3, FLOOR: 2.5}.items():
        yield _compare("synth", measured, peer, "s", _seconds, most)
    yield _compare("synth, peak memory", measured, CDKTF, "MiB", _peak, 0.2)
    # Processor time depends less on other programs, but ignores concurrency.
    for peer in (CDKTF, CDK, FLOOR):
        yield _compare("synth, processor time", measured, peer, "s", _processor)


def cold(folder: Path, runs: int) -> Iterator[Comparison]:
    chosen = {
        name: one for name, one in programs(folder, caches=folder / "caches").items() if name in ("ours", CDKTF, CDK)
    }
    measured = in_turn(chosen, runs, warm_up=False)
    note = "no cache of jsii's nor of ours: the slim binding is made, and all archives packed, in each run"
    yield _compare("synth, first ever", measured, CDKTF, "s", _seconds, 0.2, note)
    yield _compare("synth, first ever", measured, CDK, "s", _seconds)


def cdk_terrain(folder: Path, runs: int) -> Iterator[Comparison]:
    """Ours on CDK Terrain beside ours on CDKTF."""
    cdktf = programs(folder)["ours"]
    on_terrain = folder / "terrain"
    on_terrain.mkdir()
    terrain = replace(
        cdktf,
        command=[CDKTN_PYTHON, str(ROOT / "main.py")],
        folder=on_terrain,
        variables={**cdktf.variables, "CDKTF_OUTDIR": str(on_terrain / "out")},
    )
    measured = in_turn({"ours": terrain, ON_CDKTF: cdktf}, runs)
    yield _compare("synth on CDK Terrain", measured, ON_CDKTF, "s", _seconds)
    yield _compare("synth on CDK Terrain, processor time", measured, ON_CDKTF, "s", _processor, 1.4)


def scale(folder: Path, runs: int, many: tuple[int, ...]) -> Iterator[Comparison]:
    """Seconds and megabytes of one more stack, from one copy (five stacks) and many."""
    names = ("ours", CDK)

    def what(name: str, copies: int) -> str:
        return f"{name}, {copies} copies"

    each_number = {
        copies: {what(name, copies): programs(folder, copies)[name] for name in names} for copies in (1, *many)
    }
    in_turn(each_number[1], 0)  # warms up
    # One and many copies in one round, because their difference counts. For small differences the quickest of three.
    measured: dict[str, list[TimedRun]] = {name: [] for some in each_number.values() for name in some}
    for number in range(runs):
        say(f"round {number + 1} of {runs}")
        for copies, some in each_number.items():
            times = 3 if copies <= FEW_COPIES and runs > 1 else 1
            for name, one in some.items():
                measured[name].append(min((run(one) for _ in range(times)), key=_seconds))
    for copies in many:
        stacks = 5 * (copies - 1)
        for title, unit, of, most in MEASURES:
            each = {
                name: [
                    (of(more) - of(one)) / stacks
                    for more, one in zip(measured[what(name, copies)], measured[what(name, 1)], strict=True)
                ]
                for name in names
            }
            yield compare("scale", f"{title} (of {5 * copies})", CDK, unit, each["ours"], each[CDK], most)


def _seconds(one: TimedRun) -> float:
    return one.seconds


def _processor(one: TimedRun) -> float:
    return one.cpu_seconds


def _peak(one: TimedRun) -> float:
    return one.peak_mib


MEASURES: list[tuple[str, str, Callable[[TimedRun], float], float | None]] = [
    ("a further stack", "s", _seconds, 1.0),
    ("a further stack, processor time", "s", _processor, None),
    ("a further stack, memory", "MiB", _peak, None),
]


def unit_test(folder: Path, runs: int) -> Iterator[Comparison]:
    one = Program([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", A_UNIT_TEST], ROOT, QUIET)
    measured = in_turn({"ours": one, FLOOR: programs(folder)[FLOOR]}, runs)
    yield _compare("one unit test", measured, FLOOR, "s", _seconds, 1.75)


def _compare(
    what: str,
    measured: dict[str, list[TimedRun]],
    peer: str,
    unit: str,
    of: Callable[[TimedRun], float],
    most: float | None = None,
    note: str = "",
) -> Comparison:
    ours, theirs = ([of(one) for one in measured[name]] for name in ("ours", peer))
    return compare("synth", what, peer, unit, ours, theirs, most, note)
