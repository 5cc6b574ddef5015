from typing import Any

import pytest

from shared.s3_events import RecordsFailed, S3Object, for_each_object
from tests.support.s3_events import created, event


def keys(number: int) -> Any:
    return event(*(created("bucket", str(one)) for one in range(number)))


def test_records_are_attempted_in_order_one_by_one() -> None:
    seen: list[str] = []
    assert for_each_object(keys(3), lambda found: seen.append(found.key)) == 3
    assert seen == ["0", "1", "2"]


def process(found: S3Object) -> str:
    if found.key in ("1", "3"):
        raise ValueError(found.key)
    return found.key


def test_failures_are_told_in_the_order_of_the_records_and_keep_no_other_from_its_turn() -> None:
    seen: list[str] = []
    with pytest.raises(
        RecordsFailed, match=r"^2 of 5 records failed: record 1: ValueError: 1; record 3: ValueError: 3$"
    ):
        for_each_object(keys(5), lambda found: seen.append(found.key) or process(found))  # type: ignore[func-returns-value]
    assert seen == ["0", "1", "2", "3", "4"]


def test_what_is_left_to_do_is_done_in_one_go_without_the_records_that_failed() -> None:
    gone: list[list[str]] = []

    def finish_batch(given: list[str]) -> list[Exception | None]:
        gone.append(given)
        return [KeyError(one) if one == "2" else None for one in given]

    with pytest.raises(RecordsFailed, match=r"^3 of 5 .*record 1: ValueError: 1; record 2: KeyError: '2'; record 3: "):
        for_each_object(keys(5), process, finish_batch=finish_batch)
    assert gone == [["0", "2", "4"]]


def test_what_fails_as_a_whole_fails_every_record() -> None:
    def finish_batch(given: list[str]) -> list[Exception | None]:
        raise TimeoutError("no answer")

    with pytest.raises(RecordsFailed, match=r"^4 of 4 records failed: record 0: TimeoutError: no answer; record 1: "):
        for_each_object(keys(4), process, finish_batch=finish_batch)


def test_no_records_are_none() -> None:
    assert for_each_object({"Records": []}, process, finish_batch=lambda given: [KeyError("never called")]) == 0
