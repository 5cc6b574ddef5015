import json
import os
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks.bench import __main__ as bench
from checks.bench import busy, cold_start, report, synth, tool
from checks.bench.laptop import laptop
from checks.bench.measure import Program, ProgramFailed, in_turn, ratio, run
from checks.bench.places import CDK_PYTHON, CDKTN_PYTHON, PYTHON, ROOT
from checks.bench.table import Comparison, chart, compare, markdown


def program(source: str, folder: Path, **variables: str) -> Program:
    return Program([PYTHON, "-c", source], folder, variables)


def test_programs_run_in_turn_after_one_of_each_that_does_not_count(tmp_path: Path) -> None:
    note = "import pathlib, sys; pathlib.Path('order').open('a').write(sys.argv[1])"
    programs = {name: Program([PYTHON, "-c", note, name], tmp_path) for name in "ab"}
    measured = in_turn(programs, 3)
    assert (tmp_path / "order").read_text() == "abababab"
    assert {name: len(runs) for name, runs in measured.items()} == {"a": 3, "b": 3}


def test_a_run_counts_the_time_of_children_and_the_memory_of_the_largest(tmp_path: Path) -> None:
    # A gigabyte: Linux counts to a program what its starter held when it began, here all of pytest.
    child = "held = bytearray(2**30); [None for _ in range(10**6)]"
    here = run(program("", tmp_path))
    with_child = run(program(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])", tmp_path))
    assert with_child.peak_mib > 1024 > here.peak_mib
    assert with_child.cpu_seconds > here.cpu_seconds


def test_what_precedes_a_run_is_done_each_time(tmp_path: Path) -> None:
    done: list[int] = []
    once = Program([PYTHON, "-c", ""], tmp_path, before=lambda: done.append(1))
    in_turn({"one": once}, 2)
    assert len(done) == 3


def test_a_program_that_fails_is_said_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="ZeroDivisionError"):
        run(program("1 / 0", tmp_path))


def test_a_ratio_is_taken_round_by_round() -> None:
    # The machine was three times slower in the second round, for both.
    found = ratio([1.0, 3.0, 1.0], [2.0, 6.0, 4.0])
    assert (found.median, found.lowest, found.highest) == (0.5, 0.25, 0.5)


def test_the_table_and_the_chart_say_what_was_kept_and_what_was_not() -> None:
    rows = [
        compare("s", "fast", "peer", "s", [1.0], [10.0], 0.2),
        compare("s", "slow", "peer <x>", "ms", [30.0], [10.0], 1.0, "a note"),
        compare("s", "free", "peer", "MiB", [1234.5], [1234.5]),
    ]
    assert markdown(rows).splitlines()[2:] == [
        "| fast | peer | 1 s | 10.0 s | 0.10 (0.10 to 0.10) | 0.2 | yes |",
        "| slow | peer <x> | 30.0 ms | 10.0 ms | 3.00 (3.00 to 3.00) | 1 | **no** |",
        "| free | peer | 1,234 MiB | 1,234 MiB | 1.00 (1.00 to 1.00) |  |  |",
        "",
        "- slow, peer <x>: a note",
    ]
    drawn = ElementTree.fromstring(chart(rows))  # noqa: S314 - made here
    assert [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")][1:] == [
        "fast : peer",
        "0.10",
        "slow : peer <x>",
        "3.00",
        "free : peer",
        "1.00",
    ]


def test_cold_starts_are_measured_for_every_function(tmp_path: Path) -> None:
    rows = list(cold_start.start(tmp_path, 1))
    assert len(cold_start.names()) == 5
    assert [row.what for row in rows] == [
        f"cold {name}{what}" for what in ("", ", processor time") for name in cold_start.names()
    ]


def test_the_benchmark_of_busy_functions_runs_and_writes_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the figures of one run on a loaded machine: the benchmark itself fails for them.
    options = ["--runs", "1", "--accept", "--write", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["bench", "busy", "several", "rates", *options])
    with laptop(tmp_path) as one_for_all:
        monkeypatch.setattr(busy, "laptop", lambda _: nullcontext(one_for_all))
        assert bench.main() == 0
    page = (tmp_path / "benchmark.md").read_text()
    assert "1 paired runs" in page
    assert str(ROOT) not in page
    for name in cold_start.names():
        assert f"| own time an event, {name} |" in page
        assert f"| processor time an event, {name} |" in page
        assert f"| an event through {name} |" in page
        in_batches = f"| processor time an event in a batch of 10 messages, {name} |" in page
        assert in_batches is (name != "upload_api")
    assert set(json.loads((tmp_path / "benchmark.json").read_text())["parts"]) == {"busy", "several", "rates"}


