"""Permissions of a function's role.

ministack 1.5.33 runs functions whose role Lambda cannot assume, and writes their logs, polls their event sources and
sends their failures without checking the role.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

import logging
from collections.abc import Iterator
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import error_response_json, get_account_id, get_region, request_scope
from ministack.services import cloudwatch, cloudwatch_logs, iam, lambda_svc

from completing import existing
from rights import key_of, role_may, role_may_use_key, service_may_take

LAMBDA = "lambda.amazonaws.com"
CANNOT_BE_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
DESTINATIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html and with-ddb.html
SOURCES = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}

logger = logging.getLogger(__name__)

_plain_create = existing(lambda_svc, "_create_function")
_plain_update = existing(lambda_svc, "_update_config")
_plain_dispatch = existing(lambda_svc, "_execute_function_dispatch")
_plain_logs = existing(lambda_svc, "_emit_lambda_logs")
_plain_failure = existing(lambda_svc, "_route_async_failure")
_plain_stream_failure = existing(lambda_svc, "_send_ddb_stream_failure_record")
_plain_mappings = existing(lambda_svc, "_iter_all_esms")
_plain_mapping = existing(lambda_svc, "_create_esm")
_function_of = existing(lambda_svc, "_resolve_existing_esm_function")
_record_metric = existing(cloudwatch, "record_metric")


def _create_function(data: dict[str, Any]) -> Any:
    return _refused_role(data.get("Role", "")) or _plain_create(data)


def _update_function(name: str, data: dict[str, Any]) -> Any:
    return _refused_role(data.get("Role", "")) or _plain_update(name, data)


def _refused_role(role: str) -> Any:
    """The error for an existing role that Lambda cannot assume."""
    if iam._roles.get(role.rpartition("/")[2]) is None or service_may_take(role, LAMBDA):
        return None
    return error_response_json("InvalidParameterValueException", CANNOT_BE_ASSUMED, 400)


def _dispatch(function: Any, config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
    if service_may_take(config.get("Role", ""), LAMBDA, config.get("FunctionArn", "")):
        return _plain_dispatch(function, config, event, request_id, started)
    logger.warning("%s: %s (%s)", config.get("FunctionName"), CANNOT_BE_ASSUMED, config.get("Role"))
    return {
        "error": True,
        "body": {"errorType": "AccessDeniedException", "errorMessage": CANNOT_BE_ASSUMED},
        "log": "",
    }


def _logs(function: Any, *arguments: Any, **options: Any) -> None:
    config = function.get("config") or function
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    needed = [(action, f"{arn}:log-stream:all") for action in LOGS]
    if group not in cloudwatch_logs._log_groups:
        needed.append(("logs:CreateLogGroup", f"{arn}:*"))
    if all(role_may(config.get("Role", ""), action, resource) for action, resource in needed):
        _plain_logs(function, *arguments, **options)


def _keep_failure(target: str, name: str, event: Any, result: Any) -> None:
    function = lambda_svc._functions.get(name) or {}
    config = function.get("config", {})
    if _may_send(config.get("Role", ""), target):
        _plain_failure(target, name, event, result)
        return
    dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn") == target
    metric = "DeadLetterErrors" if dead_letters else "DestinationDeliveryFailures"
    _record_metric("AWS/Lambda", metric, 1, "Count", {"FunctionName": name})
    logger.warning("%s: its role may not send the failed event to %s", name, target)


def _keep_batch(mapping: Any, function: Any, *arguments: Any) -> None:
    target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    config = function.get("config") or function
    if not target or _may_send(config.get("Role", ""), target):
        _plain_stream_failure(mapping, function, *arguments)
        return
    name = config.get("FunctionName", "")
    _record_metric("AWS/Lambda", "DestinationDeliveryFailures", 1, "Count", {"FunctionName": name})
    logger.warning("%s: its role may not send the failed batch to %s", name, target)


def _may_send(role: str, target: str) -> bool:
    service = target.split(":")[2] if target.count(":") > 4 else ""
    action = DESTINATIONS.get(service)
    if action is None:
        return True
    encrypts = role_may_use_key(role, key_of(target), service, "kms:GenerateDataKey", "kms:Decrypt")
    return role_may(role, action, target) and encrypts


def _mappings() -> Iterator[Any]:
    """Event source mappings whose function's role may read the source."""
    for account, region, mapping in _plain_mappings():
        with request_scope(account, region):
            function = lambda_svc._functions.get(mapping["FunctionName"]) or {}
            missing = _missing_of(function.get("config", {}).get("Role", ""), mapping.get("EventSourceArn", ""))
        if missing:
            mapping["LastProcessingResult"] = f"PROBLEM: the function's role lacks {missing}"
        else:
            yield account, region, mapping


def _create_mapping(data: dict[str, Any]) -> Any:
    name, _, error = _function_of(data.get("FunctionName", ""))
    role = "" if error else lambda_svc._functions[name]["config"].get("Role", "")
    missing = "" if error else _missing_of(role, data.get("EventSourceArn", ""))
    if not missing:
        return _plain_mapping(data)
    service, call = missing.split(":")
    return error_response_json(
        "InvalidParameterValueException",
        f"The function execution role does not have permissions to call {call} on {service.upper()}",
        400,
    )


def _missing_of(role: str, source: str) -> str:
    """The first action on the source that the role lacks; empty if it lacks none."""
    service = parse_arn(source).service if source.startswith("arn:") else ""
    for action in SOURCES.get(service, ()):
        if not role_may(role, action, source):
            return action
    reads = role_may_use_key(role, key_of(source) if service == "sqs" else "", "sqs", "kms:Decrypt")
    return "" if reads else "kms:Decrypt"


lambda_svc._create_function = _create_function
lambda_svc._update_config = _update_function
lambda_svc._execute_function_dispatch = _dispatch
lambda_svc._emit_lambda_logs = _logs
lambda_svc._route_async_failure = _keep_failure
lambda_svc._send_ddb_stream_failure_record = _keep_batch
lambda_svc._iter_all_esms = _mappings
lambda_svc._create_esm = _create_mapping
