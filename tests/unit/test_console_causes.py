"""Which of several functions that use one table of rejects processes an object again."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from sluice_cli.console.causes import function_of, functions_using
from sluice_cli.console.deployment import Deployment
from sluice_cli.console.nodes import Node, Nodes
from sluice_cli.deployed.resources import Resource
from sluice_cli.target import Target

ARN = "arn:aws:{}:us-east-1:000000000000:{}"


@dataclass(frozen=True)
class Item:
    bucket: str
    key: str


def resource(type_: str, name: str, **attributes: Any) -> Resource:
    return Resource("stack", type_, name, f"{type_}.{name}", {"name": name, **attributes})


def function(name: str) -> Resource:
    return resource("aws_lambda_function", name, function_name=name, arn=ARN.format("lambda", f"function:{name}"))


def mapping(queue: str, name: str) -> Resource:
    return resource(
        "aws_lambda_event_source_mapping",
        f"{queue}-{name}",
        event_source_arn=ARN.format("sqs", queue),
        function_arn=ARN.format("lambda", f"function:{name}"),
    )


FUNCTIONS = [function(name) for name in ("csv", "json", "queued", "fanned", "ruled", "reader")]
RESOURCES = [
    *FUNCTIONS,
    resource(
        "aws_s3_bucket_notification",
        "landing",
        bucket="landing",
        lambda_function=[
            {"lambda_function_arn": ARN.format("lambda", "function:csv:live"), "filter_suffix": ".csv"},
            {
                "lambda_function_arn": ARN.format("lambda", "function:json"),
                "filter_prefix": "in/",
                "filter_suffix": ".json",
            },
        ],
        queue=[{"queue_arn": ARN.format("sqs", "work"), "filter_prefix": "queued/"}],
        topic=[{"topic_arn": ARN.format("sns", "news"), "filter_prefix": "fanned/"}],
    ),
    resource("aws_s3_bucket", "landing", bucket="landing", arn="arn:aws:s3:::landing"),
    mapping("work", "queued"),
    mapping("copies", "fanned"),
    resource(
        "aws_sns_topic_subscription",
        "copies",
        topic_arn=ARN.format("sns", "news"),
        endpoint=ARN.format("sqs", "copies"),
    ),
    resource(
        "aws_cloudwatch_event_rule", "uploads", event_pattern=json.dumps({"detail": {"bucket": {"name": ["ruled"]}}})
    ),
    resource("aws_cloudwatch_event_target", "uploads", rule="uploads", arn=ARN.format("lambda", "function:ruled")),
]


def deployment(*users: str) -> tuple[Deployment, Node]:
    """A deployment whose table these functions use."""
    table = Node("stack/table", "stack", "table", "aws_dynamodb_table", "Rejects", "")
    nodes = [Node(f"stack/{one.name}", "stack", one.name, one.type, one.name, "", resource=one) for one in FUNCTIONS]
    made = Deployment(Target.__new__(Target), resources=RESOURCES, nodes=Nodes([table, *nodes], RESOURCES))
    made.__dict__["edges"] = {(f"stack/{one}", table.id): ["edge"] for one in users}
    return made, table


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Item("landing", "a.csv"), "csv"),
        (Item("landing", "in/a.json"), "json"),
        (Item("landing", "queued/a"), "queued"),
        (Item("landing", "fanned/a"), "fanned"),
        (Item("ruled", "anything"), "ruled"),
        (Item("landing", "in/queued/a.json"), "json"),
        (Item("landing", "queued/a.csv"), None),  # of two
        (Item("landing", "elsewhere"), None),
        (Item("another", "a.csv"), None),
    ],
)
def test_the_function_that_an_objects_events_reach_is_the_one(item: Item, expected: str | None) -> None:
    made, table = deployment(*(one.name for one in FUNCTIONS))
    assert len(functions_using(made, table)) == 6
    found = function_of(made, table, item)
    assert (found.name if found else None) == expected


def test_a_table_of_one_function_needs_no_events_and_one_of_none_has_no_function() -> None:
    found = function_of(*deployment("reader"), Item("another", "key"))
    assert found is not None
    assert found.name == "reader"
    assert function_of(*deployment(), Item("landing", "a.csv")) is None
