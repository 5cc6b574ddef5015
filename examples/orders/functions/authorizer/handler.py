"""Decides for API Gateway who a caller is, by the token in the header `Authorization: Bearer TOKEN`.

The table has the SHA-256 of each token and the customer it belongs to, so that readers of the table learn no token.
"""

from dataclasses import dataclass
from typing import Any

from sluice_functions import aws, environment
from sluice_functions.observability import instrumented, logger

from .tokens import decision, hash_of


@dataclass(frozen=True)
class Environment:
    tokens_table_name: str


ENVIRONMENT = environment.read(Environment)


@instrumented
def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    customer = customer_of(hash_of(event))
    if customer is None:
        logger.info("unknown token")
    return decision(customer, event["methodArn"])


def customer_of(token_hash: str | None) -> str | None:
    if token_hash is None:
        return None
    found = aws.client("dynamodb").get_item(
        TableName=ENVIRONMENT.tokens_table_name, Key={"tokenHash": {"S": token_hash}}
    )
    return found["Item"]["customerId"]["S"] if "Item" in found else None
