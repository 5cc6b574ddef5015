"""From a stack's synthesized Terraform, and what its functions were counted to take, to what is simulated."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sluice_cli.review.cost.counts import NO_COUNTS, EventCounts
from sluice_cli.review.cost.sides import blocks
from sluice_cli.terraform.document import read_stack

from .connections import Connections
from .function_work import works_of
from .model import (
    ApiSettings,
    CapacitySettings,
    FunctionSettings,
    FunctionWork,
    LoadModel,
    MappingSettings,
    PlainPart,
    QueueSettings,
    TableSettings,
)
from .quotas import AccountLimits
from .reading_sources import read_schedule, read_streams
from .stack_reader import StackReader

RECEIVES = re.compile(r'maxReceiveCount"?\s*[:=]\s*"?(\d{1,4})')
PARTS = {
    "aws_s3_bucket": "bucket",
    "aws_sns_topic": "topic",
    "aws_cloudwatch_event_bus": "bus",
    "aws_cloudwatch_event_rule": "rule",
    "aws_scheduler_schedule": "schedule",
}
# What is wired to functions and is not simulated.
LEFT_OUT = {
    "aws_sfn_state_machine": "state machines",
    "aws_pipes_pipe": "pipes",
    "aws_msk_cluster": "Kafka",
    "aws_kinesis_firehose_delivery_stream": "Firehose",
    "aws_ecs_service": "containers",
}


def read_model(
    folder: Path, stack: str, quotas: Mapping[str, float] | None = None, counts: EventCounts = NO_COUNTS
) -> LoadModel:
    """The model of the stack in a folder. Raises `InputError` for Terraform that CDKTF does not write."""
    return model_of(read_stack(folder), stack, quotas, counts)


def model_of(
    document: Mapping[str, Any],
    stack: str,
    quotas: Mapping[str, float] | None = None,
    counts: EventCounts = NO_COUNTS,
) -> LoadModel:
    """The model of synthesized Terraform."""
    reader = StackReader(document, stack)
    side = reader.side
    works = works_of(reader, counts)
    connections = Connections(reader, works)
    left_out = sorted({words for type_, words in LEFT_OUT.items() if any(side.of(type_))})
    model = LoadModel(
        stack,
        AccountLimits(reader.region, quotas or {}),
        functions={one: _function(reader, one, works[one]) for one in side.of("aws_lambda_function")},
        queues={one: _queue(reader, one, connections, works) for one in side.of("aws_sqs_queue")},
        mappings=dict(_mappings(reader, connections)),
        tables={one: _table(reader, one) for one in side.of("aws_dynamodb_table")},
        apis={
            **{one: _api(reader, one) for one in side.of("aws_api_gateway_rest_api", "aws_apigatewayv2_api")},
            **{
                one: ApiSettings(reader.label(one), price="", is_function_url=True)
                for one in side.of("aws_lambda_function_url")
            },
        },
        parts={one: _plain(reader, one) for one in side.of(*PARTS)},
        streams=dict(read_streams(reader, connections)),
        schedules={
            one: read_schedule(reader, one)
            for one in side.of("aws_scheduler_schedule", "aws_cloudwatch_event_rule")
            if connections.is_schedule(one)
        },
        routes=connections.routes(),
        entries=tuple(connections.entries()),
    )
    remarks = [*reader.remarks, *(["Not simulated: " + ", ".join(left_out) + "."] if left_out else [])]
    return replace(model, remarks=tuple(dict.fromkeys(remarks)))


def _function(reader: StackReader, address: str, work: Any) -> FunctionSettings:
    values = reader.side.values[address]
    memory = reader.number(values, "memory_size", 128, 1)
    attempts, age, keeps = 2, 21_600.0, bool(values.get("dead_letter_config"))
    for one in reader.side.of("aws_lambda_function_event_invoke_config"):
        if address in reader.side.linked(one, "function_name", types=["aws_lambda_function"]):
            settings = reader.side.values[one]
            attempts = int(reader.number(settings, "maximum_retry_attempts", attempts))
            age = reader.number(settings, "maximum_event_age_in_seconds", age)
            keeps = keeps or "on_failure" in str(settings.get("destination_config"))
    provisioned = sum(
        reader.number(reader.side.values[one], "provisioned_concurrent_executions", 0)
        for one in reader.side.of("aws_lambda_provisioned_concurrency_config")
        if address in reader.side.linked(one, "function_name", types=["aws_lambda_function"])
    )
    return FunctionSettings(
        reader.label(address),
        work,
        memory,
        memory,
        reader.number(values, "timeout", 3, 1),
        "arm64" in str(values.get("architectures")),
        reader.first_block(values.get("tracing_config")).get("mode") == "Active",
        reader.whole(values, "reserved_concurrent_executions"),
        int(provisioned),
        attempts,
        age,
        keeps,
    )


def _queue(
    reader: StackReader, address: str, connections: Connections, works: Mapping[str, FunctionWork]
) -> QueueSettings:
    values = reader.side.values[address]
    is_fifo = values.get("fifo_queue") is True
    readers = [function for _, queue, function in connections.mappings if queue == address]
    groups = next((works[one].message_groups for one in readers if works[one].message_groups), None)
    if is_fifo and readers and groups is None:
        reader.remarks.append(
            f"{reader.label(address)}: `message_groups` is not in the work file; all messages are taken to be of one "
            "group, in order."
        )
    policies = [values.get("redrive_policy")]
    policies += [
        reader.side.values[one].get("redrive_policy")
        for one in reader.side.of("aws_sqs_queue_redrive_policy")
        if address in reader.side.linked(one, "queue_url", types=["aws_sqs_queue"])
    ]
    receives = next((int(found[1]) for one in policies if (found := RECEIVES.search(str(one or "")))), None)
    return QueueSettings(
        reader.label(address),
        reader.number(values, "visibility_timeout_seconds", 30),
        reader.number(values, "message_retention_seconds", 345_600),
        receives,
        is_fifo,
        values.get("fifo_throughput_limit") == "perMessageGroupId",
        groups or 1,
    )


def _mappings(reader: StackReader, connections: Connections) -> Iterator[tuple[str, MappingSettings]]:
    for address, queue, function in connections.mappings:
        values = reader.side.values[address]
        if values.get("enabled") is False:
            reader.remarks.append(f"{reader.label(address)}: its event source mapping is disabled; nothing is polled")
            continue
        scaling = reader.first_block(values.get("scaling_config"))
        pollers = reader.first_block(values.get("provisioned_poller_config"))
        yield (
            address,
            MappingSettings(
                f"{reader.label(queue)} to {reader.label(function)}",
                queue,
                function,
                int(reader.number(values, "batch_size", 10, 1)),
                reader.number(values, "maximum_batching_window_in_seconds", 0),
                reader.whole(scaling, "maximum_concurrency"),
                (
                    int(reader.number(pollers, "minimum_pollers", 2, 1)),
                    int(reader.number(pollers, "maximum_pollers", 200, 1)),
                )
                if pollers
                else None,
                "ReportBatchItemFailures" in str(values.get("function_response_types")),
            ),
        )


def _table(reader: StackReader, address: str) -> TableSettings:
    values = reader.side.values[address]
    provisioned = values.get("billing_mode", "PROVISIONED") != "PAY_PER_REQUEST"
    indexes = [one for one in blocks(values.get("global_secondary_index")) if isinstance(one.get("name"), str)]
    capacities = {}
    for name, given in [("", values), *((str(one["name"]), one) for one in indexes)]:
        warm = reader.first_block(given.get("warm_throughput"))
        most = reader.first_block(given.get("on_demand_throughput"))
        ceiling, target = _autoscaling(reader, address, name)
        capacities[name] = CapacitySettings(
            reader.number(given, "write_capacity", 0) if provisioned else None,
            reader.number(given, "read_capacity", 0) if provisioned else None,
            reader.number(warm, "write_units_per_second", 0),
            reader.number(warm, "read_units_per_second", 0),
            reader.whole(most, "max_write_request_units"),
            reader.whole(most, "max_read_request_units"),
            ceiling,
            target,
        )
    return TableSettings(reader.label(address), capacities)


def _autoscaling(reader: StackReader, table: str, index: str) -> tuple[float | None, float]:
    """Up to how many write units a table or an index grows by itself, and the share in use at which it does."""
    side = reader.side
    for target in side.of("aws_appautoscaling_target"):
        values = side.values[target]
        if values.get("scalable_dimension") not in (
            "dynamodb:table:WriteCapacityUnits" if not index else "dynamodb:index:WriteCapacityUnits",
        ):
            continue
        named = str(values.get("resource_id"))
        if table not in side.linked(target, "resource_id", types=["aws_dynamodb_table"]) and str(
            side.values[table].get("name")
        ) not in named.split("/"):
            continue
        if index and named.rpartition("/index/")[2] != index:
            continue
        for policy in side.of("aws_appautoscaling_policy"):
            if target in side.linked(policy, "resource_id", types=["aws_appautoscaling_target"]):
                tracking = reader.first_block(side.values[policy].get("target_tracking_scaling_policy_configuration"))
                share = reader.number(tracking, "target_value", 70) / 100
                return reader.number(values, "max_capacity", 0), share or 0.7
    return None, 0.7


def _api(reader: StackReader, address: str) -> ApiSettings:
    """The throttle of all methods of the API's stage; of several stages, the first."""
    side = reader.side
    rate = burst = None
    for one in side.of("aws_api_gateway_method_settings"):
        values = side.values[one]
        if values.get("method_path") == "*/*" and address in side.linked(
            one, "rest_api_id", types=[side.types[address]]
        ):
            settings = reader.first_block(values.get("settings"))
            rate, burst = (settings.get(f"throttling_{name}_limit") for name in ("rate", "burst"))
    for one in side.of("aws_apigatewayv2_stage"):
        if address in side.linked(one, "api_id", types=[side.types[address]]):
            settings = reader.first_block(side.values[one].get("default_route_settings"))
            rate, burst = (settings.get(f"throttling_{name}_limit") for name in ("rate", "burst"))
    limits = {"rate": rate, "burst": burst}
    given = {name: reader.number(limits, name, math.inf) for name in limits}
    return ApiSettings(
        reader.label(address),
        None if math.isinf(given["rate"]) else given["rate"],
        None if math.isinf(given["burst"]) else given["burst"],
        "rest_requests" if side.types[address] == "aws_api_gateway_rest_api" else "http_requests",
    )


def _plain(reader: StackReader, address: str) -> PlainPart:
    side = reader.side
    type_ = side.types[address]
    deliveries = [
        str(side.values[one].get("protocol"))
        for one in side.of("aws_sns_topic_subscription")
        if address in side.linked(one, "topic_arn", types=[type_])
    ]
    encryption = [
        block
        for one in side.of("aws_s3_bucket_server_side_encryption_configuration")
        if address in side.linked(one, "bucket", types=[type_])
        for block in blocks(side.values[one].get("rule"))
    ]
    each_time = any("aws:kms" in str(one) and one.get("bucket_key_enabled") is not True for one in encryption)
    return PlainPart(reader.label(address), PARTS[type_], each_time, tuple(deliveries))
