"""Checkov on functions, releases and secrets with every option: each finding is accepted with a reason, or fixed."""

import json
from pathlib import Path

import pytest

# isort: split
from cdktf import App, TerraformStack

from modules import Key, Logs, Parameter, PythonFunction, Release, Role, Secret, Vpc
from sluice_cli.scanning.scanners import checkov
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import judge

SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"
FRAMEWORK = "terraform_json"  # plans are made of what is deployed


@pytest.fixture
def synthesized(tmp_path: Path) -> ScannedStack:
    code = tmp_path / "worker"
    code.mkdir()
    (code / "handler.py").write_text("def handle(event, context): ...\n")
    app = App(outdir=str(tmp_path / "out"), skip_validation=True)  # providers make no difference to Checkov
    stack = TerraformStack(app, "options")
    key = Key(stack, "Key", alias="alias/options", description="Encrypts all")
    everything = PythonFunction(
        stack,
        "Everything",
        name="everything",
        packages=[code],
        layers=[LAYER],
        architecture="arm64",
        ephemeral_storage_mb=1024,
        reserved_concurrency=5,
        retries=1,
        logs=Logs(level="INFO", system_level="WARN"),
        allow_recursion=True,
        release=Release(10, minutes=5),
        vpc=Vpc(["subnet-0123456789abcdef0"], ["sg-0123456789abcdef0"]),
        code_signing_config_arn=SIGNING,
        key=key,
    )
    PythonFunction(stack, "Linear", name="linear", packages=[code], release=Release(10, minutes=1, linear=True))
    PythonFunction(stack, "AtOnce", name="at-once", packages=[code], release=Release(), reserved_concurrency=0)
    PythonFunction(stack, "Default", name="default", packages=[code])
    for grantee in (everything, Role.from_name(stack, "Reporting", "reporting")):
        Secret(stack, f"{grantee.name}Own", name=f"{grantee.name}/own").grant_read(grantee)
        Secret(stack, f"{grantee.name}Keyed", name=f"{grantee.name}/keyed", key=key).grant_read(grantee)
        Secret.from_name(stack, f"{grantee.name}Theirs", "theirs", key=key).grant_read(grantee)
        Parameter(stack, f"{grantee.name}Limit", name="/limit", key=key).grant_read(grantee)
    app.synth()
    return ScannedStack(
        "options", json.loads((tmp_path / "out" / "stacks" / "options" / "cdk.tf.json").read_text()), {}
    )


def test_every_option_is_clean_or_accepted_with_a_reason_that_is_used(synthesized: ScannedStack) -> None:
    verdict = judge([synthesized], [checkov([synthesized], [FRAMEWORK])])
    assert verdict.failed == []
    # The linter of policies finds these, in plans only.
    of_linter = {"RESOURCE_MISMATCH", "RESOURCE_STAR", "UNKNOWN_CONDITION_FOR_ACTION"}
    assert [one for one in verdict.unused if one.check not in of_linter] == []
    assert {finding.check for finding, _ in verdict.accepted} >= {"CKV_AWS_115", "CKV_AWS_149", "CKV2_AWS_57"}
