"""What a node is: its name, facts, and what its tabs and forms need to begin."""

from collections.abc import Iterator
from typing import Any

from sluice_cli.review.picture.ends import FOREIGN

from .api_routes import routes_of
from .console import Console
from .invoking import example_for_bus, is_schedule, kinds_of_events
from .nodes import Node
from .readings import filters_of
from .requests import PageRequest
from .rows import schema

# Attributes of Terraform's state that people look for, by resource type.
FACTS = {
    "aws_lambda_function": (
        ("runtime", "Runtime"),
        ("handler", "Handler"),
        ("memory_size", "Memory in MB"),
        ("timeout", "Timeout in seconds"),
        ("reserved_concurrent_executions", "Reserved concurrency"),
    ),
    "aws_dynamodb_table": (("billing_mode", "Billing mode"), ("stream_view_type", "Stream")),
    "aws_sqs_queue": (
        ("visibility_timeout_seconds", "Visibility timeout in seconds"),
        ("message_retention_seconds", "Retention in seconds"),
        ("delay_seconds", "Delay in seconds"),
    ),
    "aws_api_gateway_rest_api": (("description", "Description"),),
    "aws_cloudwatch_event_rule": (("event_pattern", "Pattern"), ("schedule_expression", "Schedule")),
    "aws_scheduler_schedule": (("schedule_expression", "Schedule"), ("schedule_expression_timezone", "Time zone")),
    "aws_kms_key": (("description", "Description"), ("enable_key_rotation", "Rotation")),
}
KEYS = ("kms_master_key_id", "kms_key_arn", "kms_key_id")
LONGEST_FACT = 500
NOTES = {"people": "Whoever calls the API, from outside of AWS. Call it yourself in the API's box."}


def node(console: Console, request: PageRequest) -> Any:
    found = console.node(request)
    resource = found.resource
    return {
        "id": found.id,
        "stack": found.stack,
        "kind": found.type,
        "title": found.title,
        "subtitle": found.subtitle,
        "name": found.name,
        "arn": found.arn,
        "region": found.region or None,
        "address": None if found.address.startswith(FOREIGN) else found.address,
        "construct": f"{found.stack}/{'/'.join(resource.path.split('/')[1:])}" if resource and resource.path else None,
        "tabs": found.tabs,
        "actions": found.actions,
        "facts": list(_facts(console, found)),
        "note": found.note or NOTES.get(found.type, ""),
        **_own(console, found),
    }


def _facts(console: Console, found: Node) -> Iterator[dict[str, str]]:
    if found.resource is None:
        return
    attributes = found.resource.attributes
    for name, words in FACTS.get(found.type, ()):
        value = attributes.get(name)
        if value not in (None, "", -1):
            yield {"name": words, "value": str(value)[:LONGEST_FACT]}
    if any(attributes.get(one) for one in KEYS):
        yield {"name": "Encryption", "value": "a KMS key"}
    if found.type == "aws_dynamodb_table":
        table = console.client("dynamodb", found.region or None).describe_table(TableName=found.name)["Table"]
        yield {"name": "Rows", "value": f"{table['ItemCount']:,}"}
    elif found.type == "aws_api_gateway_rest_api":
        yield {"name": "Id", "value": str(attributes.get("id"))}


def _own(console: Console, found: Node) -> dict[str, Any]:
    if found.resource is None:
        return {}
    if found.type == "aws_dynamodb_table":
        return {"table": schema(found)}
    if found.type in ("aws_api_gateway_rest_api", "aws_apigatewayv2_api"):
        return {"api": {"routes": routes_of(found.resource, console.deployment.resources)}}
    if found.type in ("aws_sqs_queue", "aws_sns_topic"):
        return {"messages": {"fifo": (found.arn or "").endswith(".fifo")}}
    if found.type == "aws_lambda_function":
        return {"events": kinds_of_events(console, found)}
    if found.type in ("aws_cloudwatch_event_bus", "aws_cloudwatch_event_rule") and not is_schedule(found):
        return {"event": example_for_bus(found)}
    if found.type == "aws_s3_bucket":
        filters = filters_of(console, found)
        prefixes, suffixes = (list(dict.fromkeys(one[n] for one in filters if one[n])) for n in (0, 1))
        return {"bucket": {"prefixes": prefixes, "suffixes": suffixes}}
    return {}
