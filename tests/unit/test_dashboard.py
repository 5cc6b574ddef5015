from typing import Any

import pytest
from cdktf import TerraformStack

from modules import ConfigurationError, Dashboard, Metric, PythonFunction

from .synthesized import REGION, Terraform, decoded


def graph(title: str, x: int, y: int, *lines: list[Any]) -> dict[str, Any]:
    properties = {
        "title": title,
        "region": "us-east-1",
        "view": "timeSeries",
        "period": 60,
        "metrics": list(lines),
    }
    return {"type": "metric", "x": x, "y": y, "width": 12, "height": 6, "properties": properties}


def test_a_dashboard_shows_its_graphs_two_in_a_row_in_the_order_given(stack: TerraformStack) -> None:
    requests = Metric("AWS/ApiGateway", "Count", {"ApiName": "api", "Stage": "live"})
    latency = Metric("AWS/ApiGateway", "Latency", {"ApiName": "api"}, "p99")
    Dashboard(
        stack,
        "Board",
        name="board",
        region="us-east-1",
        graphs={"Requests": [requests, latency], "Latency": [latency], "Again": []},
    )
    made = Terraform(stack).one("aws_cloudwatch_dashboard")
    count_line = ["AWS/ApiGateway", "Count", "ApiName", "api", "Stage", "live", {"stat": "Sum"}]
    latency_line = ["AWS/ApiGateway", "Latency", "ApiName", "api", {"stat": "p99"}]
    assert made["dashboard_name"] == "board"
    assert decoded(made["dashboard_body"]) == {
        "widgets": [
            graph("Requests", 0, 0, count_line, latency_line),
            graph("Latency", 12, 0, latency_line),
            graph("Again", 0, 6),
        ]
    }


def test_metrics_are_of_the_stacks_region_unless_another_is_given(stack: TerraformStack) -> None:
    Dashboard(stack, "Board", name="board", graphs={"Empty": []})
    (widget,) = decoded(Terraform(stack).one("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
    assert widget["properties"]["region"] == REGION


def test_references_and_quotes_are_kept(stack: TerraformStack, worker: PythonFunction) -> None:
    metric = Metric("AWS/Lambda", "Errors", {"FunctionName": worker.resource.function_name})
    title = 'All "errors"\n\\'
    Dashboard(stack, "Board", name="board", graphs={title: [metric]})
    (widget,) = decoded(Terraform(stack).one("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
    assert widget["properties"]["title"] == title
    name = "${aws_lambda_function.Worker/Function.function_name}"
    assert widget["properties"]["metrics"] == [["AWS/Lambda", "Errors", "FunctionName", name, {"stat": "Sum"}]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "a b"}, "name is 'a b', AWS allows 1 to 255 letters, digits, - and _"),
        ({"graphs": {"Many": [Metric("a", "b", {})] * 501}}, r"graphs\['Many'\] has 501, AWS allows 0 to 500 metrics"),
    ],
)
def test_values_that_cloudwatch_refuses_are_rejected(
    stack: TerraformStack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Dashboard(stack, "Board", **{"name": "board", "graphs": {}, **options})
