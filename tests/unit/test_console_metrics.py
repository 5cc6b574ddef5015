"""Which alarms and metrics the console shows at a box."""

from typing import Any

import pytest

from sluice_cli.console.metrics import watches
from sluice_cli.console.nodes import Node
from sluice_cli.deployed.resources import Resource


def node(type_: str, **attributes: Any) -> Node:
    return Node("s/a", "s", f"{type_}.a", type_, "A", "", Resource("s", type_, "a", "", attributes))


def alarm(**attributes: Any) -> Resource:
    return Resource("s", "aws_cloudwatch_metric_alarm", "b", "", attributes)


# All of one name.
NODES = [
    node("aws_lambda_function", function_name="orders"),
    node("aws_dynamodb_table", name="orders"),
    node("aws_sqs_queue", name="orders"),
    node("aws_sns_topic", name="orders"),
    node("aws_s3_bucket", bucket="orders"),
    node("aws_api_gateway_rest_api", name="orders", id="abc"),
    node("aws_apigatewayv2_api", name="orders", id="orders"),
    node("aws_cloudwatch_event_rule", name="orders"),
]


@pytest.mark.parametrize(
    ("namespace", "dimension", "type_"),
    [
        ("AWS/Lambda", "FunctionName", "aws_lambda_function"),
        ("AWS/DynamoDB", "TableName", "aws_dynamodb_table"),
        ("AWS/SQS", "QueueName", "aws_sqs_queue"),
        ("AWS/SNS", "TopicName", "aws_sns_topic"),
        ("AWS/S3", "BucketName", "aws_s3_bucket"),
        ("AWS/ApiGateway", "ApiName", "aws_api_gateway_rest_api"),
        ("AWS/ApiGateway", "ApiId", "aws_apigatewayv2_api"),
        ("AWS/Events", "RuleName", "aws_cloudwatch_event_rule"),
    ],
)
@pytest.mark.parametrize("is_expression", [False, True], ids=["metric", "expression"])
def test_an_alarm_watches_the_resource_of_its_service_though_others_have_its_name(
    namespace: str, dimension: str, type_: str, is_expression: bool
) -> None:
    metric = {"namespace": namespace, "dimensions": {dimension: "orders", "Operation": "PutItem"}}
    one = alarm(metric_query=[{"metric": []}, {"metric": [metric]}]) if is_expression else alarm(**metric)
    assert [of.type for of in NODES if watches(one, of)] == [type_]


def test_an_alarm_on_a_metric_of_ones_own_watches_what_its_dimensions_name() -> None:
    one = alarm(namespace="Orders", dimensions={"table": "orders"})
    assert [of.type for of in NODES if watches(one, of)] == [of.type for of in NODES]
    assert not any(watches(alarm(namespace="Orders", dimensions={"table": "other"}), of) for of in NODES)
    assert not any(watches(alarm(namespace="Orders"), of) for of in NODES)
