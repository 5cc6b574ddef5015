import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_authorizer import ApiGatewayAuthorizer
from cdktf_cdktf_provider_aws.api_gateway_gateway_response import ApiGatewayGatewayResponse
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_model import ApiGatewayModel
from cdktf_cdktf_provider_aws.api_gateway_request_validator import ApiGatewayRequestValidator
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import ApiGatewayUsagePlan, ApiGatewayUsagePlanApiStages
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from constructs import Construct

from . import _limits as limits
from ._api_deployment import ApiDeployment
from ._api_paths import ApiPaths, permitted
from ._api_stage import STAGE, add_alarms, add_stage
from ._identifiers import digest, identify
from ._paths import path as place_of
from .accepted import accept
from .api_domain import ApiDomain
from .authorizers import CognitoAuthorizer, LambdaAuthorizer
from .cors import Cors, Preflight, add_error_answers
from .errors import ConfigurationError
from .function import PythonFunction
from .key import Key
from .topic import Topic
from .usage_plan import Quota, UsagePlan

__all__ = ["STAGE", "Authorization", "RestApi"]

# Valid JSON whatever the body was: API Gateway escapes quotes and backslashes in both. The first is a fixed text; the
# second names every violation of the schema, and is empty where the body is not JSON.
BODY_REFUSAL = "$context.error.message: $context.error.validationErrorString"


class Authorization(Enum):
    """Who may call an API: callers that sign their requests (IAM), holders of an API key, or anybody."""

    IAM = "iam"
    API_KEY = "api_key"
    NONE = "none"


Authorizer = CognitoAuthorizer | LambdaAuthorizer


