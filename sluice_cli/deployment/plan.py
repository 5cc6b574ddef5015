"""A stack's plan from planning to applying: planned, reviewed, saved, checked, applied."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sluice_cli.deployment.moved_away import check_not_moved_away
from sluice_cli.errors import DeploymentError, InputError, UndecidedError
from sluice_cli.project import Project, ignore_in_git
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.cost.counts import NO_COUNTS, EventCounts
from sluice_cli.review.model import StackReview
from sluice_cli.review.plan import PlanError, read_plan
from sluice_cli.review.plan_text import read_plan_text
from sluice_cli.review.reviewing import review_stack
from sluice_cli.review.rules import RulesError
from sluice_cli.review.ruleset import NO_RULES, Ruleset
from sluice_cli.review.saved import (
    FOLDER,
    Manifest,
    NotAcknowledged,
    NotReviewed,
    SavedPlan,
    configuration_hashes,
    file_hash,
)
from sluice_cli.stack import Stack, synthesize
from sluice_cli.target import Target
from sluice_cli.terminal import console

AT_ONCE = 2  # concurrent plans: each takes a core


@dataclass(frozen=True)
class StackPlan:
    """Terraform's plan of one stack.

    `document` is the output of `terraform show -json`. The plan file is in the target's `review.out`, where `apply`
    finds it. `rules` are the project's own review rules.
    """

    stack: Stack
    document: str
    rules: Ruleset = NO_RULES

    @classmethod
    def make(cls, stack: Stack, rules: Ruleset = NO_RULES) -> "StackPlan":
        """Plan a synthesized stack, and discard an earlier review. Raises `DeploymentError`."""
        saved = _saved(stack)
        saved.prepare()
        stack.init()
        check_not_moved_away(stack)
        stack.terraform("plan", "-input=false", f"-out={saved.plan.resolve()}")
        document = stack.terraform("show", "-json", str(saved.plan.resolve()))
        saved.document.write_text(document)
        return cls(stack, document, rules)

    @classmethod
    def reviewed(cls, stack: Stack) -> "StackPlan":
        """The plan of a synthesized stack that was reviewed and saved, which may be applied as it is.

        Raises `DeploymentError` when configuration or state moved since, or it was applied already, and
        `UndecidedError` when a dangerous change in it is not acknowledged.
        """
        rules = rules_of(stack.target.project)
        stack.init()
        saved = _saved(stack)
        try:
            manifest = saved.check(stack.folder, stack.state_version(), rules.digest)
            # Reviewed again from the plan file itself: the manifest is not trusted.
            plan = cls(stack, stack.terraform("show", "-json", str(saved.plan.resolve())), rules)
            dangers = plan.review.dangers
            saved.check_dangers(
                manifest,
                [one.address for one in dangers],
                [one.address for one in dangers if one.is_raised],
            )
        except NotAcknowledged as error:
            raise UndecidedError(f"{error}. Nothing was applied") from error
        except NotReviewed as error:
            raise DeploymentError(f"{error}. Nothing was applied") from error
        return plan

    @cached_property
    def review(self) -> StackReview:
        """The review of the plan, dangers first. Raises `DeploymentError` if the plan cannot be read."""
        configuration = Configuration.synthesized(self.stack.configuration)
        counts = EventCounts.read(self.stack.target.project.folder)
        return review_document(self.stack.name, self.document, configuration, self.rules, counts)

    def save(self, review: StackReview) -> None:
        """Save the plan for `apply`, with what it was made from and what was acknowledged."""
        saved = _saved(self.stack)
        saved.write(
            Manifest(
                stack=self.stack.name,
                plan=file_hash(saved.plan),
                state=self.stack.state_version(),
                configuration=configuration_hashes(self.stack.folder),
                dangers=[change.address for change in review.dangers],
                acknowledged=sorted(review.acknowledged),
                changes=review.counts.changes,
                rules=self.rules.digest,
            )
        )

    def apply(self) -> int:
        """Apply exactly this plan. Returns the number of its changes. Raises `DeploymentError`."""
        saved = _saved(self.stack)
        changes = saved.read().changes
        # Also without changes: outputs may differ, and Terraform checks again that the state has not changed.
        self.stack.terraform("apply", "-input=false", str(saved.plan.resolve()))
        saved.mark_applied()
        return changes


def make_plans(stacks: Sequence[Stack], rules: Ruleset = NO_RULES) -> list[StackPlan]:
    """Plan several stacks concurrently, for review with `rules`. Raises `DeploymentError`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda stack: StackPlan.make(stack, rules), stacks))


