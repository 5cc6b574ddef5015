import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import Token
from cdktf_cdktf_provider_aws.api_gateway_gateway_response import ApiGatewayGatewayResponse
from cdktf_cdktf_provider_aws.api_gateway_integration import ApiGatewayIntegration
from cdktf_cdktf_provider_aws.api_gateway_integration_response import ApiGatewayIntegrationResponse
from cdktf_cdktf_provider_aws.api_gateway_method import ApiGatewayMethod
from cdktf_cdktf_provider_aws.api_gateway_method_response import ApiGatewayMethodResponse
from constructs import Construct

from .accepted import accept
from .errors import ConfigurationError

ANY_ORIGIN = "*"
# The form that browsers send (https://fetch.spec.whatwg.org/#origin-header): lower-case, no path, no default port.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:[0-9]{1,5})?")
HEADER = re.compile(r"[A-Za-z0-9!#$%&*+.^_`|~-]+")
LONGEST_MAX_AGE = 86400  # seconds; browsers cap it: 7,200 (Chromium), 86,400 (Firefox)

# What signed requests, API keys and JSON need, by name for browsers that do not know the wildcard; the wildcard allows
# every other header, but never Authorization: https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Api-Key",
    "*",
)
ALL_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


@dataclass(frozen=True)
class Cors:
    """The web pages whose scripts may call an API, by origin (`https://app.example.com`).

    `origins` are compared in full; `*` alone admits every page. Pages may send `request_headers` and read
    `response_headers`; browsers remember a preflight's answer for `max_age_seconds` (0 to 86,400). Credentials that a
    browser adds by itself (cookies) are never allowed.
    Raises `ConfigurationError` for what no browser sends as an origin, and for what is no header's name.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
    """

    origins: Sequence[str]
    request_headers: Sequence[str] = REQUEST_HEADERS
    response_headers: Sequence[str] = ("x-amzn-ErrorType", "x-amzn-RequestId")
    max_age_seconds: int = 3600

    def __post_init__(self) -> None:
        if isinstance(self.origins, str) or not self.origins:
            raise ConfigurationError(
                f"cors: origins is {self.origins!r}; give a list such as ['https://app.example.com']"
            )
        for origin in self.origins:
            of_terraform = origin.startswith("${") and Token.is_unresolved(origin)
            known = of_terraform or origin == ANY_ORIGIN or ORIGIN.fullmatch(origin)
            if not known or re.search(r"^http:.*:80$|^https:.*:443$", origin):
                raise ConfigurationError(
                    f"cors: {origin!r} is not an origin; give it as browsers send it: scheme and host in lower case, "
                    "and a port only where it is not the scheme's own, such as https://app.example.com"
                )
        if ANY_ORIGIN in self.origins and len(self.origins) > 1:
            raise ConfigurationError(f"cors: origins are {list(self.origins)}; '*' admits every page, so give it alone")
        for header in (*self.request_headers, *self.response_headers):
            if not HEADER.fullmatch(header):
                raise ConfigurationError(f"cors: {header!r} is not the name of a header")
        if not 0 <= self.max_age_seconds <= LONGEST_MAX_AGE:
            raise ConfigurationError(
                f"cors: max_age_seconds is {self.max_age_seconds}; give 0 to {LONGEST_MAX_AGE} seconds"
            )

    @property
    def several(self) -> bool:
        """Whether the answer depends on the request's origin: `Access-Control-Allow-Origin` takes one value."""
        return len(self.origins) > 1

    @property
    def error_parameters(self) -> dict[str, str]:
        """Headers of the answers that API Gateway gives itself, as a gateway response has them.

        Gateway responses know no conditions. Where several origins are allowed, each request's own origin is returned:
        any page can then read these answers, which hold a fixed text and nothing about the caller, but it cannot send
        a request that a preflight has to permit, and nothing of the functions' answers.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
        """
        origin = "method.request.header.Origin" if self.several else f"'{self.origins[0]}'"
        return {
            "gatewayresponse.header.Access-Control-Allow-Origin": origin,
            **{f"gatewayresponse.header.{name}": value for name, value in self._of_every_answer().items()},
        }

    def _of_every_answer(self) -> dict[str, str]:
        exposed = {"Access-Control-Expose-Headers": f"'{','.join(self.response_headers)}'"}
        return (exposed if self.response_headers else {}) | ({"Vary": "'Origin'"} if self.several else {})

    @property
    def answer_parameters(self) -> dict[str, str]:
        """Headers of an integration response, for routes without a function."""
        headers = {"Access-Control-Allow-Origin": f"'{self.origins[0]}'", **self._of_every_answer()}
        return {f"method.response.header.{name}": value for name, value in headers.items()}

    def preflight_parameters(self, methods: Sequence[str]) -> dict[str, str]:
        """Headers of the integration response to a preflight."""
        headers = {
            "Access-Control-Allow-Origin": f"'{self.origins[0]}'",
            "Access-Control-Allow-Methods": f"'{','.join(sorted(methods))}'",
            "Access-Control-Allow-Headers": f"'{','.join(self.request_headers)}'",
            "Access-Control-Max-Age": f"'{self.max_age_seconds}'",
            **({"Vary": "'Origin'"} if self.several else {}),
        }
        return {f"method.response.header.{name}": value for name, value in headers.items()}

    @property
    def preflight_template(self) -> str:
        """Names the origin that asks, where it is one of the further origins; the first is the default.

        A header's name comes as the browser sent it: in lower case over HTTP/2.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html
        """
        lines = ["#set($headers = $input.params().header)"]
        for origin in self.origins[1:]:
            lines += [
                f"#if($headers.get('Origin') == '{origin}' || $headers.get('origin') == '{origin}')",
                f"#set($context.responseOverride.header.Access-Control-Allow-Origin = '{origin}')",
                "#end",
            ]
        return "\n".join(lines)


