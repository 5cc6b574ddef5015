"""Traces: trees of any documents, and waterfalls that stay readable."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.traces.model import trace_of
from sluice_cli.traces.reading import summaries
from sluice_cli.traces.waterfall import waterfall
from tests.support.terminal import is_safe


def document(id_: str, parent: str | None = None, start: float = 0, end: float | None = 1, **more: Any) -> str:
    made = {
        "id": id_,
        "name": id_,
        "trace_id": "1-a",
        "start_time": start,
        "end_time": end,
        "parent_id": parent,
        **more,
    }
    return json.dumps(made)


def rows(*documents: str, width: int = 80) -> list[str]:
    return [one.plain.rstrip() for one in waterfall(trace_of("1-a", documents), width)]


def test_subsegments_are_shown_below_their_parent_whether_embedded_or_sent_separately() -> None:
    inside = {"id": "inner", "name": "inner", "start_time": 0.2, "end_time": 0.4}
    trace = trace_of("1-a", [document("b", "a", 0.5), document("a", subsegments=[inside])])
    assert [(one.name, depth) for one, depth in trace.spans()] == [("a", 0), ("inner", 1), ("b", 1)]


def test_an_aws_call_is_named_by_what_it_did_to_what_and_shows_its_error() -> None:
    call = document(
        "c",
        "a",
        0.5,
        1,
        aws={"operation": "PutItem", "table_name": "orders"},
        error=True,
        cause={"exceptions": [{"type": "ClientError", "message": "refused\x1b[0m"}]},
    )
    shown = rows(document("a", origin="AWS::Lambda::Function"), call)
    assert shown[1].startswith("  c PutItem orders")
    assert shown[2] == "    ClientError: refused\\x1b[0m"


def test_bars_begin_and_end_when_the_parts_do() -> None:
    first, second = rows(document("a", None, 0, 10), document("b", "a", 5, 10), width=60)
    assert abs(first.count("━") - 2 * second.count("━")) <= 1
    assert first.rindex("━") == second.rindex("━")


def test_a_thousand_subsegments_are_shortened_and_say_by_how_much() -> None:
    alike = [document(f"s{number}", "a", number / 1000, number / 1000, name="step") for number in range(1000)]
    shown = rows(document("a"), *alike)
    assert len(shown) == 9
    assert shown[-1].startswith("  step (and 992 more alike)")
    different = [document(f"s{number}", "a", number / 1000) for number in range(1000)]
    shown = rows(document("a"), *different)
    assert len(shown) == 201
    assert shown[-1] == "… 801 more lines; --json has them all"


def test_a_thousand_levels_are_no_matter() -> None:
    chain = [document(f"s{number}", f"s{number - 1}", number) for number in range(1000)]
    assert len(rows(*chain)) == 201
    assert trace_of("1-a", chain).as_json()["spans"][-1]["depth"] == 999


def test_parts_that_name_each_other_are_shown_once() -> None:
    trace = trace_of("1-a", [document("a", "b"), document("b", "a"), document("c", "c")])
    assert sorted(one.name for one, _ in trace.spans()) == ["a", "b", "c"]


def test_a_part_in_progress_is_running_until_it_is_sent_again() -> None:
    assert "running" in rows(document("a", end=None))[0]
    assert "1,000 ms" in rows(document("a", end=None), document("a", end=1))[0]


def test_invalid_segment_documents_are_ignored() -> None:
    assert rows("", "[]", "{", '{"id": "a"}', '{"id": "a", "start_time": "soon"}', '"text"') == []


class XRay:
    """X-Ray with a trace for each day of the 30 that it keeps, asked for 24 hours at most."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.starts = {f"1-{day:08x}-{0:024x}": self.now - timedelta(days=day) for day in range(30)}

    def get_paginator(self, operation: str) -> "XRay":
        assert operation == "get_trace_summaries"
        return self

    def paginate(self, StartTime: datetime, EndTime: datetime) -> list[dict[str, Any]]:  # noqa: N803
        assert timedelta(0) < EndTime - StartTime <= timedelta(hours=24)
        assert StartTime >= self.now - timedelta(days=30)
        within = [(id_, one) for id_, one in self.starts.items() if StartTime <= one <= EndTime]
        return [{"TraceSummaries": [{"Id": id_, "StartTime": one}]} for id_, one in within]


@pytest.mark.parametrize(
    ("since", "number"),
    [({"minutes": 5}, 1), ({"hours": 24}, 1), ({"hours": 25}, 2), ({"days": 7}, 7), ({"days": 90}, 30)],
)
def test_traces_of_several_days_are_read_day_by_day_the_newest_first(since: dict[str, int], number: int) -> None:
    xray = XRay()
    found = summaries(xray, xray.now - timedelta(**since) + timedelta(seconds=0.5))
    assert [one.id for one in found] == list(xray.starts)[:number]


def test_no_trace_is_asked_for_of_the_future() -> None:
    assert summaries(XRay(), datetime.now(UTC) + timedelta(hours=1)) == []


IDS = st.sampled_from("abcdef")
DOCUMENTS = st.builds(
    document,
    IDS,
    st.none() | IDS,
    st.floats(0, 1e9),
    st.none() | st.floats(0, 1e9),
    subsegments=st.none() | st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=2),
    aws=st.none() | st.integers() | st.dictionaries(st.sampled_from(["operation", "key"]), st.text(max_size=9)),
    cause=st.none() | st.text(max_size=3) | st.just({"exceptions": [1, {"message": None}]}),
    error=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(DOCUMENTS, max_size=12), st.integers(1, 200))
def test_whatever_documents_say_each_part_is_shown_once(documents: list[str], width: int) -> None:
    trace = trace_of("1-a", documents)
    names = [one.id for one, _ in trace.spans()]
    assert sorted(names) == sorted({json.loads(one)["id"] for one in documents})
    assert all(is_safe(one.plain) for one in waterfall(trace, width))
