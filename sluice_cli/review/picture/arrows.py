"""The arrows of a picture, from the connections in the Terraform."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sluice_cli.text import clean

from ..configuration import Configuration, ConfiguredResource, references, without_index
from ..model import Box, Change, Picture
from ..plan import NO_PLAN, Plan
from ..words import ConstructNames
from .ends import Ends, blocks
from .events import EVENTS
from .graph import DRAWN, MOST_BOXES, NO_BOX, Sketch, draw_boxes, finished

CALLERS = "callers"
WEB_PAGES = "web-pages"
ALARMS = "alarms"

AUTHORIZATIONS = {
    "AWS_IAM": "signed requests",
    "COGNITO_USER_POOLS": "tokens of a Cognito user pool",
    "CUSTOM": "those that the authorizer admits",
}
KEY_ATTRIBUTES = ("kms_master_key_id", "kms_key_id", "kms_key_arn", "server_side_encryption", "rule")
MOST_ACTIONS = 3


def picture_of(
    title: str,
    configuration: Configuration,
    names: ConstructNames,
    changes: tuple[Change, ...] = (),
    plan: Plan = NO_PLAN,
    most_boxes: int = MOST_BOXES,
) -> Picture:
    """The architecture of one stack, with its changes marked; of more boxes, those that change come first."""
    sketch = Sketch(configuration, names, Ends(configuration, plan, DRAWN))
    draw_boxes(sketch, changes)
    resources = sorted(configuration.resources.values(), key=lambda one: _order(one.type, one.address))
    for resource in resources:
        draw = DRAWING.get(resource.type)
        if draw:
            draw(sketch, resource)
    for resource in resources:
        _encryption(sketch, resource)
        _variables(sketch, resource)
    _draw_old(sketch, plan)
    return finished(sketch, title, changes, most_boxes)


def _order(type_: str, address: str) -> tuple[bool, str]:
    """Permissions last: they refer to existing arrows."""
    return type_ == "aws_lambda_permission", address


def _draw_old(sketch: Sketch, plan: Plan) -> None:
    """Draw the connections before the plan; those that the plan removes are marked."""
    sketch.is_old = True
    for one in sorted(plan.changes, key=lambda one: _order(one.type, one.address)):
        if one.mode != "data" and not one.deposed and one.before and one.verb in ("update", "delete", "replace"):
            draw = DRAWING.get(one.type) if one.type not in ONLY_AS_WRITTEN else None
            if draw:
                address = without_index(one.address)
                # Nested too deeply to be read: the change is reported as one that cannot be judged.
                with suppress(RecursionError):
                    draw(sketch, ConfiguredResource(address, one.type, sketch.names.path(address), one.before))


def _integration(sketch: Sketch, resource: ConfiguredResource) -> None:
    method, path = "", ""
    written = resource.values.get("http_method")
    if isinstance(written, str) and "${" not in written:
        method, path = clean(written), sketch.ends.paths.get(str(resource.values.get("resource_id")), "")
    for address in _targets(written):
        method = str(_values(sketch, address).get("http_method", ""))
    for address in _targets(resource.values.get("resource_id")):
        path = _path(sketch, address)
    for api in sketch.ends_of(resource.values.get("rest_api_id")):
        for target in sketch.ends_of(resource.values.get("uri")):
            sketch.arrow(api, target, "data", f"{method} {path}".strip(), resource.address)


def _method(sketch: Sketch, resource: ConfiguredResource) -> None:
    values = resource.values
    label = AUTHORIZATIONS.get(str(values.get("authorization")), "API key" if values.get("api_key_required") else "")
    label = label or ("anybody" if values.get("authorization") == "NONE" else str(values.get("authorization")).lower())
    sketch.boxes.setdefault(CALLERS, Box(CALLERS, "people", "Callers", "over HTTPS"))
    for api in _targets(values.get("rest_api_id")):
        sketch.arrow(CALLERS, api, "data", label, resource.address)


def _authorizer(sketch: Sketch, resource: ConfiguredResource) -> None:
    for api in sketch.ends_of(resource.values.get("rest_api_id")):
        for function in sketch.ends_of(resource.values.get("authorizer_uri")):
            sketch.arrow(api, function, "data", "asks who may call", resource.address)


def _http_integration(sketch: Sketch, resource: ConfiguredResource) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations.html"""
    routes = [
        clean(str(one.values.get("route_key")))
        for one in sketch.configuration.resources.values()
        if one.type == "aws_apigatewayv2_route" and resource.address in _targets(one.values.get("target"))
    ]
    for api in sketch.ends_of(resource.values.get("api_id")):
        for target in sketch.ends_of(resource.values.get("integration_uri")):
            for label in routes or [""]:
                sketch.arrow(api, target, "data", label, resource.address)


def _http_route(sketch: Sketch, resource: ConfiguredResource) -> None:
    authorization = str(resource.values.get("authorization_type") or "NONE")
    label = AUTHORIZATIONS.get(authorization, "anybody" if authorization == "NONE" else authorization.lower())
    sketch.boxes.setdefault(CALLERS, Box(CALLERS, "people", "Callers", "over HTTPS"))
    for api in _targets(resource.values.get("api_id")):
        sketch.arrow(CALLERS, api, "data", label, resource.address)


