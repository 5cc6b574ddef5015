"""Authorizers of REST APIs, completed where ministack 1.5.33 is not like API Gateway.

It asks a function about a request without its identity sources when the answers are not cached; API Gateway answers 401
whenever one of them is missing: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html

It fetches the keys of a Cognito user pool over HTTP from itself, which serves TLS, so that every token is refused. And
it takes any token of the pool; API Gateway takes identity tokens for methods without scopes, and access tokens for
methods with scopes, and names an expired one:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

import json
import re
import time
from typing import Any

from ministack.services import apigateway, apigateway_v1

from completing import existing

# Where ministack looks for the keys of a pool of its own.
POOL_KEYS = re.compile(r"http://[^/]+/([\w-]+_\w+)/\.well-known/jwks\.json")
EXPIRED = "The incoming token has expired"

_plain_authorize = existing(apigateway_v1, "_authorize_request_v1")
_plain_cognito = existing(apigateway_v1, "_validate_cognito_authorizer")
_plain_keys = existing(apigateway, "_fetch_jwks")
_identity_sources = existing(apigateway_v1, "_request_identity_sources")
_gateway_error = existing(apigateway_v1, "_gw_error")
_token = existing(apigateway_v1, "_cognito_token_from_request")
_decoded = existing(apigateway_v1, "_b64url_decode")
existing(apigateway_v1, "_fetch_jwks")


async def _authorize(
    api_id: str, stage_name: str, method: Any, verb: str, path: str, resource: Any, headers: Any, body: bytes,
    query: Any, path_parameters: Any, stage: Any, *owner: Any,
) -> Any:  # fmt: skip
    authorizer = apigateway_v1._authorizers_v1.get(api_id, {}).get(method.get("authorizerId")) or {}
    if method.get("authorizationType") == "CUSTOM" and authorizer.get("type") == "REQUEST":
        complete, _ = _identity_sources(authorizer.get("identitySource"), headers, query, stage)
        if not complete:
            return _gateway_error("UNAUTHORIZED", "Unauthorized"), None
    return await _plain_authorize(
        api_id, stage_name, method, verb, path, resource, headers, body, query, path_parameters, stage, *owner
    )


async def _validate(authorizer: Any, method: Any, headers: Any, query: Any, stage: Any) -> Any:
    claims, error = await _plain_cognito(authorizer, method, headers, query, stage)
    if error is not None:
        return None, _expired(authorizer, headers, query, stage) or error
    if claims.get("token_use") != ("access" if method.get("authorizationScopes") else "id"):
        return None, _gateway_error("UNAUTHORIZED", "Unauthorized")
    return claims, None


def _expired(authorizer: Any, headers: Any, query: Any, stage: Any) -> Any:
    try:
        claims = json.loads(_decoded((_token(authorizer, headers, query, stage) or "").split(".")[1]))
        expired = claims["exp"] <= time.time()
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return _gateway_error("UNAUTHORIZED", EXPIRED) if expired else None


async def _keys(url: str) -> Any:
    pool = POOL_KEYS.fullmatch(url)
    if pool is None:
        return await _plain_keys(url)
    # Not at the start: it makes a key, in a sixth of the time of the whole start.
    from ministack.services import cognito

    _status, _headers, body = existing(cognito, "well_known_jwks")(pool[1])
    return json.loads(body)


apigateway_v1._authorize_request_v1 = _authorize
apigateway_v1._validate_cognito_authorizer = _validate
apigateway._fetch_jwks = _keys
apigateway_v1._fetch_jwks = _keys
