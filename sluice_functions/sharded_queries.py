"""Queries of an index whose partition keys are spread over shards (`index_shards`), as if each were one key."""

import base64
import binascii
import json
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from heapq import merge
from typing import Any

from .errors import ExplainedError
from .index_shards import MOST_SHARDS, ShardedTable, recorded_count, shard_key
from .items import plain, typed

THREADS = 8  # botocore's default of 10 connections
MOST_ROWS = 1000  # of one page


class InvalidCursor(ExplainedError):
    """A cursor is not from this query."""


@dataclass(frozen=True)
class Page:
    """Rows in the order of the index's sort key, without their shards; `cursor` is None on the last page."""

    rows: list[dict[str, Any]]
    cursor: str | None


@dataclass(frozen=True)
class _Bound:
    """A lower or upper end of the sort key."""

    value: str
    included: bool


@dataclass(frozen=True)
class _Position:
    """The last row of a page: its shard, its sort key, and its keys in the table."""

    shard: int
    sort: str
    keys: Mapping[str, str]


class ShardedIndex:
    """Reads the index `name` of a table, whose keys are `partition_key` and `sort_key`.

    `dynamodb` is a client of botocore or boto3. Its caller needs `dynamodb:Query` on the index and `dynamodb:GetItem`
    on the table (`table.grant_query(reader, index=...)`, `table.grant_get(reader)`).

    A page asks each shard once and more where a shard has more than its share of the rows: with 100 shards that is 100
    queries, eight at a time, and at least half a read unit each.
    """

    def __init__(self, dynamodb: Any, table: ShardedTable, *, name: str, partition_key: str, sort_key: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._name = name
        self._partition_key = partition_key
        self._sort_key = sort_key

    def page(
        self,
        value: str,
        *,
        limit: int = 100,
        newest_first: bool = True,
        since: str | None = None,
        before: str | None = None,
        cursor: str | None = None,
    ) -> Page:
        """Up to `limit` (1 to 1000) rows of a key, in descending order of the sort key or ascending.

        `since` (included) and `before` (not included) limit the sort key. `cursor` continues after an earlier page of
        the same value and order. At most twice as many rows are held in memory as the page has, and two of each shard.

        As with a query of a single key, a row that was written since an earlier page is seen if its place is after that
        page. The number of shards may change between pages.

        Raises `ValueError` for another limit, `InvalidCursor`, `index_shards.InvalidShards`, and botocore's errors.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ValueError(f"limit: {limit!r} is not allowed; give 1 to {MOST_ROWS}")
        last = self._position(cursor, value, newest_first) if cursor is not None else None
        if last and not ((since is None or since <= last.sort) and (before is None or last.sort < before)):
            raise InvalidCursor("cursor: its page is outside of since and before; give those of the page it came with")
        count = max(self._count(), last.shard + 1 if last else 1)
        shards = [
            _Shard(
                self,
                value,
                number,
                last,
                newest_first=newest_first,
                since=since,
                before=before,
                some=limit // count + 2,
            )
            for number in range(count)
        ]
        if count > 1:
            with ThreadPoolExecutor(min(THREADS, count)) as pool:
                # Each in a context of its own, so that its AWS calls belong to this step of the trace.
                for filling in [pool.submit(copy_context().run, shard.fill) for shard in shards]:
                    filling.result()
        # Rows with the same sort key come in the order of their shards, on every page.
        merged = merge(*shards, key=lambda row: row[1][self._sort_key], reverse=newest_first)
        rows = [row for _, row in zip(range(limit + 1), merged, strict=False)]
        shown = rows[:limit]
        following = self._cursor(value, newest_first, *shown[-1]) if len(rows) > limit else None
        return Page([self._table.plain(row) for _, row in shown], following)

    def rows(
        self, value: str, *, newest_first: bool = True, since: str | None = None, before: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """All rows of a key, page by page."""
        cursor = None
        while True:
            page = self.page(value, newest_first=newest_first, since=since, before=before, cursor=cursor)
            yield from page.rows
            if (cursor := page.cursor) is None:
                return

    def query(self, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._dynamodb.query(TableName=self._table.name, IndexName=self._name, **parameters)
        return answer

    def conditions(self, key: str, lower: _Bound | None, upper: _Bound | None) -> dict[str, Any]:
        """A query's parameters. With both ends given, both are included: BETWEEN knows no other."""
        names = {"#partition": self._partition_key}
        values = {":partition": key}
        condition = "#partition = :partition"
        if lower or upper:
            names["#sort"] = self._sort_key
        if lower and upper:
            condition += " AND #sort BETWEEN :lower AND :upper"
            values |= {":lower": lower.value, ":upper": upper.value}
        elif lower:
            condition += f" AND #sort >{'=' * lower.included} :lower"
            values[":lower"] = lower.value
        elif upper:
            condition += f" AND #sort <{'=' * upper.included} :upper"
            values[":upper"] = upper.value
        return {
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": typed(values),
        }

    def start(self, key: str, last: _Position) -> dict[str, Any]:
        """Where a shard continues after a row of its own, as `LastEvaluatedKey` would say it."""
        return typed({**last.keys, self._partition_key: key, self._sort_key: last.sort})

    def sort_of(self, row: dict[str, Any]) -> str:
        return str(row[self._sort_key])

    def _count(self) -> int:
        key = self._table.record_key
        answer = self._dynamodb.get_item(TableName=self._table.name, Key=key, ConsistentRead=True)
        return recorded_count(answer.get("Item"))

    def _cursor(self, value: str, newest_first: bool, shard: int, row: dict[str, Any]) -> str:
        keys = [row[name] for name in self._table.keys]
        content = [self._name, value, newest_first, shard, self.sort_of(row), keys]
        return base64.urlsafe_b64encode(json.dumps(content, ensure_ascii=False).encode()).decode()

    def _position(self, cursor: str, value: str, newest_first: bool) -> _Position:
        try:
            index, of, order, shard, sort, keys = json.loads(base64.b64decode(cursor, b"-_", validate=True))
            texts = [index, of, sort, *keys]
        except (ValueError, TypeError, RecursionError, binascii.Error) as error:
            raise InvalidCursor("cursor: give the cursor of a page as it came, or leave it out") from error
        right = (
            isinstance(keys, list)
            and all(isinstance(one, str) for one in texts)
            and len(keys) == len(self._table.keys)
            and isinstance(order, bool)
            and isinstance(shard, int)
            and not isinstance(shard, bool)
            and 0 <= shard < MOST_SHARDS
        )
        if not right:
            raise InvalidCursor("cursor: give the cursor of a page as it came, or leave it out")
        if (index, of, order) != (self._name, value, newest_first):
            raise InvalidCursor(
                f"cursor: it is from the query of {of!r} in {index}, {'newest' if order else 'oldest'} first; give the "
                "same value and order, or leave the cursor out"
            )
        return _Position(shard, sort, dict(zip(self._table.keys, keys, strict=True)))


class _Shard:
    """The rows of one shard after a position, each with the shard's number; a few at a time."""

    def __init__(
        self,
        index: ShardedIndex,
        value: str,
        number: int,
        last: _Position | None,
        *,
        newest_first: bool,
        since: str | None,
        before: str | None,
        some: int,
    ) -> None:
        self._index = index
        self._number = number
        key = shard_key(value, number)
        lower = _Bound(since, included=True) if since is not None else None
        upper = _Bound(before, included=False) if before is not None else None
        start: Mapping[str, Any] | None = None
        if last and number == last.shard:
            start = index.start(key, last)
        elif last and newest_first:
            # Of this sort key, all rows of earlier shards were shown and none of later ones.
            upper = _Bound(last.sort, included=number > last.shard)
        elif last:
            lower = _Bound(last.sort, included=number > last.shard)
        self._excluded = {one.value for one in (lower, upper) if one and not one.included}
        self._empty = bool(lower and upper and lower.value > upper.value)
        self._parameters = {
            **index.conditions(key, lower, upper),
            "ScanIndexForward": not newest_first,
            "Limit": some,
        }
        self._start = start
        self._rows: deque[dict[str, Any]] = deque()
        self._ended = self._empty

    def fill(self) -> None:
        """Ask for rows until there are some, or no more."""
        while not self._rows and not self._ended:
            start = {"ExclusiveStartKey": self._start} if self._start else {}
            answer = self._index.query(**self._parameters, **start)
            found = map(plain, answer["Items"])
            self._rows.extend(row for row in found if self._index.sort_of(row) not in self._excluded)
            self._start = answer.get("LastEvaluatedKey")
            self._ended = self._start is None

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        while True:
            self.fill()
            if not self._rows:
                return
            yield self._number, self._rows.popleft()
