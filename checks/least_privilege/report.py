"""The proofs as tables: in the terminal, and in docs/least-privilege.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .proving import Proof
from .statements import SynthesizedStatement, shown

COLUMNS = ("statement", "needed by", "refused, and granted when widened", "proven by")

INTRODUCTION = """# Least privilege, proven

Every statement of every policy that the systems make: role policies, roles' trust, bucket, queue, topic and key
policies, and permissions to invoke functions. `make prove-iam` reads them from the synthesized Terraform, deploys the
systems on a local AWS that enforces IAM, and writes this page. With the policies as generated each system works. Then
each action, resource, principal and condition is taken away or widened by itself, in the policies of the running
systems: **needed by** is the use that fails without it, **refused** the access that is refused as generated and granted
with it widened. What the local AWS does not enforce is proven by the unit test that stands in: it passes on the
Terraform as generated, and fails on the Terraform with just that change.
"""


BUFFERED = """# Least privilege with buffered delivery, proven

The statements that [buffered delivery](systems.md#direct-and-buffered-delivery) adds to those of
[direct delivery](least-privilege.md), and the permissions to invoke functions, which S3 may use while the mode changes.
`make prove-iam` deploys the systems once more, with the queues, and proves them in the same way: with the policies as
generated each system works through its queue; with one element taken away or widened, a use fails or an access is
granted.
"""


CONNECTIONS = """\
## Grants and connections of the classes

Policies that the five systems do not have are proven in the same way on a deployment with every grant and every
connection: grants in tests/local/test_grants.py; policies of queues, topics, buckets, secrets and keys, permissions
to invoke, and the roles of schedules and of API routes to queues in tests/local/test_service_grants.py; the roles of
releases in tests/functions/test_codedeploy.py. Unit tests assert what the local AWS does not enforce.
"""
NOT_ENFORCED = (
    (
        "the principal of a statement for a service",
        "only services name a source in their requests, so that the condition on the source excludes everybody else",
    ),
    ("aws:SourceAccount", "the local AWS has one account"),
    ("the resource in the policy of a queue, topic, bucket, secret or key", "the policy applies to that resource only"),
    (
        "lambda:GetProvisionedConcurrencyConfig, and aliases as resources, in the role of a release",
        "its CodeDeploy moves the alias by the function's own ARN",
    ),
    ("kms:Decrypt for a secret and for a SecureString", "their keys are not evaluated"),
    (
        "kms:Decrypt to write objects, kms:DescribeKey of a table",
        "S3 decrypts parts of uploads only; DynamoDB looks at the key for who makes the table",
    ),
)


@dataclass(frozen=True)
class StatementRow:
    """The table row of one statement. The last three cells have a line for each way in which its mutations are
    detected.
    """

    statement: SynthesizedStatement
    says: str
    needed: Sequence[str]
    refused: Sequence[str]
    proven: Sequence[str]
    problems: Sequence[str]

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return (
            f"{place_of(self.statement)}: {self.statement.sid}\n{self.says}",
            "\n".join(self.needed),
            "\n".join(self.refused),
            "\n".join([*self.proven, *self.problems]),
        )


@dataclass(frozen=True)
class Totals:
    statements: int
    by_run: int  # all their changes
    partly_by_run: int
    by_test: int  # no change by a run
    not_proven: int
    changes: int
    changes_by_run: int
    changes_by_test: int

    def __str__(self) -> str:
        return (
            f"{self.statements} statements: {self.by_run} proven both ways by runs, {self.partly_by_run} by runs and "
            f"unit tests, {self.by_test} by unit tests only, {self.not_proven} not proven. {self.changes} changes: "
            f"{self.changes_by_run} noticed by runs, {self.changes_by_test} by unit tests, "
            f"{self.changes - self.changes_by_run - self.changes_by_test} by nothing."
        )


def place_of(statement: SynthesizedStatement) -> str:
    """The policy's holder as a reader of the stack knows it: `ReadObjects`, `Objects`."""
    return statement.holder.rpartition("/")[0].rpartition("/")[2] or statement.holder


def says(statement: SynthesizedStatement, paths: Mapping[str, str]) -> str:
    """The statement in one sentence."""
    who = ", ".join(shown(name, paths) if kind != "*" else "everybody" for kind, name in statement.principals)
    on = ", ".join(shown(one, paths) for one in statement.resources)
    given = "; ".join(
        f"{one.variable} {one.test} {', '.join(shown(value, paths) for value in one.values)}"
        for one in statement.conditions
    )
    return (
        f"{statement.effect} {', '.join(statement.actions)}"
        + (f" on {on}" if on else "")
        + (f" to {who}" if who else "")
        + (f" if {given}" if given else "")
    )


def rows(proofs: Iterable[Proof], paths: Mapping[str, str]) -> list[StatementRow]:
    by_statement: dict[SynthesizedStatement, list[Proof]] = {}
    for proof in proofs:
        by_statement.setdefault(proof.change.statement, []).append(proof)
    return [_row(statement, of_it, paths) for statement, of_it in by_statement.items()]


def totals(proofs: Sequence[Proof]) -> Totals:
    by_statement: dict[SynthesizedStatement, list[Proof]] = {}
    for proof in proofs:
        by_statement.setdefault(proof.change.statement, []).append(proof)
    kinds = [_kind(of_it) for of_it in by_statement.values()]
    return Totals(
        statements=len(by_statement),
        by_run=kinds.count("run"),
        partly_by_run=kinds.count("both"),
        by_test=kinds.count("test"),
        not_proven=kinds.count("not"),
        changes=len(proofs),
        changes_by_run=sum(bool(one.run) for one in proofs),
        changes_by_test=sum(one.gap is not None for one in proofs),
    )


def to_terminal(system: str, found: Sequence[StatementRow], console: Console) -> None:
    table = Table(title=system, title_justify="left", show_lines=True)
    for heading in COLUMNS:
        table.add_column(heading, overflow="fold")
    for row in found:
        table.add_row(*map(Text, row.cells))
    console.print(table, soft_wrap=False)


def to_markdown(systems: Mapping[str, Sequence[StatementRow]], proofs: Sequence[Proof]) -> str:
    """The page of direct delivery: every statement."""
    parts = [
        *_proven(INTRODUCTION, systems, proofs),
        CONNECTIONS,
        *_table(("not enforced by the local AWS", "why no run notices"), NOT_ENFORCED),
    ]
    return "\n".join(parts)


def buffered_to_markdown(systems: Mapping[str, Sequence[StatementRow]], proofs: Sequence[Proof]) -> str:
    """The page of what buffered delivery adds."""
    return "\n".join(_proven(BUFFERED, systems, proofs))


def _proven(introduction: str, systems: Mapping[str, Sequence[StatementRow]], proofs: Sequence[Proof]) -> list[str]:
    parts = [introduction, f"{totals(proofs)}\n"]
    for system, found in systems.items():
        parts += [f"## {system}\n", *_table(COLUMNS, [row.cells for row in found])]
    gaps = {one.gap: None for one in proofs if one.gap is not None}
    named = [
        (", ".join(gap.sids), gap.needed_by, gap.reason, str(sum(one.gap == gap for one in proofs))) for gap in gaps
    ]
    parts += [
        "## What no run can show on the local AWS\n",
        *_table(("statements", "what needs them on AWS", "why no run notices", "changes"), named),
    ]
    return parts


def _row(statement: SynthesizedStatement, proofs: Sequence[Proof], paths: Mapping[str, str]) -> StatementRow:
    needed: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    proven: dict[str, list[str]] = {}
    for proof in proofs:
        change = shown(str(proof.change), paths)
        if proof.gap is not None:
            proven.setdefault(proof.gap.test_of(statement.system).removeprefix("tests/unit/"), []).append(change)
            if proof.change.narrows:
                needed.setdefault(proof.gap.needed_by, [])
        elif proof.run:
            (needed if proof.change.narrows else refused).setdefault(proof.run, []).append(change)
            proven.setdefault("run", [])
    return StatementRow(
        statement=statement,
        says=says(statement, paths),
        needed=_lines(needed),
        refused=_lines(refused),
        proven=_lines(proven),
        problems=[f"NOT PROVEN: {one.change}: {one.problem}" for one in proofs if one.problem],
    )


def _lines(evidence: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{what} ({', '.join(of)})" if of else what for what, of in evidence.items()]


def _kind(proofs: Sequence[Proof]) -> str:
    if any(one.problem for one in proofs):
        return "not"
    runs = sum(bool(one.run) for one in proofs)
    return "run" if runs == len(proofs) else "both" if runs else "test"


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    escaped = [[cell.replace("|", "\\|").replace("*", "\\*").replace("\n", "<br>") for cell in one] for one in lines]
    return [line(headings), line("---" for _ in headings), *map(line, escaped), ""]