class Preflight(Construct):
    """Answers the preflights (OPTIONS) of one path of an API, without a function and without authorization.

    Browsers send no credentials with a preflight; what the other methods of the path require stays as it is.
    """

    def __init__(self, scope: Construct, id_: str, *, rest_api_id: str, resource_id: str, cors: Cors) -> None:
        super().__init__(scope, id_)
        self._cors = cors
        self._methods: set[str] = set()
        method = ApiGatewayMethod(
            self,
            "Method",
            rest_api_id=rest_api_id,
            resource_id=resource_id,
            http_method="OPTIONS",
            authorization="NONE",
        )
        accept(method, {"CKV2_AWS_53": "a preflight has no body, and of what it sends only the origin is looked at"})
        of_method: dict[str, Any] = {
            "rest_api_id": rest_api_id,
            "resource_id": resource_id,
            "http_method": method.http_method,
        }
        integration = ApiGatewayIntegration(
            self,
            "Integration",
            **of_method,
            type="MOCK",
            request_templates={"application/json": json.dumps({"statusCode": 204})},
            # Without it, an API with binary media types would not process the template.
            content_handling="CONVERT_TO_TEXT",
        )
        response = ApiGatewayMethodResponse(
            self,
            "MethodResponse",
            **of_method,
            status_code="204",
            response_parameters=dict.fromkeys(cors.preflight_parameters([]), True),
        )
        self._answer = ApiGatewayIntegrationResponse(
            self,
            "IntegrationResponse",
            **of_method,
            status_code=response.status_code,
            response_templates={"application/json": cors.preflight_template} if cors.several else None,
            depends_on=[integration],
        )
        self.resources = (method, integration, response, self._answer)

    def allow(self, method: str) -> None:
        """Allow pages to send a method to the path; `ANY` stands for all methods."""
        self._methods.update(ALL_METHODS if method == "ANY" else [method])
        self._answer.response_parameters = self._cors.preflight_parameters([*self._methods, "OPTIONS"])


def add_error_answers(api: Construct, *, rest_api_id: str, cors: Cors) -> list[ApiGatewayGatewayResponse]:
    """Allow pages to read API Gateway's own errors (403, 413, 429, 504), which no function sees."""
    return [
        ApiGatewayGatewayResponse(
            api,
            f"Errors{family.title()}",
            rest_api_id=rest_api_id,
            response_type=f"DEFAULT_{family}",
            response_parameters=cors.error_parameters,
            # API Gateway's default text.
            response_templates={"application/json": '{"message":$context.error.messageString}'},
        )
        for family in ("4XX", "5XX")
    ]
