"""Pages of Scan, Query and ListObjects on the local AWS (row_order.py, row_pages.py and object_pages.py in
sluice_cli/local_aws/emulator): the rows and objects that AWS answers with, at a cost that their number does not change.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from sluice_cli.local_aws.environment import python_of_local_aws
from sluice_cli.local_aws.server import APP, LocalAws

# Key values of each type, of which no two are equal.
VALUES: dict[str, list[Any]] = {
    "S": ["0", "A", "a", "a\0", "a b", "ab", "ab\U0010ffff", "b", "é", "\uffff", "😀", "\U0010ffff"],
    "N": ["-" + "1" * 38, "-10", "-9", "-0.5", "0", "0.0000001", "2", "9", "10", "100", "1" * 37, "1" * 38],
    "B": [
        b"\0",
        b"\0\xff",
        b"0",
        b"A",
        b"a",
        b"ab",
        b"ab\xff",
        b"ab\xff\xff",
        b"\x80",
        b"\xff",
        b"\xff\0",
        b"\xff\xff",
    ],
}
RANGES = {None: "sort", "by-rank": "rank", "by-other": "other"}
OPERATORS = ("", "=", "<", "<=", ">", ">=", "between", "begins_with")


@dataclass(frozen=True)
class Table:
    """A table whose keys are of one type, and its rows."""

    dynamodb: Any
    name: str
    type: str
    rows: list[dict[str, Any]]

    def value(self, typed: Any) -> Any:
        """As it is sorted."""
        text = typed[self.type]
        return Decimal(text) if self.type == "N" else text.encode() if self.type == "S" else text

    def in_order(self, index: str | None, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = (RANGES[index], "part", "sort")
        having = [row for row in rows if RANGES[index] in row]
        return sorted(having, key=lambda row: [self.value(row[name]) for name in names])

    def pages(self, call: str, **options: Any) -> Iterator[Any]:
        """All pages, each from the LastEvaluatedKey of the one before."""
        start: dict[str, Any] = {}
        while True:
            page = getattr(self.dynamodb, call)(TableName=self.name, **options, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


@pytest.fixture(scope="module", params=["S", "N", "B"])
def table(request: pytest.FixtureRequest, local_aws: LocalAws) -> Iterator[Table]:
    """Partitions with a row for each value as sort key; of each three rows, one is in no index."""
    type_, name = request.param, f"test-pages-{uuid4().hex[:8]}"
    dynamodb = local_aws.client("dynamodb")
    hashes = {None: "part", "by-rank": "kind", "by-other": "part"}
    keys = {
        index: [
            {"AttributeName": hashes[index], "KeyType": "HASH"},
            {"AttributeName": RANGES[index], "KeyType": "RANGE"},
        ]
        for index in RANGES
    }
    whole = {"Projection": {"ProjectionType": "ALL"}}
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=keys[None],
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": type_} for one in ("part", "sort", "rank", "other", "kind")
        ],
        GlobalSecondaryIndexes=[{"IndexName": "by-rank", "KeySchema": keys["by-rank"], **whole}],
        LocalSecondaryIndexes=[{"IndexName": "by-other", "KeySchema": keys["by-other"], **whole}],
    )
    values = [{type_: one} for one in VALUES[type_]]
    rows = []
    for number, (partition, sort) in enumerate(product(values[2:5], values)):
        row = {"part": partition, "sort": sort, "even": {"BOOL": number % 2 == 0}}
        if number % 3:
            row |= {"kind": values[0], "rank": values[number * 7 % 12], "other": values[number * 5 % 12]}
        rows.append(row)
    for row in reversed(rows):
        dynamodb.put_item(TableName=name, Item=row)
    yield Table(dynamodb, name, type_, rows)
    dynamodb.delete_table(TableName=name)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_the_pages_of_a_query_have_its_rows_in_the_order_of_the_sort_key(table: Table, data: st.DataObject) -> None:
    index, forward = data.draw(st.sampled_from([*RANGES])), data.draw(st.booleans())
    operator = data.draw(st.sampled_from([one for one in OPERATORS if one != "begins_with" or table.type != "N"]))
    first, last = sorted(data.draw(st.sets(st.integers(0, 11), min_size=2, max_size=2)))
    low, high = ({table.type: VALUES[table.type][one]} for one in (first, last))
    hash_name, range_name = "kind" if index == "by-rank" else "part", RANGES[index]
    hash_value = {table.type: VALUES[table.type][0 if index == "by-rank" else data.draw(st.integers(2, 4))]}
    condition = {"": "", "between": "#r BETWEEN :low AND :high", "begins_with": "begins_with(#r, :low)"}.get(
        operator, data.draw(st.sampled_from([f"#r {operator} :low", f":low {MIRRORED.get(operator)} #r"]))
    )
    wanted = [
        row
        for row in table.in_order(index, table.rows)
        if row[hash_name] == hash_value and satisfies(table, operator, row[range_name], low, high)
    ]
    filtered = data.draw(st.booleans())
    values = {
        ":h": hash_value,
        **({":low": low} if operator else {}),
        **({":high": high} if ":high" in condition else {}),
    }
    pages = table.pages(
        "query",
        **({"IndexName": index} if index else {}),
        KeyConditionExpression=f"#h = :h AND {condition}" if condition else "#h = :h",
        ExpressionAttributeNames={"#h": hash_name, **({"#r": range_name} if condition else {})},
        ExpressionAttributeValues={**values, **({":even": {"BOOL": True}} if filtered else {})},
        ScanIndexForward=forward,
        Limit=(limit := data.draw(st.integers(1, 5))),
        **({"FilterExpression": "even = :even"} if filtered else {}),
    )
    read = wanted if forward else wanted[::-1]
    got = list(pages)
    kept = [row for row in read if row["even"]["BOOL"] or not filtered]
    assert [row for page in got for row in page["Items"]] == kept
    # Limit counts the rows that are read, before the filter; after a full page there may be none left.
    assert [page["ScannedCount"] for page in got] == [
        *[limit] * (len(read) // limit),
        len(read) % limit,
    ]
    assert [page["Count"] for page in got] == [len(page["Items"]) for page in got]


MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def satisfies(table: Table, operator: str, typed: Any, low: Any, high: Any) -> bool:
    value, one, other = (table.value(each) for each in (typed, low, high))
    results = {
        "": True,
        "=": value == one,
        "<": value < one,
        "<=": value <= one,
        ">": value > one,
        ">=": value >= one,
        "between": min(one, other) <= value <= max(one, other),
        "begins_with": table.type != "N" and value.startswith(one),
    }
    return bool(results[operator])


@pytest.mark.parametrize("index", RANGES)
@pytest.mark.parametrize("segments", [1, 3])
def test_the_pages_of_a_scan_have_each_row_once(table: Table, index: str | None, segments: int) -> None:
    rows: list[dict[str, Any]] = []
    for segment in range(segments):
        parallel = {"Segment": segment, "TotalSegments": segments} if segments > 1 else {}
        of_index = {"IndexName": index} if index else {}
        pages = list(table.pages("scan", Limit=4, ConsistentRead=index != "by-rank", **of_index, **parallel))
        assert {page["ScannedCount"] for page in pages[:-1]} <= {4}
        rows += [row for page in pages for row in page["Items"]]
    having = [row for row in table.rows if RANGES[index] in row]
    assert sorted(map(repr, rows)) == sorted(map(repr, having))
    name = "kind" if index == "by-rank" else "part"
    for partition in VALUES[table.type]:
        of_partition = [row for row in rows if row[name] == {table.type: partition}]
        assert of_partition == table.in_order(index, of_partition)


def test_a_page_begins_behind_a_row_that_is_gone(table: Table) -> None:
    rows = [row for row in table.in_order(None, table.rows) if row["part"] == table.rows[0]["part"]]
    for call, index in product(("scan", "query"), ("by-rank", None)):
        options: dict[str, Any] = {"IndexName": index} if index else {}
        if call == "query":
            name = "kind" if index else "part"
            value = {":h": {table.type: VALUES[table.type][0]} if index else rows[0]["part"]}
            options |= {"KeyConditionExpression": f"{name} = :h", "ExpressionAttributeValues": value}
        first, second, third = (
            getattr(table.dynamodb, call)(TableName=table.name, Limit=number, **options)["Items"][-1]
            for number in (1, 2, 3)
        )
        keys = {name: second[name] for name in ("part", "sort")}
        start = {**keys, **({name: second[name] for name in ("kind", "rank")} if index else {})}
        table.dynamodb.delete_item(TableName=table.name, Key=keys)
        after = getattr(table.dynamodb, call)(TableName=table.name, Limit=1, ExclusiveStartKey=start, **options)
        table.dynamodb.put_item(TableName=table.name, Item=second)
        assert after["Items"] == [third]
        assert first != third


@pytest.mark.parametrize("table", ["N"], indirect=True)
def test_a_number_is_a_number_however_it_is_written(table: Table) -> None:
    for index, name, number in (
        ("by-rank", "kind", "-111.11111111111111111111111111111111111E35"),
        (None, "part", "-90E-1"),
    ):
        wanted = [
            row
            for row in table.in_order(index, table.rows)
            if row.get(name) and table.value(row[name]) == Decimal(number)
        ]
        pages = table.pages(
            "query",
            **({"IndexName": index} if index else {}),
            Limit=3,
            KeyConditionExpression=f"{name} = :n",
            ExpressionAttributeValues={":n": {"N": number}},
        )
        assert [row for page in pages for row in page["Items"]] == wanted != []
    key = {"part": {"N": "-9.0"}, "sort": {"N": "0.1E2"}}
    row = next(row for row in table.rows if [row["part"]["N"], row["sort"]["N"]] == ["-9", "10"])
    assert table.dynamodb.get_item(TableName=table.name, Key=key)["Item"] == row
    update = {"UpdateExpression": "SET even = even", "ReturnValues": "ALL_NEW"}
    assert table.dynamodb.update_item(TableName=table.name, Key=key, **update)["Attributes"] == row
    assert table.dynamodb.delete_item(TableName=table.name, Key=key, ReturnValues="ALL_OLD")["Attributes"] == row
    table.dynamodb.put_item(TableName=table.name, Item={**row, **key})
    read = table.dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": table.name, "Key": key}}])
    assert [one["Item"] for one in read["Responses"]] == [row]


def test_a_changed_row_moves_in_its_indexes_and_a_removed_row_leaves_them(table: Table) -> None:
    key = {"part": table.rows[1]["part"], "sort": table.rows[1]["sort"]}
    query = {
        "TableName": table.name,
        "IndexName": "by-rank",
        "KeyConditionExpression": "kind = :h",
        "ExpressionAttributeValues": {":h": {table.type: VALUES[table.type][11]}},
    }
    assert table.dynamodb.query(**query)["Items"] == []
    moved = {**table.rows[1], "kind": {table.type: VALUES[table.type][11]}}
    table.dynamodb.put_item(TableName=table.name, Item=moved)
    assert table.dynamodb.query(**query)["Items"] == [moved]
    table.dynamodb.update_item(TableName=table.name, Key=key, UpdateExpression="REMOVE kind")
    assert table.dynamodb.query(**query)["Items"] == []
    table.dynamodb.delete_item(TableName=table.name, Key=key)
    assert table.dynamodb.scan(TableName=table.name, Select="COUNT")["Count"] == len(table.rows) - 1
    # Within its partition: once, and at its new place.
    moved = {**table.rows[1], "rank": {table.type: VALUES[table.type][11]}}
    table.dynamodb.put_item(TableName=table.name, Item=table.rows[1])
    table.dynamodb.put_item(TableName=table.name, Item=moved)
    pages = [*table.pages("scan", IndexName="by-rank", Limit=5)]
    table.dynamodb.put_item(TableName=table.name, Item=table.rows[1])
    rows = table.in_order("by-rank", [row if row is not table.rows[1] else moved for row in table.rows])
    assert [row for page in pages for row in page["Items"]] == rows
    assert [page["Count"] for page in pages] == [5] * (len(rows) // 5) + [len(rows) % 5]


def test_start_keys_that_no_page_gave_are_refused_in_words(table: Table) -> None:
    for start, index in product(({"part": {"S": "1"}}, {"sort": {"N": "NaN"}}), RANGES):
        options: dict[str, Any] = {"IndexName": index} if index else {}
        with pytest.raises(ClientError, match="starting key is invalid"):
            table.dynamodb.scan(TableName=table.name, ExclusiveStartKey=start, **options)
    with pytest.raises(ClientError, match="Consistent reads are not supported on global secondary indexes"):
        table.dynamodb.scan(TableName=table.name, IndexName="by-rank", ConsistentRead=True)


def test_a_page_holds_one_megabyte_before_the_filter(local_aws: LocalAws) -> None:
    dynamodb, name = local_aws.client("dynamodb"), f"test-pages-{uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    for number in range(5):
        dynamodb.put_item(TableName=name, Item={"id": {"S": str(number)}, "text": {"S": "x" * 390_000}})
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=name, FilterExpression="id = :four", ExpressionAttributeValues={":four": {"S": "4"}}
    )
    assert [(page["ScannedCount"], page["Count"]) for page in pages] == [(2, 0), (2, 0), (1, 1)]
    dynamodb.delete_table(TableName=name)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_the_pages_of_a_listing_have_each_key_or_common_prefix_once(
    listed: tuple[Any, str], data: st.DataObject
) -> None:
    s3, bucket = listed
    prefix, delimiter = (
        data.draw(st.sampled_from(PREFIXES)),
        data.draw(st.sampled_from(["", "/", "//", "b", "\U0010ffff"])),
    )
    after = data.draw(st.sampled_from(["", *KEYS]))
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket,
        Prefix=prefix,
        StartAfter=after,
        **({"Delimiter": delimiter} if delimiter else {}),
        PaginationConfig={"PageSize": data.draw(st.integers(1, 4))},
    )
    found = [
        one
        for page in pages
        for one in sorted(
            [
                *(each["Key"] for each in page.get("Contents", [])),
                *(each["Prefix"] for each in page.get("CommonPrefixes", [])),
            ]
        )
    ]
    wanted = set()
    for key in KEYS:
        if key.startswith(prefix):
            head, cut, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            wanted.add(prefix + head + cut if cut else key)
    assert found == sorted(one for one in wanted if one > after)


KEYS = [
    "a",
    "a/",
    "a/b",
    "a/b/c",
    "a//b",
    "a0",
    "aa/b",
    "b",
    "b/",
    "\U0010ffff",
    "\U0010ffff\U0010ffff",
    "\x01",
    "é/%2F",
    "😀/a",
]
PREFIXES = ["", "a", "a/", "a//", "b", "zz", "\U0010ffff", "é/%"]


@pytest.fixture(scope="module")
def listed(local_aws: LocalAws) -> Iterator[tuple[Any, str]]:
    s3, name = local_aws.client("s3"), f"test-pages-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    for key in reversed(KEYS):
        s3.put_object(Bucket=name, Key=key, Body=b"")
    yield s3, name
    for key in KEYS:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


def in_the_server(script: str) -> Any:
    """What a script prints as JSON that runs where the local AWS runs, without its HTTP server."""
    command = [str(python_of_local_aws()), "-c", SERVER + script, str(APP)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SERVER = """
