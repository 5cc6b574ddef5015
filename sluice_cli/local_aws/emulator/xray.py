"""X-Ray, which ministack 1.5.33 does not have: the daemon that receives segments from functions, and the API that reads
traces. https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon. The local AWS
listens on the loopback address and writes the segment of each invocation itself, as Lambda does. The oldest traces are
deleted when there are too many.
"""

import contextlib
import json
import os
import queue
import socket
import threading
import time
from collections import OrderedDict
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_actions, router

import invocations
from completing import existing
from rights import function_record, role_may

SERVICE = "xray"
LOOPBACK = "127.0.0.1"
LONGEST_DATAGRAM = 65_536
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # the kernel may allow less
MOST_WAITING = 20_000  # datagrams
MOST_TRACES = 1_000
MOST_BYTES = 64 * 1024 * 1024
MOST_DOCUMENTS_OF_A_TRACE = 10_000
# https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html
MOST_TRACES_OF_A_REQUEST = 5

Document = dict[str, Any]

_plain_action = existing(iam_actions, "extract_iam_action")
_lock = threading.Lock()
# Documents by trace and by their own id, oldest trace first. A document that is sent again replaces the one sent while
# it was in progress.
_traces: OrderedDict[str, dict[str, str]] = OrderedDict()
_bytes = 0


def keep(text: str) -> bool:
    """Keep a segment document; False if it is invalid."""
    global _bytes  # noqa: PLW0603 - the size of what is kept
    try:
        document = json.loads(text)
        trace_id, id_ = document["trace_id"], document["id"]
        float(document["start_time"])
    except (ValueError, KeyError, TypeError):
        return False
    if not (isinstance(trace_id, str) and isinstance(id_, str)):
        return False
    with _lock:
        documents = _traces.setdefault(trace_id, {})
        if id_ not in documents and len(documents) >= MOST_DOCUMENTS_OF_A_TRACE:
            return True
        _bytes += len(text) - len(documents.get(id_, ""))
        documents[id_] = text
        while len(_traces) > MOST_TRACES or _bytes > MOST_BYTES:
            _, oldest = _traces.popitem(last=False)
            _bytes -= sum(map(len, oldest.values()))
    return True


def listen() -> str:
    """Listen for datagrams on a free port of the loopback address. Returns the address for functions."""
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    daemon.bind((LOOPBACK, 0))
    received: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
    threading.Thread(target=_receive, args=(daemon, received), daemon=True, name="xray-daemon").start()
    threading.Thread(target=_keep, args=(received,), daemon=True, name="xray-segments").start()
    return f"{LOOPBACK}:{daemon.getsockname()[1]}"


def _receive(daemon: socket.socket, received: "queue.Queue[bytes]") -> None:
    """Receive at once and look at them later: the kernel drops what nobody receives."""
    while True:
        datagram = daemon.recv(LONGEST_DATAGRAM)
        with contextlib.suppress(queue.Full):
            received.put_nowait(datagram)


def _keep(received: "queue.Queue[bytes]") -> None:
    while True:
        header, _, body = received.get().partition(b"\n")
        if b'"format"' in header and _may_trace(_sender(body)):
            keep(body.decode("utf-8", "replace"))


def _sender(body: bytes) -> str:
    """The ARN of the function that sent a datagram: the latest one of the trace; empty for other senders."""
    for one in reversed(list(invocations.invocations.values())):
        if one.trace_id.encode() in body:
            return one.arn
    return ""


def _may_trace(function: str) -> bool:
    """Whether the function's role allows the daemon to send segments.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html#xray-daemon-permissions
    """
    if not function:
        return True
    record = function_record(function)
    return record is None or role_may(record["config"].get("Role", ""), "xray:PutTraceSegments", "*")


def _keep_invocation(invocation: invocations.FunctionRun, failed: bool) -> None:
    """The segment of an invocation, which Lambda writes.

    https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """
    if not invocation.sampled or not _may_trace(invocation.arn):
        return
    document: Document = {
        "id": invocation.segment_id,
        "trace_id": invocation.trace_id,
        "name": invocation.function,
        "origin": "AWS::Lambda::Function",
        "start_time": invocation.started,
        "end_time": time.time(),
        "aws": {"request_id": invocation.request_id, "function_arn": invocation.arn},
    }
    if invocation.parent_id:
        document["parent_id"] = invocation.parent_id
    if failed:
        document["fault"] = True
    keep(json.dumps(document))


