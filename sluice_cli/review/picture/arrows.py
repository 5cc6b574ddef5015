"""Where the arrows of a picture come from: what the Terraform connects."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..configuration import Configuration, Resource, references
from ..model import Box, Change, Picture
from ..words import Names
from .graph import Sketch, draw_boxes, finished

CALLERS = "callers"
WEB_PAGES = "web-pages"
ALARMS = "alarms"
MAIL = "mail"

AUTHORIZATIONS = {"AWS_IAM": "signed requests"}
KEY_ATTRIBUTES = ("kms_master_key_id", "kms_key_id", "kms_key_arn", "server_side_encryption", "rule")
MOST_ACTIONS = 3


def picture_of(title: str, configuration: Configuration, names: Names, changes: tuple[Change, ...] = ()) -> Picture:
    """The architecture of one stack, with its changes marked."""
    sketch = Sketch(configuration, names)
    draw_boxes(sketch, changes)
    resources = sorted(configuration.resources.values(), key=lambda one: one.address)
    for resource in resources:
        draw = DRAWING.get(resource.type)
        if draw:
            draw(sketch, resource)
    for resource in resources:
        _encryption(sketch, resource)
        _variables(sketch, resource)
    return finished(sketch, title, changes)


def _notification(sketch: Sketch, resource: Resource) -> None:
    for bucket in _targets(resource.values.get("bucket")):
        for kind in ("lambda_function", "queue", "topic"):
            for block in _blocks(resource.values.get(kind)):
                where = f"{block.get('filter_prefix') or ''}*{block.get('filter_suffix') or ''}"
                label = "object created" + (f" in {where}" if where != "*" else "")
                for target in _targets(block):
                    sketch.arrow(bucket, target, "data", label, resource.address)


def _integration(sketch: Sketch, resource: Resource) -> None:
    method, path = "", ""
    for address in _targets(resource.values.get("http_method")):
        method = str(_values(sketch, address).get("http_method", ""))
    for address in _targets(resource.values.get("resource_id")):
        path = _path(sketch, address)
    for api in _targets(resource.values.get("rest_api_id")):
        for target in _targets(resource.values.get("uri")):
            sketch.arrow(api, target, "data", f"{method} {path}".strip(), resource.address)


def _method(sketch: Sketch, resource: Resource) -> None:
    values = resource.values
    label = AUTHORIZATIONS.get(str(values.get("authorization")), "API key" if values.get("api_key_required") else "")
    label = label or ("anybody" if values.get("authorization") == "NONE" else str(values.get("authorization")).lower())
    sketch.boxes.setdefault(CALLERS, Box(CALLERS, "people", "Callers", "over HTTPS"))
    for api in _targets(values.get("rest_api_id")):
        sketch.arrow(CALLERS, api, "data", label, resource.address)


def _grant(sketch: Sketch, resource: Resource) -> None:
    for role in _targets(resource.values.get("role")):
        for function in _functions_of(sketch.configuration, role):
            for document in _targets(resource.values.get("policy")):
                for statement in _blocks(_values(sketch, document).get("statement")):
                    actions = [one.partition(":")[2] for one in statement.get("actions") or []]
                    if statement.get("effect", "Allow") != "Allow" or not actions:
                        continue
                    for target in _targets(statement.get("resources")):
                        kind = "key" if sketch.boxes.get(target, _NONE).kind == "aws_kms_key" else "permission"
                        for action in actions if kind == "permission" else [""]:
                            sketch.arrow(function, target, kind, action, resource.address)


def _destination(sketch: Sketch, resource: Resource) -> None:
    for function in _targets(resource.values.get("function_name")):
        for target in _targets(resource.values.get("destination_config")):
            sketch.arrow(function, target, "data", "failed events", resource.address)
            # Sending there is what the permission is for: one arrow says both.
            sketch.arrows.pop((function, target, "permission"), None)


def _subscription(sketch: Sketch, resource: Resource) -> None:
    values = resource.values
    targets = set(_targets(values.get("endpoint")))
    for topic in _targets(values.get("topic_arn")):
        if not targets:
            box = Box(MAIL, "mail", "Mailbox", f"by {values.get('protocol', 'subscription')}")
            sketch.boxes.setdefault(MAIL, box)
            sketch.arrow(topic, MAIL, "data", "notifies", resource.address)
        for target in targets:
            sketch.arrow(topic, target, "data", "notifies", resource.address)


def _event_source(sketch: Sketch, resource: Resource) -> None:
    for source in _targets(resource.values.get("event_source_arn")):
        for function in _targets(resource.values.get("function_name")):
            sketch.arrow(source, function, "data", "messages", resource.address)


def _cors(sketch: Sketch, resource: Resource) -> None:
    sketch.boxes.setdefault(WEB_PAGES, Box(WEB_PAGES, "people", "Web pages", "of allowed origins"))
    for bucket in _targets(resource.values.get("bucket")):
        sketch.arrow(WEB_PAGES, bucket, "data", "uploads", resource.address)


def _alarm(sketch: Sketch, resource: Resource) -> None:
    number = sketch.number_of(resource.type)
    sketch.boxes[ALARMS] = Box(ALARMS, "alarms", "Alarms", f"{number} CloudWatch alarm{'s' * (number != 1)}")
    for topic in _targets(resource.values.get("alarm_actions")):
        sketch.arrow(ALARMS, topic, "data", "ring", resource.address)
    owner = sketch.names.owner(resource.address)
    for id_ in sketch.of_construct(owner):
        if id_ in sketch.boxes:
            notes = sketch.notes.setdefault(id_, [])
            before = int(notes.pop().split()[0]) if notes else 0
            notes.append(f"{before + 1} alarm{'s' * (before > 0)}")


def _encryption(sketch: Sketch, resource: Resource) -> None:
    owner = resource.address
    if resource.type == "aws_s3_bucket_server_side_encryption_configuration":
        owner = next(iter(_targets(resource.values.get("bucket"))), "")
    for attribute in KEY_ATTRIBUTES:
        for key in _targets(resource.values.get(attribute)):
            if sketch.boxes.get(key, _NONE).kind == "aws_kms_key":
                sketch.arrow(owner, key, "key", "", resource.address)


def _variables(sketch: Sketch, resource: Resource) -> None:
    """A function that is told a name it has no arrow to: at least that is worth a line."""
    if resource.type == "aws_lambda_function":
        for target in _targets(resource.values.get("environment")):
            pairs = {(source, to) for source, to, _ in sketch.arrows}
            if (resource.address, target) not in pairs and (target, resource.address) not in pairs:
                sketch.arrow(resource.address, target, "permission", "knows its name", resource.address)


DRAWING: Mapping[str, Callable[[Sketch, Resource], None]] = {
    "aws_api_gateway_integration": _integration,
    "aws_api_gateway_method": _method,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_iam_role_policy": _grant,
    "aws_lambda_event_source_mapping": _event_source,
    "aws_lambda_function_event_invoke_config": _destination,
    "aws_s3_bucket_cors_configuration": _cors,
    "aws_s3_bucket_notification": _notification,
    "aws_sns_topic_subscription": _subscription,
}

_NONE = Box("", "", "", "")


def _targets(value: Any) -> list[str]:
    return list(dict.fromkeys(address for address, _ in references(value)))


def _blocks(value: Any) -> Iterator[Mapping[str, Any]]:
    """One block is an object or a list of one: Terraform's JSON takes both."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield one


def _values(sketch: Sketch, address: str) -> Mapping[str, Any]:
    found = sketch.configuration.resources.get(address)
    return found.values if found else {}


def _path(sketch: Sketch, address: str) -> str:
    values = _values(sketch, address)
    if "path_part" not in values:
        return "/"
    parents = [one for one in _targets(values.get("parent_id")) if one.startswith("aws_api_gateway_resource.")]
    return (_path(sketch, parents[0]).rstrip("/") if parents else "") + f"/{values['path_part']}"


def _functions_of(configuration: Configuration, role: str) -> Iterator[str]:
    for one in configuration.resources.values():
        if one.type == "aws_lambda_function" and role in _targets(one.values.get("role")):
            yield one.address
