"""Moves between a stack and its plain module with Terraform's own `terraform_data`: what is left of one that fails."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sluice_cli.errors import DeploymentError, InputError
from sluice_cli.export.files import ADDRESSES
from sluice_cli.moving.moving import BLOCKS, BLOCKS_OF_STACK, PLAN, Move, MoveRefusedError, planned_move
from sluice_cli.moving.roots import CHOSEN_BACKEND, Folder, redirected_to_local_aws
from sluice_cli.project import Project
from sluice_cli.review.plan import read_plan
from sluice_cli.stack import Stack
from sluice_cli.target import Target
from sluice_cli.terraform.local_overrides import NONE, OVERRIDE

OWN = {"terraform_data.Row", "terraform_data.Mail"}
MOVED = {"module.own.terraform_data.row", "module.own.terraform_data.mail"}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A deployed stack."""
    (tmp_path / "cdktf.json").write_text('{"app": "true"}')
    made = Stack("own", Target({**os.environ}, tmp_path, Project.read(tmp_path)))
    (made.target.output / "stacks" / "own").mkdir(parents=True)
    stacks = {"own": {"workingDirectory": "stacks/own", "dependencies": []}}
    (made.target.output / "manifest.json").write_text(json.dumps({"stacks": stacks}))
    content = {**backend(tmp_path), "resource": {"terraform_data": {"Row": {"input": "x"}, "Mail": {"input": "y"}}}}
    (made.target.output / "stacks" / "own" / "cdk.tf.json").write_text(json.dumps(content))
    made.init()
    made.terraform("apply", "-input=false", "-auto-approve")
    return made


def backend(folder: Path) -> dict[str, object]:
    return {"terraform": {"backend": {"local": {"path": str(folder / "state")}}}}


@pytest.fixture
def root(stack: Stack, tmp_path: Path) -> Folder:
    """A root that calls the stack's plain module and has the same state."""
    folder = tmp_path / "root"
    (folder / "module").mkdir(parents=True)
    (folder / "main.tf.json").write_text(json.dumps({**backend(tmp_path), "module": {"own": {"source": "./module"}}}))
    content = {"resource": {"terraform_data": {"row": {"input": "x"}, "mail": {"input": "y"}}}}
    (folder / "module" / "main.tf.json").write_text(json.dumps(content))
    addresses = {"terraform_data.row": "terraform_data.Row", "terraform_data.mail": "terraform_data.Mail"}
    (folder / "module" / ADDRESSES).write_text(json.dumps({"stack": "own", "addresses": addresses}))
    return Folder(folder, stack.target)


def test_only_what_changes_is_named_beside_what_terraform_knows_later(root: Folder) -> None:
    function = {
        "filename": "a.zip",
        "architectures": ["arm64"],
        "last_modified": "x",
        "environment": [{"variables": {}}],
    }
    unknown = {"last_modified": True, "architectures": [False], "environment": [{"variables": {}}], "layers": []}
    change = {
        "address": "aws_lambda_function.f",
        "mode": "managed",
        "type": "aws_lambda_function",
        "name": "f",
        "change": {
            "actions": ["update"],
            "before": function,
            "after": {**function, "filename": "b.zip", "last_modified": None},
            "after_unknown": unknown,
        },
    }
    plan = read_plan(json.dumps({"format_version": "1.2", "planned_values": {}, "resource_changes": [change]}))
    assert Move(root, plan, False).summary() == [
        "0 addresses move; besides: 1 update",
        "  update aws_lambda_function.f (filename, last_modified)",
    ]


def move(stack: Stack, root: Folder, *, back: bool = False) -> int:
    with planned_move(stack, root, back=back, module=None) as planned:
        planned.check()
        planned.apply()
    return planned.moved


def left_behind(stack: Stack, root: Folder) -> list[Path]:
    """Plans, which may hold secrets, and blocks that would move again."""
    places = [root.path / PLAN, stack.folder / PLAN, stack.folder / BLOCKS_OF_STACK]
    return [one for one in places if one.exists()]


def test_a_stack_moves_to_the_module_and_back_and_again(stack: Stack, root: Folder) -> None:
    of_stack = Folder(stack.folder, stack.target)
    for _ in range(2):
        assert move(stack, root) == 2
        assert (root.addresses(), left_behind(stack, root)) == (MOVED, [])
        assert move(stack, root, back=True) == 2
        assert (of_stack.addresses(), left_behind(stack, root)) == (OWN, [])
        # States of other environments may have yet to move.
        assert "moved {" in (root.path / BLOCKS).read_text()


def test_a_refused_move_back_leaves_the_roots_blocks_and_does_not_name_them(stack: Stack, root: Folder) -> None:
    move(stack, root)
    text = (root.path / BLOCKS).read_text()
    of_another_version = {"stack": "own", "addresses": {"terraform_data.row": "terraform_data.Row"}}
    (root.path / "module" / ADDRESSES).write_text(json.dumps(of_another_version))
    with pytest.raises(MoveRefusedError) as error:
        move(stack, root, back=True)
    assert str(error.value).endswith("then move again. Nothing was applied.")
    assert (root.addresses(), (root.path / BLOCKS).read_text()) == (MOVED, text)
    assert left_behind(stack, root) == []