import json, os, sys
from ministack.services import dynamodb, s3

sys.path.insert(0, os.path.dirname(sys.argv[1]))  # as hypercorn does

def steps_of(call, *arguments):
    # How many functions run: the same however slow the machine is.
    count = 0
    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")
    sys.setprofile(counted)
    try:
        result = call(*arguments)
    finally:
        sys.setprofile(None)
    assert result[0] == 200, result
    return count
"""

STEPS_OF_PAGES = """
import object_pages, row_pages

def rows(count):
    # Pages at the begin, the middle and the end, of the table and of one partition of its index.
    name = f"test-{count}"
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    index = [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]
    all_ = {"ProjectionType": "ALL"}
    created = dynamodb._create_table({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": keys,
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in ("id", "kind")],
        "GlobalSecondaryIndexes": [{"IndexName": "by-kind", "KeySchema": index, "Projection": all_}],
    })
    assert created[0] == 200, created
    for number in range(count):
        dynamodb._put_item({"TableName": name, "Item": {"id": {"S": f"{number:06}"}, "kind": {"S": "k"}}})
    condition = {"KeyConditionExpression": "kind = :k AND id > :i", "IndexName": "by-kind"}
    for number in (0, count // 2, count - 60):
        page = {"TableName": name, "Limit": 50}
        key = {"id": {"S": f"{number:06}"}}
        yield steps_of(dynamodb._scan, {**page, "ExclusiveStartKey": key})
        for forward in (True, False):
            start = {"id": {"S": f"{number if forward else number + 55:06}"}, "kind": {"S": "k"}}
            values = {":k": {"S": "k"}, ":i": {"S": "0" if forward else f"{number:06}"}}
            yield steps_of(dynamodb._query, {
                **page, **condition, "ExclusiveStartKey": start, "ScanIndexForward": forward,
                "ExpressionAttributeValues": values,
            })

def objects(count):
    s3._create_bucket(f"test-{count}", b"", {})
    for number in range(count):
        s3._ensure_bucket(f"test-{count}")["objects"][f"{number:06}/x"] = {"last_modified": "", "etag": "", "size": 0}
    for number in (0, count // 2, count - 60):
        for delimiter in ({}, {"delimiter": ["/"]}):
            asked = {"start-after": [f"{number:06}/x"], "max-keys": ["50"], **delimiter}
            yield steps_of(s3._list_objects_v2, f"test-{count}", asked)

print(json.dumps([[list(rows(count)), list(objects(count))] for count in (200, 20_000)]))
"""


def test_a_page_costs_the_same_wherever_it_is_and_however_much_there_is() -> None:
    (few_rows, few_objects), (many_rows, many_objects) = in_the_server(STEPS_OF_PAGES)
    assert len(many_rows) == 9
    assert max(many_rows) < 1.2 * max(few_rows)
    assert len(many_objects) == 6
    assert max(many_objects) < 1.2 * max(few_objects)


CHANGED_MINISTACK = """
from completing import CompletionError

def refused(file):
    for one in ("row_pages", "row_order", "object_pages"):
        sys.modules.pop(one, None)
    try:
        __import__(file)
    except CompletionError:
        return True
    return False

def other(*_):
    return None

results = {}
for module, name, file in (
    *((dynamodb, name, "row_order") for name in (
        "_ddb_canonicalize_number", "_extract_key_val",
        "_index_item", "_index_key_schemas", "_sort_key_value", "_get_attr_type", "_INDEX_MEMBERS",
    )),
    *((dynamodb, name, "row_pages") for name in (
        "_paginate_evaluated_items", "_tokenize", "_key_condition_clauses", "_index_members",
        "_index_order_keys", "_apply_exclusive_start_key", "_apply_exclusive_start_key_scan",
    )),
    *((s3, name, "object_pages") for name in ("_ensure_bucket", "_collect_list_entries")),
):
    kept = getattr(module, name)
    delattr(module, name)
    results[name] = refused(file)
    setattr(module, name, kept)
plain = {name: getattr(dynamodb, name) for name in ("_query", "_scan")}
for name in plain:  # has other lines
    setattr(dynamodb, name, json.dumps)
    results[name] = refused("row_pages")
    vars(dynamodb).update(plain)
results["unchanged"] = refused("row_pages") or refused("object_pages")
print(json.dumps(results))
"""


def test_a_ministack_that_reads_pages_otherwise_is_refused() -> None:
    results = in_the_server(CHANGED_MINISTACK)
    assert len(results) == 19
    assert [name for name, was_refused in results.items() if not was_refused] == ["unchanged"]


SENT_IN_PARTS = """
import asyncio
import large_bodies

def sent(*messages):
    async def application(scope, receive, send):
        for message in messages:
            await send(message)

    async def keep(message):
        kept.append(message)

    kept = []
    asyncio.run(large_bodies.sent_in_parts(application)({}, None, keep))
    return [[one["type"], len(one.get("body", b"")), one.get("more_body")] for one in kept], kept

P, results = large_bodies.PART, []
for size in (0, 1, P, P + 1, 2 * P, 3 * P + 5):
    body = bytes(number % 251 for number in range(size))
    start, message = {"type": "http.response.start"}, {"type": "http.response.body", "body": body}
    shown, kept = sent(start, {**message, "more_body": True}, message)
    assert b"".join(one.get("body", b"") for one in kept) == body + body
    results.append([size, [one[1] for one in shown], [one[2] for one in shown]])
print(json.dumps([P, results]))
"""


def test_a_large_answer_is_sent_in_parts() -> None:
    part, results = in_the_server(SENT_IN_PARTS)
    sizes = {0: [0], 1: [1], part: [part], part + 1: [part, 1], 2 * part: [part] * 2, 3 * part + 5: [part] * 3 + [5]}
    for size, lengths, more in results:
        of_one = sizes[size]
        assert lengths == [0, *of_one, *of_one]
        # The application's own flag is the last part's; it left out the second.
        first, second = [True] * len(of_one), [True] * (len(of_one) - 1) + [False if len(of_one) > 1 else None]
        assert more == [None, *first, *second]
