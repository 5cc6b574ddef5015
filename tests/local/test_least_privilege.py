"""Least privilege, proven on the deployed systems: each statement is needed, and none is wider than it must be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from checks.least_privilege.live import DeployedStack, NotAsSynthesized
from checks.least_privilege.proving import prove
from checks.least_privilege.report import to_markdown
from checks.least_privilege.statements import SynthesizedStatement, read
from checks.systems import SYSTEMS
from checks.verbs.prove_iam import place, prove_all, synthesized, tables_of
from tests.support.deployed import Deployment

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"
SMALLEST = "invocation-log"


def test_every_statement_is_proven_both_ways_as_the_page_says(deployment: Deployment) -> None:
    found = prove_all(sorted(deployment.systems), deployment.local, deployment.target)
    everything = [proof for proofs in found.values() for proof in proofs]
    assert [f"{one.change.statement.name}, {one.change}: {one.problem}" for one in everything if one.problem] == []
    assert to_markdown(tables_of(found, deployment.target), everything) == PAGE.read_text(encoding="utf-8")


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


def test_a_right_that_nobody_needs_is_reported(where: DeployedStack, put: SynthesizedStatement) -> None:
    with also_allowed(where, put, "dynamodb:Query") as more:
        proofs = {str(one.change): one for one in prove(where, SYSTEMS[SMALLEST].uses, [more])}
    assert proofs["without dynamodb:PutItem"].run == "an event"
    assert proofs["without dynamodb:Query"].problem == "nobody notices (an event: works)"


def test_a_deployed_policy_that_is_not_the_synthesized_one_is_an_error(
    where: DeployedStack, put: SynthesizedStatement
) -> None:
    with also_allowed(where, put, "dynamodb:Query"), pytest.raises(NotAsSynthesized, match="PutInvocations"):
        prove(where, SYSTEMS[SMALLEST].uses, [put])
