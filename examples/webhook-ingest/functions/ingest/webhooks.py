"""Checks a webhook's signature and body. No AWS calls."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

# An item of DynamoDB has 400 KB at most: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_BODY = 350_000


class Refused(Exception):
    """The webhook is invalid, and a retry would not help; the message says why."""


@dataclass(frozen=True)
class Webhook:
    sender: str
    id: str
    type: str
    body: str


def sign(secret: str, body: str) -> str:
    """The signature that senders put into the header X-Signature."""
    return "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def read(sender: str, signature: str, body: str, secrets: Mapping[str, str]) -> Webhook:
    """Check the signature of the body as it came, and parse it. Raises `Refused`."""
    secret = secrets.get(sender)
    if not secret:
        raise Refused("the sender is unknown")
    # In constant time, and on bytes: a signature may have any characters.
    if not hmac.compare_digest(sign(secret, body).encode(), signature.encode()):
        raise Refused("the signature is wrong")
    if len(body.encode()) > LONGEST_BODY:
        raise Refused(f"the body is longer than {LONGEST_BODY} bytes")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON") from error
    if not isinstance(content, dict):
        raise Refused("the body is no JSON object")
    id_, type_ = content.get("id"), content.get("type")
    if not isinstance(id_, str) or not isinstance(type_, str) or not id_ or not type_:
        raise Refused("id and type must be texts that are not empty")
    return Webhook(sender, id_, type_, body)
