"""Items of the table with products, answers, announcements and deadlines."""

from collections.abc import Mapping
from typing import Any

from sluice_functions import aws
from sluice_functions.items import plain, typed

from .rows import Row


class ItemTable:
    """Reads and writes single items by key; `client` is botocore's, for transactions and queries."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = aws.client(
            "dynamodb", expected={"TransactionCanceledException", "ConditionalCheckFailedException"}
        )

    def get(self, key: Row) -> Row | None:
        found = self.client.get_item(TableName=self.name, Key=typed(_key(key)), ConsistentRead=True)
        return plain(found["Item"]) if "Item" in found else None

    def put(self, row: Row, condition: str = "", values: Mapping[str, Any] | None = None) -> bool:
        """Put an item on a condition. Returns False if the condition fails."""
        try:
            self.client.put_item(**self.putting(row, condition, values))
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def putting(self, row: Row, condition: str = "", values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Parameters of a put, for a single request or a transaction. `#state` in a condition is
        the attribute `state`.
        """
        parameters: dict[str, Any] = {"TableName": self.name, "Item": typed(row)}
        if condition:
            parameters |= {
                "ConditionExpression": condition,
                "ExpressionAttributeValues": typed(values or {}),
            }
        if "#state" in condition:  # a reserved word
            parameters["ExpressionAttributeNames"] = {"#state": "state"}
        return parameters

    def delete(self, key: Row) -> bool:
        """Delete an item. Returns False if it does not exist."""
        deleted = self.client.delete_item(TableName=self.name, Key=typed(_key(key)), ReturnValues="ALL_OLD")
        return "Attributes" in deleted


def _key(row: Row) -> Row:
    return {name: row[name] for name in ("productId", "productName")}
