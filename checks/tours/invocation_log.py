"""Files in; for each a row that says which invocation saw it."""

import json
from typing import Any
from urllib.parse import quote_plus

from rich.table import Table

from checks.tours.result import Result, failures_kept
from checks.tours.samples import try_upload, upload
from checks.tours.waiting import wait_for
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import DeploymentError, Target, console

SYSTEM = "invocation-log"
FILES = {
    "invoices/2026/january.pdf": "report.pdf",
    "invoices/2026/february.pdf": "report.pdf",
    "orders/order 17 + gift.json": "order.json",
    "empty.txt": "empty.txt",
}
# S3 sends one record an event, but may send more: these come in one event, and that event comes twice.
TOGETHER = ("together/left.csv", "together/right.csv")


def tour(local: LocalAws, target: Target) -> Result:
    outputs = deployment.outputs(SYSTEM, target)
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
        system=SYSTEM,
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
.venv/bin/python -m commands failures {SYSTEM} --local"""
