"""What the local AWS serves: ministack, completed in five places. Runs in the local AWS's own environment.

ministack 1.5.33 leaves most fields of an alarm out when DescribeAlarms is asked in the query protocol, the one
Terraform's provider speaks, so that every plan would show every alarm as changed. It has the fields and gives them in
the JSON protocol; here the query protocol gets them too.

And ListObjectVersions does not encode keys when asked to (`encoding-type=url`), as the provider does when it empties a
bucket, so that a key with a percent sign would keep a bucket from being destroyed.

And it asks for a right on `*` where a call names its resource (tags, key aliases, new functions, dashboards, deleted
alarms), so that a role that may touch one project's resources only could not deploy them.

And it ends a function's environment when the handler raises, and all of the function's when one ends while it starts.
Lambda keeps them; without that, whatever fails costs a cold start or the events that others have in hand, and what a
handler keeps from one event to the next is never seen after a failure.

And it waits after each invocation for log lines that may still come: 5 ms after the last, 50 ms for the first, and what
comes later is in the next invocation's log. Here the environment says which line was the last.
"""

import contextlib
import json
import threading
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ministack.app import app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import cloudwatch, s3

__all__ = ["app"]

S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
ENCODED = {f"{S3}{name}" for name in ("Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker")}

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
NAMED = (
    ("kms", "AliasName", "arn:aws:kms:{region}:{account}:{}"),
    ("lambda", "FunctionName", "arn:aws:lambda:{region}:{account}:function:{}"),
    ("monitoring", "AlarmNames.member.1", "arn:aws:cloudwatch:{region}:{account}:alarm:{}"),
    ("monitoring", "DashboardName", "arn:aws:cloudwatch::{account}:dashboard/{}"),
    ("monitoring", "DashboardNames.member.1", "arn:aws:cloudwatch::{account}:dashboard/{}"),
)

# What the loop in a function's environment says of a handler that raised, and of one that did not.
RAISED = '"status": "error", "error": str(e), "trace"'
KEPT = '"status": "ok", "raised": str(e), "trace"'

# What ends that loop, and the line that now goes before it.
ANSWERED = "        _real_stdout.flush()\n\nrun()"
LAST_LINE = "\x1elog ends"
LONGEST_WAIT_SECONDS = 0.25  # for a line of an environment that ended without its last

_incomplete_alarms = cloudwatch._describe_alarms
_plain_versions = s3._list_object_versions
_known_resource = iam_actions.extract_resource_arn
_plain_invoke = lambda_runtime.Worker.invoke
_plain_log = lambda_runtime.Worker._drain_stderr_bounded


def _list_object_versions(bucket_name: str, query_params: Any) -> Any:
    status, headers, body = _plain_versions(bucket_name, query_params)
    if status != 200 or s3._qp(query_params, "encoding-type", "") != "url":
        return status, headers, body
    ElementTree.register_namespace("", S3.strip("{}"))
    root = ElementTree.fromstring(body)  # noqa: S314 - ministack's own answer
    for element in root.iter():
        if element.tag in ENCODED and element.text:
            element.text = quote(element.text, safe="/")
    ElementTree.SubElement(root, f"{S3}EncodingType").text = "url"
    return status, headers, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _describe_alarms(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
    answer = _incomplete_alarms(params, cbor_data, is_cbor, is_json)
    if is_cbor or is_json or answer[0] != 200:
        return answer
    names = [value for name, values in params.items() if name.startswith("AlarmNames.member.") for value in values]
    asked = {"AlarmNames": names} if names else {}
    described = json.loads(_incomplete_alarms({}, asked, False, True)[2])
    members = "".join(f"<member>{_fields(alarm)}</member>" for alarm in described["MetricAlarms"])
    return cloudwatch._xml(
        200,
        "DescribeAlarmsResponse",
        f"<DescribeAlarmsResult><MetricAlarms>{members}</MetricAlarms><CompositeAlarms/></DescribeAlarmsResult>",
    )


def _resource(
    service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account: str
) -> str:
    known = str(_known_resource(service, method, path, headers, body, parameters, region, account))
    if known != "*":
        return known
    for of, field, arn in NAMED:
        name = iam_actions._param(body, parameters, field) if of == service else ""
        if name:
            return arn.format(name, region=region, account=account)
    return str(iam_actions._param(body, parameters, "ResourceArn", "ResourceARN") or known)


def _invoke(worker: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    try:
        result: dict[str, Any] = _plain_invoke(worker, *arguments, **options)
    except RuntimeError as error:  # it ended while it started; ministack would end the others for it
        return {"status": "error", "error": str(error)}
    return {**result, "status": "error", "error": result["raised"]} if "raised" in result else result


def _log(worker: Any, **options: Any) -> str:
    if not worker.config["Runtime"].startswith("python"):
        return str(_plain_log(worker, **options))
    _log_ended(worker).wait(LONGEST_WAIT_SECONDS)
    _log_ended(worker).clear()
    return str(worker._drain_stderr())


def _log_ended(worker: Any) -> threading.Event:
    ended: threading.Event = vars(worker).setdefault("log_ended", threading.Event())
    return ended


def _read_log(worker: Any) -> None:
    lines, ended = worker._stderr_queue, _log_ended(worker)
    with contextlib.suppress(ValueError, AttributeError):  # the environment is gone
        for line in worker._proc.stderr:
            if line.rstrip("\n") == LAST_LINE:
                ended.set()
            else:
                lines.put(line.rstrip("\n"))


def _fields(values: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_text(value)}</{name}>"
        for name, value in values.items()
        if value is not None and not name.endswith("Timestamp")
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"<member>{_text(one)}</member>" for one in value)
    if isinstance(value, dict):
        return _fields(value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


cloudwatch._describe_alarms = _describe_alarms
s3._list_object_versions = _list_object_versions
iam_actions.extract_resource_arn = _resource
lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(RAISED, KEPT).replace(
    ANSWERED, f"        print({LAST_LINE!r}, file=sys.stderr, flush=True)\n{ANSWERED}"
)
lambda_runtime.Worker.invoke = _invoke
lambda_runtime.Worker._drain_stderr_bounded = _log
lambda_runtime.Worker._read_stderr = _read_log
