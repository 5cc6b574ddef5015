"""Items of the table that products, answers, announcements and deadlines lie in."""

from collections.abc import Mapping
from typing import Any

from shared import aws
from shared.items import plain, typed

from .rows import Row


class ItemTable:
    """Single items by their key; `client` is botocore's, for what takes several at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client = aws.client(
            "dynamodb", expected={"TransactionCanceledException", "ConditionalCheckFailedException"}
        )

    def get(self, key: Row) -> Row | None:
        found = self.client.get_item(TableName=self.name, Key=typed(_key(key)), ConsistentRead=True)
        return plain(found["Item"]) if "Item" in found else None

    def put(self, row: Row, condition: str = "", values: Mapping[str, Any] | None = None) -> bool:
        """Put an item where the condition holds; False where it does not."""
        try:
            self.client.put_item(**self.putting(row, condition, values))
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def putting(self, row: Row, condition: str = "", values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The parameters of a put, by itself or in a transaction. `#state` in a condition is the attribute `state`."""
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
        """Delete an item; False where it is not there."""
        deleted = self.client.delete_item(TableName=self.name, Key=typed(_key(key)), ReturnValues="ALL_OLD")
        return "Attributes" in deleted


def _key(row: Row) -> Row:
    return {name: row[name] for name in ("productId", "productName")}
