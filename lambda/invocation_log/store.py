"""The log's one AWS call: to the table."""

from shared import aws
from shared.observability import MetricUnit, logger, metrics, tracer

from .invocations import Row


class Store:
    """The table of invocations. Rows are only ever added: nothing changes or removes one.

    Each row is put by itself and under a condition, so that the invocation that was first stays on record and a record
    that DynamoDB refuses keeps no other from being written. BatchWriteItem would save calls on events of several
    records, but carries no conditions, fails as a whole, and the right to it is also a right to delete; S3 sends one
    record an event, where it saves nothing.
    """

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        # Goes to AWS_ENDPOINT_URL where that is set: botocore reads it itself.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        self._dynamodb = aws.client("dynamodb", expected={"ConditionalCheckFailedException"})

    @tracer.capture_method(capture_response=False)
    def add(self, row: Row) -> None:
        """Add a row unless it is there."""
        named = {name: row[name] for name in ("requestId", "bucketName", "objectKey", "eventName")}
        try:
            self._dynamodb.put_item(
                TableName=self._table_name,
                Item={name: {"S": value} for name, value in row.items()},
                ConditionExpression="attribute_not_exists(requestId)",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            logger.info("already logged", extra=named)
            return
        logger.info("logged", extra=named)
        metrics.add_metric("InvocationsLogged", MetricUnit.Count, 1)
