"""Custom domains of REST APIs, completed where ministack 1.5.33 is not like API Gateway.

A path of a domain that is mapped to no API is answered 403, not as a path of a bucket of that name. An API whose
`disable_execute_api_endpoint` is set answers its domains only:
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html

And the events of functions and authorizers name the domain, and their path starts with the base path that the domain
maps to the API: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
"""

import contextvars
from typing import Any

import ministack.app as gateway
from ministack.core.responses import get_region
from ministack.services import apigateway_v1

from completing import existing

FORBIDDEN = (
    403,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"},
    b'{"message":"Forbidden"}',
)

# Of the request that is answered.
_base_path: contextvars.ContextVar[str] = contextvars.ContextVar("base_path", default="")

_plain_request = existing(gateway, "_handle_execute_api_request")
_plain_mapping = existing(apigateway_v1, "resolve_base_path_mapping")
_plain_event = existing(apigateway_v1, "_build_lambda_event_v1")
_plain_authorizer = existing(apigateway_v1, "_invoke_authorizer_lambda")
_known_domain = existing(apigateway_v1, "find_domain_scope")
_default_endpoint = existing(gateway, "_parse_execute_api_url")
_api_scope = existing(apigateway_v1, "find_api_scope")


async def _request(host: str, path: str, *arguments: Any, **options: Any) -> Any:
    _base_path.set("")
    called = _default_endpoint(host, path)
    if called and _only_by_domain(called[0]):
        return FORBIDDEN
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
    if event["type"] == "REQUEST":
        context = event["requestContext"]
        event = _with_domain(event, context["apiId"], context["stage"], event["path"])
    return await _plain_authorizer(authorizer, event, *arguments)


def _with_domain(event: Any, api_id: str, stage_name: str, path: str) -> Any:
    host = _hostname(next((value for name, value in event["headers"].items() if name.lower() == "host"), ""))
    custom = bool(_known_domain(host))
    domain = host if custom else f"{api_id}.execute-api.{get_region()}.amazonaws.com"
    full_path = f"{_base_path.get()}{path}" if custom else f"/{stage_name}{path}"
    named = {"domainName": domain, "domainPrefix": domain.partition(".")[0], "path": full_path}
    return {
        **event,
        "path": full_path if custom else path,
        "requestContext": {**event["requestContext"], **named},
    }


def _hostname(host: str) -> str:
    return host.partition(":")[0].lower()


gateway._handle_execute_api_request = _request
apigateway_v1.resolve_base_path_mapping = _mapping
apigateway_v1._build_lambda_event_v1 = _event
apigateway_v1._invoke_authorizer_lambda = _authorizer
