"""Authorization of an API's routes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from cdktf_cdktf_provider_aws.api_gateway_authorizer import ApiGatewayAuthorizer
from cdktf_cdktf_provider_aws.api_gateway_rest_api import ApiGatewayRestApi
from constructs import Construct

from . import _limits as limits
from ._api_deployment import ApiDeployment
from ._identifiers import identify
from ._paths import path as place_of
from .errors import ConfigurationError
from .function import PythonFunction


class Authorization(Enum):
    """Who may call an API: callers that sign their requests (IAM), holders of an API key, or anybody."""

    IAM = "iam"
    API_KEY = "api_key"
    NONE = "none"


@dataclass(frozen=True)
class CognitoAuthorizer:
    """Callers send a token of a Cognito user pool in the header `Authorization`.

    With `scopes` it is an access token that has one of them, without it is an identity token. `name` tells the API's
    authorizers apart; two routes may ask one authorizer for different scopes.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
    """

    name: str
    user_pool_arns: Sequence[str]
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class LambdaAuthorizer:
    """A function decides: it gets the whole request and answers with a policy.

    API Gateway refuses a request without one of the `headers` (401) before it asks. Its answers are remembered for
    `cache_seconds` (0 to 3,600) by the values of these headers; the default is not to remember them, since a remembered
    policy has to cover every route that the caller may use.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """

    name: str
    function: PythonFunction
    headers: Sequence[str] = ("Authorization",)
    cache_seconds: int = 0


Authorizer = CognitoAuthorizer | LambdaAuthorizer


class Callers:
    """The authorization of the routes of one API. `keyed` says whether the API itself asks for keys."""

    def __init__(
        self, scope: Construct, *, api: ApiGatewayRestApi, deployment: ApiDeployment, keyed: Authorization
    ) -> None:
        self._scope = scope
        self._api = api
        self._deployment = deployment
        self._keyed = keyed is Authorization.API_KEY
        self._authorizers: dict[str, tuple[Authorizer, ApiGatewayAuthorizer]] = {}

    def of_method(self, authorization: Authorization | Authorizer) -> dict[str, Any]:
        """The authorization arguments of a method."""
        match authorization:
            case Authorization.IAM:
                return {"authorization": "AWS_IAM"}
            case Authorization.API_KEY:
                if not self._keyed:
                    raise ConfigurationError(
                        f"{place_of(self._scope)}: a route asks for API keys, and the API has none; give the API "
                        "authorization=Authorization.API_KEY"
                    )
                return {"authorization": "NONE", "api_key_required": True}
            case CognitoAuthorizer():
                for scope in authorization.scopes:
                    limits.OAUTH_SCOPE.check(self._scope, "scopes", scope)
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
            if _without_scopes(known) != _without_scopes(asked):
                raise ConfigurationError(
                    f"{place_of(self._scope)}: there are two authorizers of the name {asked.name!r}"
                )
            return made
        limits.AUTHORIZER_NAME.check(self._scope, "authorizer's name", asked.name)
        id_ = f"Authorizer{identify(asked.name, self._scope)}"
        made = self._cognito(id_, asked) if isinstance(asked, CognitoAuthorizer) else self._function(id_, asked)
        self._authorizers[asked.name] = (asked, made)
        self._deployment.wait_for(made)
        return made

    def _cognito(self, id_: str, asked: CognitoAuthorizer) -> ApiGatewayAuthorizer:
        limits.USER_POOLS.check(self._scope, "user_pool_arns", asked.user_pool_arns)
        for arn in asked.user_pool_arns:
            limits.USER_POOL_ARN.check(self._scope, "user_pool_arns", arn)
        return ApiGatewayAuthorizer(
            self._scope,
            id_,
            name=asked.name,
            rest_api_id=self._api.id,
            type="COGNITO_USER_POOLS",
            provider_arns=list(asked.user_pool_arns),
            identity_source="method.request.header.Authorization",
        )

    def _function(self, id_: str, asked: LambdaAuthorizer) -> ApiGatewayAuthorizer:
        limits.AUTHORIZER_CACHE_SECONDS.check(self._scope, "cache_seconds", asked.cache_seconds)
        limits.IDENTITY_SOURCES.check(self._scope, "headers", asked.headers)
        for header in asked.headers:
            limits.HEADER_NAME.check(self._scope, "headers", header)
        if len({header.lower() for header in asked.headers}) < len(asked.headers):
            raise ConfigurationError(f"{place_of(self._scope)}: headers of {asked.name!r} names one header twice")
        made = ApiGatewayAuthorizer(
            self._scope,
            id_,
            name=asked.name,
            rest_api_id=self._api.id,
            type="REQUEST",
            authorizer_uri=asked.function.invoke_arn,
            authorizer_result_ttl_in_seconds=asked.cache_seconds,
            identity_source=",".join(f"method.request.header.{header}" for header in asked.headers),
        )
        asked.function.allow_invoke(
            f"InvokeFor{id_}",
            service="apigateway.amazonaws.com",
            source_arn=f"{self._api.execution_arn}/authorizers/{made.id}",
            source=self._scope,
        )
        return made


def _without_scopes(authorizer: Authorizer) -> Authorizer:
    """The authorizer itself: scopes belong to each route."""
    return replace(authorizer, scopes=()) if isinstance(authorizer, CognitoAuthorizer) else authorizer
