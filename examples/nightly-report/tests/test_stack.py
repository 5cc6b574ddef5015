"""Tests of the synthesized Terraform; they need no account, no network and no Terraform."""

import json

import pytest
from sluice.testing import SynthesizedStack  # first: it makes synth fast

# isort: split
from cdktf import Testing

from nightly_report.stack import NightlyReportStack

SALES = (
    "arn:${data.aws_partition.CurrentPartition.partition}:dynamodb:${data.aws_region.CurrentRegion.name}"
    ":${data.aws_caller_identity.Account.account_id}:table/sales"
)


@pytest.fixture(scope="module")
def terraform() -> SynthesizedStack:
    return SynthesizedStack(
        NightlyReportStack(Testing.app(), "nightly-report", region="us-east-1", sales_table="sales")
    )


def test_the_function_reads_one_index_and_the_secret_and_writes_reports(terraform: SynthesizedStack) -> None:
    assert terraform.permissions("Report") == [
        f"Allow dynamodb:Query on {SALES}/index/by-day",
        "Allow logs:CreateLogStream on ${aws_cloudwatch_log_group.Report/LogGroup.arn}:*",
        "Allow logs:PutLogEvents on ${aws_cloudwatch_log_group.Report/LogGroup.arn}:*",
        "Allow s3:PutObject on ${aws_s3_bucket.Reports/Bucket.arn}/*",
        "Allow secretsmanager:GetSecretValue on ${aws_secretsmanager_secret.PseudonymKey/Secret.arn}",
        "Allow sqs:SendMessage on ${aws_sqs_queue.Report/Failures/Queue.arn}",
        "Allow xray:PutTelemetryRecords on *",
        "Allow xray:PutTraceSegments on *",
    ]


def test_the_stack_does_not_manage_the_table_of_sales(terraform: SynthesizedStack) -> None:
    assert terraform.resources("aws_dynamodb_table") == {}


def test_the_schedule_calls_the_function_each_night_with_the_planned_time(terraform: SynthesizedStack) -> None:
    schedule = terraform.resource("aws_scheduler_schedule")
    assert schedule["schedule_expression"] == "cron(0 2 * * ? *)"
    assert json.loads(schedule["target"]["input"]) == {"time": "<aws.scheduler.scheduled-time>"}
    assert schedule["target"]["arn"] == "${aws_lambda_function.Report/Function.arn}"
