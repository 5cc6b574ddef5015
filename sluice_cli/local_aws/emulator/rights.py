"""Permissions for what AWS services and functions' roles do by themselves: ministack 1.5.33 checks IAM for requests
only, not for calls of one service to another.
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms, lambda_svc, sns, sqs

from completing import existing

EvalContext = existing(iam_evaluator, "EvalContext")
_evaluate = existing(iam_evaluator, "evaluate")
_evaluate_resource_policy = existing(iam_evaluator, "evaluate_resource_policy")
_combine = existing(iam_evaluator, "combine_resource_policy")
_resource_policy = existing(iam_evaluator, "_resource_policy")
_role_policies = existing(iam_evaluator, "_gather_role_policies")
_boundary = existing(iam_evaluator, "_permissions_boundary")
_key = existing(kms, "_resolve_key")

# Principals whose resource policies must also allow what their identity policies allow.
POLICY_REQUIRED = frozenset({"kms"})


def service_may(policy: Any, service: str, action: str, resource: str, source_arn: str = "") -> bool:
    """Whether a resource's policy lets an AWS service act on it for a source: a bucket, a topic, a rule, an alarm."""
    source = {"aws:sourcearn": source_arn} if source_arn else {}
    account = get_account_id()
    context = EvalContext(
        # The service itself, not a principal of the account.
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={**source, "aws:sourceaccount": account, "aws:sourceowner": account},
    )
    return bool(_evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def service_may_use_key(key_id: str, service: str, source_arn: str = "") -> bool:
    """Whether an AWS service may encrypt what it sends with a key. AWS managed keys admit no other service.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    if not key_id:
        return True
    key = _key(key_id)
    if key is None:
        return False
    actions = ("kms:GenerateDataKey", "kms:Decrypt")
    return all(service_may(key.get("Policy"), service, action, key["Arn"], source_arn) for action in actions)


def service_may_take(role_arn: str, service: str, source_arn: str = "") -> bool:
    """Whether a role's trust policy lets an AWS service assume it."""
    role = _role(role_arn)
    if role is None:
        return False
    trust = role["AssumeRolePolicyDocument"]
    document = json.loads(trust) if isinstance(trust, str) else trust
    statements = document["Statement"]
    # Trust policies have no resource.
    about_all = [{**one, "Resource": "*"} for one in ([statements] if isinstance(statements, dict) else statements)]
    return service_may({**document, "Statement": about_all}, service, "sts:AssumeRole", "*", source_arn)


def role_may(role_arn: str, action: str, resource: str, context: dict[str, Any] | None = None) -> bool:
    """Whether a session of the role may perform an action, by its policies, its boundary and the resource's policy."""
    role, account, name = _role(role_arn), role_arn.split(":")[4], role_arn.rpartition("/")[2]
    if role is None:
        return False
    asked = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/session",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={one.lower(): value for one, value in (context or {}).items()},
    )
    limits = _boundary(iam._roles, name, account)
    result = _evaluate(asked, _role_policies(name, account), *limits)
    service = action.partition(":")[0]
    found = _resource_policy(service, resource)
    if found is not None:
        result = _combine(result, asked, *found, required=service in POLICY_REQUIRED, limits=tuple(limits))
    return bool(result.decision == "Allow")


def role_may_use_key(role_arn: str, key_id: str, service: str, *actions: str) -> bool:
    """Whether a role may use a key through an AWS service. AWS managed keys admit every user of the service."""
    key = _key(key_id) if key_id else None
    if key is None:
        return True
    through = {"kms:ViaService": f"{service}.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
    return all(role_may(role_arn, action, key["Arn"], through) for action in actions)


def key_of(arn: str) -> str:
    """The customer managed key of a queue's or topic's messages; empty if there is none."""
    held = sqs._queue_by_arn(arn) if ":sqs:" in arn else sns._topic_by_arn_any_scope(arn) if ":sns:" in arn else None
    return str((held or {}).get("attributes", {}).get("KmsMasterKeyId") or "")


def function_record(function_arn: str) -> Any:
    """ministack's record of a function, for an ARN with any version or alias; None if there is no such function."""
    arn = parse_arn(function_arn)
    name = arn.resource.removeprefix("function:").partition(":")[0]
    return lambda_svc._functions.get_scoped(arn.account_id, arn.region, name)


def _role(role_arn: str) -> Any:
    parts = role_arn.split(":")
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return None
    return iam._roles.get_scoped(parts[4], None, role_arn.rpartition("/")[2])
