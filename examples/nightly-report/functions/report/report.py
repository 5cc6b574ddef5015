import csv
import hashlib
import hmac
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

COLUMNS = ("sale", "customer", "article", "quantity", "amount")
PSEUDONYM_DIGITS = 16
# A spreadsheet would run such a cell as a formula: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class UnreadableSale(ValueError):
    """A sale lacks a value, or has one of another type; the message says which."""


@dataclass(frozen=True)
class Report:
    """The two files as CSV, and how many sales each has."""

    sales: str
    count: int
    rejected: str
    rejected_count: int


def day_before(time: datetime) -> str:
    """The day before, in UTC: `2026-11-26`."""
    return (time.astimezone(UTC) - timedelta(days=1)).date().isoformat()


def report_of(sales: Iterable[Mapping[str, Any]], pseudonym_key: str) -> Report:
    """Sales that cannot be read do not stop the report: they are listed with the reason."""
    rows: list[Sequence[object]] = []
    rejected: list[Sequence[object]] = []
    for sale in sorted(sales, key=lambda one: str(one.get("saleId"))):
        try:
            rows.append(_row(sale, pseudonym_key))
        except UnreadableSale as error:
            rejected.append((_cell(str(sale.get("saleId"))), str(error)))
    return Report(_csv(COLUMNS, rows), len(rows), _csv(("sale", "reason"), rejected), len(rejected))


def pseudonym(customer: str, key: str) -> str:
    """A customer's pseudonym: equal for all sales of the customer, irreversible without the key."""
    return hmac.new(key.encode(), customer.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def _row(sale: Mapping[str, Any], key: str) -> Sequence[object]:
    sale_id, customer, article = (_text(sale, name) for name in ("saleId", "customerId", "article"))
    quantity, amount = _number(sale, "quantity"), _number(sale, "amount")
    if quantity != int(quantity):
        raise UnreadableSale(f"quantity is {quantity}, not a whole number")
    return (_cell(sale_id), pseudonym(customer, key), _cell(article), int(quantity), f"{amount:.2f}")


def _text(sale: Mapping[str, Any], name: str) -> str:
    value = sale.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableSale(f"{name} is missing" if value is None else f"{name} is no text")
    return value


def _number(sale: Mapping[str, Any], name: str) -> int | Decimal:
    value = sale.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnreadableSale(f"{name} is missing" if value is None else f"{name} is no number")
    return value


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])  # lines end with \r\n: RFC 4180
    return out.getvalue()
