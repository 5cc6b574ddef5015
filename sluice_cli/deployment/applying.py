"""Deploys and destroys a project's stacks in order of their dependencies."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from sluice_cli.deployment.moved_away import check_not_moved_away, moved_away
from sluice_cli.deployment.overlaps import Overlaps
from sluice_cli.deployment.parallel_run import ParallelRun
from sluice_cli.deployment.unchanged import UnchangedStacks
from sluice_cli.errors import DeploymentError
from sluice_cli.project import Synthesized
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target

# In all messages about a folder that is not initialized, or for another backend, other providers or other modules.
NEEDS_INIT = re.compile(r"\b(?:terraform|tofu)[\s│]+init\b")

Deployed = Callable[[Stack], None]


def deploy(names: Sequence[str], target: Target) -> list[Stack]:
    """Synthesize and deploy without asking. Independent stacks are deployed concurrently.

    Raises `DeploymentError` once all stacks that do not depend on a failed one are deployed.
    """
    stacks = synthesize(target, names)
    deploy_stacks(stacks, target)
    return stacks


def deploy_stacks(
    stacks: Sequence[Stack],
    target: Target,
    unchanged: UnchangedStacks | None = None,
    deployed: Deployed = lambda stack: None,
) -> None:
    """Deploy synthesized stacks, as `deploy` does. With `unchanged`, stacks that are deployed as they are synthesized
    are left out, unless the deployment of another stack may have changed their resources. Each deployment is recorded
    there. `deployed` is called with each stack that is in place, from another thread."""
    overlaps = Overlaps(unchanged.state) if unchanged else None

    def work(stack: Stack) -> None:
        _deploy(stack, run, unchanged, overlaps)
        deployed(stack)

    with ParallelRun("deploy", "Deploying", target) as run:
        if unchanged is None or overlaps is None:
            _in_order(stacks, _dependencies(stacks), work, run)
            return
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
    options = ["-auto-approve"]
    if unchanged and overlaps:
        if unchanged.holds(stack):
            run.skip(stack)
            return
        if unchanged.differs_in_files_only(stack) and not overlaps.affected([stack]):
            options.append("-refresh=false")
        unchanged.forget(stack)

    def begin(stack: Stack) -> None:
        check_not_moved_away(stack)
        if overlaps:
            overlaps.begin_plan(stack)

    try:
        # One process: a plan and an apply of their own would each load the provider's schemas.
        _run(stack, run, begin, "apply", *options)
    finally:
        if overlaps and run.has_changes(stack):
            overlaps.end_apply(stack)
    if unchanged:
        unchanged.record(stack)


def _destroy(stack: Stack, run: ParallelRun) -> None:
    def say_what_was_moved(stack: Stack) -> None:
        counts = moved_away(stack.configuration, stack.state())
        for module, number in counts.items():
            run.say(
                f"{stack.name}: its resources were moved to a plain module: {number} below {module} of its state are "
                "destroyed with it"
            )

    _run(stack, run, say_what_was_moved, "destroy", "-auto-approve")


def _run(stack: Stack, run: ParallelRun, begin: Callable[[Stack], None], *command: str) -> None:
    """Run Terraform on a stack, after `init` if it is needed, which Terraform says before it does anything.
    `begin` is called in the stack's turn."""
    with run.turn(stack):
        if stack.has_providers:
            try:
                begin(stack)
                run.terraform(stack, *command)
                return
            except DeploymentError as error:
                if not NEEDS_INIT.search(str(error)):
                    raise
        with stack.initializing():
            run.terraform(stack, "init")
        begin(stack)
        run.terraform(stack, *command)


def _dependencies(stacks: Sequence[Stack]) -> dict[str, set[str]]:
    if not stacks:
        return {}
    dependencies = Synthesized.read(stacks[0].target.output).dependencies
    names = {stack.name for stack in stacks}
    return {name: set(dependencies[name]) & names for name in names}
