import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

import jsii
from cdktf import Fn, IResolveContext, IStringProducer, Lazy, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from cdktf_cdktf_provider_aws.api_gateway_gateway_response import ApiGatewayGatewayResponse
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_settings import ApiGatewayMethodSettings
from cdktf_cdktf_provider_aws.api_gateway_model import ApiGatewayModel
from cdktf_cdktf_provider_aws.api_gateway_request_validator import ApiGatewayRequestValidator
from cdktf_cdktf_provider_aws.api_gateway_resource import ApiGatewayResource
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from cdktf_cdktf_provider_aws.api_gateway_stage import ApiGatewayStage
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import ApiGatewayUsagePlan, ApiGatewayUsagePlanApiStages
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from ._dependencies import depends_on
from .accepted import accept
from .alarms import Alarms
from .cors import Cors, Preflight, add_error_answers
from .errors import ConfigurationError
from .function import LOGS_WITHOUT_KEY, PythonFunction
from .key import Key
from .topic import Topic

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

# Valid JSON whatever the body was: API Gateway escapes quotes and backslashes in both. The first is a fixed text; the
# second names every violation of the schema, and is empty where the body is not JSON.
BODY_REFUSAL = "$context.error.message: $context.error.validationErrorString"

NO_CACHE = "an answer is what is true now, for one caller; a cache gives it to others, later, and costs by the hour"
NO_FIREWALL = "callers are known and throttled; who opens an API to strangers puts a web ACL before `stage.arn`"
RULES_OF_FIREWALL = "the web ACL's rules are its owner's, and in another plan; no Java runs behind this API"
ACCEPTED_OF_STAGE = {
    "CKV_AWS_120": NO_CACHE,
    "CKV2_AWS_51": "it would prove API Gateway to a server of one's own; Lambda knows it by its permission",
}


class Authorization(Enum):
    """Who may call an API: callers that sign their requests (IAM), holders of an API key, or anybody."""

    IAM = "iam"
    API_KEY = "api_key"
    NONE = "none"