def _grant(sketch: Sketch, resource: ConfiguredResource) -> None:
    for role in _targets(resource.values.get("role")):
        for function in _functions_of(sketch.configuration, role):
            for actions, resources in _allowed(sketch, resource.values.get("policy")):
                for target in sketch.ends_of(resources):
                    kind = "key" if sketch.boxes.get(target, NO_BOX).kind == "aws_kms_key" else "permission"
                    for action in actions if kind == "permission" else [""]:
                        sketch.arrow(function, target, kind, action, resource.address)


def _attached(sketch: Sketch, resource: ConfiguredResource) -> None:
    """A policy of the stack's own that is attached to a role."""
    for policy in _targets(resource.values.get("policy_arn")):
        values = {"role": resource.values.get("role"), "policy": _values(sketch, policy).get("policy")}
        _grant(sketch, ConfiguredResource(resource.address, resource.type, resource.path, values))


def _allowed(sketch: Sketch, policy: Any) -> Iterator[tuple[list[str], Any]]:
    """The actions that a policy allows, and on what: of a data source's statements, or of a JSON text."""
    for document in _targets(policy):
        for statement in blocks(_values(sketch, document).get("statement")):
            actions = [one.partition(":")[2] for one in statement.get("actions") or []]
            if statement.get("effect", "Allow") == "Allow" and actions:
                yield actions, statement.get("resources")
    for statement in blocks(_parsed(policy).get("Statement")):
        given = statement.get("Action") or []
        actions = [str(one).partition(":")[2] for one in (given if isinstance(given, list) else [given])]
        if statement.get("Effect") == "Allow" and actions:
            yield actions, statement.get("Resource")


def _parsed(text: Any) -> Mapping[str, Any]:
    """The object in a JSON text, in which references are texts; empty for what is none."""
    try:
        found = json.loads(text) if isinstance(text, str) and text.startswith("{") else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _cors(sketch: Sketch, resource: ConfiguredResource) -> None:
    sketch.boxes.setdefault(WEB_PAGES, Box(WEB_PAGES, "people", "Web pages", "of allowed origins"))
    for bucket in _targets(resource.values.get("bucket")):
        sketch.arrow(WEB_PAGES, bucket, "data", "uploads", resource.address)


def _alarm(sketch: Sketch, resource: ConfiguredResource) -> None:
    number = sketch.number_of(resource.type)
    sketch.boxes[ALARMS] = Box(ALARMS, "alarms", "Alarms", f"{number} CloudWatch alarm{'s' * (number != 1)}")
    for topic in sketch.ends_of(resource.values.get("alarm_actions")):
        sketch.arrow(ALARMS, topic, "data", "ring", resource.address)
    owner = sketch.names.owner(resource.address)
    for id_ in sketch.of_construct(owner):
        if id_ in sketch.boxes:
            notes = sketch.notes.setdefault(id_, [])
            before = int(notes.pop().split()[0]) if notes else 0
            notes.append(f"{before + 1} alarm{'s' * (before > 0)}")


def _encryption(sketch: Sketch, resource: ConfiguredResource) -> None:
    owner = resource.address
    if resource.type == "aws_s3_bucket_server_side_encryption_configuration":
        owner = next(iter(_targets(resource.values.get("bucket"))), "")
    for attribute in KEY_ATTRIBUTES:
        for key in _targets(resource.values.get(attribute)):
            if sketch.boxes.get(key, NO_BOX).kind == "aws_kms_key":
                sketch.arrow(owner, key, "key", "", resource.address)


def _variables(sketch: Sketch, resource: ConfiguredResource) -> None:
    """Variables of a function that name a resource without an arrow to it: drawn as references."""
    if resource.type == "aws_lambda_function":
        for target in _targets(resource.values.get("environment")):
            pairs = {(source, to) for source, to, _ in sketch.arrows}
            if (resource.address, target) not in pairs and (target, resource.address) not in pairs:
                sketch.arrow(resource.address, target, "permission", "knows its name", resource.address)


DRAWING: Mapping[str, Callable[[Sketch, ConfiguredResource], None]] = {
    **EVENTS,
    "aws_api_gateway_authorizer": _authorizer,
    "aws_api_gateway_integration": _integration,
    "aws_api_gateway_method": _method,
    "aws_apigatewayv2_integration": _http_integration,
    "aws_apigatewayv2_route": _http_route,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_iam_role_policy": _grant,
    "aws_iam_role_policy_attachment": _attached,
    "aws_s3_bucket_cors_configuration": _cors,
}

# Drawn from expressions only; permissions carry no events.
ONLY_AS_WRITTEN = {
    *("aws_api_gateway_method", "aws_apigatewayv2_integration", "aws_apigatewayv2_route"),
    *("aws_cloudwatch_metric_alarm", "aws_iam_role_policy", "aws_iam_role_policy_attachment"),
}


def _targets(value: Any) -> list[str]:
    return list(dict.fromkeys(address for address, _ in references(value)))


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
