"""Custom domains of REST APIs, completed where ministack 1.5.33 is not like API Gateway.

A path of a domain that is mapped to no API is answered 403, not as a path of a bucket of that name. An API whose
`disable_execute_api_endpoint` is set answers its domains only:
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html

Domains and their base paths can be updated, and a domain without mutual TLS is shown without it: a second plan would
show a change, and could not be applied. https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateDomainName.html

And the events of functions and authorizers name the domain, and their path starts with the base path that the domain
maps to the API: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
Paths and their parameters are percent-encoded in events, as clients send them; only the query is decoded. A route is
chosen by the path as it was sent: `%2F` is a character of a parameter, and separates nothing.
"""

import contextvars
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import ministack.app as gateway
from ministack.core.responses import get_region
from ministack.services import apigateway_v1

from completing import existing

FORBIDDEN = (
    403,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"},
    b'{"message":"Forbidden"}',
)

# Updates use another name for a mapping's API than responses do.
NAMES = {"/restapiId": "/restApiId"}

# Characters that clients send unencoded in a path: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
PLAIN_IN_PATHS = "/!$&'()*+,;=:@"

# Stands for `%2F` while a route is chosen by the decoded path: no text has this character, which Unicode reserves for
# such uses. https://www.unicode.org/faq/private_use.html#nonchar4
ENCODED_SLASH = "\ufdd0"

# Of the current request.
_base_path: contextvars.ContextVar[str] = contextvars.ContextVar("base_path", default="")

_plain_request = existing(gateway, "_handle_execute_api_request")
_plain_mapping = existing(apigateway_v1, "resolve_base_path_mapping")
_plain_event = existing(apigateway_v1, "_build_lambda_event_v1")
_plain_authorizer = existing(apigateway_v1, "_invoke_authorizer_lambda")
_known_domain = existing(apigateway_v1, "find_domain_scope")
_default_endpoint = existing(gateway, "_parse_execute_api_url")
_api_scope = existing(apigateway_v1, "find_api_scope")
_plain_create = existing(apigateway_v1, "_create_domain_name")
_plain_control = existing(apigateway_v1, "handle_request")
_missing = existing(apigateway_v1, "_v1_error")
_answer = existing(apigateway_v1, "_v1_response")
_plain_match = existing(apigateway_v1, "_match_resource_tree")
_plain_fallback = existing(apigateway_v1, "_match_greedy_fallback")
_plain_enforcement = existing(gateway, "_enforce_execute_api")
_plain_evaluate = existing(apigateway_v1, "_evaluate_policy")
existing(apigateway_v1, "_apply_patch")


class _PathParameters(dict[str, str]):
    """The parameters of a path, decoded as integrations get them; `encoded` is what events have."""

    def __init__(self, matched: Mapping[str, str]) -> None:
        super().__init__({name: value.replace(ENCODED_SLASH, "/") for name, value in matched.items()})
        self.encoded = {name: _encoded(value) for name, value in matched.items()}


async def _request(host: str, path: str, *arguments: Any, **options: Any) -> Any:
    _base_path.set("")
    called = _default_endpoint(host, path)
    if called and _only_by_domain(called[0]):
        return FORBIDDEN
    if _api_scope(called[0]) if called else _known_domain(_hostname(host)):
        parts = re.split("%2[Ff]", options.get("raw_path") or "")
        path = ENCODED_SLASH.join(map(unquote, parts)) if len(parts) > 1 else path
    answer = await _plain_request(host, path, *arguments, **options)
    return FORBIDDEN if answer is None and _known_domain(_hostname(host)) else answer


def _only_by_domain(api_id: str) -> bool:
    scope = _api_scope(api_id)
    return bool(scope and apigateway_v1._rest_apis.get_scoped(*scope, api_id).get("disableExecuteApiEndpoint"))


def _mapping(domain: str, path: str) -> Any:
    mapped = _plain_mapping(domain, path)
    if mapped:
        rest = mapped[2]
        _base_path.set(path.removesuffix(rest) if path.endswith(rest) else path)
    return mapped


