"""Rows that are put many in one request, each under its own condition.

As transactions, which cost twice the write units. A batch write would not, but it takes no conditions, and its
permission also allows deletes; a transaction of puts needs the permission to put items only.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

import random
import time
from collections.abc import Sequence
from typing import Any

from . import aws
from .errors import ExplainedError

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
MOST_IN_ONE_WRITE = 100
Put = dict[str, Any]
Item = dict[str, Any]

FAILED_CONDITION = "ConditionalCheckFailed"
# Conflicting writes of the same row, or throttling:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
PASSING = {"None", FAILED_CONDITION, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 0.1  # after the first attempt; doubled after each further one


class TooManyConflicts(ExplainedError):
    """The table refused the writes in all attempts because of conflicts or throttling; the event will be retried."""


def client() -> Any:
    """A client that does not log failed conditions as errors."""
    return aws.client("dynamodb", expected={"ConditionalCheckFailedException", "TransactionCanceledException"})


def make(dynamodb: Any, puts: Sequence[Put]) -> list[Put]:
    """Make the puts whose condition holds, in one request. Returns these. Each row may occur once.

    Raises `TooManyConflicts`, and `ClientError` if DynamoDB refuses the request permanently.
    """
    return [put for put, existing in zip(puts, make_or_get(dynamodb, puts), strict=True) if existing is None]


def make_or_get(dynamodb: Any, puts: Sequence[Put]) -> list[Item | None]:
    """As `make`; returns for each put None where it was made, else the item that its condition failed for: a typed one,
    and an empty one unless the put asks for it (`ReturnValuesOnConditionCheckFailure`)."""
    existing: dict[int, Item] = {}
    waiting = list(range(len(puts)))
    for attempt in range(ATTEMPTS):
        if not waiting:
            break
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": puts[number]} for number in waiting])
            break
        except dynamodb.exceptions.TransactionCanceledException as error:
            reasons = error.response["CancellationReasons"]
            codes = {reason["Code"] for reason in reasons}
            if not codes <= PASSING:
                raise
        existing |= {
            number: reason.get("Item") or {}
            for number, reason in zip(waiting, reasons, strict=True)
            if reason["Code"] == FAILED_CONDITION
        }
        waiting = [number for number in waiting if number not in existing]
        if waiting and not codes <= {"None", FAILED_CONDITION}:
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
    else:
        raise TooManyConflicts(f"the table kept refusing {len(waiting)} rows")
    return [existing.get(number) for number in range(len(puts))]


def make_all(dynamodb: Any, puts: Sequence[Put]) -> set[int]:
    """Make all puts in one request, or none where the condition of one fails; returns the numbers of those whose
    condition failed. Raises as `make`."""
    for attempt in range(ATTEMPTS):
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except dynamodb.exceptions.TransactionCanceledException as error:
            codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
            if not set(codes) <= PASSING:
                raise
            failed = {number for number, code in enumerate(codes) if code == FAILED_CONDITION}
            if failed:
                return failed
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
        else:
            return set()
    raise TooManyConflicts(f"the table kept refusing {len(puts)} rows")
