"""Invokes a deployed function: its response, its log, and the calls that IAM refused."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from sluice_cli.deployed.resources import Function
from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.function_logs.events import LogReader
from sluice_cli.function_logs.lines import LineReader, LogLine

LONGEST_EVENT = 6 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# Time beyond the function's timeout for a cold start and the network.
PATIENCE_SECONDS = 30
LOG_SECONDS = 10  # CloudWatch Logs delivers a line after some seconds.
LOG_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Invocation:
    """The result of an invocation."""

    request_id: str
    payload: Any  # the response, parsed if it is JSON
    error: str | None  # `Unhandled` if the function raised an exception or timed out
    seconds: float
    log: tuple[LogLine, ...]
    log_complete: bool


def event_in(source: str, text: str) -> Any:
    """The event in a file's text. Raises `InputError`."""
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_EVENT:
        raise InputError(f"--event: {source} is larger than Lambda takes (6 MB)")
    try:
        event = json.loads(text)
        json.dumps(event, allow_nan=False)  # Python reads NaN and numbers too large for it, which JSON does not have
        return event
    except ValueError as error:
        raise InputError(f"--event: {source} is not JSON: {error}") from error
    except RecursionError as error:
        raise InputError(f"--event: {source} is nested too deeply") from error


def read_event(path: Path) -> Any:
    """The event in a file. Raises `InputError`."""
    try:
        return event_in(str(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--event: {path} cannot be read: {error}") from error


def invoke(function: Function, event: Any, client: Callable[..., Any]) -> Invocation:
    """Invoke a function and wait for its end. Raises `DeploymentError` if no response comes, and botocore's errors."""
    began = time.time()
    seconds = function.timeout_seconds + PATIENCE_SECONDS
    # No automatic retry: it would invoke the function again.
    patient = Config(read_timeout=seconds, tcp_keepalive=True, retries={"total_max_attempts": 1})
    lambda_ = client("lambda", region_name=function.region or None, config=patient)
    try:
        answer = lambda_.invoke(FunctionName=function.name, Payload=json.dumps(event), LogType="Tail")
        payload = answer["Payload"].read().decode("utf-8", "replace")
    except ReadTimeoutError as error:
        raise DeploymentError(
            f"{function.name} gave no answer within {seconds} s, {PATIENCE_SECONDS} s more than its timeout"
        ) from error
    ended = time.time()
    request_id = str(answer["ResponseMetadata"]["RequestId"])
    log, complete = _log(function, request_id, int(began * 1000), client)
    return Invocation(request_id, _parsed(payload), answer.get("FunctionError"), ended - began, log, complete)


def _log(
    function: Function, request_id: str, since: int, client: Callable[..., Any]
) -> tuple[tuple[LogLine, ...], bool]:
    """The log lines of a request, and whether the last one has arrived."""
    # Clocks differ, and an execution environment logs before the request starts.
    reader, understood = LogReader([function], client, since - 60_000), LineReader()
    lines: list[LogLine] = []
    deadline = time.monotonic() + LOG_SECONDS
    while True:
        lines += [line for event in reader.read() if (line := understood.read(event)).request_id == request_id]
        if any(one.platform and one.text.startswith(("REPORT", "platform.report")) for one in lines):
            return tuple(lines), True
        if time.monotonic() > deadline:
            return tuple(lines), False
        time.sleep(LOG_EVERY_SECONDS)


def _parsed(payload: str) -> Any:
    try:
        return json.loads(payload) if payload else None
    except (ValueError, RecursionError):
        return payload
