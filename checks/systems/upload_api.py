"""Checks of the upload API: products with a file in one request, repeated, refused, and by a presigned upload."""

import base64
import hashlib
import json
import mimetypes
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal
from uuid import uuid4

from botocore.exceptions import ClientError
from rich.table import Table

from checks.demo.result import Result, failures_kept
from checks.demo.samples import SAMPLES
from checks.demo.waiting import wait_for
from checks.least_privilege.uses import Use, Uses, expect
from checks.soak.inputs import Row, SoakInputs
from checks.soak.ledger import KEPT, REFUSED
from checks.soak.plan import Item
from checks.systems.load import EventLoad
from checks.systems.system import Api, Benchmarked, Event, SystemUnderTest
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import AS_JSON, send, signed_request
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terminal import console

NAME = "upload-api"
# JSON texts of prices: a float could not represent the third and fourth.
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
    outputs = Stack(NAME, target).outputs()

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
    wait_for(local, 1, lambda: {"Products completed by their file's arrival": _stored(local, outputs)})

    rows = [_row(local, outputs["TableName"], product) for product in (*PRODUCTS.values(), LARGE_PRODUCT)]
    table = Table(title=f"Table {outputs['TableName']}", title_justify="left")
    for heading in ("productId", "productName", "price", "size", "state"):
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
        system=NAME,
        sent=len(PRODUCTS) + 1,
        rows=len(rows),
        notifications=None,
        failures=failures_kept(local, outputs),
        try_next=_try_next(outputs),
    )


def _body(name: str, product: tuple[str, str, str], file: bytes | int) -> str:
    """A request's body with the file's content, or with its size for a presigned upload."""
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


def _stored(local: LocalAws, outputs: Mapping[str, str]) -> list[dict[str, str]]:
    row = _row(local, outputs["TableName"], LARGE_PRODUCT)
    return [row] if row["state"] == "stored" else []


def _try_next(outputs: dict[str, str]) -> str:
    return f"""curl --aws-sigv4 aws:amz:us-east-1:execute-api --user "$LOCAL_AWS_USER" --cacert "$AWS_CA_BUNDLE" \\
  -H "Content-Type: application/json" -H "Idempotency-Key: hello-1" \\
  -d '{{"productId": "sku-1", "productName": "Hello", "price": 1.10, "fileName": "hi.txt", "content": "aGVsbG8K"}}' \\
  "{outputs["ApiUrl"]}\""""


class Inputs(SoakInputs):
    """Each request is an input: its product and its file have to exist."""

    poisons: Mapping[str, str] = {
        "no-event": KEPT,
        "not-json": REFUSED,
        "no-product": REFUSED,
        "negative-price": REFUSED,
        "not-base64": REFUSED,
        "other-type": REFUSED,
    }
    by_request = True

    def request(self, item: Item) -> tuple[Any, dict[str, str]]:
        content = base64.b64encode(f"file of {item.name}".encode()).decode()
        body: dict[str, Any] = {
            "productId": self.of_request(item),
            "productName": "a product",
            "price": 12.5,
            "fileName": f"{item.name}.txt",
            "content": content,
        }
        headers = {"Idempotency-Key": f"{self.prefix}{item.name}"}
        match item.poison:
            case "not-json":
                return "{", headers
            case "other-type":
                headers["Content-Type"] = "text/plain"
            case "no-product":
                del body["productId"]
            case "negative-price":
                body["price"] = -1
            case "not-base64":
                body["content"] = "?"
        return body, headers

    def of_request(self, item: Item) -> str:
        return f"{self.prefix.strip('/')}.{item.number}"

    def rows(self) -> Counter[str]:
        files = {
            one["Key"]
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs["BucketName"])
            for one in page.get("Contents", [])
        }
        return Counter(
            self.of_row(row)
            for row in self._scan(self.outputs["TableName"])
            if row["productId"].startswith(self.prefix.strip("/")) and row["objectKey"] in files
        )

    def of_row(self, row: Row) -> str:
        return row["productId"]


VALID = {"productId": "fuzz", "productName": "Fuzz", "price": 1, "fileName": "fuzz.txt", "content": "ZnV6eg=="}


