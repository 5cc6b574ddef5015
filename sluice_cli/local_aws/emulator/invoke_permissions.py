"""Permissions to invoke functions.

ministack 1.5.33 lets S3, SNS, EventBridge and API Gateway invoke functions without a permission. Events from SNS and
EventBridge are also retried, and kept after the last attempt, as events from S3 are.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
import logging
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import apigateway_v1, eventbridge, lambda_svc, s3, sns

from completing import existing
from rights import function_record, role_may, service_may, service_may_take
from sns_redrive import redrive

API_GATEWAY = "apigateway.amazonaws.com"
INVOKE = "lambda:InvokeFunction"

logger = logging.getLogger(__name__)

_plain_s3 = existing(s3, "_deliver_event_to_lambda")
_plain_validation = existing(s3, "_validate_notification_configs")
_refused_notification = existing(s3, "_invalid_notification_config")
_plain_call = existing(apigateway_v1, "_call_lambda_raw")
_plain_authorizer = existing(apigateway_v1, "_invoke_authorizer_lambda")
_plain_proxy = existing(apigateway_v1, "_invoke_lambda_proxy_v1")
_plain_custom = existing(apigateway_v1, "_invoke_lambda_custom_v1")
_gateway_error = existing(apigateway_v1, "_gw_error")
_function_in_uri = existing(apigateway_v1, "_extract_lambda_ref_from_integration_uri")
_invoke_later = existing(lambda_svc, "invoke_async_with_retry")
_record_of = existing(lambda_svc, "_get_func_record_for_ref")
_execution_record = existing(lambda_svc, "_execution_record_for_config")
for _module, _name in ((sns, "_deliver_to_lambda"), (eventbridge, "_dispatch_to_lambda")):
    existing(_module, _name)


def may_invoke(function: str, service: str, source_arn: str) -> bool:
    """Whether a function's policy lets a service invoke it for a source. `function` is an ARN,
    possibly with an alias.
    """
    record, arn = function_record(function), parse_arn(function)
    if record is None:
        return True  # the delivery reports the missing function
    with request_scope(arn.account_id, arn.region):
        allowed = service_may(record["policy"], service, INVOKE, function, source_arn)
    if not allowed:
        logger.warning("%s may not invoke %s for %s: no aws_lambda_permission allows it", service, function, source_arn)
    return allowed


def _deliver_event(arn: str, event: dict[str, Any], bucket_region: str) -> None:
    if may_invoke(arn, "s3.amazonaws.com", event["Records"][0]["s3"]["bucket"]["arn"]):
        _plain_s3(arn, event, bucket_region)


def _validate_notifications(configs: Any, bucket_region: str, bucket_name: str = "", skip: bool = False) -> Any:
    """S3's validation of notification targets:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    """
    error = _plain_validation(configs, bucket_region, bucket_name, skip)
    if error or skip:
        return error
    refused = [
        one["arn"]
        for one in configs
        if one["type"] == "lambda" and not may_invoke(one["arn"], "s3.amazonaws.com", f"arn:aws:s3:::{bucket_name}")
    ]
    if not refused:
        return None
    return _refused_notification(f"Unable to validate the following destination configurations: {', '.join(refused)}")


def _integration(plain: Any) -> Any:
    async def invoke(integration: Any, api_id: str, stage_name: str, *arguments: Any, **options: Any) -> Any:
        _stage, resource, _request_path, method = arguments[:4]
        account = options.get("owner_account_id") or get_account_id()
        region = options.get("owner_region") or get_region()
        source = f"arn:aws:execute-api:{region}:{account}:{api_id}/{stage_name}/{method}{resource['path']}"
        function = _function_in_uri(integration.get("uri", ""))
        if not _api_may_invoke(function, integration.get("credentials"), source):
            return _gateway_error("API_CONFIGURATION_ERROR", "Internal server error")
        return await plain(integration, api_id, stage_name, *arguments, **options)

    return invoke


async def _authorize(authorizer: Any, event: Any, account_id: str, region: str) -> Any:
    api_id = event["methodArn"].split(":")[5].partition("/")[0]
    source = f"arn:aws:execute-api:{region}:{account_id}:{api_id}/authorizers/{authorizer['id']}"
    function = _function_in_uri(authorizer.get("authorizerUri", ""))
    if not _api_may_invoke(function, authorizer.get("authorizerCredentials"), source):
        return None
    return await _plain_authorizer(authorizer, event, account_id, region)


def _api_may_invoke(function: str, credentials: str | None, source_arn: str) -> bool:
    if not function.startswith("arn:"):
        return True
    if credentials:
        return service_may_take(credentials, API_GATEWAY, source_arn) and role_may(credentials, INVOKE, function)
    return may_invoke(function, API_GATEWAY, source_arn)


def _deliver_message(endpoint: str, envelope: str, topic_arn: str, subscription_arn: str, *_message: Any) -> None:
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "EventSource": "aws:sns",
        "Sns": json.loads(envelope),
    }
    if may_invoke(endpoint, "sns.amazonaws.com", topic_arn):
        _invoke_later_with(endpoint, {"Records": [record]})
    else:
        redrive(topic_arn, endpoint, envelope)


def _deliver_to_target(arn: str, payload: str) -> None:
    # event_targets.py has checked the rule's or the schedule's permission.
    try:
        event = json.loads(payload)
    except ValueError:
        event = payload
    _invoke_later_with(arn, event)


def _invoke_later_with(function: str, event: Any) -> None:
    record, config, name = _record_of(function)
    if not record or not config:
        logger.warning("function %s not found", name)
        return
    _invoke_later(_execution_record(record, config), event)


s3._deliver_event_to_lambda = _deliver_event
s3._validate_notification_configs = _validate_notifications
apigateway_v1._invoke_lambda_proxy_v1 = _integration(_plain_proxy)
apigateway_v1._invoke_lambda_custom_v1 = _integration(_plain_custom)
apigateway_v1._invoke_authorizer_lambda = _authorize
sns._deliver_to_lambda = _deliver_message
eventbridge._dispatch_to_lambda = _deliver_to_target
