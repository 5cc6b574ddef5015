import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from constructs import Construct

from . import _limits as limits
from ._checks import check_templates, is_token
from ._paths import path
from .errors import ConfigurationError


def check_filter_policy(where: Construct, filter_policy: Mapping[str, Any], filter_scope: str) -> None:
    """Refuse what SNS refuses of a subscription's filter policy.

    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    limits.FILTER_SCOPE.check(where, "filter_scope", filter_scope)
    nested = filter_scope == "MessageBody"
    values = list(_values(where, filter_policy, nested=nested))
    limits.FILTER_KEYS.check(where, "filter_policy", values)
    combinations = math.prod(len(allowed) * depth for allowed, depth in values)
    if combinations > limits.FILTER_COMBINATIONS.highest:
        limits.FILTER_COMBINATIONS.check(where, "filter_policy (values of all keys, multiplied)", combinations)
    check_templates(where, "filter_policy", filter_policy)
    limits.FILTER_TEXT.check(where, "filter_policy", json.dumps(filter_policy))


def _values(
    where: Construct, policy: Mapping[str, Any], *, nested: bool, depth: int = 1
) -> Iterator[tuple[list[Any], int]]:
    for name, allowed in policy.items():
        if is_token(allowed):
            continue
        if isinstance(allowed, Mapping) and nested:
            yield from _values(where, allowed, nested=True, depth=depth + 1)
        elif isinstance(allowed, list | tuple) and allowed:
            yield list(allowed), depth
        else:
            raise ConfigurationError(
                f"{path(where)}: filter_policy has {allowed!r} for {name!r}; give a list of the accepted values"
                + ("" if nested or not isinstance(allowed, Mapping) else ", or the filter_scope MessageBody")
            )