def test_a_part_that_is_measured_again_replaces_its_rows_and_no_others(tmp_path: Path) -> None:
    def measured(part: str, what: str) -> None:
        report.write(tmp_path, part, [compare("s", what, "peer", "s", [1.0], [2.0])], 1, "a machine", {})

    measured("synth", "old")
    measured("cold", "other")
    measured("synth", "new")
    page = (tmp_path / "benchmark.md").read_text()
    assert [what for what in ("old", "new", "other") if f"| {what} |" in page] == ["new", "other"]


def test_both_peers_and_ours_on_both_toolkits_make_five_stacks(tmp_path: Path) -> None:
    programs = synth.programs(tmp_path)
    out = {name: Path(one.variables["CDKTF_OUTDIR"]) for name, one in programs.items()}
    made = [out["ours"], out[synth.CDKTF]]
    if Path(CDKTN_PYTHON).exists():
        assert len(list(synth.cdk_terrain(tmp_path, 1))) == 2
        made.append(tmp_path / "terrain" / "out")
    else:
        run(programs["ours"])
    # With the parts of the binding in use: loading all of it takes most of the time that the benchmark measures.
    (tmp_path / "sitecustomize.py").write_text("import modules\n")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    in_parts = {**programs[synth.CDKTF].variables, "PYTHONPATH": paths}
    programs[synth.CDKTF] = replace(programs[synth.CDKTF], variables=in_parts)
    run(programs[synth.CDKTF])
    if Path(CDK_PYTHON).exists():
        run(programs[synth.CDK])
        made.append(out[synth.CDK])
    for folder in made:
        stacks = [path for pattern in ("stacks/*/cdk.tf.json", "*.template.json") for path in folder.glob(pattern)]
        assert len(stacks) == 5, folder


def test_an_unknown_part_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "nothing"])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    assert "there is no part 'nothing'" in capsys.readouterr().err


def test_slower_figures_than_accepted_or_than_before_are_regressions(tmp_path: Path) -> None:
    def measured(what: str, ours: list[float], most: float | None = None) -> Comparison:
        return compare("s", what, "peer", "s", ours, [10.0] * len(ours), most)

    report.write(tmp_path, "synth", [measured("a", [1.0, 2.0]), measured("b", [1.0, 2.0])], 2, "a machine", {})
    now = [
        measured("a", [1.9, 9.0]),  # one round is within the spread
        measured("b", [2.1, 9.0]),
        measured("new", [90.0]),
        measured("limited", [1.0], 0.05),
    ]
    assert [row.what for row in report.regressions(tmp_path, "synth", now)] == ["b", "limited"]
    assert [row.what for row in report.regressions(tmp_path, "cold", now)] == ["limited"]


def test_a_regression_fails_is_named_and_is_written_on_request_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    took = [1.0]
    part = {"synth": lambda *_: iter([compare("s", "a synth", "peer", "s", took, [10.0])])}
    monkeypatch.setattr(bench, "PARTS", part)
    monkeypatch.setattr(bench, "PEERS", {})

    def run_bench(*options: str) -> int:
        monkeypatch.setattr(sys, "argv", ["bench", "--runs", "1", "--write", str(tmp_path), *options])
        return bench.main()

    assert run_bench() == 0
    before = (tmp_path / "benchmark.md").read_text()
    took[0] = 2.0
    assert run_bench() == 1
    assert (tmp_path / "benchmark.md").read_text() == before
    assert "Slower than accepted, or than before beyond the spread: a synth : peer." in capsys.readouterr().err
    assert run_bench("--accept") == 0
    assert (tmp_path / "benchmark.md").read_text() != before


def test_a_review_is_measured_beside_a_smaller_one_and_beside_reading_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "SMALL", 10)
    monkeypatch.setattr(tool, "LARGE", 100)
    assert [row.peer for row in tool.review(tmp_path, 1)] == [tool.FEWER, tool.PARSED]
    assert "10 to create, 10 to change" in (tmp_path / "large" / "review.md").read_text()


def test_the_start_of_the_console_is_measured(tmp_path: Path) -> None:
    (row,) = tool.console_start(tmp_path, 1)
    assert 0 < row.ours.median < 60
