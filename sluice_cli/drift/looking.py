"""Finds the drift of one stack with `terraform plan`, which refreshes the state."""

import tempfile
from pathlib import Path

from sluice_cli.deployment.moved_away import check_not_moved_away
from sluice_cli.drift.comparing import compare
from sluice_cli.drift.model import StackDrift
from sluice_cli.errors import DeploymentError
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.plan import PlanError, read_plan
from sluice_cli.review.ruleset import NO_RULES, Ruleset
from sluice_cli.stack import Stack


def drift_of(stack: Stack, rules: Ruleset = NO_RULES) -> StackDrift:
    """The drift of one stack, judged by the project's `rules`, too, from a plan that is deleted afterwards.

    Raises `DeploymentError`, also for a stack whose resources were moved to a plain module.
    """
    stack.init()
    check_not_moved_away(stack)
    with tempfile.TemporaryDirectory(prefix="sluice-drift-") as folder:  # a plan may hold secrets
        plan_file = str(Path(folder) / "drift.tfplan")
        stack.terraform("plan", "-input=false", f"-out={plan_file}")
        document = stack.terraform("show", "-json", plan_file)
    try:
        plan = read_plan(document)
    except PlanError as error:
        raise DeploymentError(f"{stack.name}: {error}") from error
    deploy = f"sluice {'up' if stack.target.local else 'deploy'} {stack.name}"
    return compare(stack.name, plan, Configuration.synthesized(stack.configuration), deploy, rules)
