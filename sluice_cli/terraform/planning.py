"""Synthesizing, planning and applying with Terraform, stack by stack."""

import contextlib
import json
import re
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from sluice_cli.local_aws.server import LocalAws
from sluice_cli.review.saved import SavedPlan, State
from sluice_cli.target import LOCAL, account_of_caller, local_target
from sluice_cli.terraform import deployment
from sluice_cli.terraform.deployment import DeploymentError, Target, Watch, console

CHANGES = 2  # the exit code of a plan that changes anything

_first_init = threading.Lock()

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def target_of(*, local: bool) -> Target:
    """The local AWS, or the account of the caller's credentials. Nothing is changed in either."""
    if local:
        return local_target(LocalAws(LOCAL))
    account = account_of_caller()
    console.print(f"Account {account.account_id}, state in {account.state_bucket}", markup=False)
    return account


def synthesize(target: Target, systems: Sequence[str]) -> list[str]:
    """Synthesize, and give the stacks in the order in which they depend on each other. Raises `DeploymentError`."""
    target.folder.mkdir(parents=True, exist_ok=True)
    if deployment.synth(target):
        raise DeploymentError("synth failed: what it said is above")
    ordered = list(TopologicalSorter(_dependencies(target)).static_order())
    missing = sorted(set(systems) - set(ordered))
    if missing:
        raise DeploymentError(f"not synthesized: {', '.join(missing)}; there are {', '.join(ordered)}")
    return [name for name in ordered if not systems or name in systems]


def deploy(systems: Sequence[str], target: Target) -> None:
    """Deploy without asking: stacks side by side, each after those that it depends on; one whose plan changes nothing
    is left at that. Raises `DeploymentError`, once what does not depend on the failed stack is deployed."""
    names = synthesize(target, systems)
    order = TopologicalSorter(
        {name: set(needed) & set(names) for name, needed in _dependencies(target).items() if name in names}
    )
    order.prepare()
    running: dict[Future[None], str] = {}
    failed: list[str] = []
    with Watch("deploy", "Deploying", target) as watch:
        with ThreadPoolExecutor(len(names)) as pool:
            try:
                while running or order.is_active():
                    running |= {pool.submit(_deploy, name, target, watch): name for name in order.get_ready()}
                    if not running:
                        break  # what is left depends on what failed
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        name, error = running.pop(done), done.exception()
                        if error is None:
                            order.done(name)
                        elif isinstance(error, DeploymentError):
                            failed.append(str(error))
                        else:
                            raise error
            except BaseException:
                watch.interrupt()
                raise
        if failed:
            raise DeploymentError("\n\n".join(failed))


def _deploy(name: str, target: Target, watch: Watch) -> None:
    folder, plan = stack_folder(name, target), Path(".terraform", "deploy.tfplan")
    # The first time one after the other: a plugin cache takes no two at once.
    # https://developer.hashicorp.com/terraform/cli/config/config-file#provider-plugin-cache
    with contextlib.nullcontext() if (folder / ".terraform" / "providers").is_dir() else _first_init:
        watch.run(["terraform", "init", "-input=false", "-no-color"], folder, name)
    try:
        planned = ["terraform", "plan", "-input=false", "-no-color", "-detailed-exitcode", f"-out={plan}"]
        if watch.run(planned, folder, name, fine=(0, CHANGES)) == CHANGES:
            watch.run(["terraform", "apply", "-input=false", "-no-color", str(plan)], folder, name)
    finally:
        (folder / plan).unlink(missing_ok=True)  # it may hold secrets


def make_plan(name: str, target: Target) -> str:
    """Plan one stack into its folder; gives the plan's JSON. Raises `DeploymentError`."""
    saved = SavedPlan.of(target.folder, name)
    saved.prepare()
    run_terraform(name, target, "init", "-input=false")
    run_terraform(name, target, "plan", "-input=false", f"-out={saved.plan.resolve()}")
    document = run_terraform(name, target, "show", "-json", str(saved.plan.resolve()))
    saved.document.write_text(document)
    return document


def run_terraform(name: str, target: Target, *arguments: str) -> str:
    """Run Terraform for a stack. Raises `DeploymentError` with what it said."""
    result = deployment.terraform(name, target, *arguments)
    if result.returncode:
        said = plain(result.stderr)
        raise DeploymentError(f"terraform {arguments[0]} of {name} failed:\n{said}{deployment.advice(said, name)}")
    return result.stdout


def state_of(name: str, target: Target) -> State:
    """Which state a stack has now. Raises `DeploymentError`."""
    return State.read(run_terraform(name, target, "state", "pull"))


def stack_folder(name: str, target: Target) -> Path:
    return target.output / "stacks" / name


def plain(text: str) -> str:
    """Terraform colours its errors wherever it runs."""
    return COLOURS.sub("", text).strip()


def _dependencies(target: Target) -> dict[str, list[str]]:
    stacks = json.loads((target.output / "manifest.json").read_text())["stacks"]
    return {name: one.get("dependencies") or [] for name, one in stacks.items()}
