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

GAPS = (
    Gap(
        "the X-Ray daemon, to report on itself",
        "the local AWS's daemon reports nothing",
        ["WriteTraces"],
        ROLE,
        elements=["xray:PutTelemetryRecords"],
    ),
    Gap(
        "DynamoDB, to look at the table's key",
        "the local AWS looks at it only for who makes the table",
        ["UseTableKey"],
        ROLE,
        elements=["kms:DescribeKey"],
    ),
    Gap(
        "CloudWatch of other accounts, to be refused",
        "alarms of the local AWS are of one account",
        ["AllowCloudwatch"],
        "test_keys_and_topics_admit_cloudwatch_of_this_account_and_nobody_else",
        parts=("resource", "principal", "condition"),
        module="test_systems",
    ),
    Gap(
        "people and other accounts, to be refused",
        "the local AWS invokes it for S3 and API Gateway of one account only",
        [PERMISSION],
        PERMISSIONS,
        parts=("principal", "condition"),
        elements=["principal", "aws:SourceAccount"],
    ),
    Gap(
        "people and other accounts, to be refused",
        "S3 of the local AWS sends for buckets of one account, and a queue's policy is about that queue only",
        ["AllowS3"],
        "test_only_the_bucket_may_send_to_the_buffer",
        parts=("resource", "principal", "condition"),
        module="test_delivery_modes",
        elements=["any resource", "any principal", "aws:SourceAccount"],
    ),
    Gap(
        "who is not in the account, to be refused",
        "the local AWS has no table of another account under the key",
        ["UseThroughService"],
        STORAGE_KEY_TEST,
        parts=["principal"],
    ),
)


def gap_of(change: StatementMutation) -> Gap | None:
    """The reason why no run detects a mutation; None if a run has to."""
    return next((one for one in GAPS if one.covers(change)), None)
