"""Unit tests run on a stack's Terraform with one statement changed, which they must refuse."""

import copy
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from checks.least_privilege.changes import StatementMutation
from checks.least_privilege.statements import PERMISSION
from settings import Settings
from tests.unit.synthesized import Terraform

Synthesize = Callable[[Settings], Terraform]

PERMISSION_ATTRIBUTES = {"aws:SourceArn": "source_arn", "aws:SourceAccount": "source_account"}


def changed(made: Terraform, change: StatementMutation) -> Terraform:
    """The Terraform with that one change."""
    result = copy.copy(made)
    result.json = copy.deepcopy(made.json)
    statement = change.statement
    if statement.kind == PERMISSION:
        _change_permission(result.json["resource"][PERMISSION][statement.holder], change)
        return result
    document = result.json["data"]["aws_iam_policy_document"][statement.document]
    applied = change.applied(statement)
    blocks = [
        (applied.block() if applied else None) if one["sid"] == statement.sid else one for one in document["statement"]
    ]
    document["statement"] = [one for one in blocks if one is not None]
    return result


def _change_permission(resource: dict[str, Any], change: StatementMutation) -> None:
    if change.part == "action":
        del resource["action"]
    elif change.part == "principal":
        resource["principal"] = "*"
    else:
        del resource[PERMISSION_ATTRIBUTES[change.statement.conditions[change.index].variable]]


def run(test_id: str, system: str, synthesize: Synthesize) -> None:
    """Run a unit test, named as pytest names it, on the Terraform that `synthesize` gives under settings.

    Its one fixture is a stack's Terraform, how a stack is synthesized, or (`system`) a system's name and how it is
    synthesized in a named configuration.
    """
    path, _, name = test_id.partition("::")
    test = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    ((fixture, parameter),) = inspect.signature(test).parameters.items()
    if parameter.annotation is Terraform:
        test(synthesize(Settings()))
    elif fixture == "system":
        test((system, lambda _: synthesize(Settings())))
    else:
        test(synthesize)
