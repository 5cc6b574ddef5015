"""Every grant of every class, on the local AWS with IAM enforced: each action of each statement is needed, and none
reaches further than what it is granted on."""

import json
from collections.abc import Iterator

import pytest

from checks.least_privilege.changes import StatementMutation, changes
from checks.least_privilege.live import DeployedStack
from checks.least_privilege.statements import SynthesizedStatement, read
from tests.support.connected import Connections
from tests.support.granted import Granted, refused

SYSTEM = "grants"
# Statements that services use in the function's name, by who needs them. Unit tests assert them on the Terraform
# (test_function, test_bucket, test_table, test_queue, test_topic, test_secret); what the local AWS enforces of them is
# proven on the five systems (docs/least-privilege.md).
OF_SERVICES = {
    "WriteOwnLogs": "Lambda, to write the function's log",
    "WriteTraces": "Lambda and the function, to send traces",
    "KeepFailures": "Lambda, to keep a failed event",
    "DecryptSecret": "Secrets Manager, to decrypt the secret",
    "DecryptParameter": "Parameter Store, to decrypt a SecureString",
    "ListStreams": "clients that look for a table's streams",
}
# The local AWS does not ask for these: S3 decrypts parts of uploads only, and DynamoDB looks at a key for who makes a
# table.
NOT_ASKED = {("WriteKey", "kms:Decrypt"), ("PresignKey", "kms:Decrypt"), ("UseTableKey", "kms:DescribeKey")}


@pytest.fixture(scope="module")
def where(connections: Connections) -> DeployedStack:
    stack = connections.project.stack(SYSTEM)
    synthesized = json.loads((connections.project.target.output / "stacks" / SYSTEM / "cdk.tf.json").read_text())
    return DeployedStack.of(connections.local, SYSTEM, synthesized, json.loads(stack.run("state", "pull").stdout))


@pytest.fixture(scope="module")
def granted(connections: Connections, where: DeployedStack) -> Iterator[Granted]:
    made = Granted(connections.local, where)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def statements(connections: Connections) -> list[SynthesizedStatement]:
    synthesized = json.loads((connections.project.target.output / "stacks" / SYSTEM / "cdk.tf.json").read_text())
    of_roles = [one for one in read(SYSTEM, synthesized) if one.kind == "aws_iam_role_policy"]
    return [one for one in of_roles if one.holder.split("/")[0] in ("Grantee", "Writer")]


def mutations(statements: list[SynthesizedStatement]) -> Iterator[StatementMutation]:
    for statement in statements:
        if statement.sid not in OF_SERVICES:
            for change in changes(statement):
                asked = (statement.sid, statement.actions[change.index] if change.part == "action" else "")
                if asked not in NOT_ASKED:
                    yield change


def test_each_action_of_each_grant_is_needed_and_no_resource_is_wider_than_needed(
    granted: Granted, statements: list[SynthesizedStatement]
) -> None:
    unproven, count = [], 0
    for change in mutations(statements):
        count += 1
        call = granted.call(change)
        with granted.only_key_right(change.statement):
            before = refused(call)
            with granted.changed(change):
                during = refused(call)
        if (before, during) != ((False, True) if change.narrows else (True, False)):
            unproven.append(f"{change.statement.name}, {change}: refused before {before}, with the change {during}")
    assert "\n".join(unproven) == ""
    assert count > 50


def test_statements_that_no_run_proves_are_documented_and_exist(statements: list[SynthesizedStatement]) -> None:
    assert {one.sid for one in statements} >= OF_SERVICES.keys()
