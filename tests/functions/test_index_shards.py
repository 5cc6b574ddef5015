"""Rows spread over shards of an index, and read as one key, on the local AWS."""

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.local_aws.server import LocalAws
from sluice_functions.index_shards import (
    COUNT,
    RECORD,
    InvalidShards,
    RowShards,
    ShardedTable,
    shard_of,
)
from sluice_functions.items import plain, typed
from sluice_functions.sharded_queries import InvalidCursor, ShardedIndex

DAY = "2026-01-02"
Row = dict[str, Any]


@dataclass
class Counted:
    """A client that counts the rows of its queries."""

    client: Any
    queries: list[int] = field(default_factory=list)

    def query(self, **parameters: Any) -> Any:
        answer = self.client.query(**parameters)
        self.queries.append(len(answer["Items"]))
        return answer

    def get_item(self, **parameters: Any) -> Any:
        return self.client.get_item(**parameters)


@dataclass
class Table:
    client: Any
    name: str

    def write(self, count: int, *rows: Row) -> None:
        """Put rows as a new execution environment with this number of shards does."""
        shards = RowShards(self.client, self.sharded, count)
        for row in rows:
            self.client.put_item(TableName=self.name, Item=typed(shards.spread(row)))

    def index(self, client: Any = None) -> ShardedIndex:
        return ShardedIndex(
            client or self.client, self.sharded, name="by-day", partition_key="uploadDay", sort_key="uploadTime"
        )

    @property
    def sharded(self) -> ShardedTable:
        return ShardedTable(self.name, keys=("objectKey", "uploadTime"), index_keys=("uploadDay", "contentType"))

    def item(self, **keys: str) -> Any:
        return self.client.get_item(TableName=self.name, Key=typed(keys)).get("Item")


def new_table(local: LocalAws) -> Table:
    client, name = local.client("dynamodb"), f"test-shards-{uuid4().hex[:8]}"
    hash_, range_ = {"KeyType": "HASH"}, {"AttributeName": "uploadTime", "KeyType": "RANGE"}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "objectKey", **hash_}, range_],
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": "S"} for one in ("objectKey", "uploadTime", "uploadDay")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "uploadDay", **hash_}, range_],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return Table(client, name)


@pytest.fixture
def table(local_aws: LocalAws) -> Iterator[Table]:
    made = new_table(local_aws)
    yield made
    made.client.delete_table(TableName=made.name)


def row(key: str, second: int, day: str = DAY) -> Row:
    return {
        "objectKey": key,
        "uploadTime": f"{day}T00:00:{second:02}Z#null",
        "uploadDay": day,
        "contentType": "image/png",
    }


def all_pages(index: ShardedIndex, **options: Any) -> list[list[Row]]:
    pages: list[list[Row]] = []
    cursor = None
    while not pages or cursor:
        page = index.page(DAY, cursor=cursor, **options)
        pages.append(page.rows)
        cursor = page.cursor
    return pages


SECONDS = st.lists(st.integers(0, 9), max_size=8)  # of the same second are many
PHASES = st.lists(st.tuples(st.sampled_from([1, 2, 3, 7]), SECONDS), min_size=1, max_size=4)
BOUND = st.none() | st.integers(0, 9)


@settings(max_examples=12, deadline=None)
@given(phases=PHASES, limit=st.integers(2, 7), newest_first=st.booleans(), since=BOUND, before=BOUND, between=PHASES)
def test_all_rows_come_once_and_in_order_whatever_numbers_of_shards_there_were(
    local_aws: LocalAws,
    phases: list[tuple[int, list[int]]],
    limit: int,
    newest_first: bool,
    since: int | None,
    before: int | None,
    between: list[tuple[int, list[int]]],
) -> None:
    """Between two pages the number changes again, and rows are added on either side of the place that is reached."""
    table = new_table(local_aws)
    written: list[Row] = []

    def write(phases: list[tuple[int, list[int]]]) -> list[Row]:
        new: list[Row] = []
        for count, seconds in phases:
            rows = [row(f"file-{len(written) + len(new) + number}", one) for number, one in enumerate(seconds)]
            table.write(count, *rows, row("another day", 0, "2026-01-03"))
            new += rows
        return new

    written += write(phases)
    bounds = {
        name: f"{DAY}T00:00:{second:02}Z#null"
        for name, second in (("since", since), ("before", before))
        if second is not None
    }
    client = Counted(table.client)
    index = table.index(client)
    first = index.page(DAY, limit=limit, newest_first=newest_first, **bounds)
    shown, cursor = first.rows, first.cursor
    reached = shown[-1]["uploadTime"] if shown else ""
    late = write(between)
    highest = max(count for count, _ in [*phases, *between])
    while cursor:
        client.queries.clear()
        page = index.page(DAY, limit=limit, newest_first=newest_first, cursor=cursor, **bounds)
        assert len(page.rows) == limit or not page.cursor
        assert sum(client.queries) <= 2 * limit + 2 * highest + 1
        shown += page.rows
        cursor = page.cursor

    def wanted(rows: list[Row]) -> list[Row]:
        return [
            one
            for one in rows
            if bounds.get("since", "") <= one["uploadTime"] and one["uploadTime"] < bounds.get("before", "3")
        ]

    times = [one["uploadTime"] for one in shown]
    assert times == sorted(times, reverse=newest_first)
    keys = [one["objectKey"] for one in shown]
    assert len(set(keys)) == len(keys)
    # Of the late rows those come that are after the place; of the same second, either.
    behind = [one for one in late if first.cursor and (one["uploadTime"] < reached) == newest_first]
    sure = {
        one["objectKey"]: one for one in wanted([*written, *(one for one in behind if one["uploadTime"] != reached)])
    }
    possible = {one["objectKey"]: one for one in wanted([*written, *late])}
    assert set(sure) <= set(keys) <= set(possible)
    assert [possible[key] for key in keys] == shown


