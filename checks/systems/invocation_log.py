"""Checks of the invocation log: uploads, and a row for each invocation."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from rich.table import Table

from checks.demo.result import Result, failures_kept
from checks.demo.samples import try_upload, upload
from checks.demo.waiting import wait_for
from checks.least_privilege.uses import Recorded, Use, expect
from checks.soak.inputs import Expectation, Record, Row, SoakInputs
from checks.soak.ledger import KEPT
from checks.soak.plan import Item
from checks.systems.load import EventLoad
from checks.systems.system import Benchmarked, SystemUnderTest
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console

NAME = "invocation-log"
FILES = {
    "invoices/2026/january.pdf": "report.pdf",
    "invoices/2026/february.pdf": "report.pdf",
    "orders/order 17 + gift.json": "order.json",
    "empty.txt": "empty.txt",
}
# S3 sends one record in an event, but may send several: these records come in one event, which is delivered twice.
TOGETHER = ("together/left.csv", "together/right.csv")


def tour(local: LocalAws, target: Target) -> Result:
    outputs = Stack(NAME, target).outputs()
    bucket, table = outputs["BucketName"], outputs["DynamoDBTableName"]
    sent = [*FILES, *TOGETHER]
    region = outputs["FunctionArn"].split(":")[3]

    def find() -> list[dict[str, str]]:
        pages = local.client("dynamodb", region_name=region).get_paginator("scan").paginate(TableName=table)
        rows = [{name: value["S"] for name, value in item.items()} for page in pages for item in page["Items"]]
        return [row for row in rows if row["objectKey"] in sent]

    upload(local, bucket, FILES)
    for time in ("first", "second"):
        _deliver(local, region, outputs["FunctionArn"], {"Records": [_record(bucket, key) for key in TOGETHER]})
        console.print(f"Delivered one event of {len(TOGETHER)} records for the {time} time")
    wait_for(local, len(sent), lambda: {"Rows": {row["objectKey"] for row in find()}})

    rows = sorted(find(), key=lambda row: row["timestamp"])
    shown = Table(title=f"Table {table}", title_justify="left")
    for heading, options in (("timestamp", {"no_wrap": True}), ("eventName", {}), ("objectKey", {"overflow": "fold"})):
        shown.add_column(heading, **options)
    for row in rows:
        shown.add_row(row["timestamp"], row["eventName"], row["objectKey"])
    console.print(shown, soft_wrap=False, markup=False)
    console.print("\n[bold]The latest of them, whole[/bold]")
    console.print(json.dumps(rows[-1], indent=2, ensure_ascii=False), markup=False)
    return Result(
        system=NAME,
        sent=len(sent),
        rows=len(rows),
        notifications=None,
        failures=failures_kept(local, outputs),
        try_next=_try_next(region, outputs),
    )


def _deliver(local: LocalAws, region: str, function: str, event: dict[str, Any]) -> None:
    answer = local.client("lambda", region_name=region).invoke(FunctionName=function, Payload=json.dumps(event))
    if "FunctionError" in answer:
        raise DeploymentError(f"the function failed: {answer['Payload'].read().decode()}")


def _record(bucket: str, key: str) -> dict[str, Any]:
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "s3": {
            "bucket": {"name": bucket},
            "object": {"key": quote_plus(key, safe="/"), "sequencer": "0055AED6DCD90281E5"},
        },
    }


def _try_next(region: str, outputs: dict[str, str]) -> str:
    return f"""{try_upload(region, outputs["BucketName"])}
curl --aws-sigv4 aws:amz:{region}:dynamodb --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -H "X-Amz-Target: DynamoDB_20120810.Scan" -H "Content-Type: application/x-amz-json-1.0" \\
  -d '{{"TableName": "{outputs["DynamoDBTableName"]}"}}' "$AWS_ENDPOINT_URL"
make failures SYSTEM={NAME} LOCAL=yes"""


class Inputs(SoakInputs):
    """The bucket is unversioned: all uploads of a key are one input with as many rows."""

    rows_in = "DynamoDBTableName"
    poisons: Mapping[str, str] = {"no-event": KEPT, "no-key": KEPT, "no-sequencer": KEPT}

    def outcomes(self, item: Item, version: int, version_id: str) -> list[Expectation]:
        del version, version_id
        return [Expectation(self.key(item))]

    def of_row(self, row: Row) -> str:
        return row["objectKey"]

    def of_record(self, record: Record) -> Iterable[tuple[str, str]]:
        item = record.get("s3", {}).get("object", {})
        if "sequencer" in item:
            yield unquote_plus(item["key"]), item["sequencer"]


class Proofs(Recorded):
    table, answer = "DynamoDBTableName", "logged"

    def done(self) -> object:
        pages = (
            self.system.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.system.outputs[self.table],
                FilterExpression="objectKey = :key",
                ExpressionAttributeValues={":key": {"S": self.name}},
            )
        )
        return sum(page["Count"] for page in pages)

    def record(self, version: str) -> None:
        # Each event has its own sequencer, and so its own row.
        answered = self.invoke(self.created(self.name, version))
        expect(answered == {self.answer: 1}, f"the answer is {answered}")

    def granted(self) -> dict[str, list[Use]]:
        return {"PutInvocations": [Use("an event", lambda: self.record(""))]}


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=Inputs,
    uses=Proofs,
    benchmarked=Benchmarked(keys=("requestId", "timestamp")),
    load=EventLoad(
        NAME,
        "invocation_log",
        128,
        {"PutItem": 1},
        writes=1,
        construct="Processor",
        places={"write_units": "Invocations"},
        reasons={"PutItem": "the row; the condition makes a repeat find it (several records: one TransactWriteItems)"},
    ),
)
