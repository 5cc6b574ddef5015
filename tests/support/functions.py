"""Running function code: in this process as Lambda would load it, and deployed on the local AWS."""

import importlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from checks import ROOT
from sluice_cli.local_aws.server import LocalAws

from .waiting import eventually


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda passes beside the event."""

    function_name: str = "tests"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:tests"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@contextmanager
def loaded(package: str, variables: Mapping[str, str]) -> Iterator[Any]:
    """The handler module of a function's package, as Lambda loads it: variables first, then the import.

    `variables` say all that an SDK needs to find the local AWS: `{**local_aws.environment(), "TABLE_NAME": ...}`.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr("sluice_functions.aws._sessions", {})
        # A module left over from another test holds that test's variables.
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            patch.delitem(sys.modules, name)
        yield importlib.import_module(f"{package}.handler")


def start_process(package: str, variables: Mapping[str, str], event: Any) -> subprocess.Popen[str]:
    """Handle one event in a process of its own, which a test may kill; its log lines are in its standard output."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, package, json.dumps(event)],
        env={**variables, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "lambda")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], *, within: float = 300) -> tuple[str, str]:
    """What a process writes to standard output and error until it ends, which must be within minutes."""
    try:
        return process.communicate(timeout=within)
    finally:
        process.kill()


RUN = """
import importlib, json, sys
from tests.support.functions import LambdaContext
importlib.import_module(sys.argv[1] + ".handler").handle(json.loads(sys.argv[2]), LambdaContext())
"""


@dataclass(frozen=True)
class Invocation:
    """What a synchronous invocation gave: the answer, or the error that the function raised."""

    answer: Any
    error: str | None


def invoke(local: LocalAws, function_arn: str, event: Any) -> Invocation:
    """Invoke a deployed function and wait for it."""
    result = _lambda(local, function_arn).invoke(FunctionName=function_arn, Payload=json.dumps(event))
    answer = json.loads(result["Payload"].read())
    if "FunctionError" in result:
        return Invocation(None, f"{answer.get('errorType')}: {answer.get('errorMessage')}")
    return Invocation(answer, None)


def deliver(local: LocalAws, function_arn: str, event: Any) -> None:
    """Hand a deployed function an event as S3 does: asynchronously, retried, at last kept in the failure queue."""
    _lambda(local, function_arn).invoke(FunctionName=function_arn, InvocationType="Event", Payload=json.dumps(event))


@contextmanager
def reconfigured(local: LocalAws, function_arn: str, variables: Mapping[str, str]) -> Iterator[None]:
    """A deployed function with more environment variables; afterwards as Terraform made it."""
    client = _lambda(local, function_arn)
    own = client.get_function_configuration(FunctionName=function_arn)["Environment"]["Variables"]

    def update(variables: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=function_arn, Environment={"Variables": variables})
        eventually(
            lambda: client.get_function_configuration(FunctionName=function_arn)["LastUpdateStatus"] == "Successful"
        )

    update({**own, **variables})
    try:
        yield
    finally:
        update(own)


@contextmanager
def throw_away(local: LocalAws, function_arn: str, source: str) -> Iterator[str]:
    """The ARN of another function, with a deployed one's role, whose `handle(event, context)` is in `source`."""
    client = _lambda(local, function_arn)
    role = client.get_function_configuration(FunctionName=function_arn)["Role"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("probe.py", source)
    probe = client.create_function(
        FunctionName=f"test-probe-{uuid4().hex[:8]}",
        Runtime="python3.13",
        Handler="probe.handle",
        Role=role,
        Timeout=30,
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]
    try:
        eventually(lambda: client.get_function_configuration(FunctionName=probe)["State"] == "Active")
        yield probe
    finally:
        client.delete_function(FunctionName=probe)


def try_as(local: LocalAws, function_arn: str, calls: Sequence[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """What AWS says when a function's role makes calls (service, operation, parameters): `allowed`, or the error code.

    They are made by a throw-away function that has the same role.
    """
    with throw_away(local, function_arn, PROBE) as probe:
        invocation = invoke(local, probe, calls)
    assert invocation.error is None, invocation.error
    return list(invocation.answer)


PROBE = """
import boto3
from botocore.exceptions import ClientError

def handle(event, context):
    answers = []
    for service, operation, parameters in event:
        try:
            getattr(boto3.client(service), operation)(**parameters)
            answers.append("allowed")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    return answers
"""


def _lambda(local: LocalAws, function_arn: str) -> Any:
    return local.client("lambda", region_name=function_arn.split(":")[3])
