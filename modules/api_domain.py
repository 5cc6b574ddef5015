import re
from collections.abc import Iterable

from cdktf_cdktf_provider_aws.api_gateway_base_path_mapping import ApiGatewayBasePathMapping
from cdktf_cdktf_provider_aws.api_gateway_domain_name import ApiGatewayDomainName
from constructs import Construct

from . import _limits as limits
from ._checks import is_token, refuse
from ._paths import path
from .errors import ConfigurationError

# https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
CERTIFICATE_ARN = re.compile(r"arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+")
BASE_PATH = re.compile(r"[A-Za-z0-9$._+!*'()-]{1,300}")

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
RESERVED_PATHS = ("/ping", "/sping")


def check_reserved_paths(api: Construct, routes: Iterable[tuple[str, str]]) -> None:
    """Raises `ConfigurationError` for routes that API Gateway answers itself at custom domains."""
    for method, route_path in routes:
        if route_path in RESERVED_PATHS:
            raise ConfigurationError(
                f"{path(api)}: API Gateway answers {route_path} of a custom domain itself, for health checks; give "
                f"{method} {route_path} another path"
            )


def check_base_path(where: Construct, base_path: str | None) -> None:
    """Raises `ConfigurationError` for a base path that API Gateway refuses."""
    if base_path is not None and not is_token(base_path) and not BASE_PATH.fullmatch(base_path):
        raise refuse(where, "base_path", base_path, "1 to 300 letters, digits and $ - _ . + ! * ' ( ), without slashes")


class ApiDomain(Construct):
    """A custom domain name for an API, with a certificate of AWS Certificate Manager in the API's region.

    Refuses TLS below 1.2. DNS has to point to it: an alias record for `name` to `target` in the hosted zone
    `target_zone_id`. Made by `RestApi.add_domain`; other APIs, and further base
    paths, share it by `RestApi.use_domain`.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        certificate_arn: str,
        rest_api_id: str,
        stage_name: str,
        base_path: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        limits.DOMAIN_NAME.check(self, "name", name)
        check_base_path(self, base_path)
        if not is_token(certificate_arn) and not CERTIFICATE_ARN.fullmatch(certificate_arn):
            raise refuse(
                self, "certificate_arn", certificate_arn, "the ARN of a certificate of AWS Certificate Manager"
            )
        self.name = name
        self.resource = ApiGatewayDomainName(
            self,
            "DomainName",
            domain_name=name,
            regional_certificate_arn=certificate_arn,
            security_policy="TLS_1_2",
            endpoint_configuration={"types": ["REGIONAL"]},
        )
        ApiGatewayBasePathMapping(
            self,
            "Mapping",
            api_id=rest_api_id,
            stage_name=stage_name,
            domain_name=self.resource.domain_name,
            base_path=base_path,
        )
        self.target: str = self.resource.regional_domain_name
        self.target_zone_id: str = self.resource.regional_zone_id
