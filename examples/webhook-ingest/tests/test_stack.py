"""Tests of the synthesized Terraform; they need no account, no network and no Terraform."""

import pytest
from sluice.testing import SynthesizedStack  # first: it makes synth fast

# isort: split
from cdktf import Testing

from webhook_ingest.stack import WebhookIngestStack

QUEUE = "${aws_sqs_queue.Webhooks/Queue.arn}"


@pytest.fixture(scope="module")
def terraform() -> SynthesizedStack:
    return SynthesizedStack(WebhookIngestStack(Testing.app(), "webhook-ingest", region="us-east-1"))


def test_the_function_may_read_the_secrets_write_rows_and_what_it_needs_to_run(terraform: SynthesizedStack) -> None:
    assert terraform.permissions("Ingest/Role") == [
        "Allow dynamodb:PutItem on ${aws_dynamodb_table.Table/Table.arn}",
        "Allow logs:CreateLogStream on ${aws_cloudwatch_log_group.Ingest/LogGroup.arn}:*",
        "Allow logs:PutLogEvents on ${aws_cloudwatch_log_group.Ingest/LogGroup.arn}:*",
        "Allow secretsmanager:GetSecretValue on ${aws_secretsmanager_secret.SigningSecrets/Secret.arn}",
        "Allow sqs:DeleteMessage on ${aws_sqs_queue.Webhooks/Queue.arn}",
        "Allow sqs:GetQueueAttributes on ${aws_sqs_queue.Webhooks/Queue.arn}",
        "Allow sqs:ReceiveMessage on ${aws_sqs_queue.Webhooks/Queue.arn}",
        "Allow sqs:SendMessage on ${aws_sqs_queue.Ingest/Failures/Queue.arn}",
        "Allow xray:PutTelemetryRecords on *",
        "Allow xray:PutTraceSegments on *",
    ]


def test_the_api_may_send_to_the_queue_and_nothing_else(terraform: SynthesizedStack) -> None:
    assert terraform.permissions("Api/QueueSender") == [f"Allow sqs:SendMessage on {QUEUE}"]


def test_batches_go_to_the_alias_that_releases_shift(terraform: SynthesizedStack) -> None:
    mapping = terraform.resource("aws_lambda_event_source_mapping")
    assert mapping["function_name"] == "${aws_lambda_alias.Ingest/Release/Alias.arn}"
    assert (mapping["batch_size"], mapping["maximum_batching_window_in_seconds"]) == (100, 1)
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    shift = terraform.resource("aws_codedeploy_deployment_config")["traffic_routing_config"]
    assert shift == {"type": "TimeBasedCanary", "time_based_canary": {"interval": 5, "percentage": 10}}


def test_a_webhook_without_a_signature_does_not_reach_the_queue(terraform: SynthesizedStack) -> None:
    assert terraform.resource("aws_api_gateway_method")["request_parameters"] == {
        "method.request.path.sender": True,
        "method.request.header.X-Signature": True,
    }
    validator = terraform.resource("aws_api_gateway_request_validator")
    assert (validator["validate_request_body"], validator["validate_request_parameters"]) == (True, True)


def test_rows_expire(terraform: SynthesizedStack) -> None:
    assert terraform.resource("aws_dynamodb_table")["ttl"] == {"attribute_name": "expiresAt", "enabled": True}
