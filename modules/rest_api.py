from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_base_path_mapping import ApiGatewayBasePathMapping
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import ApiGatewayUsagePlan, ApiGatewayUsagePlanApiStages
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from constructs import Construct

from . import _limits as limits
from ._api_bodies import BodyChecks
from ._api_deployment import ApiDeployment
from ._api_paths import ApiPaths, permitted
from ._api_stage import STAGE, add_alarms, add_stage
from ._identifiers import identify
from ._message_attributes import check_message_attributes
from ._paths import path as place_of
from ._queue_route import QueueSender, send_to_queue
from ._validation import require
from .accepted import accept
from .alarms import AlarmTopic
from .api_domain import ApiDomain, check_base_path, check_reserved_paths
from .authorizers import Authorization, Authorizer, Callers
from .cors import Cors, Preflight, add_error_answers
from .errors import ConfigurationError
from .function import PythonFunction
from .key import AnyKey
from .queue import AnyQueue
from .usage_plan import Quota, UsagePlan

__all__ = ["STAGE", "Authorization", "RestApi"]

# Routes of one API that get a permission of their own for a function; all further ones share one.
MOST_PERMISSIONS = 12


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
        alarm_topic: AlarmTopic | None = None,
        web_acl_arn: str | None = None,
        key: AnyKey | None = None,
        cors: Cors | None = None,
        only_by_domain: bool = False,
    ) -> None:
        super().__init__(scope, id_)
        limits.API_NAME.check(self, "name", name)
        limits.RATE_LIMIT.check(self, "rate_limit", rate_limit)
        limits.BURST_LIMIT.check(self, "burst_limit", burst_limit)
        limits.EXECUTION_LOG_LEVEL.check(self, "execution_log_level", execution_log_level)
        limits.LOG_RETENTION_DAYS.check(self, "log_retention_days", log_retention_days)
        if web_acl_arn is not None:
            limits.REGIONAL_WEB_ACL.check(self, "web_acl_arn", web_acl_arn)
        self._name = name
        self._authorization = authorization
        self._cors = cors
        self._preflights: dict[str, Preflight] = {}
        self._routes: set[tuple[str, str]] = set()
        self._sender: QueueSender | None = None
        self._plans: set[str] = set()
        self._domains: set[str] = set()
        self._permitted: dict[PythonFunction, set[str]] = {}
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
        self._execution_arn: str = self.resource.execution_arn
        self._paths = ApiPaths(self, rest_api_id=self.id, root_resource_id=self.resource.root_resource_id)
        self._deployment = ApiDeployment(self, rest_api_id=self.id)
        self._bodies = BodyChecks(self, rest_api_id=self.id, deployment=self._deployment, cors=cors)
        self._callers = Callers(self, api=self.resource, deployment=self._deployment, keyed=authorization)
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
        # API Gateway refuses a deployment without methods: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html
        require(self, lambda: bool(self._routes), "the API has no route; add one by on_request")
        self.api_key: ApiGatewayApiKey | None = (
            self._add_api_key(name) if authorization is Authorization.API_KEY else None
        )

    def on_request(
        self,
        target: PythonFunction | AnyQueue,
        method: str,
        path: str,
        *,
        body_schema: Mapping[str, Any] | None = None,
        authorization: Authorization | Authorizer | None = None,
        message_attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Answer requests of one method (`GET`, or `ANY`) on one path (`/`, `/items/{id}`, `/files/{proxy+}`) with a
        function, or send their bodies to a queue.

        Makes the path, the method, the integration, and the permission for this route of this API only (for a queue a
        role that may send to it). A queue's route takes JSON and answers 202 with the message's id, 400 where SQS
        refuses the body, and 502 where it fails. The message is the body as it came; `message_attributes` adds other
        parts of the request, by API Gateway's names (`{"signature": "method.request.header.X-Signature"}`, or
        `.path.id`, `.querystring.page`): a request without one of them is refused with 400. `authorization`
        takes the place of the API's own for this route. With `body_schema` (JSON Schema draft 4, the one API Gateway
        knows) a JSON body that does not match is refused with 400 before the function runs. API Gateway validates
        `application/json` only, so the function has to check the content type, and the body, again:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
        Raises `ConfigurationError` for a method or path that API Gateway refuses, for a route that there is already,
        for `OPTIONS` where `cors` answers it, for a FIFO queue, and for message attributes that SQS refuses or that
        nothing could take.
        """
        attributes = message_attributes or {}
        if attributes and not isinstance(target, AnyQueue):
            raise ConfigurationError(
                f"{place_of(self)}: message_attributes are for a route to a queue; {place_of(target)} gets the whole "
                "request"
            )
        self._paths.check(method, path)
        if body_schema is not None and method in ("GET", "HEAD"):
            raise ConfigurationError(
                f"{place_of(self)}: {method} {path} has a body_schema, which refuses requests without a body: those of "
                "this method have none"
            )
        check_message_attributes(self, path, attributes)
        id_, route = self._add_method(method, path, body_schema, authorization, tuple(attributes.values()))
        if isinstance(target, AnyQueue):
            self._sender = self._sender or QueueSender(self, "QueueSender", name=f"{self._name}-send")
            made = send_to_queue(
                self,
                id_,
                rest_api_id=self.id,
                route=route,
                method=method,
                resource_id=self._paths.resource_id(path),
                queue=target,
                sender=self._sender,
                cors=self._cors,
                message_attributes=attributes,
            )
            self._deployment.add(route, *made)
        else:
            self._call(target, id_, route, method, path)
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

        Raises `ConfigurationError` where the API does not ask for keys, and for a second plan of one name.
        """
        if self._authorization is not Authorization.API_KEY:
            raise ConfigurationError(
                f"{place_of(self)}: add_usage_plan needs callers with API keys; give the API "
                "authorization=Authorization.API_KEY"
            )
        if name in self._plans:
            raise ConfigurationError(f"{place_of(self)}: there is a usage plan {name!r} already; give it another name")
        self._plans.add(name)
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
        """Serve the API at a custom domain name (`api.example.com`), below `base_path` where that is given.

        Raises `ConfigurationError` for a name that is no domain's, and for one that the API has already.
        """
        check_reserved_paths(self, self._routes)
        if name in self._domains:
            raise ConfigurationError(
                f"{place_of(self)}: it has the domain {name} already; add a base path by use_domain"
            )
        self._domains.add(name)
        return ApiDomain(
            self,
            f"Domain{identify(name, self)}",
            name=name,
            certificate_arn=certificate_arn,
            rest_api_id=self.id,
            stage_name=self.stage.stage_name,
            base_path=base_path,
        )

    def use_domain(self, domain: ApiDomain, *, base_path: str | None = None) -> None:
        """Serve the API at the custom domain of another API, below a `base_path` of its own; or below a further one.

        Raises `ConfigurationError` for a base path that API Gateway refuses, and at synth for one that is taken.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
        """
        check_reserved_paths(self, self._routes)
        check_base_path(self, base_path)
        self._domains.add(domain.name)
        address = f"{domain.name}/{base_path or ''}"
        ApiGatewayBasePathMapping(
            self,
            f"Mapping{identify(address, self)}",
            api_id=self.id,
            stage_name=self.stage.stage_name,
            domain_name=domain.resource.domain_name,
            base_path=base_path,
        )

    def _add_method(
        self,
        method: str,
        path: str,
        body_schema: Mapping[str, Any] | None,
        authorization: Authorization | Authorizer | None,
        parameters: Sequence[str],
    ) -> tuple[str, ApiGatewayMethod]:
        """The method, and the beginning of the route's construct ids."""
        if self._cors and method == "OPTIONS":
            raise ConfigurationError(
                f"{place_of(self)}: OPTIONS of {path} is answered by cors; leave out one of the two"
            )
        if (method, path) in self._routes:
            raise ConfigurationError(f"{place_of(self)}: {method} {path} has a target already; a route has one")
        self._routes.add((method, path))
        if self._domains:
            check_reserved_paths(self, self._routes)
        id_ = method.title() + self._paths.identify(path)
        asked = self._authorization if authorization is None else authorization
        route = ApiGatewayMethod(
            self,
            f"{id_}Method",
            rest_api_id=self.id,
            resource_id=self._paths.resource_id(path),
            http_method=method,
            **self._callers.of_method(asked),
            **self._bodies.of_method(id_, body_schema, parameters),
        )
        if asked is Authorization.NONE:
            accept(route, {"CKV_AWS_59": "`Authorization.NONE` asks for it: anybody may call this route"})
        if body_schema is None and not parameters:
            accept(route, {"CKV2_AWS_53": "the function checks every request itself and says what is wrong with it"})
        return id_, route

    def _call(self, function: PythonFunction, id_: str, route: ApiGatewayMethod, method: str, path: str) -> None:
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
        self._permit(function, id_, permitted(method, path))
        self._deployment.add(route, integration, invoke_arn=invoke_arn)

    def _permit(self, function: PythonFunction, id_: str, route: str) -> None:
        """Let this route invoke the function; beyond a few routes allow all of the API: a function's policy is limited
        in size.
        """
        routes = self._permitted.setdefault(function, set())
        routes.add(route)
        whole = len(routes) > MOST_PERMISSIONS
        function.allow_invoke(
            f"InvokeFor{'AllRoutes' if whole else id_}",
            service="apigateway.amazonaws.com",
            source_arn=f"{self._execution_arn}/{STAGE}/{'*/*' if whole else route}",
            source=self,
        )

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

    def _add_api_key(self, name: str) -> ApiGatewayApiKey:
        key = ApiGatewayApiKey(self, "ApiKey", name=name)
        plan = ApiGatewayUsagePlan(
            self,
            "UsagePlan",
            name=name,
            # A plain dict works for a single block, but not in a list of blocks.
            api_stages=[ApiGatewayUsagePlanApiStages(api_id=self.id, stage=self.stage.stage_name)],
        )
        ApiGatewayUsagePlanKey(self, "UsagePlanKey", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id)
        return key
