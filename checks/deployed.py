"""Access to the deployed systems for the checks."""

from typing import Any

from checks import ROOT
from sluice_cli.failures.queue import Sources
from sluice_cli.project import Project
from sluice_cli.stack import deployed_stacks
from sluice_cli.target import Target, target_of


def repository() -> Project:
    """This repository as a CDKTF project."""
    return Project.read(ROOT)


def reach(project: Project, system: str, *, local: bool) -> tuple[dict[str, Any], Target]:
    """A deployed system's outputs, and its target: the local AWS that `up` started, or the account of the caller's
    credentials.
    """
    target = target_of(project, local=local)
    (stack,) = deployed_stacks(target, [system])
    return stack.outputs(), target


def failure_queue_of(outputs: dict[str, str]) -> Sources:
    """A system's failure queue, from its outputs."""
    function = outputs["FunctionArn"]
    _, partition, _, region, account, *_ = function.split(":")
    name = outputs["FailureQueueUrl"].rpartition("/")[2]
    return Sources(f"arn:{partition}:sqs:{region}:{account}:{name}", functions=frozenset([function]))
