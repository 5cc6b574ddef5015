"""Synthesizing, planning and applying with Terraform, one stack at a time."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from review.saved import SavedPlan, State

from . import deployment
from .deployment import DeploymentError, Target, console
from .local_aws import LocalAws
from .target import LOCAL, account_of_caller, local_target

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
    stacks = json.loads((target.output / "manifest.json").read_text())["stacks"]
    ordered: list[str] = []
    for name in stacks:
        _add_with_dependencies(name, stacks, ordered)
    missing = sorted(set(systems) - set(ordered))
    if missing:
        raise DeploymentError(f"not synthesized: {', '.join(missing)}; there are {', '.join(ordered)}")
    return [name for name in ordered if not systems or name in systems]


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


def _add_with_dependencies(name: str, stacks: Mapping[str, Mapping[str, Sequence[str]]], ordered: list[str]) -> None:
    for dependency in stacks[name].get("dependencies") or ():
        _add_with_dependencies(dependency, stacks, ordered)
    if name not in ordered:
        ordered.append(name)
