"""Least privilege, proven on the deployed systems: each statement is needed, and none is wider than it must be."""

from pathlib import Path

from commands.prove_iam import prove_all, tables_of
from least_privilege.report import to_markdown
from tests.support.deployed import Deployment

PAGE = Path(__file__).parents[2] / "docs" / "least-privilege.md"


def test_every_statement_is_proven_both_ways_as_the_page_says(deployment: Deployment) -> None:
    found = prove_all(sorted(deployment.systems), deployment.local, deployment.target)
    everything = [proof for proofs in found.values() for proof in proofs]
    assert [f"{one.change.statement.name}, {one.change}: {one.problem}" for one in everything if one.problem] == []
    assert to_markdown(tables_of(found, deployment.target), everything) == PAGE.read_text(encoding="utf-8")
