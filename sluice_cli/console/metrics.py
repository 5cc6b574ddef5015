"""Metrics of a node as points in time, and its alarms."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sluice_cli.deployed.resources import Resource
from sluice_cli.review.picture.arrows import ALARMS

from .console import Console
from .deployment import Deployment
from .nodes import NAMES, Node
from .requests import PageRequest

MOST_MINUTES = 7 * 24 * 60
MOST_POINTS = 240
MOST_METRICS = 12
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and others: what is not counted.
AVERAGED = ("Duration", "Latency", "Age", "Size", "Utilization")
# The dimension that names a resource in AWS's own metrics. Resources of different services may have the same name.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html
DIMENSIONS = {
    "aws_lambda_function": "FunctionName",
    "aws_dynamodb_table": "TableName",
    "aws_sqs_queue": "QueueName",
    "aws_sns_topic": "TopicName",
    "aws_s3_bucket": "BucketName",
    "aws_api_gateway_rest_api": "ApiName",
    "aws_apigatewayv2_api": "ApiId",
    "aws_cloudwatch_event_rule": "RuleName",
}
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}


def points(console: Console, request: PageRequest) -> Any:
    node = console.node(request)
    minutes = request.number("minutes", 60, MOST_MINUTES)
    period = max(60, -(-minutes // MOST_POINTS) * 60)
    to = time.time()
    start = to - minutes * 60
    cloudwatch = console.client("cloudwatch", node.region or None)
    limits = _alarms_on(console.deployment, node)
    metrics = []
    for one in _metrics_of(cloudwatch, node)[:MOST_METRICS]:
        name = one["MetricName"]
        statistic = "Average" if name.endswith(AVERAGED) else "Sum"
        answer = cloudwatch.get_metric_statistics(
            Namespace=one["Namespace"],
            MetricName=name,
            Dimensions=one["Dimensions"],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(to + 60, UTC),
            Period=period,
            Statistics=[statistic],
        )
        values = sorted(
            (point["Timestamp"].timestamp(), point[statistic], point.get("Unit")) for point in answer["Datapoints"]
        )
        alarms = [_limit(alarm) for alarm in limits if alarm.attributes.get("metric_name") == name]
        unit = next((of for _, _, of in values if of and of != "None"), "")
        shown = [[when, value] for when, value, _ in values]
        metrics.append({"name": name, "unit": unit, "stat": statistic, "points": shown, "alarms": alarms})
    return {"from": start, "to": to, "period": period, "metrics": metrics}


def alarms(console: Console, request: PageRequest) -> Any:
    node, deployment = console.node(request), console.deployment
    own = [one for one in _alarms_of(deployment, node.stack) if node.type == ALARMS or watches(one, node)]
    states: dict[str, Any] = {}
    for region in {one.region for one in own}:
        cloudwatch = console.client("cloudwatch", region or None)
        pages = cloudwatch.get_paginator("describe_alarms").paginate()
        states |= {
            one["AlarmName"]: one
            for page in pages
            for kind in ("MetricAlarms", "CompositeAlarms")
            for one in page.get(kind, [])
        }
    return {"alarms": [_alarm(one, states.get(_name(one), {}), deployment) for one in own]}


def _alarm(resource: Resource, state: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    attributes = resource.attributes
    since = state.get("StateUpdatedTimestamp")
    own = [one for one in deployment.nodes.by_id.values() if one.stack == resource.stack]
    return {
        "name": _name(resource),
        "title": attributes.get("metric_name") or _name(resource),
        "state": state.get("StateValue", "INSUFFICIENT_DATA"),
        "reason": state.get("StateReason", ""),
        "since": since.timestamp() if since else None,
        "metric": attributes.get("metric_name") or None,
        "namespace": attributes.get("namespace") or None,
        "threshold": attributes.get("threshold"),
        "comparison": COMPARISONS.get(str(attributes.get("comparison_operator")), ""),
        "description": attributes.get("alarm_description") or "",
        "node": next((one.id for one in own if watches(resource, one)), None),
    }


def _metrics_of(cloudwatch: Any, node: Node) -> list[dict[str, Any]]:
    """The metrics with a dimension that names the node."""
    pages = cloudwatch.get_paginator("list_metrics").paginate()
    found = [one for page in pages for one in page["Metrics"]]
    own = [
        one for one in found if _is_about(node, one["Namespace"], {of["Name"]: of["Value"] for of in one["Dimensions"]})
    ]
    return sorted(own, key=lambda one: (len(one["Dimensions"]), one["MetricName"]))


def _alarms_of(deployment: Deployment, stack: str) -> list[Resource]:
    types = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")
    return [one for one in deployment.nodes.resources if one.stack == stack and one.type in types]


def _alarms_on(deployment: Deployment, node: Node) -> list[Resource]:
    return [one for one in _alarms_of(deployment, node.stack) if watches(one, node)]


def watches(alarm: Resource, node: Node) -> bool:
    queries = alarm.attributes.get("metric_query") or []
    metrics = [alarm.attributes, *(one for query in queries for one in query.get("metric") or [])]
    return any(_is_about(node, str(one.get("namespace") or ""), one.get("dimensions") or {}) for one in metrics)


def _is_about(node: Node, namespace: str, dimensions: Mapping[str, Any]) -> bool:
    """Whether a dimension names the node; in a namespace of somebody's own, any of them."""
    names, own = _names(node), DIMENSIONS.get(node.type)
    is_own = not namespace.startswith("AWS/") or own is None
    return any(value in names and (is_own or name == own) for name, value in dimensions.items())


def _names(node: Node) -> set[str]:
    """The values of dimensions that name the node."""
    attributes = node.resource.attributes if node.resource else {}
    of_api = ("id",) if node.type.startswith("aws_api") else ()
    return {str(attributes[one]) for one in (*NAMES, *of_api) if attributes.get(one)}


def _limit(alarm: Resource) -> dict[str, Any]:
    attributes = alarm.attributes
    comparison = COMPARISONS.get(str(attributes.get("comparison_operator")), "")
    return {"name": _name(alarm), "threshold": attributes.get("threshold"), "comparison": comparison}


def _name(alarm: Resource) -> str:
    return str(alarm.attributes.get("alarm_name") or "")
