"""Files of products over HTTP: in one request, again, refused, and by a presigned upload."""

import base64
import hashlib
import json
import mimetypes
from typing import Any, Literal

from botocore.exceptions import ClientError
from rich.table import Table

from checks.tours.result import Result, failures_kept
from checks.tours.samples import SAMPLES
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import AS_JSON, send, signed_request
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import DeploymentError, Target, console

SYSTEM = "upload-api"
# Prices as they are sent: a float would hold neither the third nor the fourth.
PRODUCTS = {
    "sunrise.png": ("sku-1001", "Sunrise, poster", "19.90"),
    "report.pdf": ("sku-1002", "Report — größer & besser", "0.1"),
    "order.json": ("sku-1003", "Order", "12345678901234567890.12"),
    "empty.txt": ("sku-1004", "Nothing at all", "0.30000000000000000004"),
}
LARGE_FILE = "sunrise-wall.png"
LARGE_PRODUCT = ("sku-1005", "Sunrise, wall-sized", "1299.00")
TOO_MANY_DIGITS = "1" * 40


def tour(local: LocalAws, target: Target) -> Result:
    outputs = deployment.outputs(SYSTEM, target)

    def post(key: str, body: str) -> tuple[int, dict[str, Any]]:
        headers = {**AS_JSON, "Idempotency-Key": key}
        status, answer = signed_request(local, "POST", outputs["ApiUrl"], body.encode(), headers)
        return status, json.loads(answer)

    before = _versions(local, outputs["BucketName"])
    bodies = {name: _body(name, product, (SAMPLES / name).read_bytes()) for name, product in PRODUCTS.items()}
    first = {name: _shown(f"{name} for {PRODUCTS[name][2]}", *post(f"tour-{name}", bodies[name])) for name in bodies}
    if before.keys() == _versions(local, outputs["BucketName"]).keys():
        console.print("All these requests had been answered before: the answers are the same, and nothing changed.")

    name = "sunrise.png"
    console.print(f"\n[bold]{name} once more: the same idempotency key and body, the same answer[/bold]")
    again = _shown(name, *post(f"tour-{name}", bodies[name]))
    console.print(json.dumps(again, indent=2, ensure_ascii=False), markup=False)
    if again != first[name]:
        raise DeploymentError(f"the answer was another one before: {first[name]}")

    console.print("\n[bold]Refused[/bold]")
    dearer = _body(name, (*PRODUCTS[name][:2], "29.90"), (SAMPLES / name).read_bytes())
    _shown("the same key, another price", *post(f"tour-{name}", dearer), expected=409)
    inexact = _body(name, (*PRODUCTS[name][:2], TOO_MANY_DIGITS), (SAMPLES / name).read_bytes())
    _shown("a price of 40 digits", *post("tour-refused", inexact), expected=400)

    content = (SAMPLES / name).read_bytes() * 400
    console.print(f"\n[bold]{LARGE_FILE}: {len(content)} bytes, too large for one request[/bold]")
    there = {one["ETag"] for one in _versions(local, outputs["BucketName"]).values()}
    if f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"' in there:
        console.print("It was there already, unchanged: nothing was uploaded.")
    else:
        asked = _shown("asked", *post(f"tour-{LARGE_FILE}", _body(LARGE_FILE, LARGE_PRODUCT, len(content))), 202)
        console.print(f"PUT {asked['upload']['url'][:120]}...", markup=False)
        status, said = send(local, "PUT", asked["upload"]["url"], content, asked["upload"]["headers"])
        _shown("sent", status, {"message": said.decode()}, expected=200)

    rows = [_row(local, outputs["TableName"], product) for product in (*PRODUCTS.values(), LARGE_PRODUCT)]
    table = Table(title=f"Table {outputs['TableName']}", title_justify="left")
    for heading in ("productId", "productName", "price", "size"):
        justify: Literal["left", "right"] = "right" if heading in ("price", "size") else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading != "productName")
    for row in rows:
        table.add_row(*(row[str(column.header)] for column in table.columns))
    console.print()
    console.print(table, soft_wrap=False)
    console.print("\n[bold]The last of them, whole: where the file lies[/bold]")
    console.print(json.dumps(rows[-1], indent=2, ensure_ascii=False), markup=False)

    console.print("\n[bold]Read by the deployer, who may do everything else[/bold]")
    try:
        local.client("s3").get_object(Bucket=outputs["BucketName"], Key=rows[0]["objectKey"])
    except ClientError as error:
        console.print(error.response["Error"]["Message"], markup=False)
    else:
        raise DeploymentError("the deployer could read what only the function may read")
    return Result(
        system=SYSTEM,
        sent=len(PRODUCTS) + 1,
        rows=len(rows),
        notifications=None,
        failures=failures_kept(local, outputs),
        try_next=_try_next(outputs),
    )


def _body(name: str, product: tuple[str, str, str], file: bytes | int) -> str:
    """A request's body, with the file's content or its size."""
    fields: dict[str, Any] = {
        "productId": product[0],
        "productName": product[1],
        "fileName": name,
        "contentType": mimetypes.guess_type(name)[0],
    }
    fields |= {"size": file} if isinstance(file, int) else {"content": base64.b64encode(file).decode()}
    return f'{{"price": {product[2]}, {json.dumps(fields)[1:]}'


def _shown(what: str, status: int, answer: dict[str, Any], expected: int = 201) -> dict[str, Any]:
    console.print(f"{what}: {status} {answer.get('message', '')}".rstrip(), markup=False)
    if status != expected:
        raise DeploymentError(f"{what}: answered with {status} instead of {expected}: {answer}")
    return answer


def _versions(local: LocalAws, bucket: str) -> dict[str, dict[str, Any]]:
    found = local.client("s3").list_object_versions(Bucket=bucket).get("Versions", [])
    return {one["VersionId"]: one for one in found}


def _row(local: LocalAws, table: str, product: tuple[str, str, str]) -> dict[str, str]:
    key = {"productId": {"S": product[0]}, "productName": {"S": product[1]}}
    item = local.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    return {name: next(iter(typed.values())) for name, typed in item.items()}


def _try_next(outputs: dict[str, str]) -> str:
    return f"""curl --aws-sigv4 aws:amz:us-east-1:execute-api --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -H "Content-Type: application/json" -H "Idempotency-Key: hello-1" \\
  -d '{{"productId": "sku-1", "productName": "Hello", "price": 1.10, "fileName": "hi.txt", "content": "aGVsbG8K"}}' \\
  "{outputs["ApiUrl"]}\""""