class RestApi(Construct):
    """A regional REST API whose routes call functions or send to queues, with one stage.

    Secure by default: callers sign their requests (IAM authorization); X-Ray tracing on; throttled to `rate_limit`
    requests a second with bursts of `burst_limit`. Each request is one JSON line in the access log; the execution log
    (`execution_log_level` `OFF`, `ERROR` or `INFO`) never carries request or response bodies. Both need the
    account-wide API Gateway logging role
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html), which everyone in the account
    shares and no API owns: see `ApiLoggingRole`. Detailed metrics are on, and `alarm_topic` hears of answers with a 5xx
    status. The stage is deployed again whenever a route changes.

    `authorization` holds for all routes that do not give their own. Off unless asked for: `web_acl_arn` (WAFv2,
    regional) is asked about every request before anything else; `key` encrypts both logs; `cors` lets scripts of web
    pages call it: every path then answers preflights (OPTIONS), and pages can read the errors that API Gateway answers
    itself. The functions behind it have to send the header `Access-Control-Allow-Origin` with their own answers.
    `only_by_domain` switches the address that AWS gives the API off, for APIs with a domain of their own.
    Raises `ConfigurationError` for what API Gateway refuses, and at synth for an API without routes.
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
        only_by_domain: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        limits.API_NAME.check(self, "name", name)
        limits.RATE_LIMIT.check(self, "rate_limit", rate_limit)
        limits.BURST_LIMIT.check(self, "burst_limit", burst_limit)
        limits.EXECUTION_LOG_LEVEL.check(self, "execution_log_level", execution_log_level)
        limits.LOG_RETENTION_DAYS.check(self, "log_retention_days", log_retention_days)
        self._name = name
        self._authorization = authorization
        self._cors = cors
        self._preflights: dict[str, Preflight] = {}
        self._routes: set[tuple[str, str]] = set()
        self._authorizers: dict[str, tuple[Authorizer, ApiGatewayAuthorizer]] = {}
        self.resource = ApiGatewayRestApi(
            self,
            "Api",
            name=name,
            description=description,
            endpoint_configuration={"types": ["REGIONAL"]},
            disable_execute_api_endpoint=True if only_by_domain else None,
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.id: str = self.resource.id
        self._paths = ApiPaths(self, rest_api_id=self.id, root_resource_id=self.resource.root_resource_id)
        self._deployment = ApiDeployment(self, rest_api_id=self.id)
        self.stage, self.log_group = add_stage(
            self,
            name=name,
            rest_api_id=self.id,
            deployment=self._deployment.resource,
            open_to_anybody=authorization is Authorization.NONE,
            rate_limit=rate_limit,
            burst_limit=burst_limit,
            execution_log_level=execution_log_level,
            log_retention_days=log_retention_days,
            web_acl_arn=web_acl_arn,
            key=key,
        )
        self.url: str = self.stage.invoke_url
        if cors:
            self._deployment.wait_for(*add_error_answers(self, rest_api_id=self.id, cors=cors))
        add_alarms(self, name=name, topic=alarm_topic)
        self.api_key: ApiGatewayApiKey | None = (
            self._add_api_key(name) if authorization is Authorization.API_KEY else None
        )

    def on_request(
        self,
        function: PythonFunction,
        method: str,
        path: str,
        *,
        body_schema: Mapping[str, Any] | None = None,
        authorization: Authorization | Authorizer | None = None,
    ) -> None:
        """Answer requests of one method (`GET`, or `ANY`) on one path (`/`, `/items/{id}`, `/files/{proxy+}`) with a
        function.

        Makes the path, the method, the integration, and the permission for this route of this API only. `authorization`
        takes the place of the API's own for this route. With `body_schema` (JSON Schema draft 4, the one API Gateway
        knows) a JSON body that does not match is refused with 400 before the function runs. API Gateway validates
        `application/json` only, so the function has to check the content type, and the body, again:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
        Raises `ConfigurationError` for a method or path that API Gateway refuses, for a route that there is already,
        and for `OPTIONS` where `cors` answers it.
        """
        id_, route = self._add_method(method, path, body_schema, authorization)
        invoke_arn: str = function.invoke_arn
        integration = ApiGatewayIntegration(
            self,
            f"{id_}Integration",
            rest_api_id=self.id,
            resource_id=self._paths.resource_id(path),
            http_method=route.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=invoke_arn,
        )
        function.allow_invoke(
            f"InvokeFor{id_}",
            service="apigateway.amazonaws.com",
            source_arn=f"{self.resource.execution_arn}/{STAGE}/{permitted(method, path)}",
        )
        self._deployment.add(route, integration, invoke_arn=invoke_arn)
        self._allow_pages(method, path)

    def add_usage_plan(
        self,
        name: str,
        *,
        rate_limit: float = 10,
        burst_limit: int = 20,
        quota: Quota | None = None,
        keys: Sequence[str] = (),
    ) -> UsagePlan:
        """Limit what each holder of an API key may send, beside the limits that all share. `keys` names the holders.

        Raises `ConfigurationError` where the API does not ask for keys.
        """
        if self._authorization is not Authorization.API_KEY:
            raise ConfigurationError(
                f"{place_of(self)}: add_usage_plan needs callers with API keys; give the API "
                "authorization=Authorization.API_KEY"
            )
        plan = UsagePlan(
            self,
            f"UsagePlan{identify(name, self)}",
            name=f"{self._name}-{name}",
            rest_api_id=self.id,
            stage_name=self.stage.stage_name,
            rate_limit=rate_limit,
            burst_limit=burst_limit,
            quota=quota,
        )
        plan.add_keys(keys)
        return plan

    def add_domain(self, name: str, *, certificate_arn: str, base_path: str | None = None) -> ApiDomain:
        """Serve the API at a domain name of one's own (`api.example.com`), below `base_path` where that is given."""
        return ApiDomain(
            self,
            f"Domain{identify(name, self)}",
            name=name,
            certificate_arn=certificate_arn,
            rest_api_id=self.id,
            stage_name=self.stage.stage_name,
            base_path=base_path,
        )

    def _add_method(
        self,
        method: str,
        path: str,
        body_schema: Mapping[str, Any] | None,
        authorization: Authorization | Authorizer | None,
    ) -> tuple[str, ApiGatewayMethod]:
        """The method, and what the construct ids of a route begin with."""
        self._paths.check(method, path)
        if self._cors and method == "OPTIONS":
            raise ConfigurationError(
                f"{place_of(self)}: OPTIONS of {path} is answered by cors; leave out one of the two"
            )
        if (method, path) in self._routes:
            raise ConfigurationError(f"{place_of(self)}: {method} {path} has a target already; a route has one")
        self._routes.add((method, path))
        id_ = method.title() + self._paths.identify(path)
        route = ApiGatewayMethod(
            self,
            f"{id_}Method",
            rest_api_id=self.id,
            resource_id=self._paths.resource_id(path),
            http_method=method,
            **self._authorized(self._authorization if authorization is None else authorization),
            **self._validation(id_, body_schema),
        )
        if body_schema is None:
            accept(route, {"CKV2_AWS_53": "the function checks every request itself and says what is wrong with it"})
        return id_, route

    def _authorized(self, authorization: Authorization | Authorizer) -> dict[str, Any]:
        match authorization:
            case Authorization.IAM:
                return {"authorization": "AWS_IAM"}
            case Authorization.API_KEY:
                if self._authorization is not Authorization.API_KEY:
                    raise ConfigurationError(
                        f"{place_of(self)}: a route asks for API keys, and the API has none; give the API "
                        "authorization=Authorization.API_KEY"
                    )
                return {"authorization": "NONE", "api_key_required": True}
            case CognitoAuthorizer():
                return {
                    "authorization": "COGNITO_USER_POOLS",
                    "authorizer_id": self._authorizer(authorization).id,
                    "authorization_scopes": list(authorization.scopes) or None,
                }
            case LambdaAuthorizer():
                return {"authorization": "CUSTOM", "authorizer_id": self._authorizer(authorization).id}
            case _:
                return {"authorization": "NONE"}

    def _authorizer(self, asked: Authorizer) -> ApiGatewayAuthorizer:
        if asked.name in self._authorizers:
            known, made = self._authorizers[asked.name]
            if known != asked:
                raise ConfigurationError(f"{place_of(self)}: there are two authorizers of the name {asked.name!r}")
            return made
        limits.AUTHORIZER_NAME.check(self, "authorizer's name", asked.name)
        id_ = f"Authorizer{identify(asked.name, self)}"
        if isinstance(asked, CognitoAuthorizer):
            limits.USER_POOLS.check(self, "user_pool_arns", asked.user_pool_arns)
            made = ApiGatewayAuthorizer(
                self,
                id_,
                name=asked.name,
                rest_api_id=self.id,
                type="COGNITO_USER_POOLS",
                provider_arns=list(asked.user_pool_arns),
                identity_source="method.request.header.Authorization",
            )
        else:
            limits.AUTHORIZER_CACHE_SECONDS.check(self, "cache_seconds", asked.cache_seconds)
            limits.IDENTITY_SOURCES.check(self, "headers", asked.headers)
            made = ApiGatewayAuthorizer(
                self,
                id_,
                name=asked.name,
                rest_api_id=self.id,
                type="REQUEST",
                authorizer_uri=asked.function.invoke_arn,
                authorizer_result_ttl_in_seconds=asked.cache_seconds,
                identity_source=",".join(f"method.request.header.{header}" for header in asked.headers),
            )
            asked.function.allow_invoke(
                f"InvokeFor{id_}",
                service="apigateway.amazonaws.com",
                source_arn=f"{self.resource.execution_arn}/authorizers/{made.id}",
            )
        self._authorizers[asked.name] = (asked, made)
        self._deployment.wait_for(made)
        return made

    def _allow_pages(self, method: str, path: str) -> None:
        if self._cors is None:
            return
        if path not in self._preflights:
            made = Preflight(
                self,
                f"Preflight{self._paths.identify(path)}",
                rest_api_id=self.id,
                resource_id=self._paths.resource_id(path),
                cors=self._cors,
            )
            self._deployment.wait_for(*made.resources)
            self._preflights[path] = made
        self._preflights[path].allow(method)

    def _validation(self, id_: str, body_schema: Mapping[str, Any] | None) -> dict[str, Any]:
        if body_schema is None:
            return {}
        model = ApiGatewayModel(
            self,
            f"{id_}Model",
            rest_api_id=self.id,
            name=self._model_name(id_),
            content_type="application/json",
            schema=self._as_json(body_schema),
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
            self._deployment.wait_for(refusal)
        return {"request_models": {"application/json": model.name}, "request_validator_id": validator.id}

    def _model_name(self, id_: str) -> str:
        # https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html
        plain = re.sub("[^A-Za-z0-9]", "", id_)
        return f"{plain}Body" if plain == id_ else f"{plain}{digest(id_, self)}Body"

    def _as_json(self, schema: Mapping[str, Any]) -> str:
        try:
            text = json.dumps(schema, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{place_of(self)}: body_schema is no JSON: {error}") from error
        # Terraform would read a pattern such as ^${a}$ as an expression of its own.
        return text.replace("${", "$${").replace("%{", "%%{")

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
