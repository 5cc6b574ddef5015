"""Shards of an index's keys: which rows are in which, and what is refused."""

from collections import Counter
from typing import Any

import pytest

from file_metadata.media_types import from_header
from sluice_functions.index_shards import InvalidShards, ShardedTable, parse_count, plain_key, shard_key, shard_of

FILES = ShardedTable("files", keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay"))


def test_the_first_shard_has_todays_key() -> None:
    assert [shard_key("2026-01-02", shard) for shard in (0, 1, 999)] == [
        "2026-01-02",
        "2026-01-02 #1",
        "2026-01-02 #999",
    ]
    assert [plain_key(key) for key in ("2026-01-02", "2026-01-02 #1", "a #b", "a #7 #999")] == [
        *("2026-01-02", "2026-01-02", "a #b", "a #7"),
    ]


def test_a_media_type_is_never_the_key_of_a_shard() -> None:
    """A sender may give a type with every character that RFC 6838 allows."""
    assert from_header("image/png#7") == "image/png#7"
    assert shard_key("image/png#7", 3) == "image/png#7 #3"
    assert from_header("image/png #7") == "application/octet-stream"


def test_a_value_that_ends_as_the_key_of_a_shard_is_refused() -> None:
    for shard in (0, 3):
        with pytest.raises(
            InvalidShards, match="'a #7' cannot be spread over shards: it ends as the key of a shard does"
        ):
            shard_key("a #7", shard)


def test_a_row_keeps_all_else_and_gets_all_of_it_back() -> None:
    row = {"objectKey": "a", "uploadTime": "2026", "uploadDay": "2026-01-02", "contentType": "image/png", "size": 5}
    shard = shard_of(["a", "2026"], 1000)
    spread = FILES.spread(row, 1000)
    assert spread == {**row, "uploadDay": f"2026-01-02 #{shard}", "contentType": f"image/png #{shard}"}
    assert FILES.plain(spread) == row
    without = {"objectKey": "a", "uploadTime": "2026"}
    assert FILES.spread(without, 1000) == without


def test_a_row_is_in_the_same_shard_for_each_repeat_of_its_event() -> None:
    """Of every release: the rows of a repeat would move otherwise. Parts of the key are told apart."""
    assert [shard_of(["photos/a.png", "2026-01-02T03:04:05Z#v1"], count) for count in (1, 2, 125)] == [0, 0, 63]
    assert shard_of(["ab", "c"], 1000) != shard_of(["a", "bc"], 1000)


def test_a_hundred_thousand_writes_a_second_fit_125_shards() -> None:
    """As docs/scaling.md says: the busiest shard stays below 1,000."""
    busiest = Counter(shard_of([f"file-{number}", "2026-01-02T03:04:05Z#v"], 125) for number in range(100_000))
    assert len(busiest) == 125
    assert max(busiest.values()) < 1_000


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1001", "1.5", " 2", "2 ", "many", "٣", "²", "1e2", "0x2", "99999999999"]
)
def test_a_number_of_shards_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidShards, match=r"INDEX_SHARDS: .* is not allowed; give a whole number of shards from"):
        parse_count(text)


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("1000", 1000), ("007", 7)])
def test_a_number_of_shards_is_a_whole_number_up_to_a_thousand(text: str, count: Any) -> None:
    assert parse_count(text) == count
