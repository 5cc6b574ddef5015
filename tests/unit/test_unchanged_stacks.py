"""Of which stacks a plan depends on files, state and AWS's configuration only: any other is planned each time."""

import json
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.deployment import unchanged
from sluice_cli.deployment.unchanged import UnchangedStacks, is_determined
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import FILE, MANIFEST, Project, Synthesized
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terraform import local_overrides

AWS = {"terraform": {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}}}


def resource(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"resource": {kind: {"one": arguments}}}


@pytest.mark.parametrize(
    "configuration",
    [
        AWS,
        {},
        {**AWS, **resource("aws_sqs_queue", name="jobs")},
        {**AWS, **resource("aws_lambda_function", source_code_hash='${filebase64sha256("assets/code/1/archive.zip")}')},
        {**AWS, **resource("terraform_data", input="${upper(local.name)}")},
        {"terraform": {"required_providers": [{"random": {"source": "hashicorp/random"}}]}, **resource("random_id")},
        {**AWS, "data": {"aws_caller_identity": {"me": {}}, "terraform_remote_state": {"other": {}}}},
        {
            **AWS,
            "data": {"aws_iam_policy_document": {"may": {}}, "aws_region": {"here": {}}, "aws_partition": {"p": {}}},
        },
        {"terraform": {"required_providers": {"aws": {"source": "registry.opentofu.org/hashicorp/aws"}}}},
        {"terraform": {"required_providers": {"cloud": {"source": "hashicorp/aws"}}}},
        {"terraform": {"required_providers": {"aws": {"version": "5.100.0"}}}},
        {"terraform": {"required_providers": {"terraform": {"source": "terraform.io/builtin/terraform"}}}},
    ],
)
def test_a_plan_of_aws_resources_depends_on_nothing_else(configuration: dict[str, Any]) -> None:
    assert is_determined(configuration)


@pytest.mark.parametrize(
    "configuration",
    [
        {**AWS, "module": {"queue": {"source": "./queue"}}},
        {"terraform": {"required_providers": {"cloud": {"source": "example/cloud"}}}},
        {"terraform": {"required_providers": {"own": {"source": "registry.example.com/team/own"}}}},
        {"terraform": {"required_providers": {"own": {"source": "registry.example.com/team/aws"}}}},
        {"terraform": {"required_providers": {"aws": {"source": "registry.example.com/hashicorp/aws"}}}},
        {"terraform": {"required_providers": {"aws": {"source": "team/aws"}}}, **resource("aws_sqs_queue")},
        {"terraform": {"required_providers": [{"random": {"source": "team/random"}}]}},
        {**AWS, "data": {"aws_sqs_queue": {"theirs": {"name": "jobs"}}}},
        {**AWS, "data": {"aws_lambda_function": {"theirs": {"function_name": "worker"}}, "aws_region": {"here": {}}}},
        {**AWS, "data": {"aws_ssm_parameter": {"shared": {"name": "/shared"}}}},
        {**AWS, "check": {"answers": {"data": {"aws_sqs_queue": {"theirs": {"name": "jobs"}}}}}},
        {**AWS, "ephemeral": {"aws_secretsmanager_secret_version": {"password": {}}}},
        {**AWS, "data": {"archive_file": {"code": {"source_dir": "/src"}}}},
        {**AWS, "data": {"http": {"page": {}}}},
        {**AWS, **resource("local_file")},
        {**AWS, **resource("aws_s3_object", key="a")},
        {**AWS, **resource("aws_dynamodb_table_item")},
        {**AWS, "data": {"aws_s3_objects": {"all": {}}}},
        {**AWS, **resource("aws_sqs_queue", name="${timestamp()}")},
        {**AWS, **resource("aws_sqs_queue", name='${file("/etc/hostname")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("~/name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("../name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("a/../../name")}')},
        {**AWS, **resource("aws_sqs_queue", name='${file("${path.module}/name")}')},
        {**AWS, **resource("aws_sqs_queue", name="${templatefile(local.file, {})}")},
        {**AWS, **resource("aws_sqs_queue", name='${join(",", fileset(".", "*"))}')},
    ],
)
def test_what_else_a_plan_depends_on_has_it_planned(configuration: dict[str, Any]) -> None:
    assert not is_determined(configuration)


