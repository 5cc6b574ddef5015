import json

import pytest

from checks.bench import scaling
from checks.bench.cold_start import names
from checks.bench.places import DOCS, ROOT
from checks.bench.scaling import LOADS, need
from checks.systems.load import EventLoad

FAST = EventLoad("fast", "fast", 1769, {"GetItem": 1}, 1, 0)


def test_every_system_is_modelled_with_the_time_that_was_measured() -> None:
    measured = scaling.own_milliseconds()
    assert sorted(system.function for system in LOADS) == names()
    assert set(measured) == set(names())
    for system in LOADS:
        at_ten = need(system, 10, measured[system.function])
        answers = sum(scaling.ANSWER_MS[call] * number for call, number in system.calls.items()) * system.batch
        assert at_ten.duration_ms >= measured[system.function] + answers


def test_the_memory_is_what_the_stacks_ask_for() -> None:
    for system in LOADS:
        source = (ROOT / "stacks" / f"{system.function}.py").read_text()
        written = [line.split("=")[1].strip(" ,\n") for line in source.splitlines() if "memory_mb=" in line]
        assert written == [str(system.memory_mb)] or (not written and system.memory_mb == 256), system.name


def test_concurrency_is_rate_times_duration_but_ten_a_second_of_an_environment_at_most() -> None:
    slow = EventLoad("slow", "slow", 1769, {"PutObject": 5}, 0, 0)  # 200 ms of answers
    assert need(slow, 1_000, own_ms=50).concurrency == 250
    assert need(FAST, 1_000, own_ms=1).concurrency == 100  # 6 ms: rate times duration would be 6


def test_a_function_of_a_fourteenth_of_a_core_takes_fourteen_times_as_long() -> None:
    small = EventLoad("small", "small", 128, {}, 0, 0)
    assert need(small, 1, own_ms=1).duration_ms == pytest.approx(1769 / 128)


def test_events_of_a_batch_share_its_invocation() -> None:
    batched = EventLoad("batched", "batched", 1769, {"TransactWriteItems": 0.01}, 2, 0, batch=100)
    found = need(batched, 100_000, own_ms=80)
    assert found.duration_ms == 100
    assert found.concurrency == 100  # 1,000 invocations a second of 100 ms
    assert found.writes == 200_000


@pytest.mark.parametrize(
    ("rate", "broken"),
    [
        (10, []),
        (5_000, ["a new table's 4,000 write units"]),
        (100_000, ["Lambda's 1,000 concurrent environments", "a burst: 100 s", "a table's 40,000 write units"]),
    ],
)
def test_what_breaks_at_a_rate_is_named(rate: int, broken: list[str]) -> None:
    found = need(FAST, rate, own_ms=1).breaks
    assert [said.startswith(wanted) for said, wanted in zip(found, broken, strict=True)] == [True] * len(broken)


@pytest.mark.parametrize(
    ("rate", "wanted"), [(10, None), (800, None), (801, 2), (1_000, 2), (10_000, 13), (100_000, 125)]
)
def test_the_shards_of_a_hot_key_are_named_with_their_setting(rate: int, wanted: int | None) -> None:
    hot = EventLoad("hot", "hot", 1769, {}, 3, 1, shards_setting="SHARDS")
    found = [said for said in need(hot, rate, own_ms=1).breaks if "partition key" in said]
    named = f"1,000 write units of a partition key: {wanted} shards of each day and each content type (`SHARDS`)"
    assert found == ([named] if wanted else [])


def test_cost_adds_up_to_the_published_prices() -> None:
    # 1 million gets, writes, invocations of 100 ms with 1 GB, and their logs.
    system = EventLoad("one", "one", 1024, {"GetItem": 1}, 1, 0)
    assert scaling.dollars(system, 100) == pytest.approx(0.125 + 0.625 + 0.20 + 1.66667 + 0.45)


def test_the_page_is_what_the_model_says_with_the_committed_benchmark() -> None:
    assert (DOCS / "scaling.md").read_text() == scaling.page()
    assert json.loads((DOCS / "benchmark.json").read_text())
