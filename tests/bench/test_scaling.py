import pytest

from checks.bench import load
from checks.bench.cold_start import names
from checks.bench.load import LOADS, own_milliseconds, run_milliseconds
from checks.bench.places import ROOT
from checks.systems.load import EventLoad


def test_every_system_is_modelled_with_the_time_that_was_measured() -> None:
    measured = own_milliseconds()
    assert sorted(system.function for system in LOADS) == names()
    assert set(measured) == set(names())
    for system in LOADS:
        duration, processor = run_milliseconds(system, measured[system.function])
        answers = sum(load.ANSWER_MS[call] * number for call, number in system.calls.items()) * system.batch
        assert duration >= measured[system.function] + answers
        assert processor == measured[system.function]


def test_the_memory_is_what_the_stacks_ask_for() -> None:
    for system in LOADS:
        source = (ROOT / "stacks" / f"{system.function}.py").read_text()
        written = [line.split("=")[1].strip(" ,\n") for line in source.splitlines() if "memory_mb=" in line]
        assert written == [str(system.memory_mb)] or (not written and system.memory_mb == 256), system.name


def test_a_function_of_a_fourteenth_of_a_core_takes_fourteen_times_as_long() -> None:
    duration, processor = run_milliseconds(EventLoad("small", "small", 128, {}, 0), 1)
    assert duration == pytest.approx(1769 / 128)
    assert processor == 1


def test_events_of_a_batch_share_its_run() -> None:
    batched = EventLoad("batched", "batched", 1769, {"TransactWriteItems": 0.01}, 2, batch=100)
    assert run_milliseconds(batched, 80)[0] == 100