def _event(api_id: str, stage_name: str, stage: Any, resource: Any, path: str, *arguments: Any, **options: Any) -> Any:
    event = _plain_event(api_id, stage_name, stage, resource, path, *arguments, **options)
    return _with_domain(event, api_id, stage_name, path)


async def _authorizer(authorizer: Any, event: Any, *arguments: Any) -> Any:
    event = {**event, "methodArn": _named(event["methodArn"])}
    if event["type"] == "REQUEST":
        context = event["requestContext"]
        event = _with_domain(event, context["apiId"], context["stage"], event["path"])
    return await _plain_authorizer(authorizer, event, *arguments)


def _with_domain(event: Any, api_id: str, stage_name: str, path: str) -> Any:
    host = _hostname(next((value for name, value in event["headers"].items() if name.lower() == "host"), ""))
    custom = bool(_known_domain(host))
    domain = host if custom else f"{api_id}.execute-api.{get_region()}.amazonaws.com"
    base = _base_path.get() if custom else f"/{stage_name}"
    full_path = _encoded(f"{base}{path}")
    parameters = event["pathParameters"]
    named = {"domainName": domain, "domainPrefix": domain.partition(".")[0], "path": full_path}
    return {
        **event,
        "path": full_path if custom else _encoded(path),
        "pathParameters": parameters.encoded if isinstance(parameters, _PathParameters) else parameters,
        "requestContext": {**event["requestContext"], **named},
    }


def _encoded(path: str) -> str:
    return "%2F".join(quote(part, safe=PLAIN_IN_PATHS) for part in path.split(ENCODED_SLASH))


def _named(arn: str) -> str:
    """The ARN of a method and a path, as policies have it."""
    return arn.replace(ENCODED_SLASH, "%2F")


def _evaluate(policy: Any, arn: str) -> Any:
    return _plain_evaluate(policy, _named(arn))


def _match(*arguments: Any) -> Any:
    resource, parameters = _plain_match(*arguments)
    return resource, _PathParameters(parameters) if parameters else parameters


def _fallback(*arguments: Any) -> Any:
    resource, parameters = _plain_fallback(*arguments)
    return resource, _PathParameters(parameters) if parameters else parameters


def _enforcement(api_id: str, stage: str, method: str, path: str, *arguments: Any, **options: Any) -> Any:
    return _plain_enforcement(api_id, stage, method, _named(path), *arguments, **options)


def _create(values: Any) -> Any:
    answer = _plain_create(values)
    domain = apigateway_v1._domain_names.get(values.get("domainName"))
    if domain is None or domain["mutualTlsAuthentication"]:
        return answer
    del domain["mutualTlsAuthentication"]
    return _answer(domain, 201)


async def _control(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    parts = path.strip("/").split("/")
    if method != "PATCH" or parts[0] != "domainnames":
        return await _plain_control(method, path, headers, body, query)
    operations = json.loads(body)["patchOperations"]
    mappings = apigateway_v1._base_path_mappings.get(parts[1], {})
    updated = mappings.get(parts[3]) if len(parts) == 4 else apigateway_v1._domain_names.get(parts[1])
    if updated is None:
        return _missing("NotFoundException", "Invalid domain name or base path mapping identifier specified", 404)
    apigateway_v1._apply_patch(updated, [{**one, "path": NAMES.get(one["path"], one["path"])} for one in operations])
    if len(parts) == 4:
        mappings[updated["basePath"]] = mappings.pop(parts[3])
    return _answer(updated)


def _hostname(host: str) -> str:
    return host.partition(":")[0].lower()


apigateway_v1._create_domain_name = _create
apigateway_v1.handle_request = _control
gateway._handle_execute_api_request = _request
gateway._enforce_execute_api = _enforcement
apigateway_v1._match_resource_tree = _match
apigateway_v1._match_greedy_fallback = _fallback
apigateway_v1._evaluate_policy = _evaluate
apigateway_v1.resolve_base_path_mapping = _mapping
apigateway_v1._build_lambda_event_v1 = _event
apigateway_v1._invoke_authorizer_lambda = _authorizer
