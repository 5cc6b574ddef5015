"""Counts the calls that change configuration, except the tool's own.

`sluice up` does not plan a stack whose files, state and AWS configuration are unchanged since its deployment. The count
shows whether AWS's configuration changed. `GET /_sluice/changes` returns the server's id and the count.
"""

import threading
import uuid
from typing import Any

from ministack.core import iam_actions

from completing import existing
from own_paths import serving

PATH = "/_sluice/changes"
# In the User-Agent of what the tool changes itself (sluice_cli/local_aws/change_count.py).
OWN = "sluice-tool"

READING = (
    *("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Search", "Select", "Lookup", "Filter", "Test"),
    *("Simulate", "Validate", "Check", "Preview", "Estimate", "Verify", "GET"),
)
# Actions on messages, objects, rows and events, which change no configuration.
DATA_ACTIONS = {
    "cloudwatch": {"PutMetricData", "SetAlarmState"},
    "dynamodb": {
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
    },
    "events": {"PutEvents"},
    "execute-api": {"Invoke"},
    "firehose": {"PutRecord", "PutRecordBatch"},
    "kinesis": {"PutRecord", "PutRecords"},
    "kms": {
        *("Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateRandom"),
        *("Sign", "GenerateMac"),
    },
    "lambda": {"Invoke", "InvokeFunction", "InvokeAsync", "InvokeFunctionUrl"},
    "logs": {"CreateLogStream", "DeleteLogStream", "PutLogEvents", "StartQuery", "StopQuery"},
    "s3": {
        *("PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "DeleteObjectVersion", "RestoreObject"),
        *("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload"),
        *("PutObjectTagging", "PutObjectVersionTagging", "DeleteObjectTagging", "DeleteObjectVersionTagging"),
        *("PutObjectAcl", "PutObjectVersionAcl", "PutObjectRetention", "PutObjectLegalHold"),
    },
    "sns": {"Publish", "PublishBatch"},
    "sqs": {
        *("SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "PurgeQueue"),
        *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch"),
    },
    "states": {"StartExecution", "StartSyncExecution", "StopExecution"},
    "sts": {"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML", "DecodeAuthorizationMessage"},
    "xray": {"PutTraceSegments", "PutTelemetryRecords"},
}

_plain_action = existing(iam_actions, "extract_iam_action")
_lock = threading.Lock()
_counted: dict[str, Any] = {"server": uuid.uuid4().hex, "changes": 0}


def changes_configuration(action: str | None, method: str) -> bool:
    """Whether a call may change configuration. A call that IAM has no action for does, unless its method only reads."""
    if action is None:
        return method not in ("GET", "HEAD", "OPTIONS")
    service, _, name = action.partition(":")
    return not name.startswith(READING) and name not in DATA_ACTIONS.get(service, ())


def _action(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any) -> str | None:
    action: str | None = _plain_action(service, method, path, headers, body, parameters)
    if OWN not in headers.get("user-agent", "") and changes_configuration(action, method):
        with _lock:
            _counted["changes"] += 1
    return action


def served(application: Any) -> Any:
    """The ASGI application, which also answers how often configuration was changed."""
    return serving(application, "GET", PATH, lambda _: _counted)


iam_actions.extract_iam_action = _action
