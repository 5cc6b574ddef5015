"""Checkov on the Terraform of all systems with every opt-in setting, compared with the default. No deployment."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from sluice_cli.scanning.scanners import checkov
from sluice_cli.scanning.stack import ScannedStack
from sluice_cli.scanning.verdict import Verdict, judge

ROOT = Path(__file__).parent.parent.parent
FRAMEWORK = "terraform_json"  # plans are made of what is deployed
OPT_INS = {
    "AWS_REGION": "us-east-1",
    "CODE_SIGNING_CONFIG_ARN": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
    "ENCRYPTION_KEYS": "customer",
    "VPC_SECURITY_GROUP_IDS": "sg-0123456789abcdef0",
    "VPC_SUBNET_IDS": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "WEB_ACL_ARN": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/own/01234567-89ab-cdef-0123-456789abcdef",
}
# Findings accepted by default that an option resolves, and on how many resources.
MENDED = {
    "CKV_AWS_117": 5,  # functions outside of a VPC
    "CKV_AWS_119": 5,  # tables without a key; the products' has one
    "CKV_AWS_145": 5,  # buckets
    "CKV_AWS_158": 9,  # log groups of five functions and of two APIs
    "CKV_AWS_173": 5,  # environments of functions
    "CKV_AWS_272": 5,  # unsigned code
    "CKV2_AWS_29": 2,  # APIs without a web ACL
}
# Findings that opting in causes: rules of the web ACL, which its owner sets, and AWS's policy for VPC functions.
BROUGHT = {"CKV2_AWS_77": 2, "RESOURCE_MISMATCH": 5, "UNKNOWN_CONDITION_FOR_ACTION": 5}
OF_LINTER = {"RESOURCE_MISMATCH", "RESOURCE_STAR", "UNKNOWN_CONDITION_FOR_ACTION"}


def synthesized(folder: Path, settings: dict[str, str]) -> list[ScannedStack]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    subprocess.run(
        [sys.executable, "main.py"],
        cwd=ROOT,
        env={**environment, **settings, "CDKTF_OUTDIR": str(folder)},
        check=True,
        capture_output=True,
    )
    return [
        ScannedStack(path.parent.name, json.loads(path.read_text()), {})
        for path in sorted(folder.glob("stacks/*/cdk.tf.json"))
    ]


@dataclass(frozen=True)
class OptedIn:
    """Scans nothing by default: the deployed systems are scanned elsewhere."""

    default: list[ScannedStack]
    stacks: list[ScannedStack]
    verdict: Verdict


@pytest.fixture(scope="module")
def opted_in(tmp_path_factory: pytest.TempPathFactory) -> OptedIn:
    default = synthesized(tmp_path_factory.mktemp("default"), {})
    stacks = synthesized(tmp_path_factory.mktemp("opted-in"), OPT_INS)
    return OptedIn(default, stacks, judge(stacks, [checkov(stacks, [FRAMEWORK])]))


def accepted(stacks: list[ScannedStack]) -> Counter[str]:
    return Counter(one.check for stack in stacks for one in stack.acceptances)


def test_options_bring_no_finding_that_is_not_accepted(opted_in: OptedIn) -> None:
    assert opted_in.verdict.failed == []
    assert {stack for stack, _ in opted_in.verdict.passed} == {stack.name for stack in opted_in.stacks}


def test_findings_that_an_option_fixes_are_no_longer_accepted(opted_in: OptedIn) -> None:
    default, now = accepted(opted_in.default), accepted(opted_in.stacks)
    assert default - now == MENDED
    assert now - default == BROUGHT


def test_nothing_is_accepted_that_checkov_does_not_find(opted_in: OptedIn) -> None:
    # The policy linter's findings are those of the deployed systems.
    assert {one.check for one in opted_in.verdict.unused} == OF_LINTER
