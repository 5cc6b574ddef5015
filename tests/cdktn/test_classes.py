"""The module classes on CDK Terrain: their own unit tests, and as the wheel has them.

`make cdktn` runs all unit tests; these are the ones where frameworks or providers differ, and take seconds.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from checks import ROOT

from .conftest import PYTHON

TESTS = (
    *("test_table.py", "test_table_changes.py", "test_bucket.py", "test_bucket_events.py", "test_queue.py"),
    *("test_topic.py", "test_key.py", "test_api_to_queue.py", "test_rule.py", "test_schedule.py"),
    *("test_role.py", "test_release.py", "test_secret.py", "test_jsii_calls.py", "test_state.py"),
    *("test_grant_table.py", "test_least_privilege.py", "test_terminal_safety.py"),
)

# As a project on CDK Terrain has it: its own names, and the old ones for what is not changed yet.
APP = """
from sluice import Bucket, Index, Table, require_aws_provider
from sluice.testing import SynthesizedStack

import cdktf
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue as OldName
from cdktn import Testing, TerraformStack
from cdktn_provider_aws.provider import AwsProvider
from cdktn_provider_aws.sqs_queue import SqsQueue

assert (cdktf.TerraformStack, OldName) == (TerraformStack, SqsQueue)
stack = TerraformStack(Testing.app(), "shop")
AwsProvider(stack, "Aws", region="us-east-1")
require_aws_provider(stack)
Bucket(stack, "Inbox", name="inbox")
Table(stack, "Orders", name="orders", partition_key="id", indexes=[Index("by-day", "day")])
SqsQueue(stack, "Jobs", name="jobs")
made = SynthesizedStack(stack)
print(made.resource("aws_dynamodb_table")["global_secondary_index"])
print(made.json["terraform"]["required_providers"])
"""


def run(*arguments: str, folder: Path, path: Path) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SLUICE_", "PYTEST_"))}
    done = subprocess.run(
        [PYTHON["cdktn"], *arguments],
        cwd=folder,
        env={**own, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_the_unit_tests_of_classes_pass() -> None:
    files = [str(Path("tests", "unit", name)) for name in TESTS]
    printed = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *files, folder=ROOT, path=ROOT)
    assert "passed" in printed.splitlines()[-1]
    assert "skipped" not in printed.splitlines()[-1]


def test_the_wheels_package_serves_a_project_on_cdk_terrain_under_both_names(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "modules", tmp_path / "sluice", ignore=shutil.ignore_patterns("__pycache__"))
    indexes, providers = run("-c", APP, folder=tmp_path, path=tmp_path).splitlines()
    assert json.loads(indexes.replace("'", '"')) == [
        {
            "name": "by-day",
            "key_schema": [{"attribute_name": "day", "key_type": "HASH"}],
            "projection_type": "ALL",
        }
    ]
    assert json.loads(providers.replace("'", '"')) == {
        "aws": {"source": "hashicorp/aws", "version": ">= 6.47.0, < 7.0.0"}
    }
