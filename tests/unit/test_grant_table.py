"""The table of grants is what the module classes grant, and each of their statements is explained when it lacks."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import modules  # first

# isort: split
import pytest
from cdktf import TerraformStack, Testing
from constructs import Construct

from modules import Key, PythonFunction
from scripts.grant_table import EXISTING, FILE, NEW, table
from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial
from sluice_cli.deployed.resources import Resource, read_resources
from tests.support.fake_state import ACCOUNT, state_of

TABLE = json.loads(FILE.read_text())
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/worker"
# Options of a verb that takes some, as somebody writes them.
GIVEN = {"prefix": "in/", "index": "sluice-index"}


def test_the_table_is_what_the_classes_grant() -> None:
    assert table() == TABLE, "run `python -m scripts.grant_table`"


def test_every_class_with_grants_is_in_the_table() -> None:
    granting = {
        type_
        for name in modules.__all__
        if inspect.isclass(type_ := getattr(modules, name))
        and issubclass(type_, Construct)
        and any(member.startswith("grant_") for member in dir(type_))
    }
    stack = TerraformStack(Testing.app(), "stack")
    key = Key(stack, "Key", alias="alias/a", description="All", account_id=ACCOUNT)
    makers = [*NEW.values(), *(make for _, make in EXISTING.values())]
    made = {
        base
        for number, make in enumerate(makers)
        for base in type(make(Construct(stack, f"Made{number}"), key)).__mro__
    }
    assert granting - made == set()


class Deployed:
    """A stack with a construct of a class, a function, and one grant, as if it were deployed."""

    def __init__(self, construct: str, code: Path, *, existing: bool = False) -> None:
        self.stack = TerraformStack(Testing.app(), "shop")
        key = Key(self.stack, "Key", alias="alias/a", description="All", account_id=ACCOUNT)
        make = EXISTING[construct][1] if existing else NEW[construct]
        self.thing = make(self.stack, key)
        self.worker = PythonFunction(self.stack, "Worker", name="worker", packages=[code])

    def resources(self) -> list[Resource]:
        terraform = json.loads(Testing.synth(self.stack))
        # As in `cdk.tf.json`, which has the metadata that `Testing.synth` leaves out.
        paths = {
            one.friendly_unique_id: one.node.path
            for one in self.stack.node.find_all()
            if hasattr(one, "friendly_unique_id")
        }
        for named in terraform["resource"].values():
            for name, block in named.items():
                block["//"] = {"metadata": {"path": paths[name]}}
        return list(read_resources("shop", terraform, state_of(terraform)))


def allowed_by(resources: list[Resource]) -> set[tuple[str, str]]:
    """What the function's policies allow, but for its own."""
    return {
        (action, resource)
        for one in resources
        if one.type == "aws_iam_role_policy" and one.attributes["name"] != "OperateWorker"
        for statement in json.loads(one.attributes["policy"])["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def verbs() -> Iterator[Any]:
    for construct, made in TABLE.items():
        for verb in made["verbs"]:
            name = f"{construct}.{verb['verb']}({', '.join(verb['options'])})"
            yield pytest.param(construct, verb, id=name)


def concrete(resource: str) -> str:
    """A resource that a statement covers, as a call names it."""
    return resource.replace("in/*", "in/2026/a.json").replace("/*", "/in/a.json" if ":s3:" in resource else "/label")


@pytest.mark.parametrize(("construct", "verb"), list(verbs()))
def test_each_action_of_each_statement_of_each_verb_is_explained_by_code_that_grants_it(
    construct: str, verb: dict[str, Any], code: Path
) -> None:
    existing = construct not in NEW
    given = Deployed(construct, code, existing=existing)
    without = Deployed(construct, code, existing=existing)
    before = without.resources()
    getattr(given.thing, verb["verb"])(given.worker, **{name: GIVEN[name] for name in verb["options"]})
    after = given.resources()
    allowed = allowed_by(after)
    assert allowed
    names = {"thing": without.thing, "worker": without.worker, "self": without.stack, construct: classes(construct)}
    calls = []
    for action, resource in sorted(allowed):
        call = Denial(ROLE, action, concrete(resource), context=context(action, verb["options"]))
        # Of a permission on a key, the verb's other statements are there.
        resources = [without_action(one, action) for one in after] if "kms:" in action else before
        explained = Explainer(resources, Path("/nowhere")).explain(call)
        assert explained.statement == {"Effect": "Allow", "Action": action, "Resource": call.resource}
        if existing and "kms:" in action:
            assert explained.grants == ()  # nothing in Terraform says which parameter a key is for
            continue
        assert [
            one for one in explained.grants if re.match(rf"\w+(\(.*\))?\.{verb['verb']}\(", one)
        ] or call.action in NARROWER
        calls.append((call, explained.grants[0]))
    for grant in {code for _, code in calls}:
        eval(grant, names)  # noqa: S307 - the code does what it says
    granted = allowed_by(without.resources())
    for call, _ in calls:
        assert any(action == call.action and covers(resource, call.resource) for action, resource in granted), call


# Of a verb with several actions: single verbs grant them too.
NARROWER = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"} | {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "s3:PutObject",
}


def classes(construct: str) -> Any:
    return getattr(modules, construct)


def context(action: str, options: list[str]) -> dict[str, str]:
    return {"s3:prefix": GIVEN["prefix"]} if action == "s3:ListBucket" and options else {}


def covers(pattern: str, resource: str) -> bool:
    return resource.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == resource


def without_action(resource: Resource, action: str) -> Resource:
    if resource.type != "aws_iam_role_policy" or resource.attributes["name"] == "OperateWorker":
        return resource
    policy = json.loads(resource.attributes["policy"])
    rest = [one for one in policy["Statement"] if action not in one["Action"]]
    attributes = {**resource.attributes, "policy": json.dumps({**policy, "Statement": rest})}
    return Resource(resource.stack, resource.type, resource.name, resource.path, attributes)
