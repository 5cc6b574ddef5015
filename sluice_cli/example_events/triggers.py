"""Finds what calls a deployed function among the resources of its stacks."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sluice_cli.deployed.resources import Function, Resource

KINDS = ("s3", "sqs", "sns", "eventbridge", "api", "stream", "schedule")


@dataclass(frozen=True)
class Trigger:
    """A source of a function's events: its kind, the resource, and the settings of the connection (filters, input)."""

    kind: str
    resource: Resource
    settings: dict[str, Any] = field(default_factory=dict)


def triggers_of(function: Function, resources: Sequence[Resource]) -> list[Trigger]:
    """The sources connected to the function."""
    return [trigger for one in resources for trigger in _of(one, function.arn, resources)]


def unconnected(kind: str, resources: Sequence[Resource]) -> Trigger | None:
    """A resource of that kind that does not call the function; None if the stacks have none."""
    types = {
        "s3": "aws_s3_bucket",
        "sqs": "aws_sqs_queue",
        "sns": "aws_sns_topic",
        "stream": "aws_dynamodb_table",
        "eventbridge": "aws_cloudwatch_event_rule",
        "schedule": "aws_scheduler_schedule",
    }
    found = [one for one in resources if one.type == types.get(kind)]
    return Trigger(kind, found[0]) if found else None


def bucket_of_queue(queue: str, resources: Sequence[Resource]) -> Trigger | None:
    """The bucket whose notifications the queue with this ARN receives."""
    return next((trigger for one in resources for trigger in _notifications(one, "queue", queue, resources)), None)


def topic_of_queue(queue: str, resources: Sequence[Resource]) -> Trigger | None:
    """The topic that the queue is subscribed to."""
    return next((trigger for one in resources for trigger in _subscriptions(one, queue, resources)), None)


def _of(one: Resource, function: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    yield from _notifications(one, "lambda_function", function, resources)
    yield from _subscriptions(one, function, resources)
    yield from _mappings(one, function, resources)
    yield from _rules(one, function, resources)
    yield from _routes(one, function, resources)


def _notifications(one: Resource, kind: str, target: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    if one.type != "aws_s3_bucket_notification":
        return
    for block in one.attributes.get(kind) or []:
        arn = block.get("lambda_function_arn") or block.get("queue_arn") or ""
        bucket = _with(resources, "aws_s3_bucket", "bucket", one.attributes.get("bucket"))
        if _is(arn, target) and bucket:
            yield Trigger("s3", bucket, block)


def _subscriptions(one: Resource, target: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    if one.type == "aws_sns_topic_subscription" and _is(str(one.attributes.get("endpoint")), target):
        arn = str(one.attributes.get("topic_arn"))
        topic = _with(resources, "aws_sns_topic", "arn", arn) or Resource(
            one.stack, "aws_sns_topic", one.name, "", {"arn": arn}
        )
        yield Trigger("sns", topic, one.attributes)


def _mappings(one: Resource, function: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    if one.type != "aws_lambda_event_source_mapping" or not _is(_function_arn(one, function), function):
        return
    source = str(one.attributes.get("event_source_arn") or "")
    if ":sqs:" in source:
        queue = _with(resources, "aws_sqs_queue", "arn", source) or Resource(
            one.stack, "aws_sqs_queue", one.name, "", {"arn": source, "name": source.rpartition(":")[2]}
        )
        yield Trigger("sqs", queue, one.attributes)
    table = _with(resources, "aws_dynamodb_table", "stream_arn", source) if ":dynamodb:" in source else None
    if table:
        yield Trigger("stream", table, one.attributes)


def _rules(one: Resource, function: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    if one.type == "aws_cloudwatch_event_target" and _is(str(one.attributes.get("arn")), function):
        rule = _with(resources, "aws_cloudwatch_event_rule", "name", one.attributes.get("rule"))
        if rule:
            scheduled = bool(rule.attributes.get("schedule_expression"))
            yield Trigger("schedule" if scheduled else "eventbridge", rule, one.attributes)
    elif one.type == "aws_scheduler_schedule":
        target = (one.attributes.get("target") or [{}])[0]
        if _is(str(target.get("arn")), function):
            yield Trigger("schedule", one, target)


def _routes(one: Resource, function: str, resources: Sequence[Resource]) -> Iterator[Trigger]:
    if one.type == "aws_api_gateway_integration" and function in str(one.attributes.get("uri")):
        api = _with(resources, "aws_api_gateway_rest_api", "id", one.attributes.get("rest_api_id"))
        part = _with(resources, "aws_api_gateway_resource", "id", one.attributes.get("resource_id"))
        if api:
            path = part.attributes.get("path") if part else "/"
            same = ("rest_api_id", "resource_id", "http_method")
            of_route = next(
                (
                    of.attributes
                    for of in resources
                    if of.type == "aws_api_gateway_method"
                    and all(of.attributes.get(name) == one.attributes.get(name) for name in same)
                ),
                {},
            )
            authorization = of_route.get("authorization")
            settings = {"method": one.attributes.get("http_method"), "path": path, "authorization": authorization}
            yield Trigger("api", api, settings)
    elif one.type == "aws_apigatewayv2_integration" and function in str(one.attributes.get("integration_uri")):
        api = _with(resources, "aws_apigatewayv2_api", "id", one.attributes.get("api_id"))
        target = f"integrations/{one.attributes.get('id')}"
        route = _with(resources, "aws_apigatewayv2_route", "target", target)
        if api:
            key = str(route.attributes.get("route_key")) if route else "GET /"
            method, _, path = key.partition(" ")
            version = one.attributes.get("payload_format_version") or "1.0"
            authorization = route.attributes.get("authorization_type") if route else None
            settings = {"method": method, "path": path or "/", "version": version, "authorization": authorization}
            yield Trigger("api", api, settings)


def _is(arn: str, function: str) -> bool:
    """Whether an ARN is the function's, or of a version or alias of it."""
    return arn == function or arn.startswith(f"{function}:")


def _function_arn(mapping: Resource, function: str) -> str:
    arn = str(mapping.attributes.get("function_arn") or "")
    named = str(mapping.attributes.get("function_name") or "")
    return arn or (function if function.endswith(f":{named}") else named)


def _with(resources: Sequence[Resource], type_: str, attribute: str, value: Any) -> Resource | None:
    if value is None:
        return None
    return next((one for one in resources if one.type == type_ and one.attributes.get(attribute) == value), None)


def stage_of(api: Resource, resources: Sequence[Resource]) -> str:
    """The name of an API's stage."""
    for one in resources:
        if one.type == "aws_api_gateway_stage" and one.attributes.get("rest_api_id") == api.attributes.get("id"):
            return str(one.attributes.get("stage_name"))
        if one.type == "aws_apigatewayv2_stage" and one.attributes.get("api_id") == api.attributes.get("id"):
            return str(one.attributes.get("name"))
    return "prod"


def pattern_of(rule: Resource) -> dict[str, Any]:
    """A rule's event pattern; empty if it has none."""
    try:
        pattern = json.loads(rule.attributes.get("event_pattern") or "{}")
    except ValueError:
        return {}
    return pattern if isinstance(pattern, dict) else {}