def review_plans(plans: Sequence[StackPlan], acknowledged: Sequence[str]) -> list[StackReview]:
    """The reviews of plans, with dangers acknowledged by address; the plans are saved for `apply-reviewed`."""
    reviews = acknowledge([plan.review for plan in plans], acknowledged)
    for plan, review in zip(plans, reviews, strict=True):
        plan.save(review)
    return reviews


def review_document(
    name: str,
    document: str,
    configuration: Configuration | None = None,
    rules: Ruleset = NO_RULES,
    counts: EventCounts = NO_COUNTS,
) -> StackReview:
    """The review of a plan's JSON alone. Raises `DeploymentError` if it cannot be read."""
    try:
        plan = read_plan(document)
        return review_stack(
            name, plan, configuration or Configuration.planned(plan.document), rules=rules, counts=counts
        )
    except PlanError as error:
        raise DeploymentError(f"{name}: {error}") from error


def review_file(path: Path, rules: Ruleset = NO_RULES, counts: EventCounts = NO_COUNTS) -> StackReview:
    """The review of a file with a plan's JSON, in any encoding. Raises `InputError` that names the file."""
    try:
        plan = read_plan(read_plan_text(path))
        return review_stack(path.stem, plan, Configuration.planned(plan.document), rules=rules, counts=counts)
    except PlanError as error:
        raise InputError(f"{path}: {error}") from error


def acknowledge(reviews: Sequence[StackReview], addresses: Sequence[str]) -> list[StackReview]:
    """The reviews with acknowledged dangers. Raises `DeploymentError` for an address that is not dangerous."""
    found: dict[str, set[str]] = {one.name: set() for one in reviews}
    reviews_by_name = {one.name: one for one in reviews}
    for given in addresses:
        stack, _, address = given.rpartition(":") if given.partition(":")[0] in found else ("", "", given)
        holders = [
            one.name
            for one in reviews
            if stack in ("", one.name) and address in {change.address for change in one.dangers}
        ]
        if not holders:
            raise DeploymentError(f"--acknowledge {given}: no dangerous change of this plan has that address")
        if len(holders) > 1:
            choices = " or ".join(f"{name}:{address}" for name in holders)
            raise DeploymentError(f"--acknowledge {given}: several stacks have it; give {choices}")
        if any(one.is_raised and one.address == address for one in reviews_by_name[holders[0]].dangers):
            raise DeploymentError(f"--acknowledge {given}: the project's rules raised it; nobody can acknowledge it")
        found[holders[0]].add(address)
    return [one.acknowledging(found[one.name]) for one in reviews]


def rules_of(project: Project) -> Ruleset:
    """The project's own rules, from `review_rules.py` beside its `cdktf.json`. Raises `InputError`."""
    try:
        return Ruleset.read(project.folder)
    except RulesError as error:
        raise InputError(str(error)) from error


def is_reviewed(stack: Stack) -> bool:
    return _saved(stack).was_reviewed


def review_folder(target: Target) -> Path:
    """The folder of the review's pages and the saved plans: `review.out` of the target."""
    folder = target.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ignore_in_git(folder)
    return folder


def _saved(stack: Stack) -> SavedPlan:
    review_folder(stack.target)
    return SavedPlan.of(stack.target.folder, stack.name)


def apply_reviewed(target: Target, names: Sequence[str]) -> None:
    """Check every reviewed plan before the first is applied. Raises `DeploymentError` that says what moved."""
    # Without names: all reviewed stacks. A named stack has to be reviewed.
    stacks = [stack for stack in synthesize(target, names) if names or is_reviewed(stack)]
    if not stacks:
        raise DeploymentError(f"nothing was reviewed: {review_folder(target)} holds no plan; run `sluice review`")
    for plan in [StackPlan.reviewed(stack) for stack in stacks]:
        console.print(f"{plan.stack.name}: applying what was reviewed", markup=False)
        changes = plan.apply()
        console.print(
            f"{plan.stack.name}: {f'applied, {changes} changes' if changes else 'nothing to change'}", markup=False
        )
