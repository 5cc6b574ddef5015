"""Pages of Query and Scan that read what they answer with, whatever the size of the table or the partition.

ministack's own code checks a request, filters, and answers; here it is given a table with the rows of the page only, in
their order, from behind ExclusiveStartKey: up to Limit or 1 MB, and the row with which a page of 1 MB is exceeded.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ministack.services import dynamodb

from completing import existing, insert_before
from ranges import LAST, bytes_after, text_after
from row_order import KEPT_IN, Position, Row, RowOrder, lock, order_of

Condition = tuple[str, list[Any]]
PAGE_END = "page end"  # in the table that ministack is given


class PageEnd(NamedTuple):
    """Of the rows read, how many are on the page, and whether its limit or size ends it."""

    read: int
    length: int
    is_cut: bool


# The lines of ministack before which it has checked the request, and after which it collects rows.
QUERY_COLLECTS = "    members = _index_members(table).get(index_name) if index_name else None"
SCAN_COLLECTS = "    all_items = []"

# By the names of ministack's tokens and of KeyConditions, which are the same.
OPERATORS = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
MIRRORED = {"EQ": "=", "LT": ">", "LE": ">=", "GT": "<", "GE": "<="}

_plain_end = existing(dynamodb, "_paginate_evaluated_items")
_tokens = existing(dynamodb, "_tokenize")
_clauses = existing(dynamodb, "_key_condition_clauses")
_text = existing(dynamodb, "_extract_key_val")
for _name in ("_index_members", "_index_order_keys", "_apply_exclusive_start_key", "_apply_exclusive_start_key_scan"):
    existing(dynamodb, _name)


def _page_of_query(table: Any, data: Mapping[str, Any], partition: str | tuple[str, ...]) -> Any:
    with lock:
        order = order_of(table, data.get("IndexName"))
        texts = partition if isinstance(partition, tuple) else (partition,)
        values = tuple(order.value(name, {"S": text}) for name, text in zip(order.keys, texts, strict=False))
        bounds = _bounds(order, data, values)
        # Of a condition in another form, ministack evaluates each row of the partition.
        low, high = bounds or (values, (*values, LAST))
        forward = data.get("ScanIndexForward", True)
        start = data.get("ExclusiveStartKey")
        if start:
            behind = (*values, *order.position(start)[len(values) :])
            low, high = (max(low, (*behind, LAST)), high) if forward else (low, min(high, behind))
        rows = order.rows(low, high, forward=forward) if low < high else iter(())
        if not bounds:
            return _table_with(table, {partition: dict(enumerate(rows))})
        read, end = _page(rows, table, data)
        return _table_with(table, {partition: dict(enumerate(read))}, end)


def _page_of_scan(table: Any, data: Mapping[str, Any]) -> Any:
    with lock:
        order = order_of(table, data.get("IndexName"))
        start = data.get("ExclusiveStartKey")
        low = (*order.position(start), LAST) if start else None
        rows = _in_segment(order.rows(low, None, forward=True), order.keys[0], data)
        read, end = _page(rows, table, data)
        # ministack sorts them by these keys.
        return _table_with(table, {f"{number:09}": {"": row} for number, row in enumerate(read)}, end)


def _table_with(table: Any, items: Mapping[Any, Mapping[Any, Row]], end: PageEnd | None = None) -> Any:
    return {**{name: value for name, value in table.items() if name != KEPT_IN}, "items": items, PAGE_END: end}


def _page(rows: Iterable[Row], table: Any, data: Mapping[str, Any]) -> tuple[list[Row], PageEnd]:
    """The rows that ministack looks at to know where a page ends, and where it ends."""
    read: list[Row] = []

    def reading() -> Iterator[Row]:
        for row in rows:
            read.append(row)
            yield row

    page, is_cut = _plain_end(reading(), data.get("Limit"), table, data.get("IndexName"))
    return read, PageEnd(len(read), len(page), is_cut)


def _end(rows: list[Row], limit: Any, table: Any, index: str | None = None) -> tuple[list[Row], bool]:
    """Without adding up the sizes of the same rows again."""
    known = table.get(PAGE_END)
    if known is None or known.read != len(rows):
        return tuple(_plain_end(rows, limit, table, index))
    return rows[: known.length], known.is_cut


def _in_segment(rows: Iterable[Row], partition_key: str, data: Mapping[str, Any]) -> Iterable[Row]:
    """The rows of a parallel scan's segment, which ministack chooses by this hash, too."""
    segment, count = data.get("Segment"), data.get("TotalSegments")
    if segment is None or count is None:
        return rows

    def number(row: Row) -> int:
        digest = hashlib.sha1(str(_text(row.get(partition_key, {}))).encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest[:4], "big") % int(count)

    return (row for row in rows if number(row) == int(segment))


