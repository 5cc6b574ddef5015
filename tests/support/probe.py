"""A function that runs the Python source in its event, with a role of its own."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.testing import eventually

SOURCE = """
import json, os, time

def handle(event, context):
    names = {"event": event, "context": context, "os": os, "json": json, "time": time}
    exec(event["run"], names)
    return names.get("answer")
"""
# What a function needs to write its log and its traces.
OPERATE = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments"],
    "Resource": "*",
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


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
    name = f"test-probe-{uuid4().hex[:8]}"
    iam, functions = local.client("iam"), local.client("lambda")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [OPERATE, *statements]})
    iam.put_role_policy(RoleName=name, PolicyName="Probe", PolicyDocument=policy)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("probe.py", SOURCE)
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="probe.handle",
        Role=role,
        Timeout=timeout,
        Code={"ZipFile": archive.getvalue()},
        TracingConfig={"Mode": tracing},
    )
    try:
        eventually(lambda: functions.get_function_configuration(FunctionName=name)["State"] == "Active")
        yield Probe(local, name)
    finally:
        functions.delete_function(FunctionName=name)
        iam.delete_role_policy(RoleName=name, PolicyName="Probe")
        iam.delete_role(RoleName=name)
