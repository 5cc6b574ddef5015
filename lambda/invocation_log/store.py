"""The log's AWS calls: one DynamoDB request for all rows of an event."""

from collections.abc import Iterator, Sequence

from botocore.exceptions import ClientError

from sluice_functions import conditional_puts
from sluice_functions.conditional_puts import MOST_IN_ONE_WRITE, Put
from sluice_functions.observability import MetricUnit, logger, metrics, tracer

from .invocations import Row

# Error codes of DynamoDB for an invalid row, for a single request and within a transaction.
UNHOLDABLE = ("ValidationException", "TransactionCanceledException")


class Store:
    """The table of invocations. Rows are only added, each on the condition that it is new: the first invocation stays
    on record.
    """

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        # botocore reads AWS_ENDPOINT_URL itself.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        self._dynamodb = conditional_puts.client()

    @tracer.capture_method(capture_response=False)
    def add(self, rows: Sequence[Row]) -> list[Exception | None]:
        """Add rows that do not exist. Returns for each the reason why DynamoDB refused it, or None."""
        unique = list({row["requestId"]: row for row in rows}.values())  # a transaction may contain a row only once
        refused: dict[str, Exception] = {}
        for first in range(0, len(unique), MOST_IN_ONE_WRITE):
            part = unique[first : first + MOST_IN_ONE_WRITE]
            for row, outcome in zip(part, self._put(part), strict=True):
                if isinstance(outcome, ClientError):
                    refused[row["requestId"]] = outcome
                    continue
                named = {name: row[name] for name in ("requestId", "bucketName", "objectKey", "eventName")}
                logger.info("logged" if outcome else "already logged", extra=named)
                metrics.add_metric("InvocationsLogged", MetricUnit.Count, int(outcome))
        return [refused.get(row["requestId"]) for row in rows]

    def _put(self, rows: Sequence[Row]) -> list[bool | ClientError]:
        """For each row whether it is new, or why DynamoDB refused it."""
        puts: list[Put] = [
            {
                "TableName": self._table_name,
                "Item": {name: {"S": value} for name, value in row.items()},
                "ConditionExpression": "attribute_not_exists(requestId)",
            }
            for row in rows
        ]
        if len(puts) > 1:  # S3 sends one record in an event; a transaction would cost twice as much
            try:
                made = conditional_puts.make(self._dynamodb, puts)
                return [put in made for put in puts]
            except ClientError as error:
                if error.response["Error"]["Code"] not in UNHOLDABLE:
                    raise
        # A row that DynamoDB refuses must not prevent the others from being written.
        return list(self._one_by_one(puts))

    def _one_by_one(self, puts: Sequence[Put]) -> Iterator[bool | ClientError]:
        for put in puts:
            try:
                self._dynamodb.put_item(**put)
                yield True
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                yield False
            except ClientError as error:
                yield error
