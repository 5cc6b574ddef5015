"""What a request to upload a file is, and why one is refused: pure functions.

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
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import fastjsonschema

from sluice_functions import http
from sluice_functions.http import InvalidRequest, RequestTooLarge

# bytes. Base64 makes 5.6 MB of them; Lambda takes 6 MB in one request, with its headers and as JSON.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_CONTENT = 4 * 1024 * 1024
# bytes. The limit is of the content, however its base64 is written: with each character escaped (`\/`) it is twice as
# long. What Lambda does not take never comes here.
LONGEST_BODY = 2 * LARGEST_CONTENT * 4 // 3 + 64 * 1024
PRESIGN_INSTEAD = "; leave content out and give size to get a presigned upload"

# Numbers that DynamoDB stores, as in boto3:
# https://boto3.amazonaws.com/v1/documentation/api/latest/_modules/boto3/dynamodb/types.html
MOST_DIGITS = 38
SMALLEST_EXPONENT, LARGEST_EXPONENT = -128, 125

# Prefixes of objects that the function stores, and of presigned uploads.
STORED_PREFIX, PRESIGNED_PREFIX = "uploads/", "presigned/"
UNKNOWN_TYPE = "application/octet-stream"

SCHEMA = json.loads((Path(__file__).parent / "upload.schema.json").read_text())
_matches = fastjsonschema.compile(SCHEMA)


class UnsupportedContentType(InvalidRequest):
    """The request's body is not JSON."""


@dataclass(frozen=True)
class Upload:
    """A valid request. `content` is None where the file, of `size` bytes, comes by a presigned upload."""

    idempotency_key: str | None  # None: the body itself identifies the request
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
        """The key of the file. The same for every repeat of the request, which so overwrites its earlier attempts and
        nothing else.
        """
        prefix = PRESIGNED_PREFIX if self.content is None else STORED_PREFIX
        return prefix + _sha256(f"{self.idempotency_key or ''} {self.fingerprint}")

    @property
    def headers(self) -> dict[str, str]:
        """Headers that a presigned upload has to send. Browsers send the length themselves."""
        return {"Content-Type": self.content_type, "Content-Length": str(self.size)}

    @property
    def record_key(self) -> dict[str, str]:
        """Key of the item with the stored answer. A productId has no #, so no product has such a key."""
        known_by = f"body#{self.fingerprint}" if self.idempotency_key is None else f"idempotency#{self.idempotency_key}"
        return {"productId": known_by, "productName": "answer"}


def requested(event: Mapping[str, Any]) -> Upload:
    """The upload that a request asks for. Raises `InvalidRequest` or a subclass that says what is wrong."""
    content_type = http.header(event, "Content-Type").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedContentType(f"Content-Type is {content_type or 'missing'}; send application/json")
    key = http.header(event, "Idempotency-Key").strip()
    if key and not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise InvalidRequest("Idempotency-Key: 1 to 255 ASCII characters, no spaces, new for each upload")
    body = http.json_body(event, longest=LONGEST_BODY, instead=PRESIGN_INSTEAD, parse_float=_exact)
    try:
        _matches(body)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidRequest(_refusal(error)) from error
    content = _content(body["content"]) if "content" in body else None
    return Upload(
        idempotency_key=key or None,
        fingerprint=_sha256(event["body"]),
        product_id=body["productId"],
        product_name=_unicode("productName", body["productName"]),
        price=_price(Decimal(body["price"])),
        file_name=_unicode("fileName", body["fileName"]),
        content_type=body.get("contentType", "").strip(" \t") or UNKNOWN_TYPE,
        content=content,
        size=body["size"] if content is None else len(content),
    )


def _refusal(error: fastjsonschema.JsonSchemaValueException) -> str:
    """What is wrong with a body that violates the schema."""
    match error.rule:
        case "oneOf":
            return "the body must have either content or size"
        case "required":
            return f"missing: {', '.join(name for name in error.rule_definition if name not in error.value)}"
        case "additionalProperties":
            return f"unknown field: {', '.join(sorted(set(error.value) - set(SCHEMA['properties'])))}"
    name = error.path[1]
    what = {
        "type": f"has to be a {error.rule_definition}".replace("a integer", "an integer"),
        "minLength": f"at least {error.rule_definition} characters",
        "maxLength": f"at most {error.rule_definition} characters",
        "minimum": f"at least {error.rule_definition}",
        "maximum": f"at most {error.rule_definition}",
    }
    return f"{name}: {what.get(str(error.rule), SCHEMA['properties'][name]['description'])}"


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
        raise InvalidRequest(f"{http.UNREAD}: a number's exponent is beyond {LARGEST_EXPONENT}") from error


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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
