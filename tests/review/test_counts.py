"""Costs from what a project counted an event to take: review_load.toml."""

import json
from pathlib import Path

import pytest

from checks.bench import load
from checks.bench.places import ROOT
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.cost.counts import FILE, NO_COUNTS, EventCounts
from sluice_cli.review.cost.model import Cost, line_words
from sluice_cli.review.plan import read_plan
from sluice_cli.review.reviewing import review_stack
from tests.review.plans import document
from tests.review.shop import SHOP
from tests.review.test_cost import first_deployment

COUNTED = """\
source = "our load test"
date = 2026-01-31

[functions."shop/Worker"]
duration_ms = 400
events_a_run = 10

[functions."shop/Worker".calls]
Records = { write_units = 6, GetItem = 2 }
Uploads = { HeadObject = 0.1 }
"""


def counts(folder: Path, text: str) -> EventCounts:
    (folder / FILE).write_text(text)
    return EventCounts.read(folder)


def cost(given: EventCounts, stack: str = "shop") -> Cost:
    plan = read_plan(json.dumps(document(*first_deployment())))
    found = review_stack(stack, plan, Configuration.synthesized(SHOP), counts=given).cost
    assert found
    return found


def test_what_was_counted_takes_the_place_of_what_is_assumed(tmp_path: Path) -> None:
    found = cost(counts(tmp_path, COUNTED))
    # A tenth of 0.20 for requests, 0.4 s of 128 MB at 16.6667 a million GB-seconds, 900 bytes of log at 0.50 a GB.
    assert [line_words(one) for one in found.usage] == [
        "Records table: $0.00 → $4.00 (+$4.00); 6 write units, indexes included and 2 read units",
        "API: $0.00 → $3.50 (+$3.50); 1 request",
        "Uploads bucket: $0.00 → $0.54 (+$0.54); 0.1 writes and 0.1 reads",
        "Worker function: $0.00 → $0.15 (+$0.15); 0.1 runs, 400 ms of 128 MB, its log",
    ]
    assert "Counted: what an event takes of Worker function; our load test, 2026-01-31." in found.assumed


def test_who_was_counted_to_put_an_object_is_not_counted_again(tmp_path: Path) -> None:
    found = cost(counts(tmp_path, COUNTED.replace("HeadObject = 0.1", "PutObject = 3")))
    assert "Uploads bucket: $0.00 → $15.00 (+$15.00); 3 writes" in [line_words(one) for one in found.usage]


def test_without_the_file_and_in_other_stacks_it_is_assumed(tmp_path: Path) -> None:
    assert EventCounts.read(tmp_path) == NO_COUNTS
    assert cost(counts(tmp_path, COUNTED), "other").usage == cost(NO_COUNTS).usage


def test_a_star_stands_for_any_stack_or_construct(tmp_path: Path) -> None:
    given = counts(tmp_path, COUNTED.replace("shop/Worker", "sh*/Work*"))
    assert cost(given).usage == cost(counts(tmp_path, COUNTED)).usage


def test_what_is_counted_and_not_there_is_told(tmp_path: Path) -> None:
    given = counts(tmp_path, COUNTED.replace("shop/Worker", "shop/Wroker").replace("Uploads", "Uplaods"))
    assert f"{FILE} counts shop/Wroker: this stack has no such function." in cost(given).assumed
    given = counts(tmp_path, COUNTED.replace("Uploads", "Uplaods"))
    assert f"{FILE} counts calls of Uplaods: this stack has no such construct." in cost(given).assumed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source", "sauce", "sauce is not known; it has source, date and"),
        ('source = "our load test"\n', "", "it needs a source"),
        ("date = 2026-01-31", 'date = "soon"', "it needs a date"),
        ("duration_ms = 400", "duration_ms = -1", "functions.'shop/Worker': duration_ms: a number of 0 or more"),
        ("events_a_run = 10", "events_a_run = 0", "events_a_run: a number above 0 is expected, given 0"),
        ("events_a_run = 10", "events_a_run = nan", "events_a_run: a number above 0 is expected, given nan"),
        ("events_a_run = 10", "events = 10", "events is not known; it has duration_ms, events_a_run, calls, "),
        ("GetItem", "GetThing", "Records.GetThing has no price; known are PutItem,"),
        ("{ HeadObject = 0.1 }", "3", "calls are CONSTRUCT = { OPERATION = NUMBER }"),
        ("shop/Worker", "Worker", 'a table named "STACK/CONSTRUCT" is expected'),
        ("date = ", "date == ", "Invalid value"),
    ],
)
def test_a_mistake_is_told_in_the_review_and_the_rest_goes_on(tmp_path: Path, old: str, new: str, said: str) -> None:
    given = counts(tmp_path, COUNTED.replace(old, new))
    assert said in given.trouble
    found = cost(given)
    assert (found.usage, found.assumed[1]) == (cost(NO_COUNTS).usage, f"{given.trouble}; its numbers are not used")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    assert EventCounts.read(tmp_path).trouble == f"{FILE} cannot be read: it is not UTF-8"


def test_the_five_systems_give_what_the_benchmark_counted() -> None:
    assert (ROOT / FILE).read_text() == load.text()
    given = EventCounts.read(ROOT)
    assert (given.trouble, len(given.functions)) == ("", 5)


def test_counts_that_the_model_contradicts_are_refused(tmp_path: Path) -> None:
    known = json.loads((ROOT / "docs" / "benchmark.json").read_text())
    known["calls"]["object_tracker"]["PutItem"] = 3
    (tmp_path / "benchmark.json").write_text(json.dumps(known))
    with pytest.raises(ValueError, match="object-tracker: PutItem was counted 3 times"):
        load.text(tmp_path / "benchmark.json")