async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    """The signature of ministack's services."""
    del method, headers, query_params
    operation = OPERATIONS.get(path)
    if operation is None:
        return _answer(400, {"Message": f"{path} is not emulated"}, "InvalidRequestException")
    try:
        return _answer(200, operation(json.loads(body or b"{}")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _answer(400, {"Message": f"not a request of X-Ray's API: {error}"}, "InvalidRequestException")


def _answer(status: int, content: Document, error: str = "") -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json", **({"x-amzn-errortype": error} if error else {})}
    return status, headers, json.dumps(content).encode()


def _put(request: Document) -> Document:
    wrong = [text for text in request["TraceSegmentDocuments"] if not keep(text)]
    return {
        "UnprocessedTraceSegments": [{"ErrorCode": "ParseError", "Message": "no segment document"} for _ in wrong],
    }


def _batch_get(request: Document) -> Document:
    ids = request["TraceIds"]
    if len(ids) > MOST_TRACES_OF_A_REQUEST:
        raise ValueError(f"{MOST_TRACES_OF_A_REQUEST} trace ids at most")
    with _lock:
        kept = {id_: dict(_traces[id_]) for id_ in ids if id_ in _traces}
    traces = [
        {
            "Id": id_,
            "Duration": _summary(id_, documents)["Duration"],
            "Segments": [{"Id": segment, "Document": text} for segment, text in documents.items()],
        }
        for id_, documents in kept.items()
    ]
    return {"Traces": traces, "UnprocessedTraceIds": []}


def _summaries(request: Document) -> Document:
    start, end = float(request["StartTime"]), float(request["EndTime"])
    with _lock:
        kept = {id_: dict(documents) for id_, documents in _traces.items()}
    made = [_summary(id_, documents) for id_, documents in kept.items()]
    within = [one for one in made if start <= one["StartTime"] <= end]
    return {"TraceSummaries": within, "TracesProcessedCount": len(made), "ApproximateTime": time.time()}


def _summary(id_: str, documents: dict[str, str]) -> Document:
    parsed = [json.loads(text) for text in documents.values()]
    start = min(one["start_time"] for one in parsed)
    end = max(one.get("end_time") or one["start_time"] for one in parsed)
    return {
        "Id": id_,
        "StartTime": start,
        "Duration": end - start,
        "ResponseTime": end - start,
        "HasFault": any(one.get("fault") for one in parsed),
        "HasError": any(one.get("error") for one in parsed),
        "HasThrottle": any(one.get("throttle") for one in parsed),
        "IsPartial": any("end_time" not in one for one in parsed),
        "ServiceIds": [{"Name": name} for name in dict.fromkeys(one["name"] for one in parsed if "origin" in one)],
        "Annotations": {},
        "Users": [],
        "Revision": len(parsed),
    }


OPERATIONS = {
    "/TraceSegments": _put,
    "/TelemetryRecords": lambda request: {},
    "/Traces": _batch_get,
    "/TraceSummaries": _summaries,
}
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
ACTIONS = {
    "/TraceSegments": "PutTraceSegments",
    "/TelemetryRecords": "PutTelemetryRecords",
    "/Traces": "BatchGetTraces",
    "/TraceSummaries": "GetTraceSummaries",
}


def _action(service: str, method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    if service == SERVICE:
        return f"xray:{ACTIONS[path]}" if path in ACTIONS else None
    return _plain_action(service, method, path, headers, body, query_params)


iam_actions.extract_iam_action = _action

ministack_app.SERVICE_HANDLERS[SERVICE] = handle_request
router.SERVICE_PATTERNS[SERVICE] = {"credential_scope": SERVICE}
iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
invocations.listeners.append(_keep_invocation)
# Functions inherit it. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
os.environ["AWS_XRAY_DAEMON_ADDRESS"] = listen()
