"""Paths of events: notifications, subscriptions, pollers, rules, schedules, and failure queues."""

from collections.abc import Callable, Mapping
from typing import Any

from sluice_cli.text import clean

from ..configuration import ConfiguredResource
from ..model import Box
from .ends import blocks
from .graph import NO_BOX, Sketch

MAIL = "mail"

# What Lambda asks for to read a queue or a stream for a function.
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
POLLING = frozenset(
    {
        *("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
        *("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"),
    }
)


def _notification(sketch: Sketch, resource: ConfiguredResource) -> None:
    for bucket in sketch.ends_of(resource.values.get("bucket")) or _foreign_bucket(sketch, resource):
        for kind in ("lambda_function", "queue", "topic"):
            for block in blocks(resource.values.get(kind)):
                where = f"{block.get('filter_prefix') or ''}*{block.get('filter_suffix') or ''}"
                label = "object created" + (f" in {where}" if where != "*" else "")
                for target in sketch.ends_of(block):
                    sketch.arrow(bucket, target, "data", label, resource.address)


def _destination(sketch: Sketch, resource: ConfiguredResource) -> None:
    for function in sketch.ends_of(resource.values.get("function_name")):
        for target in sketch.ends_of(resource.values.get("destination_config")):
            sketch.arrow(function, target, "data", "failed events", resource.address)
            # The permission is for sending there: one arrow shows both.
            sketch.arrows.pop((function, target, "permission"), None)


def _subscription(sketch: Sketch, resource: ConfiguredResource) -> None:
    values = resource.values
    targets = sketch.ends_of(values.get("endpoint"))
    for topic in sketch.ends_of(values.get("topic_arn")):
        for queue in sketch.ends_of(values.get("redrive_policy")):
            sketch.arrow(topic, queue, "data", "undelivered", resource.address)
        if not targets:
            box = Box(MAIL, "mail", "Mailbox", f"by {values.get('protocol', 'subscription')}")
            sketch.boxes.setdefault(MAIL, box)
            sketch.arrow(topic, MAIL, "data", "notifies", resource.address)
        for target in targets:
            sketch.arrow(topic, target, "data", "notifies", resource.address)


def _event_source(sketch: Sketch, resource: ConfiguredResource) -> None:
    for source in sketch.ends_of(resource.values.get("event_source_arn")):
        is_table = sketch.boxes.get(source, NO_BOX).kind == "aws_dynamodb_table"
        for function in sketch.ends_of(resource.values.get("function_name")):
            sketch.arrow(source, function, "data", "changed items" if is_table else "messages", resource.address)
            # The permission is for reading there: one arrow shows both.
            sketch.forget(function, source, "permission", POLLING)
            for target in sketch.ends_of(resource.values.get("destination_config")):
                sketch.arrow(function, target, "data", "failed events", resource.address)


def _event_target(sketch: Sketch, resource: ConfiguredResource) -> None:
    values = resource.values
    for rule in _rules_of(sketch, values.get("rule")):
        for target in sketch.ends_of(values.get("arn")):
            sketch.arrow(rule, target, "data", "events", resource.address)
            sketch.touch(rule, target, rule)
        for queue in sketch.ends_of(values.get("dead_letter_config")):
            sketch.arrow(rule, queue, "data", "undelivered", resource.address)


def _event_rule(sketch: Sketch, resource: ConfiguredResource) -> None:
    _when(sketch, resource)
    pattern = resource.values.get("event_pattern")
    # Rules match buckets by name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    for source in [*sketch.ends_of(pattern), *sketch.ends_of(resource.values.get("event_bus_name"))]:
        sketch.arrow(source, resource.address, "data", "events", resource.address)


def _schedule(sketch: Sketch, resource: ConfiguredResource) -> None:
    _when(sketch, resource)
    for block in blocks(resource.values.get("target")):
        for target in sketch.ends_of(block.get("arn")):
            sketch.arrow(resource.address, target, "data", "on time", resource.address)
        for queue in sketch.ends_of(block.get("dead_letter_config")):
            sketch.arrow(resource.address, queue, "data", "undelivered", resource.address)


def _when(sketch: Sketch, resource: ConfiguredResource) -> None:
    when = resource.values.get("schedule_expression")
    if isinstance(when, str) and when and resource.address in sketch.boxes and not sketch.is_old:
        sketch.notes.setdefault(resource.address, []).append(clean(when))


def _dead_letters(sketch: Sketch, resource: ConfiguredResource) -> None:
    """Dead-letter queues of a queue itself, or of a separate redrive policy."""
    queues = sketch.ends_of(resource.values.get("queue_url")) or [resource.address]
    for queue in queues:
        for target in sketch.ends_of(resource.values.get("redrive_policy")):
            sketch.arrow(queue, target, "data", "dead letters", resource.address)


def _function(sketch: Sketch, resource: ConfiguredResource) -> None:
    for target in sketch.ends_of(resource.values.get("dead_letter_config")):
        sketch.arrow(resource.address, target, "data", "failed events", resource.address)


def _permission(sketch: Sketch, resource: ConfiguredResource) -> None:
    """Draws nothing, but events arrive only with the permission."""
    for function in sketch.ends_of(resource.values.get("function_name")):
        for source in sketch.ends_of(resource.values.get("source_arn")):
            sketch.touch(source, function, resource.address)


def _rules_of(sketch: Sketch, value: Any) -> list[str]:
    """Rules of a target, which refers to its rule by name."""
    found = [one for one in sketch.ends_of(value) if sketch.boxes.get(one, NO_BOX).kind == "aws_cloudwatch_event_rule"]
    own = sketch.ends.named("aws_cloudwatch_event_rule", value)
    return found or ([own] if own else [])


def _foreign_bucket(sketch: Sketch, resource: ConfiguredResource) -> list[str]:
    """A bucket of another stack, by its name."""
    name = resource.values.get("bucket")
    if not isinstance(name, str) or not name or "${" in name:
        return []
    return sketch.ends_of(f"arn:aws:s3:::{name}")


EVENTS: Mapping[str, Callable[[Sketch, ConfiguredResource], None]] = {
    "aws_cloudwatch_event_rule": _event_rule,
    "aws_cloudwatch_event_target": _event_target,
    "aws_lambda_event_source_mapping": _event_source,
    "aws_lambda_function": _function,
    "aws_lambda_function_event_invoke_config": _destination,
    "aws_lambda_permission": _permission,
    "aws_s3_bucket_notification": _notification,
    "aws_scheduler_schedule": _schedule,
    "aws_sns_topic_subscription": _subscription,
    "aws_sqs_queue": _dead_letters,
    "aws_sqs_queue_redrive_policy": _dead_letters,
}
