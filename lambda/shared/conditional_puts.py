"""Rows that are put many in one request, each under its own condition.

As transactions, which cost twice the write units. A batch write would not, but knows no conditions, and the right to it
is also a right to delete; a transaction of puts asks for the right to put items, nothing else.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

import random
import time
from collections.abc import Sequence
from typing import Any

from . import aws

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
MOST_IN_ONE_WRITE = 100
Put = dict[str, Any]

FAILED_CONDITION = "ConditionalCheckFailed"
# Others are writing the same row, or there are too many writes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
PASSING = {"None", FAILED_CONDITION, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 0.1  # after the first attempt; twice as long after each


class TooManyAtOnce(RuntimeError):
    """The table kept refusing through all attempts; the event comes again."""


def client() -> Any:
    """A client for which a failed condition is an ordinary answer."""
    return aws.client("dynamodb", expected={"ConditionalCheckFailedException", "TransactionCanceledException"})


def make(dynamodb: Any, puts: Sequence[Put]) -> list[Put]:
    """Make the puts whose condition holds, in one request; gives these. No two may be of one row.

    Raises `TooManyAtOnce`, and `ClientError` for what DynamoDB refuses for good.
    """
    waiting = list(puts)
    for attempt in range(ATTEMPTS):
        try:
            dynamodb.transact_write_items(TransactItems=[{"Put": put} for put in waiting])
            return waiting
        except dynamodb.exceptions.TransactionCanceledException as error:
            codes = [reason["Code"] for reason in error.response["CancellationReasons"]]
            if not PASSING.issuperset(codes):
                raise
        waiting = [put for put, code in zip(waiting, codes, strict=True) if code != FAILED_CONDITION]
        if not waiting:
            return []
        if not {"None", FAILED_CONDITION}.issuperset(codes):
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2**attempt))  # noqa: S311 - jitter
    raise TooManyAtOnce(f"the table kept refusing {len(waiting)} rows")