class RestApi(Construct):
    """A regional REST API whose routes call functions, with one stage.

    Secure by default: callers sign their requests (IAM authorization); X-Ray tracing on; throttled to `rate_limit`
    requests a second with bursts of `burst_limit`. Each request is one JSON line in the access log; the execution log
    (`execution_log_level` `ERROR` or `INFO`) never carries request or response bodies. Both need the account-wide API
    Gateway logging role (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html), which
    everyone in the account shares and no API owns: see `ApiLoggingRole`. Detailed metrics are on, and `alarm_topic`
    hears of answers with a 5xx status. The stage is deployed again whenever a route changes.

    Off unless asked for: `web_acl_arn` (WAFv2, regional) is asked about every request before anything else; `key`
    encrypts both logs; `cors` lets scripts of web pages call it: every path then answers preflights (OPTIONS), and
    pages can read the errors that API Gateway answers itself. The functions behind it have to send the header
    `Access-Control-Allow-Origin` with their own answers.
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
        execution_log_level: str = "ERROR",
        log_retention_days: int = 365,
        alarm_topic: Topic | None = None,
        web_acl_arn: str | None = None,
        key: Key | None = None,
        cors: Cors | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._authorization = authorization
        self._cors = cors
        self._preflights: dict[str, Preflight] = {}
        self._invoke_arns: list[str] = []
        self._resource_ids: dict[str, str] = {}
        self.resource = ApiGatewayRestApi(
            self,
            "Api",
            name=name,
            description=description,
            endpoint_configuration={"types": ["REGIONAL"]},
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.id: str = self.resource.id
        self._deployment = ApiGatewayDeployment(
            self,
            "Deployment",
            rest_api_id=self.id,
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.log_group = self._add_log_group("AccessLog", f"/aws/apigateway/{name}", log_retention_days, key)
        # API Gateway names the execution log; made before it does, the log has a retention.
        execution_log = self._add_log_group(
            "ExecutionLog", f"API-Gateway-Execution-Logs_{self.id}/{STAGE}", log_retention_days, key
        )
        self.stage = ApiGatewayStage(
            self,
            "Stage",
            rest_api_id=self.id,
            deployment_id=self._deployment.id,
            stage_name=STAGE,
            xray_tracing_enabled=True,
            access_log_settings={"destination_arn": self.log_group.arn, "format": json.dumps(ACCESS_LOG)},
            depends_on=[execution_log],
        )
        accept(self.stage, ACCEPTED_OF_STAGE)
        if web_acl_arn:
            Wafv2WebAclAssociation(self, "WebAcl", resource_arn=self.stage.arn, web_acl_arn=web_acl_arn)
            accept(self.stage, {"CKV2_AWS_77": RULES_OF_FIREWALL})
        elif authorization is not Authorization.NONE:
            accept(self.stage, {"CKV2_AWS_29": NO_FIREWALL})
        settings = ApiGatewayMethodSettings(
            self,
            "MethodSettings",
            rest_api_id=self.id,
            stage_name=self.stage.stage_name,
            method_path="*/*",
            settings={
                "metrics_enabled": True,
                "logging_level": execution_log_level,
                "data_trace_enabled": False,
                "throttling_rate_limit": rate_limit,
                "throttling_burst_limit": burst_limit,
            },
        )
        accept(settings, {"CKV_AWS_225": NO_CACHE})
        self.url: str = self.stage.invoke_url
        if cors:
            depends_on(self._deployment, *add_error_answers(self, rest_api_id=self.id, cors=cors))
        self._add_alarms(name, alarm_topic)
        self.api_key: ApiGatewayApiKey | None = (
            self._add_api_key(name) if authorization is Authorization.API_KEY else None
        )

    def on_request(
        self, function: PythonFunction, method: str, path: str, *, body_schema: Mapping[str, Any] | None = None
    ) -> None:
        """Answer requests of one method (`GET`) on one path (`/objects`) with a function.

        Makes the path, the method, the integration, and the permission for this route of this API only. With
        `body_schema` (JSON Schema draft 4, the one API Gateway knows) a JSON body that does not match is refused with
        400 before the function runs. API Gateway validates `application/json` only, so the function has to check the
        content type, and the body, again:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
        Raises `ConfigurationError` for `OPTIONS` where `cors` answers it.
        """
        if self._cors and method == "OPTIONS":
            raise ConfigurationError(
                f"{self.node.path}: OPTIONS of {path} is answered by cors; leave out one of the two"
            )
        id_ = method.title() + _pascal_case(path)
        resource_id = self._resource_id(path)
        invoke_arn = function.resource.invoke_arn
        route = ApiGatewayMethod(
            self,
            f"{id_}Method",
            rest_api_id=self.id,
            resource_id=resource_id,
            http_method=method,
            authorization="AWS_IAM" if self._authorization is Authorization.IAM else "NONE",
            api_key_required=True if self._authorization is Authorization.API_KEY else None,
            **self._validation(id_, body_schema),
        )
        if body_schema is None:
            accept(route, {"CKV2_AWS_53": "the function checks every request itself and says what is wrong with it"})
        integration = ApiGatewayIntegration(
            self,
            f"{id_}Integration",
            rest_api_id=self.id,
            resource_id=resource_id,
            http_method=route.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=invoke_arn,
        )
        # The ARN names API, stage, method and path: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
        function.allow_invoke(
            f"InvokeFor{id_}",
            service="apigateway.amazonaws.com",
            source_arn=f"{self.resource.execution_arn}/{STAGE}/{method}{path}",
        )
        self._invoke_arns.append(invoke_arn)
        depends_on(self._deployment, route, integration)
        if self._cors:
            self._allow_pages(method, path, resource_id, self._cors)
        self._deployment.triggers = {
            "routes": Lazy.string_value(_Fingerprint(self)),
            # A replaced function has another ARN behind an unchanged reference.
            "functions": Fn.sha1(Fn.join(",", self._invoke_arns)),
        }

    def _allow_pages(self, method: str, path: str, resource_id: str, cors: Cors) -> None:
        if path not in self._preflights:
            made = Preflight(
                self, f"Preflight{_pascal_case(path)}", rest_api_id=self.id, resource_id=resource_id, cors=cors
            )
            depends_on(self._deployment, *made.resources)
            self._preflights[path] = made
        self._preflights[path].allow(method)

    def _validation(self, id_: str, body_schema: Mapping[str, Any] | None) -> dict[str, Any]:
        if body_schema is None:
            return {}
        model = ApiGatewayModel(
            self,
            f"{id_}Model",
            rest_api_id=self.id,
            name=f"{id_}Body",
            content_type="application/json",
            schema=json.dumps(body_schema),
        )
        validator = ApiGatewayRequestValidator(
            self, f"{id_}Validator", rest_api_id=self.id, name=f"{id_}Body", validate_request_body=True
        )
        if self.node.try_find_child("BodyRefusal") is None:
            # Says what is wrong with the body; API Gateway's own answer does not.
            refusal = ApiGatewayGatewayResponse(
                self,
                "BodyRefusal",
                rest_api_id=self.id,
                response_type="BAD_REQUEST_BODY",
                status_code="400",
                response_parameters=self._cors.error_parameters if self._cors else None,
                response_templates={"application/json": json.dumps({"message": BODY_REFUSAL})},
            )
            depends_on(self._deployment, refusal)
        return {"request_models": {"application/json": model.name}, "request_validator_id": validator.id}

    def _resource_id(self, path: str) -> str:
        parent, _, name = path.rpartition("/")
        if path not in self._resource_ids:
            parent_id = self._resource_id(parent) if parent else self.resource.root_resource_id
            folder = ApiGatewayResource(
                self, f"Path{_pascal_case(path)}", rest_api_id=self.id, parent_id=parent_id, path_part=name
            )
            self._resource_ids[path] = folder.id
        return self._resource_ids[path]

    def _add_log_group(self, id_: str, name: str, retention_days: int, key: Key | None) -> CloudwatchLogGroup:
        log_group = CloudwatchLogGroup(
            self, id_, name=name, retention_in_days=retention_days, kms_key_id=key.arn if key else None
        )
        if key:
            key.allow_log_group(name)
        else:
            accept(log_group, {"CKV_AWS_158": LOGS_WITHOUT_KEY})
        return log_group

    def _add_alarms(self, name: str, topic: Topic | None) -> None:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
        Alarms(self, "Alarms", name=name, topic=topic).add(
            "ServerErrors",
            description=f"{name} answered with a 5xx status; the function's log and the execution log say why",
            namespace="AWS/ApiGateway",
            metric="5XXError",
            dimensions={"ApiName": name, "Stage": STAGE},
            above=0,
        )

    def _add_api_key(self, name: str) -> ApiGatewayApiKey:
        key = ApiGatewayApiKey(self, "ApiKey", name=name)
        plan = ApiGatewayUsagePlan(
            self,
            "UsagePlan",
            name=name,
            # A plain dict works for a single block, not in a list of them.
            api_stages=[ApiGatewayUsagePlanApiStages(api_id=self.id, stage=self.stage.stage_name)],
        )
        ApiGatewayUsagePlanKey(self, "UsagePlanKey", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)
        return key

    def fingerprint(self, context: IResolveContext) -> str:
        if context.preparing:  # the API may change until its stack is written
            return ""
        own = (self._deployment, self.stage)
        parts = [
            child.to_terraform()
            for child in self.node.find_all()
            # The binding's submodule is named like the resource type, which only JavaScript could tell.
            if isinstance(child, TerraformResource)
            and type(child).__module__.rpartition(".")[2].startswith("api_gateway_")
            and child not in own
        ]
        return hashlib.sha256(json.dumps(context.resolve(parts), sort_keys=True).encode()).hexdigest()


@jsii.implements(IStringProducer)
class _Fingerprint:
    """Changes with every part of the API that a deployment snapshots: read when the stack is synthesized."""

    def __init__(self, api: RestApi) -> None:
        self._api = api

    def produce(self, context: IResolveContext) -> str:
        return self._api.fingerprint(context)


def _pascal_case(path: str) -> str:
    return "".join(part.strip("{+}").title().replace("-", "") for part in path.split("/"))
