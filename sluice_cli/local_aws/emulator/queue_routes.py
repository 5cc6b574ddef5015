"""Routes of REST APIs to queues: ministack 1.5.33 sends to the queue without checking the integration's role.

Without a role that it may assume, API Gateway answers 500; what the role may not do, SQS refuses, and the integration's
responses say how the route answers.
https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
"""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway_v1, sqs

from completing import existing
from rights import key_of, role_may, role_may_use_key, service_may_take

PRINCIPAL = "apigateway.amazonaws.com"

_plain_send = existing(apigateway_v1, "_invoke_sqs_v1")
_service_of = existing(apigateway_v1, "_parse_service_integration_uri")
_respond = existing(apigateway_v1, "_service_integration_response")
_gateway_error = existing(apigateway_v1, "_gw_error")
_refusal = existing(sqs, "_xml_err_resp")


async def _send(integration: Any, *arguments: Any, **options: Any) -> Any:
    role = integration.get("credentials") or ""
    if not service_may_take(role, PRINCIPAL):
        return _gateway_error("API_CONFIGURATION_ERROR", "Internal server error")
    service = _service_of(integration.get("uri", ""))
    *account, queue = service[3].strip("/").split("/")
    arn = f"arn:aws:sqs:{service[0] or get_region()}:{account[0] if account else get_account_id()}:{queue}"
    encrypting = ("kms:GenerateDataKey", "kms:Decrypt")
    if role_may(role, "sqs:SendMessage", arn) and role_may_use_key(role, key_of(arn), "sqs", *encrypting):
        return await _plain_send(integration, *arguments, **options)
    status, _headers, body = _refusal("AccessDenied", f"{role} is not authorized to perform: sqs:SendMessage", 403)
    return _respond(integration, status, body.decode(), "application/json", {}, {})


apigateway_v1._invoke_sqs_v1 = _send
