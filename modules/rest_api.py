import hashlib
import json
from enum import Enum
from typing import Any

import jsii
from cdktf import Fn, IResolveContext, IStringProducer, Lazy, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_settings import ApiGatewayMethodSettings
from cdktf_cdktf_provider_aws.api_gateway_resource import ApiGatewayResource
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from cdktf_cdktf_provider_aws.api_gateway_stage import ApiGatewayStage
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import ApiGatewayUsagePlan
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

from .dependencies import depends_on
from .function import PythonFunction

STAGE = "live"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "responseLength": "$context.responseLength",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integration.latency",
    "sourceIp": "$context.identity.sourceIp",
    "caller": "$context.identity.userArn",
    "error": "$context.error.message",
}


class Authorization(Enum):
    """Who may call an API: callers that sign their requests (IAM), holders of an API key, or anybody."""

    IAM = "iam"
    API_KEY = "api_key"
    NONE = "none"


class RestApi(Construct):
    """A regional REST API whose routes call functions, with one stage.

    Secure by default: callers sign their requests (IAM authorization); X-Ray tracing on; throttled to `rate_limit`
    requests a second with bursts of `burst_limit`. Execution logs never carry request or response bodies.
    `access_log` writes one JSON line for each request to `log_group`; it needs the account-wide API Gateway logging
    role (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html), which everyone in the
    account shares and no API owns. The stage is deployed again whenever a route changes.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        authorization: Authorization = Authorization.IAM,
        rate_limit: int = 100,
        burst_limit: int = 200,
        access_log: bool = True,
        log_retention_days: int = 365,
    ) -> None:
        super().__init__(scope, id_)
        self._authorization = authorization
        self._invoke_arns: list[str] = []
        self._folders: dict[str, ApiGatewayResource] = {}
        self.resource = ApiGatewayRestApi(
            self,
            "Api",
            name=name,
            description=description,
            endpoint_configuration={"types": ["REGIONAL"]},
        )
        self._deployment = ApiGatewayDeployment(
            self,
            "Deployment",
            rest_api_id=self.resource.id,
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.log_group: CloudwatchLogGroup | None = None
        if access_log:
            self.log_group = CloudwatchLogGroup(
                self, "AccessLog", name=f"/aws/apigateway/{name}", retention_in_days=log_retention_days
            )
        self.stage = ApiGatewayStage(
            self,
            "Stage",
            rest_api_id=self.resource.id,
            deployment_id=self._deployment.id,
            stage_name=STAGE,
            xray_tracing_enabled=True,
            access_log_settings={"destination_arn": self.log_group.arn, "format": json.dumps(ACCESS_LOG)}
            if self.log_group
            else None,
        )
        ApiGatewayMethodSettings(
            self,
            "MethodSettings",
            rest_api_id=self.resource.id,
            stage_name=self.stage.stage_name,
            method_path="*/*",
            settings={
                "metrics_enabled": True,
                "logging_level": "ERROR" if access_log else "OFF",
                "data_trace_enabled": False,
                "throttling_rate_limit": rate_limit,
                "throttling_burst_limit": burst_limit,
            },
        )
        self.url: str = self.stage.invoke_url
        self.id: str = self.resource.id
        self.api_key: ApiGatewayApiKey | None = (
            self._add_api_key(name) if authorization is Authorization.API_KEY else None
        )

    def on_request(self, function: PythonFunction, method: str, path: str) -> None:
        """Answer requests of one method (`GET`) on one path (`/objects`) with a function.

        Makes the path, the method, the integration, and the permission for this route of this API only.
        """
        id_ = method.title() + "".join(
            part.title().replace("{", "").replace("}", "").replace("+", "") for part in path.split("/")
        )
        folder = self._folder(path)
        route = ApiGatewayMethod(
            self,
            f"{id_}Method",
            rest_api_id=self.resource.id,
            resource_id=folder.id,
            http_method=method,
            authorization="AWS_IAM" if self._authorization is Authorization.IAM else "NONE",
            api_key_required=True if self._authorization is Authorization.API_KEY else None,
        )
        integration = ApiGatewayIntegration(
            self,
            f"{id_}Integration",
            rest_api_id=self.resource.id,
            resource_id=folder.id,
            http_method=route.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=function.resource.invoke_arn,
        )
        # The ARN names API, stage, method and path: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
        function.allow_invoke(
            f"InvokeFor{id_}",
            service="apigateway.amazonaws.com",
            source_arn=f"{self.resource.execution_arn}/{STAGE}/{method}{path}",
        )
        self._invoke_arns.append(function.resource.invoke_arn)
        depends_on(self._deployment, route, integration)
        self._deployment.triggers = {
            "routes": Lazy.string_value(_Fingerprint(self)),
            # A replaced function has another ARN behind an unchanged reference.
            "functions": Fn.sha1(Fn.join(",", self._invoke_arns)),
        }

    def _folder(self, path: str) -> ApiGatewayResource:
        parent, _, name = path.rpartition("/")
        if path not in self._folders:
            parent_id = self._folder(parent).id if parent else self.resource.root_resource_id
            id_ = "Path" + "".join(part.strip("{+}").title() for part in path.split("/"))
            self._folders[path] = ApiGatewayResource(
                self, id_, rest_api_id=self.resource.id, parent_id=parent_id, path_part=name
            )
        return self._folders[path]

    def _add_api_key(self, name: str) -> ApiGatewayApiKey:
        key = ApiGatewayApiKey(self, "ApiKey", name=name)
        plan = ApiGatewayUsagePlan(
            self, "UsagePlan", name=name, api_stages=[{"api_id": self.resource.id, "stage": self.stage.stage_name}]
        )
        ApiGatewayUsagePlanKey(self, "UsagePlanKey", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)
        return key

    def fingerprint(self, context: IResolveContext) -> str:
        children = [child for child in self.node.find_all() if isinstance(child, TerraformResource)]
        own = (self._deployment, self.stage)
        described: list[Any] = [
            context.resolve(child.to_terraform())
            for child in children
            if child not in own and child.terraform_resource_type.startswith("aws_api_gateway_")
        ]
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


@jsii.implements(IStringProducer)
class _Fingerprint:
    """Changes with every part of the API that a deployment snapshots: read when the stack is synthesized."""

    def __init__(self, api: RestApi) -> None:
        self._api = api

    def produce(self, context: IResolveContext) -> str:
        return self._api.fingerprint(context)
