from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from sluice_functions.items import as_json, plain, plain_of_stream, typed

VALUES: list[Any] = [
    "text",
    "",
    "\u00e9\U0001f600",
    True,
    False,
    None,
    0,
    -7,
    10**37,
    Decimal("19.90"),
    Decimal("1E-130"),
    Decimal("-9.9999999999999999999999999999999999999E+125"),
    [],
    ["a", 1, None, ["b"]],
    {},
    {"a": {"b": [Decimal("0.1"), {"c": False}]}},
]


@pytest.mark.parametrize("value", VALUES)
def test_values_are_typed_as_boto3_types_them(value: Any) -> None:
    assert typed({"value": value}) == {"value": TypeSerializer().serialize(value)}


@pytest.mark.parametrize("value", VALUES)
def test_typed_values_read_as_boto3_reads_them(value: Any) -> None:
    item = {"value": TypeSerializer().serialize(value)}
    assert plain(item) == {"value": TypeDeserializer().deserialize(item["value"])}


def test_whole_numbers_of_an_item_are_int_and_others_exact() -> None:
    numbers = {"size": {"N": "12"}, "price": {"N": "19.90"}}
    read = plain({**numbers, "inside": {"M": numbers}})
    assert read == {"size": 12, "price": Decimal("19.90"), "inside": {"size": 12, "price": Decimal("19.90")}}
    for values in (read, read["inside"]):
        assert [type(values[name]) for name in numbers] == [int, Decimal]


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        Decimal("NaN"),
        Decimal("Infinity"),
        10**38 + 1,
        Decimal("1E+127"),
        object(),
        set(),
        {1, "a"},
        {1.5},
    ],
)
def test_values_that_dynamodb_cannot_store_exactly_are_refused(value: Any) -> None:
    with pytest.raises((TypeError, ArithmeticError)):
        typed({"value": value})


def test_bytes_and_sets_survive_a_round_trip() -> None:
    row = {"bytes": b"\x00\xff", "texts": {"a", "b"}, "numbers": {1, Decimal("2.5")}, "binaries": {b"a", b"b"}}
    assert plain(typed(row)) == row
    assert typed(row) == {
        "bytes": {"B": b"\x00\xff"},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2.5"]},
        "binaries": {"BS": [b"a", b"b"]},
    }


def test_items_of_a_streams_event_have_their_binary_values_decoded() -> None:
    item = {"one": {"B": "AP8="}, "many": {"L": [{"BS": ["YQ==", "Yg=="]}]}, "text": {"S": "AP8="}}
    assert plain_of_stream(item) == {"one": b"\x00\xff", "many": [{b"a", b"b"}], "text": "AP8="}


def test_a_plain_item_has_a_json_form_with_exact_numbers() -> None:
    item = {
        "price": Decimal("19.99"),
        "count": Decimal(3),
        "tags": {"b", "a"},
        "code": b"\x00\xff",
        "inside": [{"n": {2, 1}}],
    }
    assert (
        as_json(item) == '{"price": 19.99, "count": 3, "tags": ["a", "b"], "code": "AP8=", "inside": [{"n": [1, 2]}]}'
    )


@pytest.mark.parametrize("value", [Decimal("0.1234567890123456789"), Decimal("NaN"), Decimal("1E+400")])
def test_numbers_that_readers_of_json_would_change_are_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match="has more digits than readers of JSON keep; give it as a text"):
        as_json({"price": value})
