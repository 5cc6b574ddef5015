"""Access to the deployed systems for the checks."""

from collections.abc import Mapping
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
    stack.prepare_queries()
    return stack.outputs(), target


def failure_queue_of(outputs: Mapping[str, str]) -> Sources:
    """A system's failure queue, from its outputs."""
    return Sources(_queue_arn(outputs, "FailureQueueUrl"), functions=frozenset([outputs["FunctionArn"]]))


def failure_queues_of(outputs: Mapping[str, str]) -> list[Sources]:
    """A system's failure queue, and the dead letters of its buffer if it has one."""
    if "BufferQueueUrl" not in outputs:
        return [failure_queue_of(outputs)]
    buffer = _queue_arn(outputs, "BufferQueueUrl")
    return [failure_queue_of(outputs), Sources(_queue_arn(outputs, "DeadLetterQueueUrl"), queues=frozenset([buffer]))]


def _queue_arn(outputs: Mapping[str, str], output: str) -> str:
    _, partition, _, region, account, *_ = outputs["FunctionArn"].split(":")
    return f"arn:{partition}:sqs:{region}:{account}:{outputs[output].rpartition('/')[2]}"
