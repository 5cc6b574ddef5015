"""The rows of DynamoDB's tables in their order, which each write keeps: a page is read from where it begins.

ministack 1.5.33 sorts a whole table, or a partition, for each page. Here a table has one sorted list for itself and one
for each index. A list is built when the table is written or read first, also after ministack replaced all rows.
"""

import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ministack.services import dynamodb
from sortedcontainers import SortedList

from completing import CompletionError, existing
from ranges import LAST

Row = Mapping[str, Any]
Position = tuple[Any, ...]

# Where ministack keeps the members of indexes, and drops them when rows or indexes are replaced.
KEPT_IN = "_index_members"
if getattr(dynamodb, "_INDEX_MEMBERS", None) != KEPT_IN:
    raise CompletionError("ministack keeps the members of indexes otherwise: adapt emulator/row_order.py")

_typed = existing(dynamodb, "_sort_key_value")
_type_of = existing(dynamodb, "_get_attr_type")
_schemas = existing(dynamodb, "_index_key_schemas")
_plain_text = existing(dynamodb, "_extract_key_val")
_number = existing(dynamodb, "_ddb_canonicalize_number")
existing(dynamodb, "_index_item")

# Rows expire in a thread of their own.
lock = threading.RLock()


class RowOrder:
    """The rows of a table or of an index, sorted by partition key, sort key, and the keys of the table."""

    def __init__(self, table: Any, hashes: list[str], ranges: list[str]) -> None:
        self._items = table["items"]
        self.keys = [*hashes, *ranges]
        primary = [name for name in (table["pk_name"], table["sk_name"]) if name]
        self.names = list(dict.fromkeys([*self.keys, *primary]))
        self._types = {name: _type_of(table, name) for name in self.names}
        self._entries = SortedList(
            self._entry(first, second, row)
            for first, rows in self._items.items()
            for second, row in rows.items()
            if self._has(row)
        )

    def add(self, first: str, second: str, row: Row) -> None:
        if self._has(row):
            self._entries.add(self._entry(first, second, row))

    def remove(self, first: str, second: str, row: Row) -> None:
        if self._has(row):
            self._entries.discard(self._entry(first, second, row))

    def position(self, key: Row) -> Position:
        """Where the row with these keys is, or would be."""
        return tuple(self.value(name, key.get(name)) for name in self.names)

    def value(self, name: str, typed: Any) -> Any:
        """The value of a key attribute as it is compared, of whichever type it is given."""
        wanted = self._types[name]
        value = _typed(typed, wanted)
        if wanted == "N":
            return Decimal(0) if value.is_nan() else value
        return value if isinstance(value, bytes if wanted == "B" else str) else str(value)

    def rows(self, low: Position | None, high: Position | None, *, forward: bool) -> Iterator[Row]:
        """The rows between two positions, in order."""
        for entry in self._entries.irange(low, high, reverse=not forward):
            row = self._items.get(entry[-2], {}).get(entry[-1])
            if row is not None:
                yield row

    def _has(self, row: Row) -> bool:
        """Whether the row is in this index: one without an attribute of its key is not.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html
        """
        return all(name in row for name in self.keys)

    def _entry(self, first: str, second: str, row: Row) -> Position:
        """With the keys by which ministack finds the row."""
        return (*self.position(row), first, second)


class TableOrders:
    """The orders of a table's rows: by its own key (None), and by each index's, by name."""

    def __init__(self, table: Any) -> None:
        self._items = table["items"]
        self._schemas = _all_schemas(table)
        self.by_index = {name: RowOrder(table, hashes, ranges) for name, hashes, ranges in self._schemas}

    def are_of(self, table: Any) -> bool:
        """Whether the table has the same rows and indexes as when this was built."""
        return table["items"] is self._items and _all_schemas(table) == self._schemas


def order_of(table: Any, index: str | None) -> RowOrder:
    """The order of a table's rows by its own key or by an index's. Call it with `lock`."""
    return _orders(table)[0].by_index[index]


def _orders(table: Any) -> tuple[TableOrders, bool]:
    """The orders, and whether they were built just now."""
    kept = table.get(KEPT_IN)
    if isinstance(kept, TableOrders) and kept.are_of(table):
        return kept, False
    table[KEPT_IN] = TableOrders(table)
    return table[KEPT_IN], True


def _all_schemas(table: Any) -> list[tuple[str | None, list[str], list[str]]]:
    own = (None, [table["pk_name"]], [table["sk_name"]] if table["sk_name"] else [])
    return [own, *_schemas(table)]


def _key_text(attribute: Any) -> Any:
    """The text of a key's value by which ministack keeps a row: the same for `1`, `1.0` and `10E-1`."""
    text = _plain_text(attribute)
    if not (isinstance(attribute, dict) and "N" in attribute and isinstance(text, str)):
        return text
    is_short = text.isascii() and text.isdigit() and not text.startswith("0")
    return text if is_short else _number(text) or text


def _keep_order(table: Any, first: str, second: str, row: Row, add: bool) -> None:
    """ministack calls it after it added a row and before or after it removes one."""
    with lock:
        orders, new = _orders(table)
        for order in orders.by_index.values():
            if not add:
                order.remove(first, second, row)
            elif not new:
                order.add(first, second, row)


dynamodb._extract_key_val = _key_text
dynamodb._index_item = _keep_order
__all__ = ["LAST", "Position", "Row", "RowOrder", "lock", "order_of"]
