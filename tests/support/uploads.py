"""The upload API's function, and what is sent to it."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sluice_cli.local_aws.server import LocalAws
from tests.support.faults import Answer, Fault, ProxiedRequest, Proxy
from tests.support.functions import LambdaContext


@dataclass(frozen=True)
class Uploads:
    """The upload API's function, its bucket and table, and a proxy in front of both."""

    handler: Any
    name: str
    proxy: Proxy
    local: LocalAws

    def post(self, body: Any, key: str | None = None, **more: Any) -> tuple[int, Any]:
        """Gives status and body; every request has an idempotency key of its own unless `key` says otherwise."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid4().hex}
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        event = {"httpMethod": "POST", "headers": headers, "body": text, **more}
        answer = self.handler.handle(event, LambdaContext())
        assert answer["headers"]["Content-Type"] == "application/json"
        return answer["statusCode"], json.loads(answer["body"])

    def product(self, product_id: str) -> dict[str, Any] | None:
        key = {"productId": {"S": product_id}, "productName": {"S": "Lamp"}}
        item = self.local.client("dynamodb").get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return item and {name: next(iter(value.values())) for name, value in item.items()}

    def versions(self, object_key: str) -> list[dict[str, Any]]:
        return list(
            self.local.client("s3").list_object_versions(Bucket=self.name, Prefix=object_key).get("Versions", [])
        )

    def items(self) -> int:
        return int(self.local.client("dynamodb").scan(TableName=self.name, Select="COUNT")["Count"])

    def expire(self, key: str) -> None:
        """Make what is remembered under an idempotency key as old as DynamoDB may leave it lying."""
        self.local.client("dynamodb").update_item(
            TableName=self.name,
            Key={"productId": {"S": f"idempotency#{key}"}, "productName": {"S": "answer"}},
            UpdateExpression="SET expiresAt = :past",
            ConditionExpression="expiresAt > :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )


def upload(**changed: Any) -> dict[str, Any]:
    """A valid body; None leaves a field out."""
    body = {
        "productId": uuid4().hex,
        "productName": "Lamp",
        "price": 19.9,
        "fileName": "lamp.txt",
        "contentType": "text/plain",
        "content": base64.b64encode(b"A lamp.").decode(),
    }
    return {name: value for name, value in {**body, **changed}.items() if value is not None}


def presigned_upload(size: int, **changed: Any) -> dict[str, Any]:
    return upload(content=None, size=size, **changed)


def failing(operation: str, fault: Fault) -> Fault:
    """The fault, for one operation of DynamoDB only."""

    def only(request: ProxiedRequest) -> Answer | None:
        return fault(request) if request.headers.get("X-Amz-Target", "").endswith(f".{operation}") else None

    return only
