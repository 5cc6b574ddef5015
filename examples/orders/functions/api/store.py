from sluice_functions import conditional_puts, items

from .orders import Order, UnknownOrder


class OrderStore:
    """The table of orders. A customer's orders are below the customer's id, so that nobody reads another's."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._dynamodb = conditional_puts.client()

    def add(self, order: Order) -> Order:
        """Add the order unless it is there already. Returns the order in the table."""
        put = {
            "TableName": self._table_name,
            "Item": items.typed(order),
            "ConditionExpression": "attribute_not_exists(orderId)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        (existing,) = conditional_puts.make_or_get(self._dynamodb, [put])
        return order if existing is None else items.plain(existing)

    def get(self, customer_id: str, order_id: str) -> Order:
        """Raises `UnknownOrder`."""
        key = {"customerId": {"S": customer_id}, "orderId": {"S": order_id}}
        found = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        if "Item" not in found:
            raise UnknownOrder(f"there is no order {order_id!r}")
        return items.plain(found["Item"])
