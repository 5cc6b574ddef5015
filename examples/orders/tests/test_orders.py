from datetime import UTC, datetime
from typing import Any

import pytest
from api.orders import new_order, read_lines
from sluice_functions.http import InvalidRequest

LINE = {"article": "A-1", "quantity": 2}


def test_an_order_has_the_lines_of_the_request_and_who_placed_it_when() -> None:
    lines = read_lines({"lines": [LINE, {"article": "B", "quantity": 1}]})
    assert new_order("alice", "7", lines, datetime(2026, 11, 27, 9, 30, 5, 900, tzinfo=UTC)) == {
        "customerId": "alice",
        "orderId": "7",
        "placedAt": "2026-11-27T09:30:05+00:00",
        "lines": [LINE, {"article": "B", "quantity": 1}],
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "lines: give 1 to 50"),
        ({"lines": []}, "lines: give 1 to 50"),
        ({"lines": {"article": "A-1"}}, "lines: give 1 to 50"),
        ({"lines": [LINE] * 51}, "lines: give 1 to 50"),
        ({"lines": [LINE], "total": 9}, "the order has no field 'total'; its fields: lines"),
        ({"lines": [LINE, LINE]}, "lines: article 'A-1' is there twice; add up the quantities"),
        ({"lines": [LINE, "A-1"]}, "lines[1]: give an object with article and quantity"),
        ({"lines": [{"artcle": "A", "quantity": 1}]}, "lines[0] has no field 'artcle'; its fields: article, quantity"),
        ({"lines": [{"quantity": 1}]}, "lines[0].article: give a text of 1 to 64 printable characters"),
        ({"lines": [{**LINE, "article": ""}]}, "lines[0].article: give a text of 1 to 64 printable characters"),
        ({"lines": [{**LINE, "article": "A\n"}]}, "lines[0].article: give a text of 1 to 64 printable characters"),
        ({"lines": [{**LINE, "article": "A" * 65}]}, "lines[0].article: give a text of 1 to 64 printable characters"),
        ({"lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity: give a whole number from 1 to 1000"),
        ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity: give a whole number from 1 to 1000"),
        ({"lines": [{**LINE, "quantity": True}]}, "lines[0].quantity: give a whole number from 1 to 1000"),
        ({"lines": [{**LINE, "quantity": "2"}]}, "lines[0].quantity: give a whole number from 1 to 1000"),
    ],
)
def test_the_reason_says_what_is_wrong_with_an_order(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_lines(body)
    assert str(refused.value) == reason
