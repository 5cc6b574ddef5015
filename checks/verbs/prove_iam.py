"""Prove, on a running deployment, that every policy statement is needed and none is wider than it must be."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from checks import ROOT
from checks.arguments import add_system_arguments
from checks.deployed import repository
from checks.least_privilege.changes import changes
from checks.least_privilege.live import DeployedStack, NotAsSynthesized
from checks.least_privilege.proving import NotSufficient, Proof, prove
from checks.least_privilege.report import StatementRow, buffered_to_markdown, rows, to_markdown, to_terminal, totals
from checks.least_privilege.statements import PERMISSION, SynthesizedStatement, UnknownPolicy, paths, read
from checks.systems import SYSTEMS
from settings import Settings
from sluice_cli.deployment.applying import deploy
from sluice_cli.errors import DeploymentError
from sluice_cli.local_aws.server import LocalAws
from sluice_cli.stack import Stack
from sluice_cli.target import Target, local_target
from sluice_cli.terminal import console
from sluice_cli.terraform.state_bucket import ensure_local_state_bucket

NOT_PROVEN = 4
PAGE = ROOT / "docs" / "least-privilege.md"
BUFFERED_PAGE = ROOT / "docs" / "least-privilege-buffered.md"
# Settings of buffered delivery, for all systems.
BUFFERED = {
    str(one.metadata["name"]): "buffered" for one in fields(Settings) if str(one.metadata["name"]).endswith("_DELIVERY")
}
STAND_INS = "tests/unit/test_least_privilege.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_system_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    systems = sorted(arguments.systems or SYSTEMS)
    with tempfile.TemporaryDirectory(prefix="prove-iam-") as folder:
        local = LocalAws(Path(folder) / "local-aws")
        try:
            local.start()
            target = _target(local, Path(folder) / "deployment")
            deploy(systems, target)
            found = prove_all(systems, local, target)
            tables = tables_of(found, target)
            deploy(systems, replace(target, environment={**target.environment, **BUFFERED}))
            buffered = prove_all(systems, local, target, added_by_buffer)
            buffered_tables = tables_of(buffered, target)
        except (NotSufficient, NotAsSynthesized, UnknownPolicy) as error:
            console.print(f"not proven: {error}", markup=False)
            return NOT_PROVEN
        finally:
            local.stop()
    everything, of_buffers = (all_of(one) for one in (found, buffered))
    for words, one, proofs in (("", tables, everything), (", buffered", buffered_tables, of_buffers)):
        for name, table in one.items():
            to_terminal(name + words, table, console)
        console.print(str(totals(proofs)))
    problems = [proof for proof in (*everything, *of_buffers) if proof.problem]
    for proof in problems:
        console.print(f"NOT PROVEN: {proof.change.statement.name}, {proof.change}: {proof.problem}", markup=False)
    if not _stand_ins_hold() or problems:
        return NOT_PROVEN
    if len(systems) == len(SYSTEMS):
        for page, text in (
            (PAGE, to_markdown(tables, everything)),
            (BUFFERED_PAGE, buffered_to_markdown(buffered_tables, of_buffers)),
        ):
            page.write_text(text, encoding="utf-8")
            console.print(f"Written: {page.relative_to(ROOT)}")
    return 0


def all_of(found: Mapping[str, Sequence[Proof]]) -> list[Proof]:
    return [proof for proofs in found.values() for proof in proofs]


def added_by_buffer(statements: Sequence[SynthesizedStatement]) -> list[SynthesizedStatement]:
    """What buffered delivery adds to the proven statements of direct delivery, and the permissions to invoke."""
    return [one for one in statements if "Buffer" in one.holder or one.kind == PERMISSION]


def prove_all(
    systems: Sequence[str],
    local: LocalAws,
    target: Target,
    chosen: Callable[[Sequence[SynthesizedStatement]], list[SynthesizedStatement]] = list,
) -> Mapping[str, list[Proof]]:
    """The proofs of deployed systems' statements, or of those that `chosen` returns; two systems at a time: systems
    share no resources."""
    statements: dict[str, list[SynthesizedStatement]] = {
        name: chosen(read(name, synthesized(name, target))) for name in systems
    }
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:

        def prove_one(name: str) -> list[Proof]:
            total = sum(len(list(changes(one))) for one in statements[name])
            task = progress.add_task(name, total=total)
            proofs = prove(
                place(name, local, target), SYSTEMS[name].uses, statements[name], lambda _: progress.advance(task)
            )
            if not console.is_terminal:
                console.print(f"{name}: {total} changes tried")
            return proofs

        with ThreadPoolExecutor(2) as pool:
            return dict(zip(systems, pool.map(prove_one, systems), strict=True))


def tables_of(found: Mapping[str, Sequence[Proof]], target: Target) -> dict[str, list[StatementRow]]:
    return {name: rows(proofs, paths(name, synthesized(name, target))) for name, proofs in found.items()}


def synthesized(system: str, target: Target) -> dict[str, Any]:
    return dict(json.loads((target.output / "stacks" / system / "cdk.tf.json").read_text()))


def place(system: str, local: LocalAws, target: Target) -> DeployedStack:
    """A deployed system, from its Terraform and state. Raises `DeploymentError`."""
    pulled = Stack(system, target).run("state", "pull")
    if pulled.returncode:
        raise DeploymentError(pulled.stderr.strip())
    return DeployedStack.of(local, system, synthesized(system, target), json.loads(pulled.stdout))


def _target(local: LocalAws, folder: Path) -> Target:
    """The local AWS under default settings whatever the caller's are, because the page documents the defaults."""
    made = local_target(repository(), local)
    of_the_caller = {one.metadata["name"] for one in fields(Settings)}
    kept = {
        name: value
        for name, value in made.environment.items()
        if name in ("STATE_BUCKET", "AWS_ENDPOINT_URL") or name not in of_the_caller
    }
    ensure_local_state_bucket(local, kept["STATE_BUCKET"])
    return Target(kept, folder, made.project)


def _stand_ins_hold() -> bool:
    """Whether every stand-in unit test fails under its mutation. A unit test checks this."""
    console.print(f"Unit tests that stand in, on each change: pytest {STAND_INS}")
    ran = subprocess.run(
        # The report is written afterwards.
        [sys.executable, "-m", "pytest", "-q", "--no-header", "-W", "ignore", "-k", "not the_page", STAND_INS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    console.print(ran.stdout[-2000:].strip() if ran.returncode else ran.stdout.strip().splitlines()[-1], markup=False)
    return ran.returncode == 0
