"""Readings of simulated devices, validated by the sensor pipeline's code."""

import argparse
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.simulation import FAULTS, IN_ONE_OBJECT, Simulation, Tally
from checks.verbs import simulate
from sensor_pipeline import readings
from sensor_pipeline.documents import Broken, documents
from sensor_pipeline.formats import ReadingFormat
from settings import DEFAULT_THRESHOLDS

START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
THRESHOLDS = json.loads(DEFAULT_THRESHOLDS)


def simulation(**options: Any) -> Simulation:
    return Simulation(
        **{"thresholds": THRESHOLDS, "prefix": "readings/run/", "start": START, "seed": 7, "rate": 10, **options}
    )


def judged(one: Simulation) -> Iterator[readings.Row | str]:
    """The pipeline's result for each reading: a row, or the reason of its rejection."""
    rules = readings.Rules(readings.thresholds(json.dumps(one.thresholds)))
    reader = ReadingFormat(frozenset(rules.known))
    for upload in one.uploads():
        arrived = one.start + timedelta(seconds=upload.due)
        for document in documents(upload.body.decode()):
            assert not isinstance(document, Broken)
            for _, measurements in reader.read(document):
                for measurement in measurements:
                    try:
                        yield readings.row(measurement, rules, arrived)
                    except readings.InvalidReading as reason:
                        yield str(reason)


@pytest.mark.parametrize(
    "thresholds",
    [
        THRESHOLDS,
        {"both": {"lower": -5, "upper": 5}, "low": {"lower": 0}, "high": {"upper": -3.5}},
        {"any": {}, "low": {"lower": 0}},
        {"flat": {"lower": 10, "upper": 10}, "tiny": {"lower": 1e-9, "upper": 2e-9}, "huge": {"upper": 1e15}},
    ],
)
def test_the_pipeline_judges_every_reading_as_the_simulation_means_it(thresholds: dict[str, Any]) -> None:
    one = simulation(thresholds=thresholds, readings=2000, breach_ratio=0.3, invalid_ratio=0.3)
    verdicts = list(judged(one))
    rows = [verdict for verdict in verdicts if isinstance(verdict, dict)]
    meant = sum((upload.readings for upload in one.uploads()), Tally())
    assert meant == Tally(len(rows), sum("breach" in row for row in rows), len(verdicts) - len(rows))
    assert len({(row["deviceId"], row["readingTime"]) for row in rows}) == len(rows)
    assert min(meant.beyond, meant.invalid, meant.valid - meant.beyond) > 500


def test_every_simulated_invalid_reading_is_rejected_with_its_reason() -> None:
    reasons = {
        verdict.split(":")[0]
        for verdict in judged(simulation(readings=500, breach_ratio=0, invalid_ratio=1))
        if isinstance(verdict, str)
    }
    assert reasons == {"value", "missing", "sensorType", "deviceId", "timestamp"}
    assert len(FAULTS) == 6


def test_the_same_seed_sends_the_same_readings_but_for_times_and_places() -> None:
    def said(one: Simulation) -> list[tuple[str, str, float]]:
        return [
            (
                upload.key.removeprefix(one.prefix),
                re.sub(r"\d{4}-\d\d-\d\dT[^\"]*", "", upload.body.decode()),
                upload.due,
            )
            for upload in one.uploads()
        ]

    later = simulation(start=START + timedelta(days=1), prefix="readings/other/")
    assert said(simulation()) == said(simulation()) == said(later)
    assert said(simulation()) != said(simulation(seed=8))


@pytest.mark.parametrize(("breach", "invalid"), [(0, 0), (1, 0), (0, 1)])
def test_ratios_of_nothing_and_of_all_are_kept_exactly(breach: float, invalid: float) -> None:
    meant = sum((one.readings for one in simulation(breach_ratio=breach, invalid_ratio=invalid).uploads()), Tally())
    assert meant == Tally(valid=int(200 * (1 - invalid)), beyond=int(200 * breach), invalid=int(200 * invalid))


@pytest.mark.parametrize(
    ("shape", "in_one", "suffix"),
    [("one", 1, ".json"), ("array", IN_ONE_OBJECT, ".json"), ("lines", IN_ONE_OBJECT, ".jsonl")],
)
def test_an_object_has_the_form_that_is_asked_for(shape: str, in_one: int, suffix: str) -> None:
    uploads = list(simulation(format=shape, devices=2, readings=40, invalid_ratio=0).uploads())
    assert {one.readings.valid for one in uploads} == {in_one}
    assert {one.key[one.key.index(".") :] for one in uploads} == {suffix}
    assert {one.body[:1] for one in uploads} == {b"[" if shape == "array" else b"{"}
    assert len({one.key for one in uploads}) == len(uploads) == 40 / in_one


def test_a_mix_has_all_forms_and_every_device_its_share() -> None:
    one = simulation(devices=4, readings=402)
    uploads = list(one.uploads())
    assert {(upload.key.rpartition(".")[2], upload.body[:1]) for upload in uploads} == {
        ("json", b"{"),
        ("json", b"["),
        ("jsonl", b"{"),
    }
    share = {
        name: sum((upload.readings for upload in uploads if f"/{name}/" in upload.key), Tally()) for name in one.names()
    }
    assert [tally.valid + tally.invalid for tally in share.values()] == [101, 101, 100, 100]


def test_objects_are_due_when_their_last_reading_is_taken_and_in_order() -> None:
    uploads = list(simulation(readings=100, rate=4, invalid_ratio=0).uploads())
    dues = [one.due for one in uploads]
    assert dues == sorted(dues)
    assert dues[-1] == 25
    for one in uploads:
        last = max(re.findall(r"2026-[^\"]*Z", one.body.decode()))
        assert (
            timedelta(0) <= START + timedelta(seconds=one.due) - datetime.fromisoformat(last) <= timedelta(seconds=25)
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--devices", "0"],
        ["--devices", "1001"],
        ["--readings", "-5"],
        ["--readings", "1.5"],
        ["--readings", "²"],
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--rate", "fast"],
        ["--breach-ratio", "1.1"],
        ["--invalid-ratio", "-0.1"],
        ["--seed", "x"],
        ["--format", "xml"],
    ],
    ids=" ".join,
)
def test_an_argument_that_is_wrong_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    simulate.add_arguments(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)
    assert ended.value.code == 2
    assert f"argument {arguments[0]}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("found", "heard", "agrees"),
    [
        (Tally(10, 3, 2), None, True),
        (Tally(10, 3, 2), 3, True),
        (Tally(11, 3, 2), 3, False),
        (Tally(9, 3, 2), 3, False),
        (Tally(10, 2, 2), 3, False),
        (Tally(10, 3, 3), 3, False),
        (Tally(10, 3, 2), 4, False),
        (Tally(10, 3, 2), 2, False),
    ],
)
def test_too_much_is_as_wrong_as_too_little(
    found: Tally, heard: int | None, agrees: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate._summarize(simulation(), Tally(10, 3, 2), found, heard) is agrees