def test_one_shard_writes_the_row_as_it_is_and_nothing_beside_it(table: Table) -> None:
    table.write(1, row("a.png", 1))
    items = table.client.scan(TableName=table.name)["Items"]
    assert items == [typed(row("a.png", 1))]


def test_a_lowered_number_hides_no_rows(table: Table) -> None:
    rows = [row(f"file-{number}", number) for number in range(30)]
    for count, some in ((1, rows[:10]), (16, rows[10:20]), (2, rows[20:25]), (1, rows[25:])):
        table.write(count, *some)
    assert table.item(objectKey=RECORD, uploadTime=RECORD)[COUNT] == {"N": "16"}
    assert all_pages(table.index(), limit=12) == [rows[:17:-1], rows[17:5:-1], rows[5::-1]]
    assert list(table.index().rows(DAY, newest_first=False)) == rows
    # The table itself has the shards' keys.
    kept = table.client.get_item(TableName=table.name, Key=typed({k: rows[12][k] for k in ("objectKey", "uploadTime")}))
    shard = shard_of([rows[12]["objectKey"], rows[12]["uploadTime"]], 16)
    assert kept["Item"]["uploadDay"] == {"S": f"{DAY} #{shard}"}
    assert table.sharded.plain(plain(kept["Item"])) == rows[12]


def test_each_new_environment_raises_the_number_that_readers_use_and_none_lowers_it(table: Table) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda count: table.write(count, row(f"file-{count}", 0)), [3, 900, 2, 1, 40, 899, 7, 12]))
    assert table.item(objectKey=RECORD, uploadTime=RECORD)[COUNT] == {"N": "900"}


@pytest.mark.parametrize("nonsense", ["16", Decimal("1.5"), 0, -3, 1001, True, [16]])
def test_nonsense_in_the_numbers_place_stops_readers_and_writers_in_words(table: Table, nonsense: Any) -> None:
    """Rows could be hidden otherwise."""
    table.client.put_item(TableName=table.name, Item={**table.sharded.record_key, **typed({COUNT: nonsense})})
    said = re.escape(f"the table's item {RECORD!r} has {nonsense!r} as {COUNT}: set it to the highest number of shards")
    with pytest.raises(InvalidShards, match=said):
        table.index().page(DAY)
    if nonsense not in (Decimal("1.5"), 0, -3):  # a smaller number is raised
        with pytest.raises(InvalidShards, match=said):
            table.write(2, row("a.png", 1))


def test_a_cursor_serves_its_own_query_only(table: Table) -> None:
    table.write(3, *[row(f"file-{number}", number) for number in range(5)])
    index = table.index()
    cursor = index.page(DAY, limit=2).cursor
    assert cursor is not None
    other = "cursor: it is from the query of '2026-01-02' in by-day, newest first"
    with pytest.raises(InvalidCursor, match=other):
        index.page("2026-01-03", cursor=cursor)
    with pytest.raises(InvalidCursor, match=other):
        index.page(DAY, cursor=cursor, newest_first=False)
    with pytest.raises(InvalidCursor, match="outside of since and before"):
        index.page(DAY, cursor=cursor, before=f"{DAY}T00:00:02Z")
    content = json.loads(base64.urlsafe_b64decode(cursor))
    forged = [
        *("", "x", "é", "e30=", cursor[:-4], f"{cursor}AAAA"),
        *(encoded([*content[:3], shard, *content[4:]]) for shard in (-1, 1000, 10**30, "0", True, None, 1.0)),
        *(encoded([*content[:5], keys]) for keys in (None, [], ["a"], "ab", {"a": 1, "b": 2}, [1, 2], [[], "a"])),
        encoded([*content[:4], 5, content[5]]),
        encoded(dict.fromkeys("abcdef", "x")),
    ]
    for one in forged:
        with pytest.raises(InvalidCursor, match="cursor: give the cursor of a page as it came, or leave it out"):
            index.page(DAY, cursor=one)


def encoded(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def test_the_limit_of_a_page_is_a_number_of_rows(table: Table) -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(ValueError, match=f"limit: {limit} is not allowed; give 1 to 1000"):
            table.index().page(DAY, limit=limit)
    assert table.index().page(DAY).rows == []
    assert table.index().page(DAY, since=f"{DAY}T1", before=f"{DAY}T0").rows == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_of_the_same_second_come_once_on_whichever_page(table: Table, newest_first: bool) -> None:
    table.write(4, *[row(f"file-{number:02}", 1) for number in range(12)])
    pages = all_pages(table.index(), limit=5, newest_first=newest_first)
    assert [len(page) for page in pages] == [5, 5, 2]
    assert sorted(one["objectKey"] for page in pages for one in page) == [f"file-{number:02}" for number in range(12)]
