"""Mutations that the local AWS does not enforce, and the unit tests that detect them instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from .changes import StatementMutation
from .statements import PERMISSION

# Unit tests of these names exist in the test module of every system.
ROLE = "test_the_role_may_do_exactly_what_the_function_does"
PERMISSIONS = "test_only_the_systems_own_sources_may_invoke_the_function"
EVERY_SYSTEM = "test_systems"


@dataclass(frozen=True, eq=False)
class Gap:
    """Mutations that no run on the local AWS detects: who needs the element, why no run detects the mutation, and the
    unit test that does.

    `test` is the name of a test in each system's own test module, or in `module`. `parts` are the affected parts of
    statements; `elements` narrows them down to elements of these names.
    """

    needed_by: str
    reason: str
    sids: Sequence[str]
    test: str
    parts: Sequence[str] = ("action",)
    module: str = ""
    elements: Sequence[str] = ("",)

    def covers(self, change: StatementMutation) -> bool:
        sid = PERMISSION if change.statement.kind == PERMISSION else change.statement.sid
        return sid in self.sids and change.part in self.parts and any(one in str(change) for one in self.elements)

    def test_of(self, system: str) -> str:
        """The pytest id of the unit test."""
        module = self.module or "test_" + system.replace("-", "_")
        return f"tests/unit/{module}.py::{self.test}"


STORAGE_KEY_TEST = "test_keys_of_stored_data_are_used_through_their_service_only"
EVERYTHING = ("action", "resource", "principal", "condition")

GAPS = (
    Gap(
        "Lambda, to write the function's log as the role",
        "the local AWS writes it without asking",
        ["WriteOwnLogs"],
        ROLE,
    ),
    Gap("Lambda and the function, to send traces", "the local AWS has no X-Ray", ["WriteTraces"], ROLE),
    Gap(
        "Lambda, to keep a failed event as the role",
        "the local AWS keeps it without asking",
        ["KeepFailures"],
        ROLE,
    ),
    Gap(
        "SNS, to encrypt what the role publishes",
        "the local AWS does not ask KMS behind SNS",
        ["EncryptMessages"],
        ROLE,
    ),
    Gap(
        "DynamoDB, to use the table's key for the role",
        "the local AWS does not ask KMS behind DynamoDB",
        ["UseTableKey"],
        ROLE,
    ),
    Gap(
        "Lambda, to run the function as the role",
        "the local AWS takes any role there is",
        ["LambdaService"],
        "test_only_lambda_may_assume_the_roles",
        module="test_systems",
    ),
    Gap(
        "CloudWatch, to publish alarms to the encrypted topic",
        "the local AWS publishes them without asking topic or key",
        ["AllowCloudwatch"],
        "test_keys_and_topics_admit_cloudwatch_of_this_account_and_nobody_else",
        parts=EVERYTHING,
        module="test_systems",
    ),
    Gap(
        "S3 and API Gateway, to invoke the function",
        "the local AWS invokes it without asking for a permission",
        [PERMISSION],
        PERMISSIONS,
        parts=EVERYTHING,
    ),
    Gap(
        "the function's role, as AWS names it",
        "the local AWS names the role's session",
        ["OnlyTheFunctionUsesObjects"],
        "test_nobody_but_the_functions_role_reads_or_writes_objects",
        parts=["value"],
        elements=[":role/"],
    ),
    Gap(
        "DynamoDB, to encrypt and read the table",
        "the local AWS does not ask KMS behind DynamoDB",
        ["UseThroughService"],
        STORAGE_KEY_TEST,
        parts=["action", "principal"],
    ),
    Gap(
        "Terraform, to name the key",
        "the local AWS does not ask a key's policy about its aliases",
        ["Administration"],
        STORAGE_KEY_TEST,
        elements=["Alias"],
    ),
)


def gap_of(change: StatementMutation) -> Gap | None:
    """The reason why no run detects a mutation; None if a run has to."""
    return next((one for one in GAPS if one.covers(change)), None)
