"""Least privilege, proven on the deployed systems: each statement is needed, and none is wider than it must be."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from checks import ROOT
from checks.least_privilege.live import DeployedStack, NotAsSynthesized
from checks.least_privilege.proving import Proof, prove
from checks.least_privilege.report import to_markdown
from checks.least_privilege.statements import SynthesizedStatement, read
from checks.systems import SYSTEMS
from checks.verbs.prove_iam import place, prove_all, synthesized, tables_of
from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial
from sluice_cli.denials.reading import DenialReader
from sluice_cli.deployed.resources import functions_in, resources_of
from sluice_cli.stack import Stack
from tests.support.deployed import Deployment

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"
SMALLEST = "invocation-log"


@pytest.fixture(scope="module")
def proven(deployment: Deployment) -> tuple[Mapping[str, list[Proof]], list[Denial]]:
    """The proofs of all systems, and the calls that IAM refused for them."""
    denials = DenialReader(deployment.local)
    return prove_all(sorted(deployment.systems), deployment.local, deployment.target), denials.read()


def test_every_statement_is_proven_necessary_and_sufficient_as_documented(
    deployment: Deployment, proven: tuple[Mapping[str, list[Proof]], list[Denial]]
) -> None:
    found, _ = proven
    everything = [proof for proofs in found.values() for proof in proofs]
    assert [f"{one.change.statement.name}, {one.change}: {one.problem}" for one in everything if one.problem] == []
    assert to_markdown(tables_of(found, deployment.target), everything) == PAGE.read_text(encoding="utf-8")


def test_every_call_that_iam_refuses_a_function_is_explained(
    deployment: Deployment, proven: tuple[Mapping[str, list[Proof]], list[Denial]]
) -> None:
    """A proof takes each statement away once: what the functions are refused then is explained by the verb that gave
    the statement, or by the statement."""
    _, refused = proven
    resources = resources_of([Stack(name, deployment.target) for name in deployment.systems])
    roles = {one.role_name for one in functions_in(resources)}
    # Their own code; tests/unit/test_denials_of_systems.py reads the whole repository, as the tool reads a project.
    explainer = Explainer(resources, ROOT / "stacks")
    # Equal calls have equal explanations.
    own = [one for one in refused if one.role in roles and not one.explicit]
    calls = {(one.function, one.principal, one.action, one.resource, one.policy): one for one in own}
    explained = [explainer.explain(one) for one in calls.values()]
    assert [one.denial for one in explained if one.statement is None] == []
    # What the proofs took away; they also try what no function may, which needs no verb.
    taken = [one for one in explained if one.in_terraform]
    assert {one.denial.action for one in taken if not one.grants} <= OF_EVERY_FUNCTION
    assert {one.denial.action for one in taken if one.grants} >= GRANTED
    by_verb = sum(bool(one.grants) for one in taken)
    print(f"{len(explained)} calls were refused and explained; of {len(taken)} that were granted, {by_verb} by a verb")


# What a function has by itself has no verb.
OF_EVERY_FUNCTION = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "logs:CreateLogStream", "logs:PutLogEvents"}
GRANTED = {"dynamodb:PutItem", "dynamodb:Query", "s3:GetObject", "sns:Publish"}


@contextmanager
def also_allowed(where: DeployedStack, statement: SynthesizedStatement, action: str) -> Iterator[SynthesizedStatement]:
    """A role's deployed statement with one more action, as if Terraform had created it so."""
    iam, held = where.local.client("iam"), where.attributes[statement.address]
    named = {"RoleName": held["role"], "PolicyName": held["name"]}
    more = replace(statement, actions=(*statement.actions, action))
    document = {"Version": "2012-10-17", "Statement": [more.resolved(where.resolve).json()]}
    iam.put_role_policy(**named, PolicyDocument=json.dumps(document))
    try:
        yield more
    finally:
        iam.put_role_policy(**named, PolicyDocument=held["policy"])


@pytest.fixture
def where(deployment: Deployment) -> DeployedStack:
    return place(SMALLEST, deployment.local, deployment.target)


@pytest.fixture
def put(deployment: Deployment) -> SynthesizedStatement:
    (found,) = [one for one in read(SMALLEST, synthesized(SMALLEST, deployment.target)) if one.sid == "Put"]
    return found


def test_an_unused_permission_is_reported(where: DeployedStack, put: SynthesizedStatement) -> None:
    with also_allowed(where, put, "dynamodb:Query") as more:
        proofs = {str(one.change): one for one in prove(where, SYSTEMS[SMALLEST].uses, [more])}
    assert proofs["without dynamodb:PutItem"].run == "an event"
    assert proofs["without dynamodb:Query"].problem == "nobody notices (an event: works)"


def test_a_deployed_policy_that_differs_from_the_synthesized_one_is_an_error(
    where: DeployedStack, put: SynthesizedStatement
) -> None:
    with also_allowed(where, put, "dynamodb:Query"), pytest.raises(NotAsSynthesized, match="PutInvocations"):
        prove(where, SYSTEMS[SMALLEST].uses, [put])
