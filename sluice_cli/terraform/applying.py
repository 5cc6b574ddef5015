"""Deploys and destroys a project's stacks in order of their dependencies."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from sluice_cli.errors import DeploymentError
from sluice_cli.project import Synthesized
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from sluice_cli.terraform.moved_away import check_not_moved_away, moved_away
from sluice_cli.terraform.overlaps import Overlaps
from sluice_cli.terraform.parallel_run import ParallelRun
from sluice_cli.terraform.unchanged import UnchangedStacks

CHANGES = 2  # exit code of `terraform plan -detailed-exitcode` if the plan has changes
PLAN = Path(".terraform", "deploy.tfplan")


def deploy(names: Sequence[str], target: Target) -> list[Stack]:
    """Synthesize and deploy without asking. Independent stacks are deployed concurrently; a stack without changes is
    not applied.

    Raises `DeploymentError` once all stacks that do not depend on a failed one are deployed.
    """
    stacks = synthesize(target, names)
    deploy_stacks(stacks, target)
    return stacks


def deploy_stacks(stacks: Sequence[Stack], target: Target, unchanged: UnchangedStacks | None = None) -> None:
    """Deploy synthesized stacks, as `deploy` does. With `unchanged`, stacks that are deployed as they are synthesized
    are left out, unless the deployment of another stack may have changed their resources. Each deployment is recorded
    there."""
    with ParallelRun("deploy", "Deploying", target) as run:
        if unchanged is None:
            _in_order(stacks, _dependencies(stacks), lambda stack: _deploy(stack, run), run)
            return
        overlaps = Overlaps(unchanged.state)
        work = partial(_deploy, run=run, unchanged=unchanged, overlaps=overlaps)
        try:
            _in_order(stacks, _dependencies(stacks), work, run)
            again = overlaps.affected([stack for stack in stacks if run.was_skipped(stack)])
            for stack, changed_by in again:
                unchanged.forget(stack)
                run.plan_again(stack, changed_by)
            again_stacks = [stack for stack, _ in again]
            _in_order(again_stacks, _dependencies(again_stacks), work, run)
        finally:
            # Planned by the next deployment: stacks that were planned earlier in this one, and those it was not for.
            for stack, _ in overlaps.affected(unchanged.recorded()):
                unchanged.forget(stack)


def destroy(stacks: Sequence[Stack], target: Target) -> None:
    """Destroy without asking, dependents first. Raises `DeploymentError` once all stacks that can be destroyed are
    gone.
    """
    needed = _dependencies(stacks)
    dependents = {name: {other for other in needed if name in needed[other]} for name in needed}
    with ParallelRun("destroy", "Destroying", target) as run:
        _in_order(stacks, dependents, lambda stack: _destroy(stack, run), run)


def dependents_of(stacks: Sequence[Stack]) -> list[Stack]:
    """Other stacks of the app that depend on these, directly or indirectly."""
    if not stacks:
        return []
    target = stacks[0].target
    synthesized = Synthesized.read(target.output)
    found = {stack.name for stack in stacks}
    for name in synthesized.ordered():
        if found & set(synthesized.dependencies[name]):
            found.add(name)
    return [Stack(name, target) for name in synthesized.ordered() if name in found - {stack.name for stack in stacks}]


def _in_order(
    stacks: Sequence[Stack], needed: Mapping[str, set[str]], work: Callable[[Stack], None], run: ParallelRun
) -> None:
    if not stacks:
        return
    by_name = {stack.name: stack for stack in stacks}
    order = TopologicalSorter(needed)
    order.prepare()
    running: dict[Future[None], str] = {}
    failed: list[str] = []
    with ThreadPoolExecutor(len(stacks)) as pool:
        try:
            while running or order.is_active():
                running |= {pool.submit(work, by_name[name]): name for name in order.get_ready()}
                if not running:
                    break  # all remaining stacks depend on failed ones
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    name, error = running.pop(done), done.exception()
                    if error is None:
                        order.done(name)
                    elif isinstance(error, DeploymentError):
                        failed.append(str(error))
                    else:
                        raise error
        except BaseException:
            run.interrupt()
            raise
    if failed:
        raise DeploymentError("\n\n".join(failed))


def _deploy(
    stack: Stack, run: ParallelRun, unchanged: UnchangedStacks | None = None, overlaps: Overlaps | None = None
) -> None:
    if unchanged:
        if unchanged.holds(stack):
            run.skip(stack)
            return
        unchanged.forget(stack)
    with stack.initializing():
        run.terraform(stack, "init")
    try:
        if overlaps:
            overlaps.begin_plan(stack)
        if run.terraform(stack, "plan", "-detailed-exitcode", f"-out={PLAN}", fine=(0, CHANGES)) == CHANGES:
            check_not_moved_away(stack)
            before = overlaps.values(stack) if overlaps else None
            try:
                run.terraform(stack, "apply", str(PLAN))
            finally:
                if overlaps and before:
                    overlaps.end_apply(stack, before)
    finally:
        (stack.folder / PLAN).unlink(missing_ok=True)  # the plan file may hold secrets
    if unchanged:
        unchanged.record(stack)


def _destroy(stack: Stack, run: ParallelRun) -> None:
    with stack.initializing():
        run.terraform(stack, "init")
    counts = moved_away(stack.configuration, stack.state())
    for module, number in counts.items():
        run.say(
            f"{stack.name}: its resources were moved to a plain module: {number} below {module} of its state are "
            "destroyed with it"
        )
    run.terraform(stack, "destroy", "-auto-approve")


def _dependencies(stacks: Sequence[Stack]) -> dict[str, set[str]]:
    if not stacks:
        return {}
    dependencies = Synthesized.read(stacks[0].target.output).dependencies
    names = {stack.name for stack in stacks}
    return {name: set(dependencies[name]) & names for name in names}
