from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from report.report import day_before, pseudonym, report_of

KEY = "a long random text"
SALE = {"saleId": "1", "customerId": "alice", "article": "A-1", "quantity": 2, "amount": Decimal("19.9")}


@pytest.mark.parametrize(
    ("time", "day"),
    [
        (datetime(2026, 11, 27, 2, tzinfo=UTC), "2026-11-26"),
        (datetime(2026, 3, 1, 0, tzinfo=UTC), "2026-02-28"),
        (datetime(2026, 11, 27, 1, tzinfo=timezone(timedelta(hours=2))), "2026-11-25"),
    ],
)
def test_a_report_is_of_the_day_before(time: datetime, day: str) -> None:
    assert day_before(time) == day


def test_sales_are_listed_in_order_under_pseudonyms() -> None:
    other = {**SALE, "saleId": "0", "article": 'B "2", large', "amount": 5}
    report = report_of([SALE, other], KEY)
    alice = pseudonym("alice", KEY)
    assert report.sales.splitlines() == [
        "sale,customer,article,quantity,amount",
        f'0,{alice},"B ""2"", large",2,5.00',
        f"1,{alice},A-1,2,19.90",
    ]
    assert (report.count, report.rejected_count) == (2, 0)


def test_a_day_without_sales_has_a_report_without_lines() -> None:
    assert report_of([], KEY).sales == "sale,customer,article,quantity,amount\r\n"


def test_each_customer_has_one_pseudonym_that_depends_on_the_key() -> None:
    assert len({pseudonym("alice", KEY), pseudonym("bob", KEY), pseudonym("alice", "another key")}) == 3
    assert pseudonym("alice", KEY) == pseudonym("alice", KEY)


def test_a_text_that_a_spreadsheet_would_run_is_quoted() -> None:
    assert ",'=1+1," in report_of([{**SALE, "article": "=1+1"}], KEY).sales


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"customerId": None}, "customerId is missing"),
        ({"article": 7}, "article is no text"),
        ({"quantity": "2"}, "quantity is no number"),
        ({"quantity": Decimal("1.5")}, "quantity is 1.5, not a whole number"),
        ({"amount": None}, "amount is missing"),
        ({"amount": True}, "amount is no number"),
    ],
)
def test_a_sale_that_cannot_be_read_is_listed_with_the_reason(changed: dict[str, Any], reason: str) -> None:
    report = report_of([{**SALE, **changed}, {**SALE, "saleId": "2"}], KEY)
    assert report.rejected.splitlines() == ["sale,reason", f"1,{reason}" if "," not in reason else f'1,"{reason}"']
    assert (report.count, report.rejected_count) == (1, 1)
