"""Limits of payloads and response times, which ministack 1.5.33 does not have for functions and REST APIs. It also
answers 200 if a function's result is not a valid response, and shows the function's error to the caller.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import asyncio
import json
from typing import Any

from ministack import app as ministack_app
from ministack.core.responses import error_response_json
from ministack.services import apigateway_v1, lambda_svc

from completing import existing

MEGABYTE = 1024 * 1024
SYNCHRONOUS, ASYNCHRONOUS = 6 * MEGABYTE + 100, MEGABYTE
API_REQUEST = 10 * MEGABYTE
API_SECONDS = 29.0
INTERNAL_ERROR = "Internal server error"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
ANSWER_PARTS = frozenset({"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"})

_plain_lambda = ministack_app.SERVICE_HANDLERS["lambda"]
_plain_dispatch = existing(lambda_svc, "_execute_function_dispatch")
_plain_answer = existing(apigateway_v1, "_lambda_proxy_response")
_plain_execution = existing(apigateway_v1, "_execute_in_scope")
_plain_proxy = existing(apigateway_v1, "_invoke_lambda_proxy_v1")
_plain_custom = existing(apigateway_v1, "_invoke_lambda_custom_v1")
_gateway_error = existing(apigateway_v1, "_gw_error")


async def _lambda(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    if path.endswith("/invocations"):
        kind = next((value for name, value in headers.items() if name.lower() == "x-amz-invocation-type"), "")
        limit = ASYNCHRONOUS if kind == "Event" else SYNCHRONOUS
        if len(body) > limit:
            words = f"{len(body)} byte payload is too large for the {kind or 'RequestResponse'} invocation type"
            return error_response_json("RequestTooLargeException", f"{words} (limit {limit} bytes)", 413)
    return await _plain_lambda(method, path, headers, body, query_params)


def _dispatch(function: Any, config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
    result = _plain_dispatch(function, config, event, request_id, started)
    if result.get("error") or len(_encoded(result.get("body"))) <= SYNCHRONOUS:
        return result
    message = f"Response payload size exceeded maximum allowed payload size ({SYNCHRONOUS} bytes)."
    body = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
    return {**result, "error": True, "function_error": "Unhandled", "body": body}


def _encoded(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()


async def _execution(
    request: Any, api_id: str, stage: str, method: str, path: str, headers: Any, body: bytes, *more: Any
) -> Any:
    served = apigateway_v1._stages_v1.get(api_id, {}).get(stage)
    if served and len(body or b"") > API_REQUEST:
        request["stage"] = served
        return _gateway_error("REQUEST_TOO_LARGE", "Request Too Long")
    return await _plain_execution(request, api_id, stage, method, path, headers, body, *more)


def _in_time(plain: Any) -> Any:
    async def invoke(integration: Any, *arguments: Any, **options: Any) -> Any:
        seconds = int(integration.get("timeoutInMillis") or API_SECONDS * 1000) / 1000
        try:
            return await asyncio.wait_for(plain(integration, *arguments, **options), seconds)
        except TimeoutError:
            return _gateway_error("INTEGRATION_TIMEOUT", "Endpoint request timed out")

    return invoke


def _answer(result: Any) -> Any:
    if result.get("throttle") or (not result.get("error") and _is_answer(result.get("body"))):
        return _plain_answer(result)
    return None, INTERNAL_ERROR


def _is_answer(body: Any) -> bool:
    if isinstance(body, str | bytes):
        try:
            body = json.loads(body)
        except ValueError:
            return False
    if not isinstance(body, dict) or not body.keys() <= ANSWER_PARTS:
        return False
    try:
        status = int(body.get("statusCode") or 0)
    except (TypeError, ValueError):
        return False
    return 100 <= status <= 599 and isinstance(body.get("body"), str | None)


ministack_app.SERVICE_HANDLERS["lambda"] = _lambda
lambda_svc._execute_function_dispatch = _dispatch
apigateway_v1._lambda_proxy_response = _answer
apigateway_v1._execute_in_scope = _execution
apigateway_v1._invoke_lambda_proxy_v1 = _in_time(_plain_proxy)
apigateway_v1._invoke_lambda_custom_v1 = _in_time(_plain_custom)
