import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from constructs import Construct

from . import _limits as limits
from ._checks import check_templates
from ._event_filters import OF_SUBSCRIPTIONS, OR, check_pattern
from ._paths import path
from .errors import ConfigurationError


def check_filter_policy(where: Construct, filter_policy: Mapping[str, Any], filter_scope: str) -> None:
    """Refuse filter policies that SNS refuses.

    https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    limits.FILTER_SCOPE.check(where, "filter_scope", filter_scope)
    check_templates(where, "filter_policy", filter_policy)
    check_pattern(where, "filter_policy", filter_policy, OF_SUBSCRIPTIONS)
    leaves = list(_leaves(filter_policy))
    limits.FILTER_KEYS.check(where, "filter_policy", {name for name, _, _ in leaves})
    if filter_scope == "MessageAttributes" and any(depth > 1 for _, _, depth in leaves):
        raise ConfigurationError(
            f"{path(where)}: filter_policy has names below others, which message attributes do not have; give the "
            "filter_scope MessageBody"
        )
    if filter_scope == "MessageAttributes":
        for names, _, _ in leaves:
            limits.ATTRIBUTE_OF_A_MESSAGE.check(where, "filter_policy", names[0])
    combinations = _combinations(filter_policy)
    if combinations > limits.FILTER_COMBINATIONS.highest:
        limits.FILTER_COMBINATIONS.check(where, "filter_policy (values of all keys, multiplied)", combinations)
    limits.FILTER_TEXT.check(where, "filter_policy", json.dumps(filter_policy))


def _leaves(policy: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Path, number of values and depth of every key that has values."""
    for name, allowed in policy.items():
        if name == OR:
            for alternative in allowed:
                yield from _leaves(alternative, above)
        elif isinstance(allowed, Mapping):
            yield from _leaves(allowed, (*above, name))
        else:
            yield (*above, name), len(allowed), len(above) + 1


def _combinations(policy: Mapping[str, Any]) -> int:
    """SNS's count of combinations: alternatives are added; the values of each key, times its depth, are multiplied."""
    plain = {name: allowed for name, allowed in policy.items() if name != OR}
    product = math.prod(values * depth for _, values, depth in _leaves(plain))
    alternatives = policy.get(OR, ())
    return product * (sum(map(_combinations, alternatives)) if alternatives else 1)
