"""Rights to SSM parameters: ministack 1.5.33 asks for the right to all of them where a call names several, or a path.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

import json
from collections.abc import Sequence
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region

from completing import existing

NAMES = "GetParameters"
PATH = "GetParametersByPath"

_plain_handler = ministack_app.SERVICE_HANDLERS["ssm"]
existing(iam_evaluator, "enforce")
existing(iam_actions, "access_denied_response")
_access_key = existing(ministack_app, "extract_access_key_id")


def first(headers: Any, body: bytes, region: str, account: str) -> str:
    """The first parameter, or the path, that a call reads; `*` for other calls."""
    return next(iter(_read(headers, body, region, account)), "*")


async def _handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    """Checks the other parameters; ministack checks the first."""
    access_key = _access_key(headers, query_params)
    for resource in _read(headers, body, get_region(), get_account_id())[1:] if access_key else ():
        denied = iam_evaluator.enforce(access_key, f"ssm:{NAMES}", "ssm", get_region(), resource, {})
        if denied:
            return iam_actions.access_denied_response("ssm", f"ssm:{NAMES}", denied.principal_arn, "", headers=headers)
    return await _plain_handler(method, path, headers, body, query_params)


def _read(headers: Any, body: bytes, region: str, account: str) -> Sequence[str]:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return ()
    names = {NAMES: values.get("Names") or [], PATH: [values.get("Path") or "/"]}.get(operation, [])
    return [_arn(str(name), region, account) for name in names]


def _arn(name: str, region: str, account: str) -> str:
    if name.startswith("arn:"):
        return name
    return f"arn:aws:ssm:{region}:{account}:parameter/{name.partition(':')[0].strip('/')}"


ministack_app.SERVICE_HANDLERS["ssm"] = _handle
