"""KMS keys of existing log groups, which ministack 1.5.33 cannot change.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
"""

import json
from typing import Any

from ministack import app as ministack_app
from ministack.services import cloudwatch_logs

OPERATIONS = ("AssociateKmsKey", "DisassociateKmsKey")
FIELD = "kmsKeyId"

_plain_handler = ministack_app.SERVICE_HANDLERS["logs"]


async def _handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in OPERATIONS:
        return await _plain_handler(method, path, headers, body, query_params)
    asked = json.loads(body)
    name = asked.get("logGroupName") or asked.get("resourceIdentifier", "").partition(":log-group:")[2]
    group = cloudwatch_logs._log_groups.get(name.removesuffix(":*"))
    if group is None:
        missing = {"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(missing).encode()
    if operation == "AssociateKmsKey":
        group[FIELD] = asked[FIELD]
    else:
        group.pop(FIELD, None)
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"


ministack_app.SERVICE_HANDLERS["logs"] = _handle
