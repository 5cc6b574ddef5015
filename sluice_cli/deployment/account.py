"""Deployment to an AWS account: each stack's plan is shown, approved by a person, and applied as shown."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sluice_cli.deployment.applying import dependents_of
from sluice_cli.deployment.moved_away import check_not_moved_away
from sluice_cli.errors import DeploymentError, InputError, UndecidedError
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Account
from sluice_cli.terminal import console
from sluice_cli.terraform.program import CHANGES, program
from sluice_cli.terraform.state_bucket import ensure_state_bucket

PLAN = Path(".terraform", "deploy.tfplan")


def deploy(account: Account, names: Sequence[str], *, yes: bool) -> None:
    """Deploy the named stacks, or all, in order of their dependencies.

    Raises `UndecidedError` at the first plan that is not approved, and `DeploymentError` at the first failure.
    """
    _check_somebody_is_there(yes=yes)
    stacks = _synthesize(account, names)
    for stack in stacks:
        _plan_and_apply(stack, yes=yes)
    _say_subscriptions_wait(stacks)


def destroy(account: Account, names: Sequence[str], *, yes: bool) -> None:
    """Destroy the named stacks, or all, dependents first.

    Raises as `deploy` does, and `InputError` if other deployed stacks depend on one that would be destroyed.
    """
    _check_somebody_is_there(yes=yes)
    stacks = _synthesize(account, names)
    for other in dependents_of(stacks):
        other.init()
        if other.has_resources():
            raise InputError(f"{other.name} is deployed and depends on {', '.join(names)}: name it too")
    for stack in reversed(stacks):
        _plan_and_apply(stack, "-destroy", yes=yes)


def _synthesize(account: Account, names: Sequence[str]) -> list[Stack]:
    console.print(f"Account {account.account_id}", markup=False)
    stacks = synthesize(account, names)
    # The app uses the state bucket that the tool offers. A backend of the project's own is left alone.
    if any(_state_bucket(stack) == account.state_bucket for stack in stacks):
        console.print(f"State in {account.state_bucket}", markup=False)
        s3 = account.client("s3")
        ensure_state_bucket(
            s3,
            str(account.state_bucket),
            account.state_region,
            account.account_id,
            prefix=account.state_prefix,
            say=console.print,
        )
    return stacks


def _plan_and_apply(stack: Stack, *options: str, yes: bool) -> None:
    console.rule(f"[bold]{stack.name}", align="left")
    stack.init()
    check_not_moved_away(stack)
    plan = stack.folder / PLAN
    plan.parent.mkdir(exist_ok=True)  # `init` does not make it for a stack without providers
    try:
        if _run(stack, "plan", "-detailed-exitcode", f"-out={PLAN}", *options) == CHANGES:
            if not yes and console.input(f"Apply this plan of {stack.name}? Only `yes` does: ").strip() != "yes":
                raise UndecidedError(f"{stack.name}: not approved, nothing was done")
            _run(stack, "apply", str(PLAN))
    finally:
        plan.unlink(missing_ok=True)  # the plan file may hold secrets


def _run(stack: Stack, verb: str, *arguments: str) -> int:
    """Run Terraform with the caller's terminal."""
    sys.stdout.flush()
    plain = [] if console.is_terminal else ["-no-color"]
    process = subprocess.Popen(
        [program(stack.target.environment), verb, "-input=false", *plain, *arguments],
        cwd=stack.folder,
        env={**stack.target.variables(), "TF_IN_AUTOMATION": "1"},
    )
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            # Ctrl-C interrupts Terraform too: it ends in order, or at once when interrupted a second time.
            continue
    if code not in (0, CHANGES):
        raise DeploymentError(
            f"terraform {verb} of {stack.name} failed. If the state is locked or lost, or something already "
            f"exists: `sluice recover {stack.name}` (docs/recovery.md)"
        )
    return code


def _check_somebody_is_there(*, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UndecidedError("the plan needs approval, and standard input is not a terminal: give --yes")


def _state_bucket(stack: Stack) -> str | None:
    kept = stack.configuration.get("terraform", {}).get("backend", {}).get("s3")
    block = kept[0] if isinstance(kept, list) and kept else kept
    return block.get("bucket") if isinstance(block, dict) else None


def _say_subscriptions_wait(stacks: Sequence[Stack]) -> None:
    """Remind the caller of e-mail subscriptions: AWS mails a confirmation link to each new address."""
    addresses = {
        str(one.get("endpoint"))
        for stack in stacks
        for one in stack.configuration.get("resource", {}).get("aws_sns_topic_subscription", {}).values()
        if str(one.get("protocol", "")).startswith("email")
    }
    for address in sorted(addresses):
        console.print(
            f"Notifications for {address}: AWS has sent a confirmation mail. Nothing is delivered until the link in it "
            "is followed; Terraform cannot do that, nor tell whether it was done.",
            markup=False,
        )