class KnownStates(LocalAws):
    """A local AWS whose state bucket holds what the test says."""

    def client(self, service: str, region_name: str = "", **options: Any) -> Any:
        return self

    def head_object(self, **asked: str) -> dict[str, str]:
        return {"VersionId": "1", "ETag": asked["Key"]}


QUEUE = {**AWS, **resource("aws_sqs_queue", name="jobs")}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    monkeypatch.setattr(unchanged, "count_changes", lambda local: "server 1")
    for name in ("terraform", "tofu"):
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(name)
        program.chmod(0o755)
    return KnownStates(tmp_path / "local")


def stacks_of(folder: Path, configurations: dict[str, Any], local: LocalAws, **variables: str) -> list[Stack]:
    """Synthesized stacks, each of which has been initialized."""
    (folder / FILE).write_text('{"app": "true"}')
    project = Project.read(folder)
    environment = {"PATH": str(folder / "programs"), **variables}
    target = Target(environment, folder, project, local=local)
    manifest = {name: {"workingDirectory": f"stacks/{name}", "dependencies": []} for name in configurations}
    for name, configuration in configurations.items():
        (target.output / "stacks" / name / ".terraform").mkdir(parents=True, exist_ok=True)
        (target.output / "stacks" / name / "cdk.tf.json").write_text(json.dumps(configuration))
    (target.output / MANIFEST).write_text(json.dumps({"stacks": manifest}))
    local_overrides.write(Synthesized.read(target.output), "https://127.0.0.1:1", "states")
    return [Stack(name, target) for name in configurations]


def test_a_stack_that_looks_up_what_another_manages_is_planned_each_time(local: LocalAws, tmp_path: Path) -> None:
    reading = {**AWS, "data": {"aws_sqs_queue": {"jobs": {"name": "jobs"}}}}
    owner, reader = stacks_of(tmp_path, {"owner": QUEUE, "reader": reading}, local)
    deployed = UnchangedStacks(owner.target, local)
    deployed.record(owner)
    deployed.record(reader)
    assert (deployed.holds(owner), deployed.holds(reader)) == (True, False)


def test_a_stack_whose_function_has_other_code_is_planned(local: LocalAws, tmp_path: Path) -> None:
    function = {**AWS, **resource("aws_lambda_function", filename="assets/code/1/archive.zip")}
    (stack,) = stacks_of(tmp_path, {"worker": function}, local)
    archive = stack.folder / "assets" / "code" / "1" / "archive.zip"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"one")
    deployed = UnchangedStacks(stack.target, local)
    deployed.record(stack)
    assert deployed.holds(stack)
    archive.write_bytes(b"two")
    assert (deployed.holds(stack), deployed.differs_in_files_only(stack)) == (False, True)


def test_the_program_that_deploys_is_part_of_the_record(local: LocalAws, tmp_path: Path) -> None:
    def queue_with(**variables: str) -> tuple[UnchangedStacks, Stack]:
        (stack,) = stacks_of(tmp_path, {"queue": QUEUE}, local, **variables)
        return UnchangedStacks(stack.target, local), stack

    by_tofu, stack = queue_with(TERRAFORM_BINARY_NAME="tofu")
    by_tofu.record(stack)
    assert by_tofu.holds(stack)
    by_terraform, stack = queue_with()
    assert not by_terraform.holds(stack)
    (tmp_path / "programs" / "terraform").unlink()  # a machine with OpenTofu only
    by_tofu, stack = queue_with(TERRAFORM_BINARY_NAME="tofu")
    assert by_tofu.holds(stack)
    by_terraform, stack = queue_with()
    with pytest.raises(DeploymentError, match=r"^terraform is not on PATH: "):
        by_terraform.holds(stack)
