"""The stack, deployed with Terraform on a local AWS that enforces IAM; the fixtures are from Sluice's pytest plugin."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import DeployedProject, HttpAnswer, crash_once, eventually, http_request

LINES = [{"article": "A-1", "quantity": 2}]


@dataclass
class Shop:
    """The deployed API, as customers, billing and shipping use it."""

    local: LocalAws
    outputs: dict[str, Any]
    _heard: dict[str, list[Any]] = field(default_factory=dict)

    def token(self, customer: str) -> str:
        token = secrets.token_urlsafe(32)
        row = {"tokenHash": {"S": hashlib.sha256(token.encode()).hexdigest()}, "customerId": {"S": customer}}
        self.local.client("dynamodb").put_item(TableName=self.outputs["TokensTableName"], Item=row)
        return token

    def place(self, token: str, key: str | None = None, body: Any = None) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        body = {"lines": LINES} if body is None else body
        return http_request(self.local, "POST", f"{self.outputs['ApiUrl']}/orders", body=body, headers=headers)

    def read(self, token: str, order_id: str) -> HttpAnswer:
        url = f"{self.outputs['ApiUrl']}/orders/{order_id}"
        return http_request(self.local, "GET", url, headers={"Authorization": f"Bearer {token}"})

    def orders(self, customer: str) -> list[Any]:
        found = self.local.client("dynamodb").query(
            TableName=self.outputs["OrdersTableName"],
            KeyConditionExpression="customerId = :customer",
            ExpressionAttributeValues={":customer": {"S": customer}},
        )
        return [item["orderId"]["S"] for item in found["Items"]]

    def heard(self, queue: str) -> list[Any]:
        """Every message received by billing or shipping so far."""
        sqs, url = self.local.client("sqs"), self.outputs[f"{queue}QueueUrl"]
        heard = self._heard.setdefault(queue, [])
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                heard.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return heard

    def times_heard(self, order_id: str) -> list[int]:
        return [[one["orderId"] for one in self.heard(queue)].count(order_id) for queue in ("Billing", "Shipping")]


@pytest.fixture(scope="module")
def shop(local_aws: LocalAws, deployed_project: DeployedProject) -> Shop:
    return Shop(local_aws, deployed_project.outputs("orders"))


def key() -> str:
    return secrets.token_hex(8)


def test_an_order_is_placed_read_and_announced_to_billing_and_shipping(shop: Shop) -> None:
    alice = shop.token("alice")
    placed = shop.place(alice, key())
    assert placed.status == 201
    order = placed.json()
    assert (order["customerId"], order["lines"]) == ("alice", LINES)
    read = shop.read(alice, order["orderId"])
    assert (read.status, read.json()) == (200, order)
    eventually(lambda: shop.times_heard(order["orderId"]) == [1, 1])
    assert order in shop.heard("Billing")


def test_an_order_sent_twice_under_one_key_is_placed_once(shop: Shop) -> None:
    bob, attempt = shop.token("bob"), key()
    first, second = shop.place(bob, attempt), shop.place(bob, attempt)
    assert (first.status, second.status, second.headers["idempotent-replayed"]) == (201, 201, "true")
    assert first.json() == second.json()
    assert shop.orders("bob") == [first.json()["orderId"]]
    other = shop.place(bob, attempt, {"lines": [{"article": "B-2", "quantity": 1}]})
    assert other.status == 422
    assert shop.place(bob, key()).status == 201
    assert len(shop.orders("bob")) == 2


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "the body is not JSON: line 1, column 2"),
        ({"lines": []}, 400, "lines: give 1 to 50"),
        ({"lines": LINES, "note": "x" * 20_000}, 413, "the body is longer than 16384 bytes"),
    ],
)
def test_bad_orders_are_refused_with_the_reason(shop: Shop, body: Any, status: int, reason: str) -> None:
    answer = shop.place(shop.token("carol"), key(), body)
    assert (answer.status, answer.json()) == (status, {"message": reason})
    assert shop.orders("carol") == []


def test_an_order_needs_an_idempotency_key(shop: Shop) -> None:
    answer = shop.place(shop.token("carol"))
    assert answer.status == 400
    assert "Idempotency-Key is missing" in answer.json()["message"]


def test_strangers_and_other_customers_see_nothing(shop: Shop) -> None:
    order_id = shop.place(shop.token("dave"), key()).json()["orderId"]
    assert shop.read(shop.token("erin"), order_id).status == 404
    assert shop.read("no-token", order_id).status == 403
    without = http_request(shop.local, "GET", f"{shop.outputs['ApiUrl']}/orders/{order_id}")
    assert without.status == 401


def test_a_crash_after_the_order_is_written_leaves_one_order(shop: Shop) -> None:
    frank, attempt = shop.token("frank"), key()
    dynamodb = shop.local.client("dynamodb")
    table = dynamodb.describe_table(TableName=shop.outputs["OrdersTableName"])["Table"]["TableArn"]
    crash = crash_once(shop.local, "orders-api", after="dynamodb:PutItem", on=table)
    assert shop.place(frank, attempt).status == 502
    assert crash.happened
    (order_id,) = shop.orders("frank")

    assert shop.place(frank, attempt).status == 409  # until the lease of the dead attempt ends: here at once
    for row in dynamodb.scan(TableName="orders-requests", FilterExpression="attribute_not_exists(answer)")["Items"]:
        dynamodb.put_item(TableName="orders-requests", Item={**row, "leaseUntil": {"N": "0"}})
    repeated = shop.place(frank, attempt)
    assert (repeated.status, repeated.json()["orderId"]) == (201, order_id)
    assert shop.orders("frank") == [order_id]
    eventually(lambda: shop.times_heard(order_id) == [1, 1])


def test_a_crash_after_the_announcement_announces_nothing_twice(shop: Shop) -> None:
    grace = shop.token("grace")
    crash = crash_once(shop.local, "orders-announcer", after="sns:Publish")
    crashed = shop.place(grace, key()).json()["orderId"]
    eventually(lambda: crash.happened)
    later = shop.place(grace, key()).json()["orderId"]  # comes after it in the stream: the batch was repeated
    eventually(lambda: shop.times_heard(later) == [1, 1])
    assert shop.times_heard(crashed) == [1, 1]


def test_a_record_of_the_stream_that_comes_twice_is_announced_once(shop: Shop) -> None:
    order_id = key()
    order = {"orderId": {"S": order_id}, "customerId": {"S": "heidi"}, "lines": {"L": []}}
    record = {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"orderId": order["orderId"]}, "NewImage": order, "SequenceNumber": "1"},
    }
    for _ in range(2):
        answer = shop.local.client("lambda").invoke(
            FunctionName="orders-announcer", Payload=json.dumps({"Records": [record]})
        )
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    eventually(lambda: shop.times_heard(order_id) == [1, 1])
