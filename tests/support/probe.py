"""A function that runs the Python source in its event, with a role of its own."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sluice_cli.local_aws.server import LocalAws

from .bare_aws import LOGS, allow, bare_aws

SOURCE = """
import json, os, time

def handle(event, context):
    names = {"event": event, "context": context, "os": os, "json": json, "time": time}
    exec(event["run"], names)
    return names.get("answer")
"""


@dataclass(frozen=True)
class Answer:
    """What an invocation gave."""

    request_id: str
    payload: Any
    error: str | None
    log: list[str]


@dataclass(frozen=True)
class Probe:
    """The function, on a local AWS."""

    local: LocalAws
    name: str

    def run(self, source: str) -> Answer:
        """Invoke it with a source that may set `answer`."""
        payload = json.dumps({"run": source})
        answer = self.local.client("lambda").invoke(FunctionName=self.name, Payload=payload)
        return Answer(
            answer["ResponseMetadata"]["RequestId"],
            json.loads(answer["Payload"].read() or b"null"),
            answer.get("FunctionError"),
            self.log(answer["ResponseMetadata"]["RequestId"]),
        )

    def log(self, request_id: str) -> list[str]:
        """The lines of one invocation."""
        events = self.local.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
        streams = {one["logStreamName"] for one in events if f"START RequestId: {request_id}" in one["message"]}
        return [one["message"] for one in events if one["logStreamName"] in streams]


@contextmanager
def probe(
    local: LocalAws, *, tracing: str = "Active", timeout: int = 30, statements: Sequence[dict[str, Any]] = ()
) -> Iterator[Probe]:
    """A function whose role has these statements only, beside its log and its traces."""
    with bare_aws(local) as made:
        role = made.role("probe", allow([*LOGS, "xray:PutTraceSegments"]), *statements)
        function = made.function("probe", role, SOURCE, Timeout=timeout, TracingConfig={"Mode": tracing})
        yield Probe(local, function.rpartition(":")[2])
