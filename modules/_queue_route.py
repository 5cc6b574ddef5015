"""A route of an API that sends request bodies to a queue, without a function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_integration_response import ApiGatewayIntegrationResponse
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_response import ApiGatewayMethodResponse
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from ._account import account_id, partition
from ._checks import is_token
from ._expressions import as_written
from ._identifiers import shorten
from ._limits import ROLE_NAME
from ._message_attributes import as_query
from ._paths import path as place_of
from .cors import Cors
from .errors import ConfigurationError
from .iam import Condition, RolePolicies, Statement, service_role
from .queue import AnyQueue

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
REQUEST = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
# SQS's status codes, in order, and the response to the caller for each.
ANSWERS: Sequence[tuple[str | None, str, dict[str, str]]] = (
    (None, "202", {"messageId": "$input.path('$.SendMessageResponse.SendMessageResult.MessageId')"}),
    (r"4\d{2}", "400", {"message": "the body is empty, too large, or has characters that a queue does not take"}),
    (r"5\d{2}", "502", {"message": "the queue did not answer; send the request again"}),
)


class QueueSender(Construct):
    """The role with which an API sends to queues. Only API Gateway, on behalf of this account, may assume it."""

    def __init__(self, scope: Construct, id_: str, *, name: str) -> None:
        super().__init__(scope, id_)
        self.resource = service_role(
            self,
            name=name if is_token(name) else shorten(name, ROLE_NAME.longest, ROLE_NAME.characters),
            sid="ApiGatewayService",
            service="apigateway.amazonaws.com",
            conditions=[Condition("StringEquals", "aws:SourceAccount", [account_id(self)])],
        )
        self.arn: str = self.resource.arn
        self.role_name: str = self.resource.name
        self._policies = RolePolicies(self, self.role_name)

    def allow(self, resource: Construct, verb: str, *statements: Statement) -> IamRolePolicy:
        """Give the role one inline policy named after the verb and the resource. Repeated calls add nothing."""
        return self._policies.add(resource, verb, *statements)


def send_to_queue(
    api: Construct,
    id_: str,
    *,
    rest_api_id: str,
    route: ApiGatewayMethod,
    method: str,
    resource_id: str,
    queue: AnyQueue,
    sender: QueueSender,
    cors: Cors | None,
    message_attributes: Mapping[str, str],
) -> list[TerraformResource]:
    """The integration of a route with a queue, and its responses. Returns what a deployment has to wait for."""
    if method in ("GET", "HEAD"):
        raise ConfigurationError(
            f"{place_of(api)}: {method} has no body that a queue could take; send to {place_of(queue)} with POST"
        )
    if queue.fifo:
        raise ConfigurationError(
            f"{place_of(api)}: {place_of(queue)} is a FIFO queue, whose messages need a group that a request does not "
            "name; send to a standard queue, or let a function send"
        )
    of_method: dict[str, Any] = {
        "rest_api_id": rest_api_id,
        "resource_id": resource_id,
        "http_method": route.http_method,
    }
    integration = ApiGatewayIntegration(
        api,
        f"{id_}Integration",
        **of_method,
        type="AWS",
        integration_http_method="POST",
        uri=f"arn:{partition(api)}:apigateway:{queue.region}:sqs:path/{queue.account_id}/{queue.name}",
        credentials=sender.arn,
        # Content types other than JSON are answered with 415.
        passthrough_behavior="NEVER",
        request_parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        request_templates={"application/json": REQUEST + as_query(message_attributes)},
        depends_on=[queue.grant_send(sender)],
    )
    made: list[TerraformResource] = [integration]
    for pattern, status, answer in ANSWERS:
        parameters = cors.answer_parameters if cors else None
        response = ApiGatewayMethodResponse(
            api,
            f"{id_}Answer{status}",
            **of_method,
            status_code=status,
            response_parameters=dict.fromkeys(parameters, True) if parameters else None,
        )
        template = json.dumps(answer)
        mapped = ApiGatewayIntegrationResponse(
            api,
            f"{id_}Mapping{status}",
            **of_method,
            status_code=response.status_code,
            selection_pattern=None if pattern is None else as_written(api, pattern),
            response_parameters=parameters,
            response_templates={
                "application/json": f"{cors.preflight_template}\n{template}" if cors and cors.several else template
            },
            depends_on=[integration],
        )
        made += [response, mapped]
    return made
