"""Application Auto Scaling's control plane, which ministack 1.5.33 does not have. Targets and policies scale nothing.

https://docs.aws.amazon.com/autoscaling/application/APIReference/Welcome.html
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from ministack import app as ministack_app
from ministack.core import iam_actions, router
from ministack.core.responses import get_account_id, get_region

SERVICE = "application-autoscaling"
OF_A_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")

Values = dict[str, Any]
Key = tuple[str, ...]

# Targets and policies by account, region and identifying fields.
_targets: dict[Key, Values] = {}
_policies: dict[Key, Values] = {}
_tags: dict[str, dict[str, str]] = {}


class NotThere(LookupError):
    """The target or policy does not exist."""


async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    """Request handler with the signature of ministack's services."""
    del method, path, query_params
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in OPERATIONS:
        return _answer(400, {"__type": "ValidationException", "message": f"{operation} is not emulated"})
    try:
        return _answer(200, OPERATIONS[operation](json.loads(body or b"{}")))
    except NotThere as error:
        return _answer(400, {"__type": "ObjectNotFoundException", "message": str(error)})


def _answer(status: int, content: Values) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()


def _key(values: Values, *more: str) -> Key:
    return (get_account_id(), get_region(), *(values.get(name, "") for name in (*OF_A_TARGET, *more)))


def _register(values: Values) -> Values:
    key = _key(values)
    kept = _targets.setdefault(
        key,
        {
            "CreationTime": time.time(),
            "ScalableTargetARN": f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:scalable-target/{uuid4().hex}",
            "RoleARN": f"arn:aws:iam::{get_account_id()}:role/aws-service-role/{SERVICE}.amazonaws.com/AutoScaling",
            "SuspendedState": {},
        },
    )
    _tags.setdefault(kept["ScalableTargetARN"], {}).update(values.pop("Tags", {}))
    kept |= values
    return {"ScalableTargetARN": kept["ScalableTargetARN"]}


def _deregister(values: Values) -> Values:
    if _targets.pop(_key(values), None) is None:
        raise NotThere("No scalable target found")
    for key in [key for key in _policies if key[: len(_key(values))] == _key(values)]:
        del _policies[key]
    return {}


def _put_policy(values: Values) -> Values:
    if _key(values) not in _targets:
        raise NotThere("No scalable target registered")
    key = _key(values, "PolicyName")
    arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid4()}:{values['PolicyName']}"
    _policies.setdefault(key, {"CreationTime": time.time(), "PolicyARN": arn, "Alarms": []}).update(values)
    return {"PolicyARN": _policies[key]["PolicyARN"], "Alarms": []}


def _delete_policy(values: Values) -> Values:
    if _policies.pop(_key(values, "PolicyName"), None) is None:
        raise NotThere("No scaling policy found")
    return {}


def _asked(kept: dict[Key, Values], values: Values, lists: dict[str, str]) -> Iterator[Values]:
    for key, one in kept.items():
        exact = all(one.get(name) == values[name] for name in OF_A_TARGET if values.get(name))
        listed = all(one.get(name) in values[among] for among, name in lists.items() if values.get(among))
        if key[:2] == (get_account_id(), get_region()) and exact and listed:
            yield one


def _tag(arn: str, tags: dict[str, str]) -> Values:
    _tags.setdefault(arn, {}).update(tags)
    return {}


def _untag(arn: str, names: list[str]) -> Values:
    for name in names:
        _tags.get(arn, {}).pop(name, None)
    return {}


OPERATIONS: dict[str, Callable[[Values], Values]] = {
    "RegisterScalableTarget": _register,
    "DeregisterScalableTarget": _deregister,
    "DescribeScalableTargets": lambda values: {
        "ScalableTargets": list(_asked(_targets, values, {"ResourceIds": "ResourceId"}))
    },
    "PutScalingPolicy": _put_policy,
    "DeleteScalingPolicy": _delete_policy,
    "DescribeScalingPolicies": lambda values: {
        "ScalingPolicies": list(_asked(_policies, values, {"PolicyNames": "PolicyName"}))
    },
    "ListTagsForResource": lambda values: {"Tags": _tags.get(values["ResourceARN"], {})},
    "TagResource": lambda values: _tag(values["ResourceARN"], values["Tags"]),
    "UntagResource": lambda values: _untag(values["ResourceARN"], values["TagKeys"]),
}

ministack_app.SERVICE_HANDLERS[SERVICE] = handle_request
router.SERVICE_PATTERNS[SERVICE] = {"target_prefixes": ["AnyScaleFrontendService"], "credential_scope": SERVICE}
iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
