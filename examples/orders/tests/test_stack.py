"""Tests of the synthesized Terraform; they need no account, no network and no Terraform."""

import pytest
from sluice.testing import SynthesizedStack  # first: it makes synth fast

# isort: split
from cdktf import Testing

from orders.stack import OrdersStack


@pytest.fixture(scope="module")
def terraform() -> SynthesizedStack:
    return SynthesizedStack(OrdersStack(Testing.app(), "orders", region="us-east-1"))


def to_run(function: str) -> list[str]:
    """The permissions of every function: write its log and traces, and send failed events to its failure queue."""
    return [
        f"Allow logs:CreateLogStream on ${{aws_cloudwatch_log_group.{function}/LogGroup.arn}}:*",
        f"Allow logs:PutLogEvents on ${{aws_cloudwatch_log_group.{function}/LogGroup.arn}}:*",
        f"Allow sqs:SendMessage on ${{aws_sqs_queue.{function}/Failures/Queue.arn}}",
        "Allow xray:PutTelemetryRecords on *",
        "Allow xray:PutTraceSegments on *",
    ]


def test_the_api_adds_and_reads_orders_and_remembers_requests(terraform: SynthesizedStack) -> None:
    assert terraform.permissions("Api") == [
        "Allow dynamodb:GetItem on ${aws_dynamodb_table.Orders/Table.arn}",
        "Allow dynamodb:PutItem on ${aws_dynamodb_table.Orders/Table.arn}",
        "Allow dynamodb:PutItem on ${aws_dynamodb_table.Requests/Table.arn}",
        *to_run("Api"),
    ]


def test_the_authorizer_looks_up_tokens_and_nothing_else(terraform: SynthesizedStack) -> None:
    assert terraform.permissions("Authorizer") == [
        "Allow dynamodb:GetItem on ${aws_dynamodb_table.Tokens/Table.arn}",
        *to_run("Authorizer"),
    ]


def test_the_announcer_reads_the_stream_and_publishes(terraform: SynthesizedStack) -> None:
    stream = "${aws_dynamodb_table.Orders/Table.stream_arn}"
    logs, *others = to_run("Announcer")
    assert terraform.permissions("Announcer") == sorted(
        [
            f"Allow dynamodb:DescribeStream on {stream}",
            f"Allow dynamodb:GetRecords on {stream}",
            f"Allow dynamodb:GetShardIterator on {stream}",
            "Allow dynamodb:ListStreams on ${aws_dynamodb_table.Orders/Table.arn}/stream/*",
            "Allow sns:Publish on ${aws_sns_topic.Announced/Topic.arn}",
            logs,
            *others,
        ]
    )


def test_every_route_asks_the_authorizer(terraform: SynthesizedStack) -> None:
    (authorizer,) = terraform.resources("aws_api_gateway_authorizer")
    methods = terraform.resources("aws_api_gateway_method").values()
    assert sorted((one["http_method"], one["authorization"], one["authorizer_id"]) for one in methods) == [
        (method, "CUSTOM", f"${{aws_api_gateway_authorizer.{authorizer}.id}}") for method in ("GET", "POST")
    ]


def test_billing_and_shipping_receive_new_orders(terraform: SynthesizedStack) -> None:
    (mapping,) = terraform.resources("aws_lambda_event_source_mapping").values()
    assert mapping["filter_criteria"] == {"filter": [{"pattern": '{"eventName": ["INSERT"]}'}]}
    subscriptions = terraform.resources("aws_sns_topic_subscription").values()
    assert {(one["endpoint"], one["raw_message_delivery"]) for one in subscriptions} == {
        ("${aws_sqs_queue.Billing/Queue.arn}", True),
        ("${aws_sqs_queue.Shipping/Queue.arn}", True),
    }
