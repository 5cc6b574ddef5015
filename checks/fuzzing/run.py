"""Sends generated requests to the APIs of a local AWS, and collects violations."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.local_aws.signed_request import send, signed_request

from .judging import Violation, problems_of_answer, problems_of_log, problems_of_objects
from .requests import FuzzedRequest

THREADS = 4


@dataclass
class FuzzResult:
    """Answers by API and status, the number of log lines that were read, and the violations."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    log_lines: int = 0
    problems: list[Violation] = field(default_factory=list)


def fuzz(
    local: LocalAws,
    outputs: Mapping[str, Mapping[str, str]],
    requests: Sequence[FuzzedRequest],
    stored: Mapping[str, str],
    each: Callable[[], object] = lambda: None,
) -> FuzzResult:
    """Send all requests. `outputs` are the outputs of the systems with an API; `stored` has the allowed key patterns of
    stored objects by bucket. `each` is called after every answer.
    """
    outcome = FuzzResult()
    account = local.client("sts").get_caller_identity()["Account"]
    internal = ("BucketName", "TableName", "FunctionName", "LogGroupName")
    names = {one[name] for one in outputs.values() for name in internal} | {account}
    before, begun = _objects(local), int(time.time() * 1000)
    with ThreadPoolExecutor(THREADS) as pool:
        sent = {pool.submit(_send, local, outputs[one.system]["ApiUrl"], one): one for one in requests}
        for done in as_completed(sent):
            status, body = done.result()
            outcome.answers[sent[done].system, status] += 1
            outcome.problems += problems_of_answer(sent[done], status, body, names)
            each()
    for system in outputs:
        lines = _log(local, outputs[system]["LogGroupName"], begun)
        outcome.log_lines += len(lines)
        outcome.problems += problems_of_log(lines)
    outcome.problems += problems_of_objects(_objects(local) - before, stored)
    return outcome


def _send(local: LocalAws, api_url: str, request: FuzzedRequest) -> tuple[int, bytes]:
    url = api_url.removesuffix(request.route) + request.path + (f"?{request.query}" if request.query else "")
    how = signed_request if request.signed else send
    return how(local, request.method, url, request.body, request.headers)


def _objects(local: LocalAws) -> set[tuple[str, str]]:
    s3 = local.client("s3")
    pages: Any = s3.get_paginator("list_objects_v2")
    return {
        (bucket["Name"], one["Key"])
        for bucket in s3.list_buckets()["Buckets"]
        for page in pages.paginate(Bucket=bucket["Name"])
        for one in page.get("Contents", [])
    }


def _log(local: LocalAws, group: str, begun: int) -> list[str]:
    logs = local.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=begun)
    # A log event of the local AWS may hold several lines. Not splitlines(): it also splits at U+2028, which may be part
    # of a message.
    return [line for page in pages for event in page["events"] for line in event["message"].split("\n")]
