"""What an upload is, and what is kept and said of it: pure functions.

The body is checked against the JSON Schema that API Gateway checks it against, because API Gateway checks only bodies
that say they are `application/json`. fastjsonschema is pure Python: the same bytes run under every Python of Lambda,
and no other dependency comes along (jsonschema needs rpds-py, a compiled library).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import fastjsonschema

from shared import http
from shared.http import InvalidRequest, RequestTooLarge

Row = dict[str, Any]

# bytes. Base64 makes 5.6 MB of them; Lambda takes 6 MB in one request, with its headers and as JSON.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_CONTENT = 4 * 1024 * 1024
LONGEST_BODY = LARGEST_CONTENT * 4 // 3 + 16 * 1024
PRESIGN_INSTEAD = "; leave content out and give size to get a presigned upload"

# Numbers of DynamoDB, as boto3 takes them: https://boto3.amazonaws.com/v1/documentation/api/latest/_modules/boto3/dynamodb/types.html
MOST_DIGITS = 38
SMALLEST_EXPONENT, LARGEST_EXPONENT = -128, 125

PRESIGNED_SECONDS = 15 * 60
REMEMBERED_SECONDS = 24 * 60 * 60

# What an answer says of a product.
PUBLIC = ("productId", "productName", "fileName", "contentType", "size", "objectKey")

_matches = fastjsonschema.compile(json.loads((Path(__file__).parent / "upload.schema.json").read_text()))


class UnsupportedContentType(InvalidRequest):
    """The request's body is not JSON."""


class KeyReused(InvalidRequest):
    """The idempotency key came with another body before."""


@dataclass(frozen=True)
class Upload:
    """A valid request. `content` is None where the file, of `size` bytes, comes by a presigned upload."""

    idempotency_key: str
    fingerprint: str
    product_id: str
    product_name: str
    price: Decimal
    file_name: str
    content_type: str
    content: bytes | None
    size: int

    @property
    def object_key(self) -> str:
        """The same for every repeat of the request, so that one overwrites what another left; never another's."""
        return f"uploads/{_sha256(f'{self.idempotency_key} {self.fingerprint}')}"

    @property
    def headers(self) -> dict[str, str]:
        """What a presigned upload has to come with."""
        return {"Content-Type": self.content_type, "Content-Length": str(self.size)}

    @property
    def record_key(self) -> dict[str, str]:
        """Key of the item that remembers the answer. A productId holds no #: no product is ever such an item."""
        return {"productId": f"idempotency#{self.idempotency_key}", "productName": "answer"}


def requested(event: Mapping[str, Any]) -> Upload:
    """The upload a request asks for. Raises `InvalidRequest` or a more specific error that says what is wrong."""
    content_type = http.header(event, "Content-Type").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedContentType(f"Content-Type is {content_type or 'missing'}; send application/json")
    key = http.header(event, "Idempotency-Key")
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise InvalidRequest(
            "Idempotency-Key: send this header, new for each upload: 1 to 255 ASCII characters, no spaces"
        )
    body = http.json_body(event, longest=LONGEST_BODY, instead=PRESIGN_INSTEAD, parse_float=_exact)
    try:
        _matches(body)
    except fastjsonschema.JsonSchemaValueException as error:
        either = "the body must have either content or size"
        raise InvalidRequest(either if error.rule == "oneOf" else error.message.replace("data", "body", 1)) from error
    content = _content(body["content"]) if "content" in body else None
    return Upload(
        idempotency_key=key,
        fingerprint=_sha256(event["body"]),
        product_id=body["productId"],
        product_name=_unicode("productName", body["productName"]),
        price=_price(Decimal(body["price"])),
        file_name=_unicode("fileName", body["fileName"]),
        content_type=body.get("contentType", "application/octet-stream"),
        content=content,
        size=body["size"] if content is None else len(content),
    )


def stored(upload: Upload, bucket: str, version_id: str, now: int) -> tuple[Row, Row]:
    """The product's item and the record of the answer, for a file that is in the bucket."""
    row = _row(upload, bucket, now) | {"versionId": version_id}
    answer = http.answer(201, {name: row[name] for name in (*PUBLIC, "versionId")})
    return row, _record(upload, answer, now + REMEMBERED_SECONDS)


def presigned(upload: Upload, bucket: str, url: str, now: int) -> tuple[Row, Row]:
    """The same for a file that is to come: without `versionId`, and remembered for as long as its URL works."""
    row = _row(upload, bucket, now) | {"presignedUntil": _time(now + PRESIGNED_SECONDS)}
    answer = http.answer(
        202,
        {name: row[name] for name in (*PUBLIC, "presignedUntil")}
        # Signed with the URL: S3 refuses any other type or length.
        | {"upload": {"method": "PUT", "url": url, "headers": upload.headers}},
    )
    return row, _record(upload, answer, now + PRESIGNED_SECONDS)


def answer(record: Row, upload: Upload) -> http.Answer:
    """The answer that a record remembers. Raises `KeyReused` where it was the answer to something else."""
    if record["fingerprint"] != upload.fingerprint:
        raise KeyReused("Idempotency-Key: it came with another body before; use a new one for a new upload")
    return dict(json.loads(record["answer"]))


def _row(upload: Upload, bucket: str, now: int) -> Row:
    return {
        "productId": upload.product_id,
        "productName": upload.product_name,
        "price": upload.price,
        "fileName": upload.file_name,
        "contentType": upload.content_type,
        "size": upload.size,
        "bucket": bucket,
        "objectKey": upload.object_key,
        "uploadTime": _time(now),
    }


def _record(upload: Upload, answer: http.Answer, expires_at: int) -> Row:
    return {
        **upload.record_key,
        "fingerprint": upload.fingerprint,
        "answer": json.dumps(answer),
        "expiresAt": expires_at,
    }


def _price(number: Decimal) -> Decimal:
    if len(number.as_tuple().digits) > MOST_DIGITS:
        raise InvalidRequest(f"price: more than {MOST_DIGITS} digits, which would not be kept exactly")
    if number and not SMALLEST_EXPONENT <= number.adjusted() <= LARGEST_EXPONENT:
        raise InvalidRequest(f"price: beyond 1E{SMALLEST_EXPONENT} to 1E{LARGEST_EXPONENT}")
    return number or Decimal(0)  # -0 and 0E999 are 0


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"an exponent beyond {LARGEST_EXPONENT}") from error


def _content(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("content: not base64 (RFC 4648, with padding and without line breaks)") from error
    if len(content) > LARGEST_CONTENT:
        raise RequestTooLarge(f"content: {len(content)} bytes, more than {LARGEST_CONTENT}{PRESIGN_INSTEAD}")
    return content


def _unicode(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{name}: not valid Unicode") from error
    return text


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
