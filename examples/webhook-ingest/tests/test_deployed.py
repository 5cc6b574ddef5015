"""The stack, deployed with Terraform on a local AWS that enforces IAM; the fixtures are from Sluice's pytest plugin."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from ingest.webhooks import sign
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import DeployedProject, HttpAnswer, crash_once, eventually, http_request

SECRET = "shared with the shop"


@dataclass(frozen=True)
class Ingest:
    """The deployed system, as a sender and a reader of the table see it."""

    local: LocalAws
    outputs: Mapping[str, Any]

    def send(self, body: str, *, sender: str = "shop", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """POST a webhook; `headers` in place of the signature."""
        given = {"X-Signature": sign(SECRET, body)} if headers is None else headers
        url = f"{self.outputs['ApiUrl']}/webhooks/{sender}"
        return http_request(
            self.local, "POST", url, body=body.encode(), headers={"Content-Type": "application/json", **given}
        )

    def rows(self, *ids: str) -> dict[str, Any]:
        """The rows of the shop's webhooks, by id."""
        dynamodb, found = self.local.client("dynamodb"), {}
        for id_ in ids:
            key = {"webhookId": {"S": f"shop/{id_}"}}
            item = dynamodb.get_item(TableName=self.outputs["TableName"], Key=key, ConsistentRead=True).get("Item")
            if item:
                found[id_] = item
        return found

    def all_rows(self, *ids: str) -> dict[str, Any]:
        """Wait for the rows of all these webhooks."""
        return eventually(lambda: found if len(found := self.rows(*ids)) == len(ids) else {}, within=30)

    def refused(self, sender: str) -> str:
        """Why the webhook of a sender was refused, by the function's log."""
        logs = self.local.client("logs")

        def reasons() -> list[str]:
            group = "/aws/lambda/webhook-ingest"
            events = logs.filter_log_events(logGroupName=group, filterPattern='"webhook refused"')["events"]
            lines = [json.loads(one["message"]) for one in events if one["message"].startswith("{")]
            return [one["reason"] for one in lines if one.get("sender") == sender]

        (reason,) = eventually(reasons, within=30)
        return reason


@pytest.fixture(scope="module")
def ingest(deployed_project: DeployedProject, local_aws: LocalAws) -> Ingest:
    outputs = deployed_project.outputs("webhook-ingest")
    secrets = json.dumps({"shop": SECRET})
    local_aws.client("secretsmanager").put_secret_value(SecretId=outputs["SecretArn"], SecretString=secrets)
    return Ingest(local_aws, outputs)


def webhook(id_: str, **more: Any) -> str:
    return json.dumps({"id": id_, "type": "order.paid", **more}, ensure_ascii=False)


def a_name() -> str:
    return uuid4().hex[:12]


def test_a_webhook_becomes_a_row_with_its_body_as_it_came(ingest: Ingest) -> None:
    id_ = a_name()
    body = webhook(id_, text='9.90 € & "quotes" + 100% \\ \n')
    answer = ingest.send(body)
    assert answer.status == 202
    assert set(answer.json()) == {"messageId"}
    row = ingest.all_rows(id_)[id_]
    assert (row["body"], row["type"]) == ({"S": body}, {"S": "order.paid"})
    assert int(row["expiresAt"]["N"]) > int(row["receivedAt"]["N"])


def test_a_webhook_that_is_sent_again_stays_one_row(ingest: Ingest) -> None:
    id_, after = a_name(), a_name()
    for body in (webhook(id_, attempt=1), webhook(id_, attempt=2)):
        assert ingest.send(body).status == 202
        first = ingest.all_rows(id_)[id_]
    assert ingest.send(webhook(after)).status == 202
    ingest.all_rows(after)
    assert ingest.rows(id_)[id_] == first


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        ("not JSON", None, 400, "Invalid request body"),
        ("[]", None, 400, "instance type (array) does not match"),
        ('{"type": "order.paid"}', None, 400, 'object has missing required properties (["id"])'),
        (webhook(""), None, 400, "too short"),
        (webhook("1"), {}, 400, "Missing required request parameters: [X-Signature]"),
        (webhook("1"), {"X-Signature": "sha256=00", "Content-Type": "text/plain"}, 415, "Unsupported Media Type"),
        (webhook("1", text="a" * 2_000_000), None, 400, "the body is empty, too large"),
    ],
    ids=["text", "array", "no id", "empty id", "no signature", "content type", "huge"],
)
def test_a_malformed_webhook_is_refused_at_once(
    ingest: Ingest, body: str, headers: Mapping[str, str] | None, status: int, says: str
) -> None:
    answer = ingest.send(body, headers=headers)
    assert (answer.status, says in answer.json()["message"]) == (status, True), answer.body


def test_a_webhook_signed_by_an_unknown_sender_is_refused_and_logged(ingest: Ingest) -> None:
    id_, thief = a_name(), f"thief-{a_name()}"
    assert ingest.send(webhook(id_), headers={"X-Signature": sign("guessed", webhook(id_))}).status == 202
    assert ingest.send(webhook(id_), sender=thief).status == 202
    assert ingest.refused("shop") == "the signature is wrong"
    assert ingest.refused(thief) == "the sender is unknown"
    assert ingest.rows(id_) == {}


def test_a_crash_in_the_middle_of_a_batch_leaves_one_row_of_each_webhook(ingest: Ingest) -> None:
    ids = [a_name() for _ in range(5)]
    crash = crash_once(ingest.local, "webhook-ingest", after="dynamodb:PutItem")
    for id_ in ids:
        assert ingest.send(webhook(id_)).status == 202
    rows = ingest.all_rows(*ids)
    assert crash.happened
    assert {id_: row["body"]["S"] for id_, row in rows.items()} == {id_: webhook(id_) for id_ in ids}
