"""Answers `POST /orders` and `GET /orders/{orderId}` for the customer that the authorizer named."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sluice_functions import environment, http, idempotency
from sluice_functions.observability import MetricUnit, instrumented, metrics

from .orders import UnknownOrder, new_order, read_lines
from .store import OrderStore

LONGEST_BODY = 16_384  # bytes
ERRORS: dict[type[Exception], int] = {
    http.InvalidRequest: 400,
    UnknownOrder: 404,
    http.RequestTooLarge: 413,
    **idempotency.ERRORS,
}


@dataclass(frozen=True)
class Environment:
    orders_table_name: str
    requests_table_name: str


ENVIRONMENT = environment.read(Environment)
ORDERS = OrderStore(ENVIRONMENT.orders_table_name)
REQUESTS = idempotency.IdempotentRequests(ENVIRONMENT.requests_table_name, key_required=True)


@instrumented
def handle(event: dict[str, Any], context: object) -> http.Answer:
    return http.respond(ERRORS, lambda: answer(event))


def answer(event: dict[str, Any]) -> http.Answer:
    customer = event["requestContext"]["authorizer"]["principalId"]
    match event["httpMethod"], event["resource"]:
        case "POST", "/orders":
            lines = read_lines(http.json_body(event, longest=LONGEST_BODY))
            return REQUESTS.answer(event, lambda request_id: place(customer, request_id, lines))
        case "GET", "/orders/{orderId}":
            return http.answer(200, ORDERS.get(customer, http.path_parameter(event, "orderId")))
    raise http.InvalidRequest(f"there is no {event['httpMethod']} {event['path']}")


def place(customer: str, request_id: str, lines: list[dict[str, Any]]) -> http.Answer:
    """The request's id, which is the same for each repeat, is the order's: a repeat after a crash finds the order."""
    order = ORDERS.add(new_order(customer, request_id, lines, datetime.now(UTC)))
    metrics.add_metric("OrdersPlaced", MetricUnit.Count, 1)
    return http.answer(201, order)