def test_a_refused_move_to_the_module_names_the_blocks_that_it_leaves_there(stack: Stack, root: Folder) -> None:
    of_another_version = {"stack": "own", "addresses": {"terraform_data.row": "terraform_data.Row"}}
    (root.path / "module" / ADDRESSES).write_text(json.dumps(of_another_version))
    with pytest.raises(MoveRefusedError) as error:
        move(stack, root)
    assert f"Nothing was applied; {root.path / BLOCKS} stays" in str(error.value)
    assert (root.path / BLOCKS).is_file()
    assert left_behind(stack, root) == []


def test_a_move_back_with_nothing_to_move_leaves_the_roots_blocks(stack: Stack, root: Folder) -> None:
    (root.path / BLOCKS).write_text("# of another environment\n")
    with pytest.raises(InputError, match="own: moved already"):
        move(stack, root, back=True)
    assert (root.path / BLOCKS).read_text() == "# of another environment\n"


def test_a_plan_that_cannot_be_read_is_deleted(stack: Stack, root: Folder, tmp_path: Path) -> None:
    failing = tmp_path / "terraform"
    failing.write_text('#!/bin/sh\n[ "$1" = show ] && exit 1\nexec terraform "$@"\n')
    failing.chmod(0o755)
    target = replace(stack.target, environment={**os.environ, "TERRAFORM_BINARY_NAME": str(failing)})
    for back in (False, True):
        with pytest.raises(DeploymentError, match=r"^terraform show in "):
            move(Stack("own", target), Folder(root.path, target), back=back)
        assert left_behind(stack, root) == []
        move(stack, root, back=back)


WITHOUT_ENDPOINTS = ">= 5.100.0, < 7.0.0"  # versions that take the endpoint from the environment


def require(stack: Stack, version: str) -> None:
    """Let the stack require a version of the AWS provider."""
    file = stack.folder / "cdk.tf.json"
    document = json.loads(file.read_text())
    document["terraform"]["required_providers"] = {"aws": {"source": "aws", "version": version}}
    file.write_text(json.dumps(document))


def test_a_root_has_no_endpoints_where_its_stack_requires_a_provider_that_takes_them_from_the_environment(
    stack: Stack, root: Folder
) -> None:
    """The provider validates them for more than a second at each step of each command."""
    local = replace(root, target=replace(root.target, environment={"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}))
    override = root.path / OVERRIDE
    for version, expected in ((WITHOUT_ENDPOINTS, False), (">= 5.0.0", True)):
        require(stack, version)
        with redirected_to_local_aws(local, stack):
            (provider,) = json.loads(override.read_text())["provider"]["aws"]
        assert ("endpoints" in provider) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("more.tf", 'provider "aws" {\n  endpoints {\n    dynamodb = "https://example.com"\n  }\n}\n'),
        ("more.tf.json", '{"provider": {"aws": {"endpoints": {"dynamodb": "https://example.com"}}}}'),
    ],
)
def test_endpoints_of_a_roots_author_are_removed_where_the_provider_takes_them_from_the_environment(
    stack: Stack, root: Folder, name: str, content: str
) -> None:
    local = replace(root, target=replace(root.target, environment={"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}))
    (root.path / name).write_text(content)
    require(stack, WITHOUT_ENDPOINTS)
    with redirected_to_local_aws(local, stack):
        (provider,) = json.loads((root.path / OVERRIDE).read_text())["provider"]["aws"]
    assert provider["dynamic"]["endpoints"] == NONE
    assert "endpoints" not in provider


def test_a_root_is_redirected_to_the_local_aws_during_the_move_only(stack: Stack, root: Folder) -> None:
    target = replace(stack.target, environment={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    local = Folder(root.path, target)
    root.terraform("init", "-input=false")
    with redirected_to_local_aws(local, stack):
        assert "http://127.0.0.1:9" in json.dumps(json.loads((root.path / OVERRIDE).read_text())["provider"])
    assert not (root.path / OVERRIDE).exists()
    assert not (root.path / CHOSEN_BACKEND).exists()
    (root.path / OVERRIDE).write_text("{}")
    with redirected_to_local_aws(local, stack):
        assert "http://127.0.0.1:9" in json.dumps(json.loads((root.path / OVERRIDE).read_text())["provider"])
    assert (root.path / OVERRIDE).read_text() == "{}"


def test_a_move_waits_for_another_command_of_the_project(stack: Stack, root: Folder) -> None:
    command = [sys.executable, "-m", "sluice_cli", "move", "own", str(root.path), "--local"]
    with stack.target.project.locked("`sluice up`"):
        moving = subprocess.Popen(
            [*command, "--project", str(stack.target.folder)],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert moving.stderr is not None
        assert moving.stderr.readline() == f"Waiting for `sluice up` (process {os.getpid()})\n"
    assert moving.communicate()[1] == "the local AWS is not running: run `sluice up` first\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 5}, "Unsupported state file format"),
        ({"schema_version": 9}, "created by a newer"),
    ],
)
def test_a_state_of_a_later_version_is_left_as_it_is(
    stack: Stack, root: Folder, tmp_path: Path, changed: dict[str, int], said: str
) -> None:
    file = tmp_path / "state"
    state = json.loads(file.read_text())
    if "version" in changed:
        state |= changed
    else:
        for one in state["resources"]:
            one["instances"][0] |= changed
    file.write_text(json.dumps(state))
    before = file.read_bytes()
    with pytest.raises(DeploymentError, match=said):
        move(stack, root)
    assert (file.read_bytes(), left_behind(stack, root)) == (before, [])
