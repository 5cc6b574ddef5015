"""Checks of the file metadata: uploads, one of them with a wrong file name extension; rows, and queries by content type
and day.
"""

from typing import Any

from rich.table import Table

from checks.demo.result import Result, failures_kept
from checks.demo.samples import try_upload, upload
from checks.demo.waiting import wait_for
from checks.least_privilege.uses import Recorded, Use
from checks.soak.inputs import SoakInputs
from checks.systems.load import EventLoad
from checks.systems.system import Benchmarked, SystemUnderTest
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console
from sluice_functions.index_shards import ShardedTable
from sluice_functions.sharded_queries import ShardedIndex

NAME = "file-metadata"
FILES = {
    "photos/sunrise.png": "sunrise.png",
    "photos/2026/SUNRISE.PNG": "sunrise.png",
    "reports/report.pdf": "report.pdf",
    "orders/order.json": "order.json",
    "orders/no extension": "order.json",
    "contracts/signed.pdf": "sunrise.png",
    "empty.txt": "empty.txt",
}
# Named, and so declared, as a PDF, but in fact a picture.
LIAR = "contracts/signed.pdf"
TRUE_TYPE = "image/png"

NEWEST = 10  # rows that a query shows


def tour(local: LocalAws, target: Target) -> Result:
    outputs = Stack(NAME, target).outputs()
    upload(local, outputs["BucketName"], FILES)

    def find() -> list[dict[str, Any]]:
        return [row for key in FILES for row in _latest(local, outputs["TableName"], key)]

    wait_for(local, len(FILES), lambda: {"Rows": find()})
    rows = find()
    shown = Table(title=f"Table {outputs['TableName']}, the latest version of each", title_justify="left")
    for heading in ("objectKey", "size", "header says", "content shows", "contentType"):
        shown.add_column(heading, overflow="fold", justify="right" if heading == "size" else "left")
    for row in rows:
        shown.add_row(
            row["objectKey"],
            row["size"],
            row["headerContentType"],
            row.get("detectedContentType", "-"),
            row["contentType"] + (" [bold](mismatch)[/bold]" if row["contentTypeMismatch"] else ""),
        )
    console.print(shown, soft_wrap=False)

    day = next(row["uploadDay"] for row in rows if row["objectKey"] == LIAR)
    for index, key, value in (
        (outputs["ContentTypeIndexName"], "contentType", TRUE_TYPE),
        (outputs["DayIndexName"], "uploadDay", day),
    ):
        console.print(f"\n[bold]Index {index}: {key} = {value}, newest first[/bold]")
        for row in _index(local, outputs, index, key).page(value, limit=NEWEST).rows:
            console.print(f"{row['timestamp']}  {row['size']:>8} bytes  {row['objectKey']}", markup=False)
    return Result(
        system=NAME,
        sent=len(FILES),
        rows=len(rows),
        notifications=None,
        failures=failures_kept(local, outputs),
        try_next=_try_next(outputs),
    )


def _index(local: LocalAws, outputs: dict[str, str], name: str, key: str) -> ShardedIndex:
    """An index, read as people read it: with one shard, the default, and with several."""
    table = _table(outputs["TableName"])
    return ShardedIndex(local.client("dynamodb"), table, name=name, partition_key=key, sort_key="uploadTime")


def _table(name: str) -> ShardedTable:
    return ShardedTable(name, keys=("objectKey", "uploadTime"), index_keys=("contentType", "uploadDay"))


def _latest(local: LocalAws, table: str, key: str) -> list[dict[str, Any]]:
    """The row of an object's latest version, without its shard."""
    found = local.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression="objectKey = :key",
        ExpressionAttributeValues={":key": {"S": key}},
        ScanIndexForward=False,
        Limit=1,
    )
    rows = [{name: next(iter(typed.values())) for name, typed in item.items()} for item in found["Items"]]
    return [_table(table).plain(row) for row in rows]


def _try_next(outputs: dict[str, str]) -> str:
    return f"""{try_upload("us-east-1", outputs["BucketName"])}
curl --aws-sigv4 aws:amz:us-east-1:dynamodb --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -H "X-Amz-Target: DynamoDB_20120810.Query" -H "Content-Type: application/x-amz-json-1.0" \\
  -d '{{"TableName": "{outputs["TableName"]}", "IndexName": "{outputs["ContentTypeIndexName"]}",
    "KeyConditionExpression": "contentType = :type",
    "ExpressionAttributeValues": {{":type": {{"S": "text/markdown"}}}}}}' "$AWS_ENDPOINT_URL\""""


class Proofs(Recorded):
    table, key, answer = "TableName", ("objectKey", "uploadTime"), "recorded"

    def granted(self) -> dict[str, list[Use]]:
        return {"ReadUploads": [self.versioned(), self.unversioned()], "PutMetadata": [self.versioned()]}


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=SoakInputs,
    uses=Proofs,
    benchmarked=Benchmarked(keys=("objectKey", "uploadTime"), reads_objects=True),
    load=EventLoad(
        NAME,
        "file_metadata",
        256,
        {"GetObject": 1, "PutItem": 1},
        # One write to the table and one to each index. All rows of a day share a partition key in the index by-day,
        # and in the worst case all have one content type; METADATA_INDEX_SHARDS spreads both.
        writes=3,
        busiest={"Metadata": {"by-day": 1, "by-content-type": 1, "shards": "INDEX_SHARDS"}},
        construct="Extractor",
        places={"GetObject": "Uploads", "write_units": "Metadata"},
        reasons={
            "GetObject": "what S3 knows of the version and its first bytes, in one call",
            "PutItem": "the row; the condition makes a repeat find it",
        },
    ),
)
