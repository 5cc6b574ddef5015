"""Checks of the object tracker: uploads; rows, notifications, log lines and HTTP answers."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from rich.table import Table

from checks.demo.result import Result, failures_kept
from checks.demo.samples import try_upload, upload
from checks.demo.waiting import wait_for
from checks.least_privilege.uses import Recorded, Use, expect
from checks.soak.inputs import SoakInputs
from checks.soak.ledger import REFUSED
from checks.soak.plan import Item
from checks.systems.load import EventLoad
from checks.systems.system import Api, Benchmarked, SystemUnderTest
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import signed_request
from sluice_cli.local_aws.topic_listener import TopicListener
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console

NAME = "object-tracker"
FILES = {
    "photos/sunrise.png": "sunrise.png",
    "reports/report.pdf": "report.pdf",
    "orders/order.json": "order.json",
    "empty.txt": "empty.txt",
    "with spaces/a b+c & d%20e=100%.pdf": "report.pdf",
    "länder/日本/übersicht — größe.json": "order.json",
}


def tour(local: LocalAws, target: Target) -> Result:
    outputs = Stack(NAME, target).outputs()
    listener = TopicListener(local, outputs["TopicArn"])
    upload(local, outputs["BucketName"], FILES)

    def look() -> dict[str, Any]:
        heard = {key: text for text in listener.heard() for key in _keys(text)}
        return {
            "Rows": {row["objectKey"]["S"] for row in _rows(local, outputs["TableName"])},
            "Notifications": {key: heard[key] for key in FILES if key in heard},
        }

    notifications = wait_for(local, len(FILES), look)["Notifications"]
    rows = _rows(local, outputs["TableName"])

    table = Table(title=f"Table {outputs['TableName']}", title_justify="left")
    for heading, options in (
        ("objectKey", {"overflow": "fold"}),
        ("size", {"justify": "right"}),
        ("contentType", {}),
        ("timestamp", {"no_wrap": True}),
    ):
        table.add_column(heading, **options)
    for row in rows:
        table.add_row(row["objectKey"]["S"], row["size"]["N"], row["contentType"]["S"], row["timestamp"]["S"])
    console.print(table, soft_wrap=False)

    key = "with spaces/a b+c & d%20e=100%.pdf"
    console.print("\n[bold]Notification published for one of them[/bold]")
    console.print(notifications[key], markup=False)

    console.print("\n[bold]What the function logged about it[/bold]")
    for line in _log_lines(local, outputs["LogGroupName"], key):
        console.print(line, markup=False)

    url = f"{outputs['ApiUrl']}?key={quote(key, safe='')}"
    console.print("\n[bold]Asked over HTTP, with a signed request[/bold]")
    status, body = signed_request(local, "GET", url)
    console.print(f"GET {url}\n{status} {json.dumps(json.loads(body), indent=2, ensure_ascii=False)}", markup=False)
    if status != 200:
        raise DeploymentError(f"the signed request was answered with {status}")
    return Result(
        system=NAME,
        sent=len(FILES),
        rows=len(rows),
        notifications=len(notifications),
        failures=failures_kept(local, outputs),
        try_next=_try_next(outputs),
    )


def _keys(message: str) -> list[str]:
    """The keys of the objects in a notification, which may be a digest."""
    content = json.loads(message)
    return [one["objectKey"] for one in content.get("objects", [content])]


def _rows(local: LocalAws, table: str) -> list[dict[str, Any]]:
    dynamodb = local.client("dynamodb")
    return [
        row
        for key in FILES
        for row in dynamodb.query(
            TableName=table,
            KeyConditionExpression="objectKey = :key",
            ExpressionAttributeValues={":key": {"S": key}},
        )["Items"]
    ]


def _log_lines(local: LocalAws, group: str, key: str) -> list[str]:
    events = local.client("logs").filter_log_events(logGroupName=group)["events"]
    # A log event of the local AWS may hold several lines.
    lines = [line for event in events for line in event["message"].splitlines()]
    return [line for line in lines if line.startswith("{") and json.loads(line).get("objectKey") == key]


def _try_next(outputs: dict[str, str]) -> str:
    return f"""{try_upload("us-east-1", outputs["BucketName"])}
curl --aws-sigv4 aws:amz:us-east-1:execute-api --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  "{outputs["ApiUrl"]}?key=hello.txt\""""


class Inputs(SoakInputs):
    poisons: Mapping[str, str] = {**SoakInputs.poisons, "request": REFUSED, "unknown-object": REFUSED}
    notifies = True

    def request(self, item: Item) -> tuple[Any, dict[str, str]]:
        return {"kye" if item.poison == "request" else "key": self.key(item)}, {}


VALID = {"key": "fuzz/key"}


class Proofs(Recorded):
    request = VALID
    table, key, answer = "TableName", ("objectKey", "uploadTime"), "recorded"

    def whole(self) -> list[Use]:
        def over_http() -> None:
            url = f"{self.system.outputs['ApiUrl']}?key={quote(self.name, safe='')}"
            status, body = signed_request(self.system.place.local, "GET", url)
            expect(status == 200, f"{status} {body!r}")

        return [*super().whole(), Use("its row is asked for over HTTP", over_http)]

    def done(self) -> object:
        rows = self.rows(self.system.outputs[self.table], self.key[0], self.value())
        return [row for row in rows if "notifiedAt" in row]

    def granted(self) -> dict[str, list[Use]]:
        return {
            "ReadObjects": [self.versioned(), self.unversioned()],
            "PutRecords": [self.versioned()],
            "QueryRecords": [Use("a row is asked for over HTTP", self._ask)],
            "PublishNotifications": [self.versioned()],
            "Notifications": [self.versioned()],
        }

    def _ask(self) -> None:
        answer = self.invoke({"httpMethod": "GET", "queryStringParameters": {"key": self.name}})
        expect(answer["statusCode"] in (200, 404), str(answer))


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=Inputs,
    uses=Proofs,
    api=Api("/objects", ("GET", "POST"), VALID),
    benchmarked=Benchmarked(keys=("objectKey", "uploadTime"), reads_objects=True),
    load=EventLoad(
        NAME,
        "object_tracker",
        256,
        {"HeadObject": 1, "PutItem": 2, "Publish": 1},
        writes=2,
        once_a_run={"Notifications": "NOTIFICATIONS=digests"},
        construct="Recorder",
        places={"HeadObject": "Objects", "write_units": "Records", "Publish": "Notifications"},
        reasons={
            "HeadObject": "size, type and time of exactly that version, which no event has",
            "PutItem": "the row with the lease on its notification, then the mark that it is out",
            "Publish": "the notification",
        },
    ),
)
