"""A function on the local AWS runs under the Python of its runtime if this machine has it, else under the local AWS's
own.
"""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from sluice_cli.deployment.local import emulation_limits
from sluice_cli.local_aws import pythons
from sluice_cli.local_aws.pythons import pythons_of_machine
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import Project
from sluice_cli.stack import Stack
from sluice_cli.target import Target

VERSION = """
import sys, boto3
def handler(event, context):
    boto3.client("sts").get_caller_identity()
    return "python%d.%d" % sys.version_info[:2]
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@contextmanager
def function(local: LocalAws, runtime: str) -> Iterator[str]:
    """The name of a function that exists while the context lasts."""
    name, iam, functions = f"test-{uuid4().hex[:8]}", local.client("iam"), local.client("lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", VERSION)
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    try:
        yield name
    finally:
        functions.delete_function(FunctionName=name)
        iam.delete_role(RoleName=name)


@pytest.mark.parametrize("runtime", ["python3.11", "python3.12", "python3.13"])
def test_a_function_runs_under_the_python_of_its_runtime_with_boto3(local_aws: LocalAws, runtime: str) -> None:
    own = "python{}.{}".format(*sys.version_info)
    with function(local_aws, runtime) as name:
        answer = local_aws.client("lambda").invoke(FunctionName=name)["Payload"].read()
    assert json.loads(answer) == (runtime if runtime in pythons_of_machine() else own)


@pytest.mark.parametrize("runtime", ["java21", "ruby3.3", "dotnet8"])
def test_a_runtime_that_the_local_aws_does_not_run_is_an_error(local_aws: LocalAws, runtime: str) -> None:
    with function(local_aws, runtime) as name:
        answer = local_aws.client("lambda").invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorMessage": f"the local AWS runs no functions with the runtime {runtime}",
        "errorType": "Runtime.NotSupported",
    }


def test_functions_that_do_not_run_here_are_named_at_deployment(tmp_path: Path) -> None:
    functions = {
        "java": {"runtime": "java21"},
        "image": {"package_type": "Image"},
        "own": {"runtime": "provided.al2023"},
    }
    folder = tmp_path / "cdktf.out" / "stacks" / "odd"
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps({"resource": {"aws_lambda_function": functions}}))
    manifest = {"stacks": {"odd": {"workingDirectory": "stacks/odd", "dependencies": []}}}
    (tmp_path / "cdktf.out" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')
    assert emulation_limits([Stack("odd", Target({}, tmp_path, Project.read(tmp_path)))]) == [
        "The local AWS runs no functions from container images",
        "The local AWS runs no functions with the runtime java21",
    ]


def test_an_event_age_that_was_never_set_is_not_returned(local_aws: LocalAws) -> None:
    functions = local_aws.client("lambda")
    with function(local_aws, "python3.11") as name:
        seen = []
        for options in ({}, {"MaximumEventAgeInSeconds": 60}, {}):
            put = functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, **options)
            got = functions.get_function_event_invoke_config(FunctionName=name)
            seen.append([one.get("MaximumEventAgeInSeconds") for one in (put, got)])
    assert seen == [[None, None], [60, 60], [None, None]]


def test_a_python_of_another_version_than_its_name_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    shim = tmp_path / "python3.14"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.14: command not found' >&2; exit 127\n")
    shim.chmod(0o755)
    other = tmp_path / "python3.15"
    other.write_text("#!/bin/sh\necho python3.11\n")
    other.chmod(0o755)
    right = tmp_path / ".pyenv" / "versions" / "3.13.9" / "bin" / "python3.13"
    right.parent.mkdir(parents=True)
    right.write_text("#!/bin/sh\necho python3.13\n")
    right.chmod(0o755)
    assert pythons.pythons_of_machine.__wrapped__() == {"python3.13": str(right)}


def test_an_interpreter_is_preferred_to_a_shim_that_looks_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shims, home = tmp_path / "shims", tmp_path / "home"
    monkeypatch.setenv("PATH", str(shims))
    monkeypatch.setenv("HOME", str(home))
    installed = home / ".pyenv" / "versions" / "3.13.9" / "bin" / "python3.13"
    for program, version in (
        (shims / "python3.12", "3.12"),
        (shims / "python3.13", "3.13"),
        (installed, "3.13"),
    ):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho python{version}\n")
        program.chmod(0o755)
    assert pythons.pythons_of_machine.__wrapped__() == {
        "python3.12": str(shims / "python3.12"),
        "python3.13": str(installed),
    }
