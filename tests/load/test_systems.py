"""The five systems as the simulation reads them, and docs/scaling.md."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from checks.bench import scaling
from checks.bench.places import DOCS, ROOT
from sluice_cli.load_model.inputs import chosen_entry
from sluice_cli.load_model.model import LoadModel
from sluice_cli.review.cost.counts import EventCounts


@pytest.fixture(scope="module")
def systems() -> dict[str, dict[str, LoadModel]]:
    """The five systems by mode and name."""
    return {mode: scaling.models(mode) for mode in scaling.MODES}


def only(found: Mapping[str, Any]) -> Any:
    (one,) = found.values()
    return one


def test_events_of_the_systems_come_in_where_their_load_is_counted(systems: dict[str, dict[str, LoadModel]]) -> None:
    counts = EventCounts.read(ROOT)
    assert {name: chosen_entry(model, counts, None).name for name, model in systems["direct"].items()} == {
        "object-tracker": "Objects",
        "upload-api": "Api",
        "file-metadata": "Uploads",
        "invocation-log": "Trigger",
        "sensor-pipeline": "Landing",
    }


def test_a_queue_in_front_is_read_with_its_batches(systems: dict[str, dict[str, LoadModel]]) -> None:
    assert systems["direct"]["object-tracker"].mappings == {}
    model = systems["buffered"]["object-tracker"]
    mapping = only(model.mappings)
    assert (mapping.batch_size, mapping.window, mapping.max_concurrency, mapping.reports_failures) == (10, 1, 100, True)
    queue = model.queues[mapping.queue]
    assert (queue.visibility, queue.max_receives) == (181, 5)
    counts = EventCounts.read(ROOT)
    entry = chosen_entry(model, counts, None)
    assert [model.label(one) for one in model.reached_from(entry.address)] == [
        "Objects bucket",
        "Buffer queue",
        "Recorder function",
    ]


def test_tables_throttles_and_memory_are_read(systems: dict[str, dict[str, LoadModel]]) -> None:
    models = systems["direct"]
    table = only(models["file-metadata"].tables)
    assert {name: one.writes for name, one in table.capacities.items()} == {
        "": 100,
        "by-content-type": 100,
        "by-day": 100,
    }
    assert only(models["invocation-log"].tables).capacities[""].writes is None
    api = only(models["upload-api"].apis)
    assert (api.rate, api.burst, api.price) == (1_000, 2_000, "rest_requests")
    ingester = only(models["sensor-pipeline"].functions)
    assert (ingester.memory_mb, ingester.timeout, ingester.work.events) == (1_769, 30, 100)
    assert (ingester.attempts_more, ingester.longest_age, ingester.keeps_failures) == (2, 21_600, True)
    assert models["invocation-log"].quotas.region == "us-west-2"
    assert [model.remarks for model in models.values()] == [()] * 5


def test_the_page_is_what_was_simulated() -> None:
    assert (DOCS / "scaling.md").read_text() == scaling.page(json.loads((DOCS / "scaling.json").read_text()))


@pytest.mark.parametrize("mode", scaling.MODES)
def test_what_was_simulated_is_what_the_simulation_says_of_the_stacks_as_they_are(
    systems: dict[str, dict[str, LoadModel]], mode: str
) -> None:
    written = json.loads((DOCS / "scaling.json").read_text())[mode]
    rates = scaling.RATES[:2]
    for name, model in systems[mode].items():
        for rate, found in scaling.simulated(model, rates, advised=False)["rates"].items():
            expected = {**written[name]["rates"][rate], "advice": []}
            assert found == expected, f"{name} at {rate}: run `python -m checks.bench.scaling`"
