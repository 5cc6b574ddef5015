"""A local AWS with a project's stacks deployed on it."""

import os
import shutil
from collections.abc import Sequence

from sluice_cli.deployment.applying import Deployed, dependents_of, deploy_stacks, destroy
from sluice_cli.deployment.unchanged import UnchangedStacks
from sluice_cli.errors import InputError, SluiceError, SynthError
from sluice_cli.local_aws.pythons import pythons_of_machine
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.project import MANIFEST, Project
from sluice_cli.stack import Stack, synthesize, synthesized_stacks
from sluice_cli.target import Target, local_target
from sluice_cli.terminal import console
from sluice_cli.terraform.program import check_program
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket


def up(
    project: Project,
    local: LocalAws,
    names: Sequence[str] = (),
    *,
    plan_all: bool = False,
    deployed: Deployed = lambda stack: None,
) -> Target:
    """Start the local AWS and deploy the named stacks of the project, or all.

    A stack on which nothing was changed since its last deployment is not planned again, unless `plan_all` is set.
    `deployed` is called with each stack that is in place, while others are still being deployed.
    Raises `SynthError` and `InputError` if nothing can be deployed; a local AWS that this call started is stopped
    again.
    """
    check_program(os.environ)
    was_running = local.running() is not None
    running = local.start()
    try:
        console.print(
            f"Local AWS: {'still running' if was_running else 'started'} at {running.url}, IAM enforced; "
            "your AWS credentials and profiles are not read"
        )
        target = local_target(project, local)
        new = ensure_local_state_bucket(local, str(target.state_bucket))
        console.print(f"State bucket: {target.state_bucket} {'created' if new else 'in place'}")
        if new:
            console.print("Deploying takes a minute or two, most of it the AWS provider's own waits for S3 and SQS")
        stacks = synthesize(target, names)
        for line in emulation_limits(stacks):
            console.print(line, markup=False)
        unchanged = UnchangedStacks(target, local)
        if plan_all:
            for stack in stacks:
                unchanged.forget(stack)
        deploy_stacks(stacks, target, unchanged, deployed)
    except (InputError, SynthError):
        if not was_running:
            local.stop()
            console.print("Local AWS: stopped again, as nothing could be deployed")
        raise
    return target


def emulation_limits(stacks: Sequence[Stack]) -> list[str]:
    """A line for each property of these stacks that the local AWS does not emulate as AWS does."""
    functions = [
        function
        for stack in stacks
        for function in stack.configuration.get("resource", {}).get("aws_lambda_function", {}).values()
    ]
    runtimes = {str(function["runtime"]) for function in functions if function.get("runtime")}
    images = any(function.get("package_type") == "Image" for function in functions)
    lines = ["The local AWS runs no functions from container images"] if images else []
    for runtime in sorted(runtimes):
        if runtime.startswith("python") and runtime not in pythons_of_machine():
            lines.append(
                f"{runtime} is not on this machine: functions with that runtime run under the local AWS's own Python; "
                f"install it (`uv python install {runtime.removeprefix('python')}`) and start the local AWS anew"
            )
        elif runtime.startswith("nodejs") and not shutil.which("node"):
            lines.append(f"Node.js is not on this machine: functions with the runtime {runtime} do not run")
        elif not runtime.startswith(("python", "nodejs", "provided")):
            lines.append(f"The local AWS runs no functions with the runtime {runtime}")
    return lines


def take_down(project: Project, local: LocalAws, names: Sequence[str]) -> None:
    """Destroy the named stacks on the local AWS, which keeps running.

    Raises `InputError` for an unknown stack, and for a stack that deployed stacks depend on.
    """
    target = local_target(project, local)
    stacks = [stack for stack in synthesized_stacks(target, names) if _to_destroy(stack)]
    others = [stack.name for stack in dependents_of(stacks) if stack.has_resources()]
    if others:
        raise InputError(f"{', '.join(others)} depend on {', '.join(names)}: name them too")
    destroy(stacks, target)


def _to_destroy(stack: Stack) -> bool:
    """Whether a stack may have resources: Terraform's folder may have been removed since it was deployed."""
    try:
        return stack.initialized or stack.has_resources()
    except SluiceError:  # Terraform says what is wrong with its state
        return True


def down(project: Project, local: LocalAws) -> None:
    """Destroy all stacks on the local AWS and stop it. It is stopped even if destroying fails: the local AWS keeps no
    data.
    """
    failure, left = "", []
    try:
        if local.running() is not None:
            target = local_target(project, local)
            if (target.output / MANIFEST).is_file():
                stacks = [one for one in synthesized_stacks(target) if _to_destroy(one)]
                try:
                    destroy(stacks, target)
                except (SluiceError, OSError):
                    left = [line for stack in stacks for line in _outside_of_aws(stack)]
                    raise
    except (SluiceError, OSError) as error:
        failure = str(error)
    finally:
        stopped = local.stop()
    if failure:
        console.print(f"Not destroyed in order, and gone with the local AWS all the same:\n{failure}", markup=False)
    if left:
        console.print(f"Not on the local AWS, so these are left: {', '.join(left)}", markup=False)
    console.print("Local AWS: stopped" if stopped else "Local AWS: was not running")


# Resources without anything outside of Terraform's state.
IN_STATE_ONLY = ("aws", "terraform", "random", "null", "time", "tls")


def _outside_of_aws(stack: Stack) -> list[str]:
    """The addresses of deployed resources that do not end with the local AWS; none if the state cannot be read."""
    try:
        resources = stack.state().get("resources", [])
    except (SluiceError, OSError):
        return []
    return [
        f"{stack.name}: {'.'.join(filter(None, (one.get('module'), one['type'], one['name'])))}"
        for one in resources
        if one.get("mode") == "managed" and one.get("instances") and one["type"].partition("_")[0] not in IN_STATE_ONLY
    ]
