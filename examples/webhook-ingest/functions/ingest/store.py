import time

from sluice_functions import aws
from sluice_functions.items import typed

from .webhooks import Webhook

KEPT_SECONDS = 30 * 24 * 60 * 60
REPEATED = "ConditionalCheckFailedException"


class Store:
    """The table of webhooks."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._dynamodb = aws.client("dynamodb", expected={REPEATED})

    def add(self, webhook: Webhook) -> bool:
        """Write the webhook's row. Returns False if it was written before."""
        now = int(time.time())
        row = {
            # No sender can take the id of another's webhook: a path parameter has no slash.
            "webhookId": f"{webhook.sender}/{webhook.id}",
            "type": webhook.type,
            "body": webhook.body,
            "receivedAt": now,
            "expiresAt": now + KEPT_SECONDS,
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table_name, Item=typed(row), ConditionExpression="attribute_not_exists(webhookId)"
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
