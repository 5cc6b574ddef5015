"""A plain module on the local AWS with IAM enforced: applied, shown at work, and moved to the CDKTF stack and back."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks import ROOT
from checks.systems import SYSTEMS
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.moving.roots import Folder, send_to_local_aws
from sluice_cli.project import FILE, MANIFEST, Project
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target, local_target
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket
from tests.support.commands import once, sluice

NAME = "invocation-log"
ENVIRONMENT = {"ENVIRONMENT_SUFFIX": "plain"}
OUTPUTS = {
    "BucketName": "bucket_name",
    "DynamoDBTableName": "dynamo_db_table_name",
    "LambdaFunctionName": "lambda_function_name",
    "FunctionArn": "function_arn",
    "FailureQueueUrl": "failure_queue_url",
}


@pytest.fixture(scope="module")
def project(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's app as a project of its own on the tests' local AWS."""
    folder = tmp_path_factory.mktemp("plain")
    app = json.loads((ROOT / FILE).read_text())
    (folder / FILE).write_text(json.dumps({**app, "app": once(f"'{sys.executable}' '{ROOT / 'main.py'}'")}))
    (folder / ".sluice").mkdir()
    (folder / ".sluice" / "local").symlink_to(local_aws.folder)
    return folder


@pytest.fixture(scope="module")
def target(local_aws: LocalAws, project: Path) -> Target:
    made = local_target(Project.read(project))
    ensure_local_state_bucket(local_aws, str(made.state_bucket))
    return replace(made, environment={**made.environment, **ENVIRONMENT})


@pytest.fixture(scope="module")
def root(project: Path, target: Target) -> Folder:
    """A root that calls the module, applied. It lies where the demo looks for the stack."""
    (stack,) = synthesize(target, [NAME], quiet=True)
    folder = project / "plain" / "stacks" / NAME
    shutil.copytree(ROOT / "terraform" / NAME, folder / "module", ignore=shutil.ignore_patterns(".terraform*", "*.zip"))
    (archive,) = (stack.folder / "assets").rglob("*.zip")
    shutil.copyfile(archive, folder / "module" / archive.name)
    call = {"source": "./module", "environment": ENVIRONMENT["ENVIRONMENT_SUFFIX"]}
    content = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": [{"region": "us-west-2"}]},
        "module": {"log": call},
        "output": {name: {"value": f"${{module.log.{own}}}"} for name, own in OUTPUTS.items()},
    }
    (folder / "cdk.tf.json").write_text(json.dumps(content))
    manifest = {"stacks": {NAME: {"workingDirectory": f"stacks/{NAME}", "dependencies": []}}}
    (project / "plain" / MANIFEST).write_text(json.dumps(manifest))
    made = Folder(folder, target)
    send_to_local_aws(made, stack)
    made.terraform("init", "-input=false")
    made.terraform("apply", "-input=false", "-auto-approve")
    return made


def changes(folder: Folder) -> dict[str, list[str]]:
    """What another plan would do, without what the local AWS forgets of alarms."""
    folder.terraform("plan", "-input=false", "-out=again.tfplan")
    plan = json.loads(folder.terraform("show", "-json", "again.tfplan"))
    return {
        one["address"]: one["change"]["actions"]
        for one in plan.get("resource_changes", [])
        if one["change"]["actions"] != ["no-op"] and one["type"] != "aws_cloudwatch_metric_alarm"
    }


def kept(local: LocalAws, root: Folder) -> tuple[list[Any], list[str]]:
    """The rows and the objects that there are."""
    rows = local.client("dynamodb", region_name="us-west-2").scan(TableName="lambda-invocation-logs-plain")["Items"]
    bucket = f"lambda-trigger-bucket-plain-{local.account_id()}"
    objects = local.client("s3", region_name="us-west-2").list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(rows, key=str), sorted(one["Key"] for one in objects)


def move(project: Path, root: Folder, *arguments: str, **variables: str) -> tuple[int, str, str]:
    return sluice(
        project, "move", NAME, str(root.path), "--local", "--yes", *arguments, variables={**ENVIRONMENT, **variables}
    )


def test_the_systems_demo_passes_on_the_plain_module_and_a_second_plan_is_empty(
    local_aws: LocalAws, project: Path, target: Target, root: Folder
) -> None:
    result = SYSTEMS[NAME].tour(local_aws, replace(target, output_folder=project / "plain"))
    assert (result.sent, result.rows, result.failures) == (6, 6, 0)
    assert changes(root) == {}


def test_a_move_that_would_change_resources_with_data_is_refused(
    local_aws: LocalAws, project: Path, root: Folder
) -> None:
    before, addresses = kept(local_aws, root), root.addresses()
    # The stack of another environment has another state.
    code, _, err = move(project, root, "--back", ENVIRONMENT_SUFFIX="other")
    assert code == 2
    assert "has no resources, and none of" in err

    file = root.path / "module" / "cdktf-addresses.json"
    text = file.read_text()
    of_another_version = json.loads(text)
    del of_another_version["addresses"]["aws_dynamodb_table.invocations"]
    file.write_text(json.dumps(of_another_version))
    code, _, err = move(project, root, "--back")
    file.write_text(text)
    assert code == 3
    assert "refused: the move would touch what holds data:\n  module.log.aws_dynamodb_table.invocations" in err
    assert root.addresses() == addresses
    assert kept(local_aws, root) == before


def test_a_deployment_moves_to_the_stack_and_back_and_keeps_rows_and_objects(
    local_aws: LocalAws, project: Path, target: Target, root: Folder
) -> None:
    before, addresses = kept(local_aws, root), root.addresses()
    assert before[0]
    assert before[1]

    code, out, err = move(project, root, "--back")
    assert code == 0, err
    assert f"{len(addresses)} addresses move; besides: " in out
    assert not {"delete", "replace", "create"} & set(out.split())
    stack = Folder(Stack(NAME, target).folder, target)
    of_stack = json.loads((root.path / "module" / "cdktf-addresses.json").read_text())["addresses"]
    own = {of_stack[address.removeprefix("module.log.")] for address in addresses}
    assert stack.addresses() == own
    assert changes(stack) == {}
    code, _, err = move(project, root, "--back")
    assert code == 2
    assert "moved already" in err

    code, out, err = move(project, root)
    assert code == 0, err
    assert f"{len(addresses)} addresses move; besides: " in out
    assert root.addresses() == addresses
    assert kept(local_aws, root) == before


def test_the_module_is_destroyed_without_a_rest(local_aws: LocalAws, root: Folder) -> None:
    root.terraform("destroy", "-input=false", "-auto-approve")
    assert root.addresses() == set()
    tables = local_aws.client("dynamodb", region_name="us-west-2").list_tables()["TableNames"]
    assert "lambda-invocation-logs-plain" not in tables
