"""The identity that IAM is asked about where a mail is sent: ministack 1.5.33 asks about `*`.

On AWS a role may send from the identities that its policy names: the address, or its domain where only that is
verified. https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
"""

import base64
import contextlib
from email import message_from_bytes
from email.utils import parseaddr
from typing import Any

from ministack.core import iam_actions
from ministack.services import ses

from completing import existing

_param = existing(iam_actions, "_param")
_field = existing(iam_actions, "_safe_json_field")
existing(ses, "_list_identities")  # lists `ses._identities`
V2 = "/v2/email/outbound-emails"
ARNS = ("SourceArn", "FromArn", "FromEmailAddressIdentityArn")


def identity(path: str, body: bytes, parameters: Any, region: str, account: str) -> str:
    """The ARN of the identity that a mail is sent from; `*` for a call that sends none."""
    sends_json = path.rstrip("/") == V2
    named = [_field(body, one) if sends_json else _param(body, parameters, one) for one in ARNS]
    if any(named):
        return str(next(filter(None, named)))
    sender = _field(body, "FromEmailAddress") if sends_json else _param(body, parameters, "Source")
    address = parseaddr(sender or _sender_of_raw(_param(body, parameters, "RawMessage.Data")))[1]
    if not address:
        return "*"
    domain = address.rpartition("@")[2]
    found = domain if domain in ses._identities and address not in ses._identities else address
    return f"arn:aws:ses:{region}:{account}:identity/{found}"


def _sender_of_raw(encoded: str) -> str:
    with contextlib.suppress(ValueError):
        return str(message_from_bytes(base64.b64decode(encoded)).get("From", ""))
    return ""
