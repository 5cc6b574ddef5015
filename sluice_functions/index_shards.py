"""Indexes without a hot partition key: rows that share a key are spread over several keys, its shards.

A partition key takes 1,000 write units a second, in an index too. Where it is sorted by time DynamoDB cannot split it
further, since all writes go to its end. `RowShards` spreads the rows that a function writes;
`sharded_queries.ShardedIndex` reads all shards of a key as one.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html

Shard 0 has the plain key and shard 7 has the key with ` #7` at its end, so that rows from before are in shard 0 and one
shard is no shards. The highest number of shards ever used is an item of the table, written before the first row that
needs it: readers ask every shard that may have rows, after the number was lowered too.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ExplainedError
from .items import plain, typed

MOST_SHARDS = 1000
SEPARATOR = " #"
# Value of all keys of the item that has the highest number of shards. S3 refuses an object key that leads above the
# bucket, so no object's row has it.
RECORD = "../index-shards"
COUNT = "indexShards"
# Between the parts of a key: a byte that UTF-8 never contains.
_BETWEEN = b"\xff"


class InvalidShards(ExplainedError):
    """A number of shards is not a whole number from 1 to 1000, or a value cannot be spread over shards."""


@dataclass(frozen=True)
class ShardedTable:
    """A table whose rows are spread over shards of its indexes. All keys are texts.

    `keys` are the attributes of its own key, `index_keys` the partition keys of the indexes, all of which are spread.
    """

    name: str
    keys: Sequence[str]
    index_keys: Sequence[str]

    def plain(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as it was before it was spread: for rows that were read from the table itself."""
        return {name: plain_key(value) if name in self.index_keys else value for name, value in row.items()}

    def spread(self, row: Mapping[str, Any], count: int) -> dict[str, Any]:
        """The row with the keys of its shard: the same for each repeat of an event. Raises `InvalidShards`."""
        shard = shard_of([row[name] for name in self.keys], count)
        return {name: shard_key(value, shard) if name in self.index_keys else value for name, value in row.items()}

    @property
    def record_key(self) -> dict[str, Any]:
        """The key of the item with the highest number of shards, as DynamoDB takes it."""
        return typed(dict.fromkeys(self.keys, RECORD))


def parse_count(text: str, variable: str = "INDEX_SHARDS") -> int:
    """The number of shards in an environment variable. Raises `InvalidShards`, naming the variable."""
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SHARDS))
    if not digits or not 1 <= int(text) <= MOST_SHARDS:
        raise InvalidShards(
            f"{variable}: {text!r} is not allowed; give a whole number of shards from 1 to {MOST_SHARDS}"
        )
    return int(text)


def checked_count(count: Any) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_SHARDS:
        raise InvalidShards(f"{count!r} is no number of shards: give a whole number from 1 to {MOST_SHARDS}")
    return count


def shard_key(value: str, shard: int) -> str:
    """The partition key of a shard. Raises `InvalidShards` for a value that could be the key of a shard."""
    if plain_key(value) != value:
        raise InvalidShards(f"{value!r} cannot be spread over shards: it ends as the key of a shard does")
    return f"{value}{SEPARATOR}{shard}" if shard else value


def plain_key(key: str) -> str:
    """The partition key without its shard."""
    value, separator, shard = key.rpartition(SEPARATOR)
    return value if separator and shard.isascii() and shard.isdigit() else key


def shard_of(key: Sequence[str], count: int) -> int:
    """The shard of a row by its key in the table, evenly spread."""
    digest = hashlib.sha256(_BETWEEN.join(part.encode() for part in key)).digest()
    return int.from_bytes(digest[:8], "big") % count


class RowShards:
    """Spreads the rows that a function writes over a number of shards, and makes that number known to readers.

    `dynamodb` is a client of botocore. The function needs the permission to put items only (`table.grant_put`).

    The number may be raised and lowered at any time. A row stays in the shard that it was written to.
    """

    def __init__(self, dynamodb: Any, table: ShardedTable, count: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._count = checked_count(count)
        self._recorded = count == 1  # what readers assume anyway

    def spread(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as it has to be put. The first call in an execution environment writes the number into the table.

        Raises `InvalidShards` where the table has nonsense in the number's place or a value ends as the key of a shard
        does, and botocore's errors.
        """
        if self._count == 1:
            return dict(row)
        if not self._recorded:
            self._record()
            self._recorded = True
        return self._table.spread(row, self._count)

    def _record(self) -> None:
        try:
            self._dynamodb.put_item(
                TableName=self._table.name,
                Item={**self._table.record_key, **typed({COUNT: self._count})},
                ConditionExpression=f"attribute_not_exists({COUNT}) OR {COUNT} < :count",
                ExpressionAttributeValues=typed({":count": self._count}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            recorded_count(error.response.get("Item"))


def recorded_count(item: Mapping[str, Any] | None) -> int:
    """The highest number of shards ever used, from the table's item. Raises `InvalidShards`."""
    if not item:
        return 1
    found = plain(item).get(COUNT)
    try:
        return checked_count(found)
    except InvalidShards:
        raise InvalidShards(
            f"the table's item {RECORD!r} has {found!r} as {COUNT}: set it to the highest number of shards ever used"
        ) from None
