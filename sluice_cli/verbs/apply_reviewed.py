"""Apply exactly the plan that was reviewed."""

import argparse

from sluice_cli.review.saved import FOLDER, NotReviewed, SavedPlan
from sluice_cli.systems import add_system_arguments
from sluice_cli.terraform.deployment import DeploymentError, Target, console
from sluice_cli.terraform.planning import run_terraform, stack_folder, state_of, synthesize, target_of
from sluice_cli.verbs.review import understand

HELP = (
    "apply the plan that `review` saved; refused when the configuration or the state moved since, or when a dangerous "
    "change is not acknowledged"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)
    parser.add_argument("--local", action="store_true", help="on the local AWS that `make up` started")


def run(arguments: argparse.Namespace) -> int:
    apply_reviewed(target_of(local=arguments.local), arguments.systems)
    return 0


def apply_reviewed(target: Target, systems: list[str]) -> None:
    """Check every reviewed plan before the first is applied. Raises `DeploymentError` that says what moved."""
    # Asked for all: those that were reviewed. Asked for one: that one has to be.
    names = [name for name in synthesize(target, systems) if systems or SavedPlan.of(target.folder, name).was_reviewed]
    if not names:
        raise DeploymentError(f"nothing was reviewed: {target.folder / FOLDER} holds no plan; run `make review`")
    checked = []
    for name in names:
        run_terraform(name, target, "init", "-input=false")
        saved = SavedPlan.of(target.folder, name)
        try:
            manifest = saved.check(stack_folder(name, target), state_of(name, target))
            # Judged again from the plan file itself: what the manifest says of it is not taken on trust.
            document = run_terraform(name, target, "show", "-json", str(saved.plan.resolve()))
            saved.check_dangers(manifest, [one.address for one in understand(name, document, target).dangers])
        except NotReviewed as error:
            raise DeploymentError(f"{error}. Nothing was applied") from error
        checked.append((name, saved, manifest))
    for name, saved, manifest in checked:
        if manifest.changes:
            console.print(f"{name}: applying {manifest.changes} reviewed changes", markup=False)
        # Without a change too: outputs may differ, and Terraform checks once more that the state has not moved.
        run_terraform(name, target, "apply", "-input=false", str(saved.plan.resolve()))
        saved.mark_applied()
        console.print(f"{name}: {'applied' if manifest.changes else 'nothing to change'}", markup=False)
