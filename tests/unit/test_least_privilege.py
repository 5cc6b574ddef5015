"""The basis of the least-privilege proofs: every statement is read, and every stand-in test fails
under its mutation.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment

from checks.least_privilege.changes import StatementMutation, changes
from checks.least_privilege.report import place_of, says
from checks.least_privilege.stand_ins import GAPS, gap_of
from checks.least_privilege.statements import SynthesizedCondition, SynthesizedStatement, UnknownPolicy, paths, read
from modules import PolicyDocument, PythonFunction, Statement
from settings import Settings
from stacks import SYSTEMS
from tests.support.stand_ins import Synthesize, changed, run

from .synthesized import Terraform

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"


System = tuple[str, Synthesize]


@pytest.fixture(scope="module")
def systems(new_app: Callable[[], App]) -> dict[str, System]:
    """The name of each system and how to synthesize it, once for each set of settings, by its class."""

    def once(system: Callable[[App, Settings], TerraformStack]) -> System:
        stack = system(new_app(), Settings())
        return stack.node.id, cache(
            lambda settings: Terraform(stack if settings == Settings() else system(new_app(), settings))
        )

    return {system.__name__: once(system) for system in SYSTEMS}


@pytest.fixture(params=[system.__name__ for system in SYSTEMS])
def system(request: pytest.FixtureRequest, systems: dict[str, System]) -> System:
    return systems[request.param]


BUFFERED: dict[str, Any] = {one: "buffered" for one in Settings.__dataclass_fields__ if one.endswith("_delivery")}


def of_the_buffer(name: str, synthesize: Synthesize) -> list[SynthesizedStatement]:
    """The statements that buffered delivery adds."""
    without = {one.name for one in read(name, synthesize(Settings()).json)}
    return [one for one in read(name, synthesize(Settings(**BUFFERED)).json) if one.name not in without]


def with_change(synthesize: Synthesize, change: StatementMutation) -> Synthesize:
    return lambda settings: changed(synthesize(settings), change)


def test_every_stand_in_passes_as_generated_and_fails_on_each_change_it_stands_in_for(
    system: System,
) -> None:
    name, synthesize = system
    statements = read(name, synthesize(Settings()).json)
    gaps = {change: gap_of(change) for one in statements for change in changes(one)}
    stand_ins = {change: gap.test_of(name) for change, gap in gaps.items() if gap is not None}
    assert stand_ins
    for test in set(stand_ins.values()):
        run(test, name, synthesize)
    for change, test in stand_ins.items():
        with pytest.raises(AssertionError):
            run(test, name, with_change(synthesize, change))


def test_stand_ins_of_buffered_delivery_pass_as_generated_and_fail_on_their_changes(
    system: System,
) -> None:
    name, synthesize = system
    gaps = [(change, gap_of(change)) for one in of_the_buffer(name, synthesize) for change in changes(one)]
    stand_ins = {change: gap.test_of(name) for change, gap in gaps if gap}
    buffered = synthesize(Settings(**BUFFERED))
    expected = ["any resource", "any principal", "without aws:SourceAccount"]
    has_modes = buffered.json != synthesize(Settings()).json
    assert [str(change).partition(" for ")[0] for change in stand_ins] == (expected if has_modes else [])
    for change, test in stand_ins.items():
        run(test, name, lambda _: buffered)
        with pytest.raises(AssertionError):
            run(test, name, with_change(lambda _: buffered, change))


def test_no_gap_is_claimed_that_no_system_has(systems: dict[str, System]) -> None:
    found = {
        gap_of(change)
        for name, synthesize in systems.values()
        for settings in (Settings(), Settings(**BUFFERED))
        for statement in read(name, synthesize(settings).json)
        for change in changes(statement)
    }
    assert found - {None} == set(GAPS)


def test_the_page_has_exactly_the_statements_that_are_synthesized(system: System) -> None:
    name, synthesize = system
    synthesized = synthesize(Settings()).json
    known = paths(name, synthesized)
    expected = [f"{place_of(one)}: {one.sid}<br>{says(one, known)}" for one in read(name, synthesized)]
    section = PAGE.read_text().split(f"\n## {name}\n")[1].partition("\n## ")[0]
    first_cells = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
    assert [re.sub(r"\\(.)", r"\1", cell) for cell in first_cells[2:]] == expected


def given(effect: str = "Allow", **fields: Any) -> SynthesizedStatement:
    return SynthesizedStatement("system", "aws_iam_role_policy.A", "A/B", "A/Policy", "Sid", effect, **fields)


def test_each_element_of_an_admission_is_taken_away_or_widened_by_itself() -> None:
    one = given(
        actions=("s3:GetObject", "s3:PutObject"),
        resources=("arn:a", "arn:b"),
        principals=(("Service", "a.amazonaws.com"),),
        conditions=(SynthesizedCondition("StringEquals", "aws:SourceAccount", ("1", "2")),),
    )
    assert {str(change): change.narrows for change in changes(one)} == {
        "without s3:GetObject": True,
        "without s3:PutObject": True,
        "without arn:a": True,
        "any resource for arn:a": False,
        "without arn:b": True,
        "any resource for arn:b": False,
        "any principal for a.amazonaws.com": False,
        "without aws:SourceAccount": False,
        "without aws:SourceAccount 1": True,
        "without aws:SourceAccount 2": True,
    }


def test_each_element_of_a_denial_is_taken_away_by_itself() -> None:
    one = given(
        "Deny",
        actions=("s3:*",),
        resources=("arn:a", "arn:b"),
        principals=(("*", "*"),),
        conditions=(SynthesizedCondition("ArnNotLike", "aws:PrincipalArn", ("1", "2")),),
    )
    assert {str(change): change.narrows for change in changes(one)} == {
        "without s3:*": False,
        "without arn:a": False,
        "without arn:b": False,
        "without aws:PrincipalArn": True,
        "without aws:PrincipalArn 1": True,
        "without aws:PrincipalArn 2": True,
    }


def test_a_change_alters_nothing_else() -> None:
    one = given(
        actions=("s3:GetObject", "s3:PutObject"),
        resources=("arn:a",),
        conditions=(SynthesizedCondition("Bool", "aws:SecureTransport", ("false",)),),
    )
    whole = one.json()
    assert [change.applied(one).json() for change in changes(one) if change.applied(one)] == [  # type: ignore[union-attr]
        {**whole, "Action": ["s3:PutObject"]},
        {**whole, "Action": ["s3:GetObject"]},
        {**whole, "Resource": ["*"]},
        {name: value for name, value in whole.items() if name != "Condition"},
    ]


def test_the_last_action_taken_away_leaves_no_statement() -> None:
    one = given(actions=("s3:GetObject",), resources=("*",))
    assert [change.applied(one) for change in changes(one)] == [None]


def test_a_policy_in_another_form_is_an_error_and_never_left_out(stack: TerraformStack, worker: PythonFunction) -> None:
    IamRolePolicy(stack, "Literal", role=worker.role.name, policy='{"Version": "2012-10-17", "Statement": []}')
    with pytest.raises(UnknownPolicy, match=r"Literal.policy is no PolicyDocument"):
        read("stack", Terraform(stack).json)


def test_a_managed_policy_is_an_error_and_never_left_out(stack: TerraformStack, worker: PythonFunction) -> None:
    IamRolePolicyAttachment(stack, "Managed", role=worker.role.name, policy_arn="arn:aws:iam::aws:policy/ReadOnly")
    with pytest.raises(UnknownPolicy, match=r"Managed carries rights in a way that is not read"):
        read("stack", Terraform(stack).json)


def test_a_policy_that_nothing_known_carries_is_an_error_and_never_left_out(
    stack: TerraformStack, worker: PythonFunction
) -> None:
    PolicyDocument(worker, "Loose", Statement(sid="Loose", actions=["s3:GetObject"], resources=["*"]))
    with pytest.raises(UnknownPolicy, match=r"Worker/Loose: not attached"):
        read("stack", Terraform(stack).json)
