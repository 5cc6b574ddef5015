from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sluice_functions.http import InvalidRequest

Line = dict[str, Any]
Order = dict[str, Any]

MOST_LINES = 50
LONGEST_ARTICLE = 64
MOST_PIECES = 1_000


class UnknownOrder(LookupError):
    """The customer has no order with that id."""


def read_lines(body: Mapping[str, Any]) -> list[Line]:
    """The lines of an order: `{"lines": [{"article": "A-1", "quantity": 2}]}`.

    Raises `InvalidRequest` with what is wrong. Unknown fields are refused, because a misspelled one would be lost.
    """
    _refuse_others(body, {"lines"}, "the order")
    lines = body.get("lines")
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_LINES:
        raise InvalidRequest(f"lines: give 1 to {MOST_LINES}")
    read = [_read_line(line, f"lines[{number}]") for number, line in enumerate(lines)]
    articles = [line["article"] for line in read]
    if twice := next((one for one in articles if articles.count(one) > 1), None):
        raise InvalidRequest(f"lines: article {twice!r} is there twice; add up the quantities")
    return read


def new_order(customer: str, order_id: str, lines: list[Line], now: datetime) -> Order:
    return {"customerId": customer, "orderId": order_id, "placedAt": now.isoformat(timespec="seconds"), "lines": lines}


def _read_line(line: object, where: str) -> Line:
    if not isinstance(line, dict):
        raise InvalidRequest(f"{where}: give an object with article and quantity")
    _refuse_others(line, {"article", "quantity"}, where)
    article, quantity = line.get("article"), line.get("quantity")
    if not isinstance(article, str) or not 1 <= len(article) <= LONGEST_ARTICLE or not article.isprintable():
        raise InvalidRequest(f"{where}.article: give a text of 1 to {LONGEST_ARTICLE} printable characters")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST_PIECES:
        raise InvalidRequest(f"{where}.quantity: give a whole number from 1 to {MOST_PIECES}")
    return {"article": article, "quantity": quantity}


def _refuse_others(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if others := sorted(set(given) - known):
        raise InvalidRequest(f"{where} has no field {others[0]!r}; its fields: {', '.join(sorted(known))}")
