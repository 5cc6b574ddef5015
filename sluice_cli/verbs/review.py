"""Review what a deployment would change, before it does."""

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.text import Text

from sluice_cli.review import terminal
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.markdown import to_markdown
from sluice_cli.review.model import StackReview
from sluice_cli.review.page import to_html
from sluice_cli.review.plan import PlanError, read_plan
from sluice_cli.review.reviewing import review_stack
from sluice_cli.review.saved import FOLDER, Manifest, SavedPlan, configuration_hashes, file_hash
from sluice_cli.systems import add_system_arguments
from sluice_cli.terraform.deployment import DeploymentError, Target, console
from sluice_cli.terraform.planning import make_plan, stack_folder, state_of, synthesize, target_of

HELP = (
    "plan, and show what changes and what of it is dangerous. Exit code 0: nothing dangerous, or all of it "
    "acknowledged; 3: dangers not acknowledged; 1: no plan; 2: settings or arguments are wrong"
)

DANGEROUS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)
    parser.add_argument("--local", action="store_true", help="on the local AWS that `make up` started")
    parser.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a dangerous change that is meant, by its address (SYSTEM:ADDRESS where two systems have it); repeatable",
    )
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="review this output of `terraform show -json` instead; the page goes beside it",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.plan:
        reviews, folder = [_of_file(arguments.plan, arguments.acknowledge)], arguments.plan.parent
    else:
        target = target_of(local=arguments.local)
        reviews, folder = review(target, arguments.systems, arguments.acknowledge), target.folder / FOLDER
    terminal.print_review(reviews, console)
    write_faces(reviews, folder)
    return DANGEROUS if any(one.unacknowledged for one in reviews) else 0


def review(target: Target, systems: Sequence[str], acknowledged: Sequence[str]) -> list[StackReview]:
    """Synthesize, plan and review; the plans are kept for `apply-reviewed`. Raises `DeploymentError`."""
    names = synthesize(target, systems)
    with ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(lambda name: make_plan(name, target), names))
    reviews = [understand(name, document, target) for name, document in zip(names, documents, strict=True)]
    reviews = acknowledge(reviews, acknowledged)
    for one in reviews:
        _save(one, target)
    return reviews


def understand(name: str, document: str, target: Target) -> StackReview:
    """The review of a plan that was made from what is synthesized. Raises `DeploymentError`."""
    synthesized = json.loads((stack_folder(name, target) / "cdk.tf.json").read_text())
    return _understood(name, document, Configuration.synthesized(synthesized))


def write_faces(reviews: Sequence[StackReview], folder: Path) -> None:
    """The page to look at, and the Markdown for a pull request."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "review.html").write_text(to_html(reviews), encoding="utf-8")
        (folder / "review.md").write_text(to_markdown(reviews), encoding="utf-8")
    except OSError as error:
        raise DeploymentError(f"the page could not be written: {error}") from error
    console.print()
    console.print(Text(f"To look at: {folder / 'review.html'}; for a pull request: {folder / 'review.md'}"))


def acknowledge(reviews: Sequence[StackReview], addresses: Sequence[str]) -> list[StackReview]:
    """The reviews with their dangers acknowledged. Raises `DeploymentError` for an address that is no danger."""
    found: dict[str, set[str]] = {one.name: set() for one in reviews}
    for given in addresses:
        system, _, address = given.rpartition(":") if given.partition(":")[0] in found else ("", "", given)
        holders = [
            one.name
            for one in reviews
            if system in ("", one.name) and address in {change.address for change in one.dangers}
        ]
        if not holders:
            raise DeploymentError(f"--acknowledge {given}: no dangerous change of this plan has that address")
        if len(holders) > 1:
            choices = " or ".join(f"{name}:{address}" for name in holders)
            raise DeploymentError(f"--acknowledge {given}: several systems have it; say {choices}")
        found[holders[0]].add(address)
    return [one.acknowledging(found[one.name]) for one in reviews]


def _of_file(path: Path, acknowledged: Sequence[str]) -> StackReview:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        kind = "it is no text; give the output of `terraform show -json PLANFILE`"
        raise DeploymentError(f"{path}: {kind if isinstance(error, UnicodeDecodeError) else error}") from error
    return acknowledge([_understood(path.stem, text, None)], acknowledged)[0]


def _understood(name: str, document: str, configuration: Configuration | None) -> StackReview:
    try:
        plan = read_plan(document)
        return review_stack(name, plan, configuration or Configuration.planned(plan.document))
    except PlanError as error:
        raise DeploymentError(f"{name}: {error}") from error


def _save(one: StackReview, target: Target) -> None:
    saved = SavedPlan.of(target.folder, one.name)
    saved.write(
        Manifest(
            stack=one.name,
            plan=file_hash(saved.plan),
            state=state_of(one.name, target),
            configuration=configuration_hashes(stack_folder(one.name, target)),
            dangers=[change.address for change in one.dangers],
            acknowledged=sorted(one.acknowledged),
            changes=one.counts.changes,
        )
    )
