import hashlib
from collections.abc import Mapping
from typing import Any

from sluice_functions import http

SCHEME = "bearer "
LONGEST_TOKEN = 200


def hash_of(event: Mapping[str, Any]) -> str | None:
    """The SHA-256 of the request's token; None if the header holds no bearer token."""
    given = http.header(event, "Authorization")
    token = given[len(SCHEME) :].strip()
    if not given.lower().startswith(SCHEME) or not 0 < len(token) <= LONGEST_TOKEN:
        return None
    return hashlib.sha256(token.encode()).hexdigest()


def decision(customer: str | None, method_arn: str) -> dict[str, Any]:
    """The answer to API Gateway: the caller may make this one request, or not (403).

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
    """
    effect = "Deny" if customer is None else "Allow"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": method_arn}
    return {
        "principalId": customer or "unknown",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
