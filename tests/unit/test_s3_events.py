from typing import Any

import pytest

from sluice_functions.errors import UNEXPECTED, MalformedEvent, RecordsFailed
from sluice_functions.observability import metrics
from sluice_functions.s3_events import S3Object, VersionGone, for_each_object
from tests.support.s3_events import created, event


def keys(number: int) -> Any:
    return event(*(created("bucket", str(one)) for one in range(number)))


def test_records_are_attempted_in_order_one_by_one() -> None:
    seen: list[str] = []
    assert for_each_object(keys(3), lambda found: seen.append(found.key)) == 3
    assert seen == ["0", "1", "2"]


@pytest.mark.parametrize("key", ["a b+c%20d", "folder/", "é=1&2", "100%", "a+b%2Bc", "line\nend"])
def test_keys_are_decoded_once(key: str) -> None:
    seen: list[str] = []
    for_each_object(event(created("bucket", key)), lambda found: seen.append(found.key))
    assert seen == [key]


def process(found: S3Object) -> str:
    if found.key in ("1", "3"):
        raise MalformedEvent(f"no {found.key}")
    return found.key


def test_failures_are_reported_in_record_order_and_every_other_record_is_processed() -> None:
    seen: list[str] = []
    with pytest.raises(RecordsFailed, match=r"^2 of 5 records failed: record 1: no 1; record 3: no 3$"):
        for_each_object(keys(5), lambda found: seen.append(found.key) or process(found))  # type: ignore[func-returns-value]
    assert seen == ["0", "1", "2", "3", "4"]


def test_finish_batch_gets_the_results_of_all_records_that_did_not_fail() -> None:
    gone: list[list[str]] = []

    def finish_batch(given: list[str]) -> list[Exception | None]:
        gone.append(given)
        return [KeyError(one) if one == "2" else None for one in given]

    with pytest.raises(RecordsFailed, match=rf"^3 of 5 .*record 1: no 1; record 2: {UNEXPECTED}; record 3: no 3$"):
        for_each_object(keys(5), process, finish_batch=finish_batch)
    assert gone == [["0", "2", "4"]]


def test_a_version_that_is_gone_fails_nothing_and_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    def process(found: S3Object) -> str:
        if found.key == "1":
            raise VersionGone("'1' has no version v")
        return found.key

    handed_on: list[list[str]] = []

    def finish_batch(given: list[str]) -> list[None]:
        handed_on.append(given)
        return [None] * len(given)

    assert for_each_object(keys(3), process, finish_batch=finish_batch) == 2
    assert handed_on == [["0", "2"]]
    assert metrics.metric_set["ObjectsGone"]["Value"] == [1.0]
    metrics.clear_metrics()
    assert [(one.message, vars(one)["reason"]) for one in caplog.records] == [
        ("gone before it was read", "'1' has no version v")
    ]


def test_what_fails_as_a_whole_fails_every_record() -> None:
    def finish_batch(given: list[str]) -> list[Exception | None]:
        raise TimeoutError("no answer")

    with pytest.raises(RecordsFailed, match=rf"^4 of 4 records failed: record 0: {UNEXPECTED}; record 1: "):
        for_each_object(keys(4), process, finish_batch=finish_batch)


def test_an_event_without_records_processes_none() -> None:
    assert for_each_object({"Records": []}, process, finish_batch=lambda given: [KeyError("never called")]) == 0


def test_uploads_of_a_key_are_ordered_by_their_sequencers_whatever_their_lengths() -> None:
    given = ["0055AED6DCD90281E6", "0055AED6DCD90281E5", "0055AED6DCD90281E5FF", None, "0055aed6dcd90281e6ff"]
    ordered = sorted((S3Object("b", "k", sequencer=one) for one in given), key=lambda one: one.order)
    assert [one.sequencer for one in ordered] == [given[index] for index in (3, 1, 2, 0, 4)]
    assert {len(one.order) for one in ordered} == {0, 40}
