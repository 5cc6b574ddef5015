import json
from typing import Any

from cdktf import TerraformStack

from modules import Dashboard, Metric

from .synthesized import Terraform


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
    assert json.loads(made["dashboard_body"]) == {
        "widgets": [
            graph("Requests", 0, 0, count_line, latency_line),
            graph("Latency", 12, 0, latency_line),
            graph("Again", 0, 6),
        ]
    }