class Proofs(Uses):
    request = VALID

    def whole(self) -> list[Use]:
        def over_http() -> None:
            headers = {**AS_JSON, "Idempotency-Key": uuid4().hex}
            url, body = self.system.outputs["ApiUrl"], json.dumps(self._body()).encode()
            status, answer = signed_request(self.system.place.local, "POST", url, body, headers)
            expect(status == 201, f"{status} {answer!r}")

        return [Use("a file is uploaded over HTTP", over_http)]

    def granted(self) -> dict[str, list[Use]]:
        upload = Use("a file is uploaded", self._upload)
        by_url = Use("a file comes by a presigned upload", self._upload_by_url)
        arrivals = [
            Use("its arrival completes the product", self._complete),
            # As S3 sends it while a bucket's versioning is suspended.
            Use("an arrival without a version completes the product", lambda: self._complete(versioned=False)),
        ]
        return {
            **{
                name: [upload]
                for name in ("WriteUploadsFiles", "GetProducts", "PutProducts", "UseKeyOfProducts", "Files")
            },
            "PresignPresignedFiles": [by_url],
            "ReadPresignedFiles": arrivals,
            "DeleteProducts": arrivals,
            "QueryProducts": [Use("what is overdue is looked for", self._look_for_overdue)],
        }

    def _upload(self) -> None:
        expect((answer := self._post(self._body()))["statusCode"] == 201, str(answer))

    def _upload_by_url(self) -> dict[str, Any]:
        body = self._body()
        answer = self._post(body, size=7)
        expect(answer["statusCode"] == 202, str(answer))
        asked: dict[str, Any] = json.loads(answer["body"])
        sending = asked["upload"]
        status, said = send(self.system.place.local, "PUT", sending["url"], b"A lamp.", sending["headers"])
        expect(status == 200, f"{status} {said!r}")
        return asked

    def _complete(self, *, versioned: bool = True) -> None:
        key = self._upload_by_url()["objectKey"]
        named = {"Bucket": self.system.outputs["BucketName"], "Prefix": key}
        (version,) = self.system.client("s3").list_object_versions(**named)["Versions"]
        self.invoke(self.created(key, version["VersionId"] if versioned else ""))

    def _look_for_overdue(self) -> None:
        self.system.client("dynamodb", "role").query(
            TableName=self.system.outputs["TableName"],
            KeyConditionExpression="productId = :partition",
            ExpressionAttributeValues={":partition": {"S": "deadline#0"}},
        )

    def _post(self, body: dict[str, Any], **instead_of_content: int) -> Any:
        sent = {**body, **instead_of_content}
        if instead_of_content:
            del sent["content"]
        headers = {**AS_JSON, "Idempotency-Key": uuid4().hex}
        return self.invoke({"httpMethod": "POST", "headers": headers, "body": json.dumps(sent)})

    def _body(self) -> dict[str, Any]:
        return {
            "productId": f"least-privilege-{uuid4().hex}",
            "productName": "Lamp",
            "price": 1,
            "fileName": "lamp.txt",
            "content": base64.b64encode(b"A lamp.").decode(),
        }


def product(product_id: str) -> dict[str, Any]:
    """The body that the benchmark posts to /upload: a product with a file of a kilobyte."""
    return {
        "productId": product_id,
        "productName": "Lamp",
        "price": 19.9,
        "fileName": "lamp.txt",
        "contentType": "text/plain",
        "content": base64.b64encode(b"x" * 1024).decode(),
    }


def request(number: int) -> Event:
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"key-{number:020d}"}
    return {
        "httpMethod": "POST",
        "path": "/upload",
        "resource": "/upload",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": json.dumps(product(f"product-{number}")),
        "isBase64Encoded": False,
    }


SYSTEM = SystemUnderTest(
    name=NAME,
    tour=tour,
    inputs=Inputs,
    uses=Proofs,
    api=Api(
        "/upload",
        ("POST",),
        VALID,
        stores="uploads/[0-9a-f]{64}",
    ),
    benchmarked=Benchmarked(keys=("productId", "productName"), request=request),
    load=EventLoad(
        NAME,
        "upload_api",
        512,
        {"GetItem": 1, "PutObject": 1, "TransactWriteItems": 1},
        writes=4,
        entry="Api",
        construct="Uploader",
        places={"GetItem": "Products", "write_units": "Products", "PutObject": "Files"},
        reasons={
            "GetItem": "whether the idempotency key has an answer already",
            "PutObject": "the file",
            "TransactWriteItems": "product and answer, both or none",
        },
    ),
)
