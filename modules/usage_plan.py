from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.api_gateway_api_key import ApiGatewayApiKey
from cdktf_cdktf_provider_aws.api_gateway_usage_plan import (
    ApiGatewayUsagePlan,
    ApiGatewayUsagePlanApiStages,
)
from cdktf_cdktf_provider_aws.api_gateway_usage_plan_key import ApiGatewayUsagePlanKey
from constructs import Construct

from . import _limits as limits
from ._checks import is_token
from ._identifiers import identify
from ._paths import path
from .errors import ConfigurationError


@dataclass(frozen=True)
class Quota:
    """The most requests that one key may send in a `period`: `DAY`, `WEEK` or `MONTH`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
    """

    requests: int
    period: str = "MONTH"


class UsagePlan(Construct):
    """How much each holder of one of its API keys may call an API: `rate_limit` requests a second, bursts of
    `burst_limit`, and at most `quota`. Made by `RestApi.add_usage_plan`.

    The limits hold for each key by itself. They are targets, not guarantees: AWS says not to rely on them for cost
    control or to block access.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        rest_api_id: str,
        stage_name: str,
        rate_limit: float,
        burst_limit: int,
        quota: Quota | None = None,
    ) -> None:
        super().__init__(scope, id_)
        limits.RATE_LIMIT.check(self, "rate_limit", rate_limit)
        limits.BURST_LIMIT.check(self, "burst_limit", burst_limit)
        if quota:
            limits.QUOTA_REQUESTS.check(self, "quota.requests", quota.requests)
            limits.QUOTA_PERIOD.check(self, "quota.period", quota.period)
        self._name = name
        self._keys: set[str] = set()
        self.resource = ApiGatewayUsagePlan(
            self,
            "Plan",
            name=name,
            # A plain dict works for a single block, not in a list of them.
            api_stages=[ApiGatewayUsagePlanApiStages(api_id=rest_api_id, stage=stage_name)],
            throttle_settings={"rate_limit": rate_limit, "burst_limit": burst_limit},
            quota_settings={"limit": quota.requests, "period": quota.period} if quota else None,
        )

    def add_keys(self, names: Sequence[str]) -> list[ApiGatewayApiKey]:
        """An API key for each caller, by name. Values are made by AWS: `aws apigateway get-api-key --include-value`.

        Raises `ConfigurationError` for a name that the plan has already.
        """
        return [self._add_key(name) for name in names]

    def _add_key(self, name: str) -> ApiGatewayApiKey:
        limits.API_KEY_NAME.check(self, "key", name)
        if name in self._keys:
            raise ConfigurationError(f"{path(self)}: there are two keys of the name {name!r}; give each its own")
        self._keys.add(name)
        id_ = identify(name, self)
        key = ApiGatewayApiKey(self, f"Key{id_}", name=name if is_token(name) else f"{self._name}-{name}")
        ApiGatewayUsagePlanKey(
            self, f"KeyOfPlan{id_}", key_id=key.id, key_type="API_KEY", usage_plan_id=self.resource.id
        )
        return key