def _bounds(order: RowOrder, data: Mapping[str, Any], partition: Position) -> tuple[Position, Position] | None:
    """The positions between which the rows of the partition are that satisfy the condition on the sort key. None where
    the condition has a form that this does not know.
    """
    conditions = _conditions(data)
    if conditions is None:
        return None
    partition_keys, sort_keys = order.keys[: len(partition)], order.keys[len(partition) :]
    conditions = {name: one for name, one in conditions.items() if name not in partition_keys}
    prefix = partition
    for name in sort_keys:
        if name not in conditions:
            break
        operator, given = conditions.pop(name)
        if len(given) != (2 if operator == "between" else 1):
            return None
        values = [order.value(name, one) for one in given]
        if operator != "=":
            return None if conditions else _range(prefix, operator, values)
        prefix = (*prefix, values[0])
    return None if conditions else (prefix, (*prefix, LAST))


def _range(prefix: Position, operator: str, values: list[Any]) -> tuple[Position, Position] | None:
    all_before, all_after = prefix, (*prefix, LAST)
    before, after = (*prefix, values[0]), (*prefix, values[-1], LAST)
    if operator == "begins_with":
        end = bytes_after(values[0]) if isinstance(values[0], bytes) else text_after(str(values[0]))
        return before, all_after if end is None else (*prefix, end)
    return {
        "<": (all_before, before),
        "<=": (all_before, after),
        ">": (after, all_after),
        ">=": (before, all_after),
        "between": (before, after),
    }.get(operator)


def _conditions(data: Mapping[str, Any]) -> dict[str, Condition] | None:
    """The condition on each key attribute, as operator and values. None where one has a form that is not known here."""
    if data.get("KeyConditions"):
        return {
            name: (OPERATORS.get(operator := one["ComparisonOperator"], operator.lower()), one["AttributeValueList"])
            for name, one in data["KeyConditions"].items()
        }
    names, values = data.get("ExpressionAttributeNames") or {}, data.get("ExpressionAttributeValues") or {}
    texts = {"NAME_REF": names, "VALUE_REF": values}
    tokens = [one for one in _tokens(data.get("KeyConditionExpression") or "") if one[0] not in ("LPAREN", "RPAREN")]
    found = [
        _condition(
            ["NAME" if kind in ("IDENT", "NAME_REF") else kind for kind, _ in clause],
            [texts[kind].get(text) if kind in texts else text for kind, text in clause],
        )
        for clause in _clauses(tokens)
    ]
    known = [one for one in found if one]
    return dict(known) if len(known) == len(found) else None


def _condition(kinds: list[str], words: list[Any]) -> tuple[str, Condition] | None:
    """The attribute, operator and values of a clause without its parentheses."""
    match kinds, words:
        case ["NAME", kind, "VALUE_REF"], [name, _, value] if kind in OPERATORS:
            return name, (OPERATORS[kind], [value])
        case ["VALUE_REF", kind, "NAME"], [value, _, name] if kind in OPERATORS:
            return name, (MIRRORED[kind], [value])
        case ["NAME", "NAME", "VALUE_REF", "NAME", "VALUE_REF"], [name, _, low, _, high]:
            return name, ("between", [low, high])
        case ["NAME", "NAME", "COMMA", "VALUE_REF"], ["begins_with", name, _, value]:
            return name, ("begins_with", [value])
    return None


dynamodb._paginate_evaluated_items = _end
dynamodb._page_of_query = _page_of_query
dynamodb._page_of_scan = _page_of_scan
insert_before(dynamodb, "_query", QUERY_COLLECTS, "table = _page_of_query(table, data, pk_val)")
insert_before(dynamodb, "_scan", SCAN_COLLECTS, "table = _page_of_scan(table, data)")
# A page is in order, and behind the start key.
dynamodb._index_order_keys = lambda *_: []
dynamodb._apply_exclusive_start_key = lambda rows, *_, **__: rows
dynamodb._apply_exclusive_start_key_scan = lambda rows, *_: rows
