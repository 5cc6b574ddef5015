"""Tests of the synthesized Terraform; they need no account, no network and no Terraform."""

import pytest
from sluice.testing import SynthesizedStack  # first: it makes synth fast

# isort: split
from cdktf import Testing

from image_thumbnails.stack import KEPT_DAYS, ImageThumbnailsStack


@pytest.fixture(scope="module")
def terraform() -> SynthesizedStack:
    return SynthesizedStack(ImageThumbnailsStack(Testing.app(), "image-thumbnails", region="us-east-1"))


def test_the_function_may_read_pictures_write_thumbnails_and_rows_and_what_it_needs_to_run(
    terraform: SynthesizedStack,
) -> None:
    assert terraform.permissions("Resize") == [
        "Allow dynamodb:PutItem on ${aws_dynamodb_table.Table/Table.arn}",
        "Allow logs:CreateLogStream on ${aws_cloudwatch_log_group.Resize/LogGroup.arn}:*",
        "Allow logs:PutLogEvents on ${aws_cloudwatch_log_group.Resize/LogGroup.arn}:*",
        "Allow s3:GetObject on ${aws_s3_bucket.Pictures/Bucket.arn}/*",
        "Allow s3:GetObjectVersion on ${aws_s3_bucket.Pictures/Bucket.arn}/*",
        "Allow s3:ListBucket on ${aws_s3_bucket.Pictures/Bucket.arn}",
        "Allow s3:PutObject on ${aws_s3_bucket.Thumbnails/Bucket.arn}/*",
        "Allow sqs:DeleteMessage on ${aws_sqs_queue.Arrivals/Queue.arn}",
        "Allow sqs:GetQueueAttributes on ${aws_sqs_queue.Arrivals/Queue.arn}",
        "Allow sqs:ReceiveMessage on ${aws_sqs_queue.Arrivals/Queue.arn}",
        "Allow sqs:SendMessage on ${aws_sqs_queue.Resize/Failures/Queue.arn}",
        "Allow xray:PutTelemetryRecords on *",
        "Allow xray:PutTraceSegments on *",
    ]


def test_pictures_wait_in_the_queue_as_long_as_the_function_may_take(terraform: SynthesizedStack) -> None:
    (sent,) = terraform.resource("aws_s3_bucket_notification")["queue"]
    assert (sent["queue_arn"], sent["events"]) == ("${aws_sqs_queue.Arrivals/Queue.arn}", ["s3:ObjectCreated:*"])
    function, queue = (
        terraform.resource("aws_lambda_function"),
        terraform.resource("aws_sqs_queue", "Arrivals/Queue"),
    )
    assert queue["visibility_timeout_seconds"] == 6 * function["timeout"] == 360
    assert function["architectures"] == ["arm64"]


def test_rows_expire_with_the_thumbnails_and_are_indexed_by_status(terraform: SynthesizedStack) -> None:
    table = terraform.resource("aws_dynamodb_table")
    assert table["ttl"] == {"attribute_name": "expiresAt", "enabled": True}
    (index,) = table["global_secondary_index"]
    assert (index["name"], index["hash_key"], index["range_key"]) == ("by-status", "status", "processedAt")
    rules = terraform.resource("aws_s3_bucket_lifecycle_configuration", "Thumbnails/Lifecycle")["rule"]
    assert [one["expiration"] for one in rules if "expiration" in one] == [[{"days": KEPT_DAYS}]]
