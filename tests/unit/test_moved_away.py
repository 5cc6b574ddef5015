"""A stack whose resources were moved to a plain module is not deployed: Terraform would destroy them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.deployment.account import deploy, destroy
from sluice_cli.deployment.applying import deploy_stacks
from sluice_cli.deployment.applying import destroy as destroy_stacks
from sluice_cli.deployment.moved_away import moved_away
from sluice_cli.deployment.plan import StackPlan
from sluice_cli.drift.looking import drift_of
from sluice_cli.errors import DeploymentError
from sluice_cli.project import Project
from sluice_cli.recovery.orphans import Recovery
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Account

TABLES: dict[str, Any] = {"resource": {"aws_dynamodb_table": {"Rows_AB12": {}}, "aws_sqs_queue": {"Jobs": {}}}}


def state(*addresses: str) -> dict[str, Any]:
    """A state with a managed resource at each address."""
    resources = []
    for address in addresses:
        module, type_, name = ["", *address.rsplit(".", 2)][-3:]
        resources.append({"mode": "managed", "type": type_, "name": name, "instances": [{}]})
        if module:
            resources[-1]["module"] = module
    return {"resources": resources}


@pytest.mark.parametrize(
    ("configuration", "addresses", "counts"),
    [
        (TABLES, ["module.log.aws_dynamodb_table.rows", "module.log.aws_sqs_queue.jobs"], {"module.log": 2}),
        (TABLES, ['module.log["eu.west"].module.inner.aws_dynamodb_table.rows'], {"module.log": 1}),
        (TABLES, ["module.log[0].aws_dynamodb_table.rows", "aws_sqs_queue.of_the_root"], {"module.log": 1}),
        # Not deployed, or deployed by the stack itself.
        (TABLES, [], {}),
        (TABLES, ["aws_dynamodb_table.Rows_AB12"], {}),
        (TABLES, ["aws_dynamodb_table.renamed"], {}),
        # The stack calls modules, and removed or replaced one of them.
        ({**TABLES, "module": {"log": {}}}, ["module.log.aws_dynamodb_table.rows"], {}),
        (TABLES, ["module.old.aws_dynamodb_table.rows", "aws_sqs_queue.Jobs"], {}),
        ({"module": {"new": {}}}, ["module.old.aws_dynamodb_table.rows"], {}),
        ({**TABLES, "moved": [{"from": "module.old.a.b"}]}, ["module.old.aws_dynamodb_table.rows"], {}),
        ({**TABLES, "removed": {"from": "module.old"}}, ["module.old.aws_dynamodb_table.rows"], {}),
    ],
)
def test_resources_moved_to_a_plain_module_are_told_from_modules_that_a_stack_replaces(
    configuration: dict[str, Any], addresses: list[str], counts: dict[str, int]
) -> None:
    assert moved_away(configuration, state(*addresses)) == counts


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """A project whose stack `own` was deployed, and then moved to `module.own` in the same state."""
    backend = {"terraform": {"backend": {"local": {"path": str(tmp_path / "state")}}}}
    made = tmp_path / "made" / "stacks" / "own"
    made.mkdir(parents=True)
    stacks = {"own": {"workingDirectory": "stacks/own", "dependencies": []}}
    (tmp_path / "made" / "manifest.json").write_text(json.dumps({"stacks": stacks}))
    (made / "cdk.tf.json").write_text(json.dumps({**backend, "resource": {"terraform_data": {"Row": {"input": "x"}}}}))
    (tmp_path / "cdktf.json").write_text('{"app": "mkdir -p $CDKTF_OUTDIR && cp -r made/. $CDKTF_OUTDIR"}')
    return Account(
        {**os.environ, "STATE_BUCKET": "states"}, tmp_path, Project.read(tmp_path), account_id="123456789012"
    )


def deploy_in_order(account: Account) -> None:
    deploy_stacks(synthesize(account), account)


def deploy_to_account(account: Account) -> None:
    deploy(account, [], yes=True)


def destroy_in_account(account: Account) -> None:
    destroy(account, [], yes=True)


def review(account: Account) -> None:
    StackPlan.make(synthesize(account)[0])


def drift(account: Account) -> None:
    drift_of(synthesize(account)[0])


def recover(account: Account) -> None:
    Recovery(synthesize(account)[0]).look()


def deployed_and_moved(account: Account) -> tuple[Stack, dict[str, Any]]:
    """The stack, and its state with the resource below `module.own`."""
    deploy_in_order(account)
    stack = Stack("own", account)
    moved: dict[str, Any] = json.loads(stack.terraform("state", "pull"))
    moved["resources"][0] |= {"module": "module.own", "name": "row"}
    (account.folder / "state").write_text(json.dumps(moved))
    return stack, moved


@pytest.mark.parametrize("command", [deploy_in_order, deploy_to_account, destroy_in_account, review, drift, recover])
def test_a_stack_that_was_moved_is_refused_and_its_state_stays(
    account: Account, command: Callable[[Account], None], tmp_path: Path
) -> None:
    stack, moved = deployed_and_moved(account)
    with pytest.raises(DeploymentError) as error:
        command(account)
    assert "1 below module.own" in str(error.value)
    assert "`sluice move own DIR --back`" in str(error.value)
    assert json.loads((tmp_path / "state").read_text()) == moved
    assert not list(stack.folder.glob(".terraform/*.tfplan"))


def test_a_stack_that_was_moved_is_destroyed_with_its_module_which_is_said(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    stack, _ = deployed_and_moved(account)
    capsys.readouterr()
    destroy_stacks([stack], account)
    assert capsys.readouterr().out.splitlines() == [
        "own: its resources were moved to a plain module: 1 below module.own of its state are destroyed with it",
        "Destroying: done, 1 change",
    ]
    assert stack.state()["resources"] == []
