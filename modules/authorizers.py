"""Who may call a route of an API, where IAM and API keys are not the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from .function import PythonFunction


@dataclass(frozen=True)
class CognitoAuthorizer:
    """Callers send a token of a Cognito user pool in the header `Authorization`.

    With `scopes` it is an access token that has one of them, without it is an identity token. `name` tells the API's
    authorizers apart.
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
