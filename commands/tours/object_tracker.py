"""Files in; rows, notifications, log lines and an HTTP answer out."""

import hashlib
import json
import mimetypes
import time
from typing import Any
from urllib.parse import quote

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from .. import deployment
from ..deployment import DeploymentError, Target, console
from ..listener import Listener
from ..local_aws import LocalAws
from ..signed_request import signed_request
from ..target import ROOT
from .result import Result, failures_kept

SYSTEM = "object-tracker"
SAMPLES = ROOT / "samples"
FILES = {
    "photos/sunrise.png": "sunrise.png",
    "reports/report.pdf": "report.pdf",
    "orders/order.json": "order.json",
    "empty.txt": "empty.txt",
    "with spaces/a b+c & d%20e=100%.pdf": "report.pdf",
    "länder/日本/übersicht — größe.json": "order.json",
}
PATIENCE_SECONDS = 60


def tour(local: LocalAws, target: Target) -> Result:
    outputs = deployment.outputs(SYSTEM, target)
    listener = Listener(local, outputs["TopicArn"])
    uploaded = _upload(local, outputs["BucketName"])
    rows, notifications = _wait(local, outputs["TableName"], listener)
    if uploaded == 0:
        console.print("All files were there already, unchanged: nothing was uploaded.")

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
        system=SYSTEM,
        sent=len(FILES),
        rows=len(rows),
        notifications=len(notifications),
        failures=failures_kept(local, outputs),
        try_next=_try_next(outputs),
    )


def _upload(local: LocalAws, bucket: str) -> int:
    s3 = local.client("s3")
    there = {one["Key"]: one["ETag"].strip('"') for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    missing = {
        key: content
        for key, name in FILES.items()
        # Of an object uploaded in one part, the ETag is the MD5 of its content.
        if there.get(key) != hashlib.md5(content := (SAMPLES / name).read_bytes(), usedforsecurity=False).hexdigest()
    }
    for key, content in missing.items():
        kind = mimetypes.guess_type(FILES[key])[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind)
        console.print(f"Uploaded {key} ({len(content)} bytes)", markup=False)
    return len(missing)


def _wait(local: LocalAws, table: str, listener: Listener) -> tuple[list[dict[str, Any]], dict[str, str]]:
    dynamodb = local.client("dynamodb")
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        recorded = progress.add_task("Rows", total=len(FILES))
        notified = progress.add_task("Notifications", total=len(FILES))
        while True:
            rows = [
                row
                for key in FILES
                for row in dynamodb.query(
                    TableName=table,
                    KeyConditionExpression="objectKey = :key",
                    ExpressionAttributeValues={":key": {"S": key}},
                )["Items"]
            ]
            heard = {json.loads(text)["objectKey"]: text for text in listener.heard()}
            progress.update(recorded, completed=len({row["objectKey"]["S"] for row in rows}))
            progress.update(notified, completed=len(heard))
            if {row["objectKey"]["S"] for row in rows} >= set(FILES) and set(heard) >= set(FILES):
                break
            if time.monotonic() > deadline:
                raise DeploymentError(
                    f"after {PATIENCE_SECONDS} s only {len(rows)} rows and {len(heard)} notifications of "
                    f"{len(FILES)} are there; the local AWS logs to {local.folder / 'local-aws.log'}"
                )
            time.sleep(0.3)
    console.print(f"Rows: {len(rows)} of {len(FILES)}. Notifications: {len(heard)} of {len(FILES)}.")
    return rows, heard


def _log_lines(local: LocalAws, group: str, key: str) -> list[str]:
    events = local.client("logs").filter_log_events(logGroupName=group)["events"]
    # A log event of the local AWS may hold several lines.
    lines = [line for event in events for line in event["message"].splitlines()]
    return [line for line in lines if line.startswith("{") and json.loads(line).get("objectKey") == key]


def _try_next(outputs: dict[str, str]) -> str:
    return f"""echo hello > hello.txt
curl --aws-sigv4 aws:amz:us-east-1:s3 --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -T hello.txt "$AWS_ENDPOINT_URL/{outputs["BucketName"]}/hello.txt"
curl --aws-sigv4 aws:amz:us-east-1:execute-api --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  "{outputs["ApiUrl"]}?key=hello.txt\""""
