"""Lists the deployed resources of stacks, with endpoints, queue depths and alarms."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sluice_cli.deployed.resources import Resource

AT_ONCE = 8  # requests
ALARMS_AT_ONCE = 100  # the most names of one request
WITH_DOMAIN_NAME = ("aws_api_gateway_domain_name", "aws_apigatewayv2_domain_name", "aws_cloudfront_distribution")
NOT_READ = -1  # number of messages of a queue that could not be read


@dataclass(frozen=True)
class ResourceEntry:
    """A resource by the names that AWS and the app have for it."""

    stack: str
    address: str
    construct: str  # its construct path; empty where the app writes none
    id: str
    arn: str


@dataclass(frozen=True)
class Endpoint:
    """The URL of an API or function."""

    stack: str
    address: str
    url: str


@dataclass(frozen=True)
class QueueDepth:
    """The approximate number of messages in a queue."""

    stack: str
    name: str
    waiting: int
    in_flight: int
    delayed: int
    problem: str = ""


@dataclass(frozen=True)
class AlarmState:
    """An alarm and its state: `OK`, `ALARM`, or `INSUFFICIENT_DATA`."""

    stack: str
    name: str
    state: str
    reason: str


@dataclass(frozen=True)
class Inventory:
    """What is deployed."""

    resources: tuple[ResourceEntry, ...]
    endpoints: tuple[Endpoint, ...]
    queues: tuple[QueueDepth, ...]
    alarms: tuple[AlarmState, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def inventory(resources: Sequence[Resource], client: Callable[..., Any], local_url: str | None = None) -> Inventory:
    """Reads the state of queues and alarms from AWS; refused calls are noted. `local_url` is the address of the local
    AWS.
    """
    queues = [one for one in resources if one.type == "aws_sqs_queue"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        depths = tuple(pool.map(lambda one: _depth(one, client), sorted(queues, key=_place)))
    return Inventory(
        resources=tuple(_entry(one) for one in sorted(resources, key=_place)),
        endpoints=tuple(_endpoints(resources, local_url)),
        queues=depths,
        alarms=tuple(_alarms(resources, client)),
    )


def _place(resource: Resource) -> tuple[str, str, str]:
    return resource.stack, resource.path or resource.address, resource.address


def _entry(one: Resource) -> ResourceEntry:
    return ResourceEntry(one.stack, one.address, one.path, str(one.attributes.get("id") or ""), one.arn)


def _endpoints(resources: Sequence[Resource], local_url: str | None) -> Iterable[Endpoint]:
    for one in resources:
        attributes = one.attributes
        if one.type == "aws_api_gateway_stage":
            api, stage = attributes.get("rest_api_id"), attributes.get("stage_name")
            url = f"{local_url}/_aws/execute-api/{api}/{stage}" if local_url else str(attributes.get("invoke_url"))
            yield Endpoint(one.stack, one.address, url)
        elif one.type == "aws_apigatewayv2_stage":
            api, stage = attributes.get("api_id"), attributes.get("name")
            url = f"{local_url}/_aws/execute-api/{api}/{stage}" if local_url else str(attributes.get("invoke_url"))
            yield Endpoint(one.stack, one.address, url)
        elif one.type == "aws_lambda_function_url":
            yield Endpoint(one.stack, one.address, str(attributes.get("function_url")))
        elif one.type in WITH_DOMAIN_NAME:
            yield Endpoint(one.stack, one.address, f"https://{attributes.get('domain_name')}")


def _depth(queue: Resource, client: Callable[..., Any]) -> QueueDepth:
    name = str(queue.attributes.get("name"))
    number = "ApproximateNumberOfMessages"
    names = [number, f"{number}NotVisible", f"{number}Delayed"]
    try:
        sqs = client("sqs", region_name=queue.region or None)
        # By the queue's name: the URL in the state may have the address of an earlier endpoint.
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    except (ClientError, BotoCoreError) as error:
        return QueueDepth(queue.stack, name, NOT_READ, NOT_READ, NOT_READ, str(error))
    waiting, in_flight, delayed = (int(found.get(one, 0)) for one in names)
    return QueueDepth(queue.stack, name, waiting, in_flight, delayed)


def _alarms(resources: Sequence[Resource], client: Callable[..., Any]) -> Iterable[AlarmState]:
    alarms = [one for one in resources if one.type in ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")]
    for region, group in groupby(sorted(alarms, key=lambda one: one.region), key=lambda one: one.region):
        stacks = {str(one.attributes.get("alarm_name")): one.stack for one in group}
        names = sorted(stacks)
        states: dict[str, dict[str, Any]] = {}
        cloudwatch = client("cloudwatch", region_name=region or None)
        for start in range(0, len(names), ALARMS_AT_ONCE):
            asked = names[start : start + ALARMS_AT_ONCE]
            answer = cloudwatch.describe_alarms(AlarmNames=asked, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            described = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
            states |= {one["AlarmName"]: one for one in described}
        for name in names:
            one = states.get(name, {})
            yield AlarmState(stacks[name], name, one.get("StateValue", "not there"), one.get("StateReason", ""))
