from threading import Barrier
from typing import Any

import pytest

from shared.s3_events import RecordsFailed, S3Object, for_each_object
from tests.support.s3_events import created, event


def keys(number: int) -> Any:
    return event(*(created("bucket", str(one)) for one in range(number)))


def test_records_are_attempted_in_order_one_by_one_unless_told() -> None:
    seen: list[str] = []
    assert for_each_object(keys(3), lambda found: seen.append(found.key)) == 3
    assert seen == ["0", "1", "2"]


def test_as_many_records_as_told_are_attempted_side_by_side() -> None:
    together = Barrier(4, timeout=10)  # breaks where fewer than four wait for each other
    assert for_each_object(keys(8), lambda found: together.wait(), at_once=4) == 8


@pytest.mark.parametrize("at_once", [1, 4])
def test_failures_are_told_in_the_order_of_the_records_and_keep_no_other_from_its_turn(at_once: int) -> None:
    seen: list[str] = []

    def process(found: S3Object) -> None:
        seen.append(found.key)
        if found.key in ("1", "3"):
            raise ValueError(found.key)

    with pytest.raises(
        RecordsFailed, match=r"^2 of 5 records failed: record 1: ValueError: 1; record 3: ValueError: 3$"
    ):
        for_each_object(keys(5), process, at_once=at_once)
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_no_records_are_none() -> None:
    assert for_each_object({"Records": []}, lambda found: None, at_once=4) == 0
