"""Every action of every statement of the five systems' functions, refused once: what is said about it."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import modules  # noqa: F401 - first

# isort: split
import pytest
from cdktf import App, Testing

from settings import Settings
from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial
from sluice_cli.deployed.resources import Resource, functions_in, read_resources
from stacks import SYSTEMS
from tests.support.fake_state import ACCOUNT, state_of

ROOT = Path(__file__).parents[2]
# What a function has by itself has no verb.
OF_EVERY_FUNCTION = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "logs:CreateLogStream", "logs:PutLogEvents"}


def deployed(build: Any, app: App) -> list[Resource]:
    stack = build(app, Settings())
    terraform = json.loads(Testing.synth(stack))
    paths = {
        one.friendly_unique_id: one.node.path for one in stack.node.find_all() if hasattr(one, "friendly_unique_id")
    }
    for named in terraform["resource"].values():
        for name, block in named.items():
            block["//"] = {"metadata": {"path": paths[name]}}
    return list(read_resources(stack.node.id, terraform, state_of(terraform)))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.__name__)
def test_each_action_that_a_function_may_take_is_explained_when_it_may_not(
    system: Any, new_app: Callable[[], App]
) -> None:
    resources = deployed(system, new_app())
    (function,) = functions_in(resources)
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/{function.role_name}/{function.name}"
    counted: Counter[str] = Counter()
    for policy in (one for one in resources if one.type == "aws_iam_role_policy"):
        document = json.loads(policy.attributes["policy"])
        for statement in (one for one in document["Statement"] if one["Effect"] == "Allow"):
            rest = [one for one in document["Statement"] if one is not statement]
            without = [one if one is not policy else without_statement(policy, rest) for one in resources]
            explainer = Explainer(without, ROOT)
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    call = Denial(role, action, resource.replace("/*", "/in/a.json"), function=function.name)
                    explained = explainer.explain(call)
                    assert explained.statement == {"Effect": "Allow", "Action": action, "Resource": call.resource}
                    counted["by a verb" if explained.grants else "by its statement"] += 1
                    assert bool(explained.grants) != (action in OF_EVERY_FUNCTION), (call, explained)
    print(f"{function.name}: {dict(counted)}")
    assert counted["by a verb"] >= 2


def without_statement(policy: Resource, rest: list[object]) -> Resource:
    attributes = {**policy.attributes, "policy": json.dumps({"Statement": rest})}
    return Resource(policy.stack, policy.type, policy.name, policy.path, attributes)
